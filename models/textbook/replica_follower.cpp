// Replication: the follower's loop, and the leader's answers to it.
#include <algorithm>
#include <utility>

#include "models/textbook/broker.hpp"
#include "models/textbook/replica.hpp"
#include "sim/planted.hpp"

namespace noloss::models::textbook {
namespace {

constexpr std::int64_t kFetchBytes = 1 << 20;

}  // namespace

// --- the leader's side ---

void Replica::fetch(const sim::ConnectionPtr& from, const FetchRequest& request) {
  const sim::NodeId node = from->peer(broker_.node());
  const auto follower =
      std::find_if(followers_.begin(), followers_.end(), [node](const Follower& known) { return known.node == node; });
  auto* response = new FetchResponse;
  const sim::PayloadPtr payload{response};
  response->partition = partition_;
  response->epoch = request.epoch;
  response->commit = commit_;
  if (!leads() || request.epoch != epoch_ || follower == followers_.end()) {
    response->accepted = false;
    broker_.send(from, events().fetch_response, 0, payload);
    return;
  }
  // The latest epoch that this log has and the follower's may have. If that is not the follower's last one, everything
  // of the follower's later epochs is not here, although its log may be no longer than this one (KIP-279).
  const Offset shared = std::min(request.end, log_.end_of_epoch(request.last_epoch));
  const Epoch epoch = shared == 0 ? 0 : log_.at(shared - 1).epoch;
  const bool same_epoch = epoch == request.last_epoch || request.end == 0 || NOLOSS_BUG("compare log ends only");
  if ((shared < request.end || !same_epoch) && !NOLOSS_BUG("count a diverging log")) {
    // A diverging log counts for nothing.
    response->truncate_to = shared;
    response->truncate_epoch = NOLOSS_BUG("compare log ends only") ? request.last_epoch : epoch;
    broker_.send(from, events().fetch_response, 0, payload);
    return;
  }
  follower->held = from;
  follower->held_from = request.end;
  follower->held_until = broker_.simulation().now() + kFetchHold;
  if (log_.end() > request.end) answer_fetch(*follower);
  if (request.end > follower->stored) {
    follower->stored = request.end;
    advance_commit();
  }
}

void Replica::answer_fetch(Follower& follower) {
  auto* response = new FetchResponse;
  response->partition = partition_;
  response->epoch = epoch_;
  response->from = follower.held_from;
  response->commit = commit_;
  std::int64_t bytes = 0;
  for (Offset offset = follower.held_from; offset < log_.end() && bytes < kFetchBytes; ++offset) {
    if (!log_.readable(offset)) broker_.process().crash();
    response->records.push_back(log_.pointer(offset));
    bytes += log_.at(offset).bytes;
  }
  const sim::ConnectionPtr to = std::exchange(follower.held, nullptr);
  follower.held_until = sim::kNever;
  broker_.send(to, events().fetch_response, bytes, sim::PayloadPtr{response}, response->records.size());
}

// --- the follower's side ---

void Replica::follow_loop() {
  for (;;) {
    while (leads() || leadership_.leader == sim::kNoNode || leadership_.leader == broker_.node() ||
           leadership_.epoch < promised_) {
      role_changed_.wait(sim::OnKill::discard);
    }
    following_.emplace(broker_.process());
    if (connect_to_leader()) follow();
    leader_.reset();
    following_.reset();
    broker_.process().sleep(kReconnectDelay, sim::OnKill::discard);
  }
}

bool Replica::connect_to_leader() {
  sim::ConnectionPtr connection;
  const auto result =
      broker_.simulation().network().connect(*following_, leadership_.leader, kConnectTimeout, connection);
  if (result == sim::ConnectResult::connected) leader_ = std::move(connection);
  return leader_ != nullptr;
}

void Replica::follow() {
  const Leadership following = leadership_;
  for (;;) {
    if (leads() || leadership_.epoch != following.epoch || promised_ > following.epoch) return;
    auto* request = new FetchRequest;
    request->partition = partition_;
    request->epoch = following.epoch;
    request->last_epoch = log_.last_epoch();
    request->end = log_.end();
    broker_.send(leader_, events().fetch_request, 0, sim::PayloadPtr{request}, static_cast<std::uint64_t>(log_.end()));
    const auto arrival = following_->receive_until(broker_.simulation().now() + kSilence, sim::OnKill::discard);
    if (!arrival || arrival->what != sim::Arrival::What::message) return;
    if (leads() || leadership_.epoch != following.epoch || promised_ > following.epoch) return;
    if (!take(static_cast<const FetchResponse&>(*arrival->payload))) return;
  }
}

bool Replica::take(const FetchResponse& response) {
  if (!response.accepted) return false;
  if (response.truncate_to) {
    const Offset end = std::min(*response.truncate_to, log_.end_of_epoch(response.truncate_epoch));
    broker_.simulation().mark(end < commit_ ? "acknowledged records truncated" : "follower truncated");
    commit_ = std::min(commit_, end);
    return log_.truncate(end) == sim::IoResult::ok;
  }
  if (response.from != log_.end()) return false;
  for (const LogRecordPtr& record : response.records) {
    if (!append(record)) return false;  // no space: it asks again later
  }
  // The next fetch says that everything before it is stored; so first it is.
  const bool must_sync = broker_.topology().flush_sync && !NOLOSS_BUG("count a follower's unsynced copy");
  while (must_sync && log_.synced() < log_.end()) stored_.wait();
  commit_ = std::max(commit_, std::min(response.commit, log_.end()));
  for (std::size_t i = 0; i < response.records.size(); ++i) {
    broker_.simulation().moment(broker_.node(), events().common.replicated,
                                static_cast<std::uint64_t>(response.records[i]->message));
  }
  return true;
}

}  // namespace noloss::models::textbook
