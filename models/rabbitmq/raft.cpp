// Elections, terms and votes.
#include "models/rabbitmq/raft.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::int64_t kMetaBytes = 64;
/// As the run begins: how long a member takes it for granted that the first leader is there.
constexpr sim::Duration kFirstContact = std::chrono::seconds{5};
constexpr std::int64_t kElectionMin = 200'000'000;  // nanoseconds
constexpr std::int64_t kElectionMax = 800'000'000;

struct MetaRecord final : Record {
  Term term = 0;
  sim::NodeId voted_for = sim::kNoNode;
};

}  // namespace

RaftMember::RaftMember(Broker& broker, QueueId queue, const std::vector<sim::NodeId>& members, RaftMachine& machine)
    : broker_(broker),
      queue_(queue),
      members_(members),
      machine_(machine),
      meta_name_(fmt::format("queue-{}.meta", queue + 1)),
      random_(sim::derive_seed(sim::derive_seed(broker.simulation().seed(), "rabbitmq.election"),
                               (std::uint64_t{queue} << 32U) + sim::index(broker.node()))) {
  for (const sim::NodeId member : members) {
    if (member != broker.node()) peers_[member];
  }
}

void RaftMember::create() {
  broker_.process().machine().disk().create(meta_name_, sim::FileClass::metadata);
  const boost::intrusive_ptr<LogCommand> first = machine_.make_noop();
  first->number = queue_;  // the same on every member; numbers of the run start above
  term_ = 1;
  log_.push_back({1, first});
  broker_.wal().create(queue_, 1, log_.front());
  auto* meta = new MetaRecord;
  meta->term = 1;
  meta->voted_for = members_.front();
  broker_.process().machine().disk().find(meta_name_)->write(0, kMetaBytes, sim::PayloadPtr{meta});
  voted_for_ = members_.front();
  written_ = verified_ = commit_ = applied_ = 1;
  leader_ = members_.front();
  if (leader_ != broker_.node()) {
    election_ = broker_.now() + kFirstContact;
    return;
  }
  role_ = Role::leader;
  for (auto& [node, peer] : peers_) peer = {.next = 2, .match = 1};
}

void RaftMember::recover() {
  if (NOLOSS_BUG("rabbitmq: a quorum queue's member starts as a new one")) return wait_for_election();
  sim::File& meta = broker_.process().machine().disk().create(meta_name_, sim::FileClass::metadata);
  for (const sim::StoredRecord& stored : meta.read_all()) {
    if (stored.state != sim::RecordState::intact) continue;
    const auto& record = static_cast<const MetaRecord&>(*stored.payload);
    term_ = record.term;
    voted_for_ = record.voted_for;
  }
  log_ = broker_.wal().take_recovered(queue_);
  written_ = last();
  term_ = std::max(term_, term_at(last()));
  wait_for_election();
}

void RaftMember::persist() {
  auto* record = new MetaRecord;
  record->term = term_;
  record->voted_for = voted_for_;
  sim::File& meta = broker_.process().machine().disk().create(meta_name_, sim::FileClass::metadata);
  const bool written = meta.write(0, kMetaBytes, sim::PayloadPtr{record}) == sim::IoResult::ok;
  if (!written || meta.sync() != sim::IoResult::ok) broker_.process().crash();
}

void RaftMember::handle(const Letter& letter) {
  const Events& kinds = events();
  switch (letter.what) {
    case LetterKind::node_down:
    case LetterKind::suspected: return leader_lost(letter.from);
    case LetterKind::node_up:
      if (const auto peer = peers_.find(letter.from); peer != peers_.end() && leads()) {
        peer->second.next = peer->second.match + 1;  // whatever was on its way is lost
        replicate(letter.from);
      }
      return;
    case LetterKind::written: return written(static_cast<const WalWritten&>(*letter.payload));
    case LetterKind::message: break;
  }
  if (letter.kind == kinds.append_entries.sent) {
    entries(letter.from, static_cast<const AppendEntries&>(*letter.payload));
  } else if (letter.kind == kinds.append_entries_reply.sent) {
    replied(letter.from, static_cast<const AppendEntriesReply&>(*letter.payload));
  } else if (letter.kind == kinds.request_vote.sent) {
    vote_requested(letter.from, static_cast<const RequestVote&>(*letter.payload));
  } else if (letter.kind == kinds.vote.sent) {
    voted(letter.from, static_cast<const Vote&>(*letter.payload));
  }
}

void RaftMember::leader_lost(sim::NodeId node) {
  if (leads() || leader_ != node) return;
  leader_ = sim::kNoNode;
  wait_for_election();
}

void RaftMember::wait_for_election() {
  election_ = broker_.now() + sim::Duration{random_.between(kElectionMin, kElectionMax)};
}

void RaftMember::timers() {
  if (election_ > broker_.now()) return;
  // The leader of the start may be gone before its node was ever met.
  if (leader_ != sim::kNoNode && broker_.peer_up(leader_)) {
    election_ = sim::kNever;
    return;
  }
  leader_ = sim::kNoNode;
  start_pre_vote();
}

void RaftMember::become_follower(Term term, sim::NodeId leader) {
  const bool led = leads();
  role_ = Role::follower;
  leader_ = leader;
  if (leader == sim::kNoNode) {
    wait_for_election();
  } else {
    election_ = sim::kNever;
  }
  if (term > term_) {
    term_ = term;
    voted_for_ = sim::kNoNode;
    verified_ = commit_;
    persist();
  }
  if (led) machine_.leadership_changed(false);
}

void RaftMember::start_pre_vote() {
  role_ = Role::pre_vote;
  votes_ = {broker_.node()};
  wait_for_election();
  if (majority(1)) return start_election();
  request_votes(/*pre_vote=*/true);
}

void RaftMember::start_election() {
  role_ = Role::candidate;
  ++term_;
  voted_for_ = broker_.node();
  votes_ = {broker_.node()};
  wait_for_election();
  persist();
  if (majority(1)) return become_leader();
  request_votes(/*pre_vote=*/false);
}

void RaftMember::request_votes(bool pre_vote) {
  for (const auto& [node, peer] : peers_) {
    boost::intrusive_ptr<RequestVote> request{new RequestVote};
    request->term = pre_vote ? term_ + 1 : term_;
    request->pre_vote = pre_vote;
    request->last = last();
    request->last_term = term_at(last());
    send(node, events().request_vote, request);
  }
}

void RaftMember::vote_requested(sim::NodeId from, const RequestVote& request) {
  leader_lost(from);  // whoever asks for votes does not lead
  // A member that still hears from its leader does not help to replace it.
  const bool has_leader = leads() || (leader_ != sim::kNoNode && broker_.peer_up(leader_));
  if (!request.pre_vote && request.term > term_) become_follower(request.term, sim::kNoNode);
  const bool up_to_date = std::pair{request.last_term, request.last} >= std::pair{term_at(last()), last()} ||
                          NOLOSS_BUG("rabbitmq: a member votes for a shorter log");
  boost::intrusive_ptr<Vote> vote{new Vote};
  vote->pre_vote = request.pre_vote;
  if (request.pre_vote) {
    vote->granted = request.term > term_ && up_to_date && !has_leader;
  } else {
    const bool free = voted_for_ == sim::kNoNode || voted_for_ == from;
    vote->granted = request.term == term_ && free && up_to_date && role_ == Role::follower;
    if (vote->granted && voted_for_ != from) {
      voted_for_ = from;
      wait_for_election();
      persist();
    }
  }
  vote->term = request.pre_vote && vote->granted ? request.term : term_;
  send(from, events().vote, vote);
}

void RaftMember::voted(sim::NodeId from, const Vote& vote) {
  if (!vote.granted && vote.term > term_) return become_follower(vote.term, sim::kNoNode);
  if (!vote.granted) return;
  if (vote.pre_vote) {
    if (role_ != Role::pre_vote || vote.term != term_ + 1) return;
    votes_.insert(from);
    if (majority(votes_.size())) start_election();
    return;
  }
  if (role_ != Role::candidate || vote.term != term_) return;
  votes_.insert(from);
  if (majority(votes_.size())) become_leader();
}

void RaftMember::become_leader() {
  role_ = Role::leader;
  leader_ = broker_.node();
  election_ = sim::kNever;
  for (auto& [node, peer] : peers_) peer = {.next = last() + 1, .match = 0};
  const bool of_queue = queue_ < broker_.topology().queues.size();  // not of the stream coordinator
  if (of_queue) {
    broker_.simulation().mark("leader_elected");
    broker_.simulation().roles_changed();
    broker_.simulation().moment(broker_.node(), events().common.elected, queue_, term_);
  }
  const boost::intrusive_ptr<LogCommand> noop = machine_.make_noop();
  noop->number = broker_.ledger().next_number();
  noop->at = broker_.now();
  append(noop);
  machine_.leadership_changed(true);
}

template <class Letter>
void RaftMember::send(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<Letter> letter, std::int64_t bytes) {
  letter->queue = queue_;
  broker_.cast_queue(to, kind, letter, bytes);
}
template void RaftMember::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<AppendEntries>, std::int64_t);
template void RaftMember::send(sim::NodeId, sim::MessageKind, boost::intrusive_ptr<AppendEntriesReply>, std::int64_t);

}  // namespace noloss::models::rabbitmq
