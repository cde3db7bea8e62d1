// Replication: the pipeline from the leader, what members have written, commit and apply.
#include <algorithm>
#include <functional>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/raft.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {

void RaftMember::store(LogIndex index, LogEntry entry) {
  if (index <= last()) {
    broker_.simulation().mark("follower truncated");
    log_.resize(index - 1);
    written_ = std::min(written_, index - 1);
  }
  broker_.wal().write(queue_, index, entry);
  log_.push_back(std::move(entry));
}

// --- the leader ---

void RaftMember::append(LogCommandPtr command) {
  store(last() + 1, {term_, std::move(command)});
  replicate_all();
}

void RaftMember::replicate_all() {
  for (const auto& [node, peer] : peers_) replicate(node);
}

void RaftMember::replicate(sim::NodeId to) {
  if (!broker_.peer_up(to)) return;
  Peer& peer = peers_[to];
  boost::intrusive_ptr<AppendEntries> request{new AppendEntries};
  request->term = term_;
  request->prev = peer.next - 1;
  request->prev_term = term_at(request->prev);
  request->commit = commit_;
  std::int64_t bytes = 0;
  for (LogIndex index = peer.next; index <= last(); ++index) {
    const LogEntry& entry = log_[index - 1];
    if (entry.command->content) bytes += entry.command->content->message->bytes;
    request->entries.push_back(entry);
  }
  peer.next = last() + 1;
  send(to, events().append_entries, request, bytes);
}

void RaftMember::replied(sim::NodeId from, const AppendEntriesReply& reply) {
  if (reply.term > term_) return become_follower(reply.term, sim::kNoNode);
  if (!leads() || reply.term != term_) return;
  Peer& peer = peers_[from];
  if (!reply.accepted) {
    // A member that is behind what it once had written has lost its log, and starts over.
    peer.match = std::min(peer.match, reply.written);
    peer.next = std::min(reply.written, last()) + 1;
    replicate(from);
    return;
  }
  peer.match = std::max(peer.match, reply.written);
  advance_commit();
}

void RaftMember::advance_commit() {
  std::vector<LogIndex> copies{written_};
  for (const auto& [node, peer] : peers_) copies.push_back(peer.match);
  const std::size_t needed = NOLOSS_BUG("rabbitmq: one member commits") ? 0 : members_.size() / 2;
  std::nth_element(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(needed), copies.end(),
                   std::greater<>{});
  const LogIndex stored = copies[needed];
  // An entry of an earlier term is committed only together with one of this term.
  if (stored <= commit_ || term_at(stored) != term_) return;
  commit_ = stored;
  apply_committed();
  replicate_all();  // followers learn the commit index
}

// --- followers ---

void RaftMember::entries(sim::NodeId from, const AppendEntries& request) {
  if (request.term < term_) {
    boost::intrusive_ptr<AppendEntriesReply> refusal{new AppendEntriesReply};
    refusal->term = term_;
    refusal->accepted = false;
    return send(from, events().append_entries_reply, refusal);
  }
  const bool fresh = request.term > term_ || leader_ != from;
  if (fresh) {
    verified_ = 0;
    become_follower(request.term, from);
  }
  if (request.prev > last() || term_at(request.prev) != request.prev_term) {
    return answer_leader(false, std::min(last(), request.prev - 1));
  }
  LogIndex at = request.prev;
  for (const LogEntry& entry : request.entries) {
    ++at;
    if (at <= last() && term_at(at) == entry.term) continue;
    store(at, entry);
  }
  verified_ = std::max(verified_, at);
  if (const LogIndex commit = std::min(request.commit, verified_); commit > commit_) {
    commit_ = commit;
    apply_committed();
  }
  if (written_ >= verified_ && !request.entries.empty()) answer_leader(true, verified_);
  if (fresh && request.entries.empty()) answer_leader(true, std::min(written_, verified_));
}

void RaftMember::answer_leader(bool accepted, LogIndex written) {
  boost::intrusive_ptr<AppendEntriesReply> reply{new AppendEntriesReply};
  reply->term = term_;
  reply->accepted = accepted;
  reply->written = written;
  send(leader_, events().append_entries_reply, reply);
}

void RaftMember::written(const WalWritten& written) {
  if (written.index > last() || term_at(written.index) != written.term) return;  // replaced meanwhile
  written_ = std::max(written_, written.index);
  if (leads()) return advance_commit();
  broker_.simulation().note(broker_.node(), events().common.replicated, written_, queue_);
  if (leader_ != sim::kNoNode) answer_leader(true, std::min(written_, verified_));
}

void RaftMember::apply_committed() {
  while (applied_ < commit_) {
    ++applied_;
    machine_.apply(*log_[applied_ - 1].command, leads());
  }
}

}  // namespace noloss::models::rabbitmq
