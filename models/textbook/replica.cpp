#include "models/textbook/replica.hpp"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <functional>
#include <utility>

#include "models/textbook/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::textbook {

Replica::Replica(Broker& broker, std::uint32_t partition)
    : broker_(broker),
      partition_(partition),
      log_(broker.process(), partition),
      dirty_(broker.simulation().scheduler()),
      stored_(broker.simulation().scheduler()),
      role_changed_(broker.simulation().scheduler()) {
  for (const sim::NodeId node : broker.topology().partitions[partition].replicas) {
    if (node == broker.node()) continue;
    followers_.emplace_back().node = node;
  }
}

Offset Replica::stored() const {
  if (NOLOSS_BUG("acknowledge before sync")) return log_.end();
  return broker_.topology().flush_sync ? log_.synced() : log_.end();
}

bool Replica::in_charge() const { return leads() && broker_.lease_valid(); }

bool Replica::settled() const {
  if (!fully_committed() || !waiting_.empty()) return false;
  if (subscription_ && !subscription_->in_hand.empty()) return false;
  for (Offset offset = committed_position_; offset < commit_; ++offset) {
    if (log_.at(offset).kind == RecordKind::message) return false;
  }
  return true;
}

// --- roles ---

void Replica::lead_from_start() {
  promised_ = 1;
  leadership_ = {broker_.node(), 1};
  role_ = Role::leader;
  epoch_ = 1;
  epoch_record_ = 0;
  epoch_committed_ = true;
  commit_ = log_.end();
  for (Follower& follower : followers_) follower.stored = log_.end();
}

void Replica::follow_from_start(sim::NodeId leader) {
  promised_ = 1;
  leadership_ = {leader, 1};
  commit_ = log_.end();
}

void Replica::learn(const Leadership& leadership) {
  if (leadership.epoch < leadership_.epoch || leadership.epoch < promised_) return;
  const bool changed = leadership.leader != leadership_.leader || leadership.epoch != leadership_.epoch;
  leadership_ = leadership;
  if (changed && leads()) step_down();
  // Only who promised this epoch in this life: the coordinator may still name a leader that has since started again.
  // One whose lease ran out and was renewed before anybody else was elected leads on.
  if (leadership.leader == broker_.node() && !leads() && promised_ == leadership.epoch && broker_.lease_valid()) {
    become_leader(leadership.epoch);
  }
  if (!changed) return;
  role_changed_.notify_all();
  if (leader_) following_->interrupt();
}

void Replica::promise(Epoch epoch) {
  if (epoch <= promised_) return;
  promised_ = epoch;
  if (leads()) step_down();
}

void Replica::become_leader(Epoch epoch) {
  role_ = Role::leader;
  epoch_ = epoch;
  epoch_record_ = log_.end();
  epoch_committed_ = false;
  for (Follower& follower : followers_) follower.stored = 0;
  broker_.simulation().mark("leader_elected");
  broker_.simulation().roles_changed();
  broker_.simulation().moment(broker_.node(), events().common.elected, partition_, epoch);
  if (!append(make_record(RecordKind::epoch))) {
    step_down();  // a full disk: it cannot show that it leads
    return;
  }
  stored_changed();
}

void Replica::step_down() {
  if (!leads()) return;
  role_ = Role::follower;
  epoch_committed_ = false;
  for (const Waiting& waiting : std::exchange(waiting_, {})) broker_.reset(waiting.connection);
  if (subscription_) {
    deliver_nothing(subscription_->connection, Empty::not_leader);
    subscription_.reset();
  }
  for (Follower& follower : followers_) {
    if (follower.held) {
      auto* refusal = new FetchResponse;
      refusal->partition = partition_;
      refusal->epoch = epoch_;
      refusal->accepted = false;
      broker_.send(follower.held, events().fetch_response, 0, sim::PayloadPtr{refusal});
    }
    follower.held.reset();
    follower.held_until = sim::kNever;
  }
  broker_.simulation().roles_changed();
  role_changed_.notify_all();
}

// --- commit ---

boost::intrusive_ptr<LogRecord> Replica::make_record(RecordKind kind) {
  boost::intrusive_ptr<LogRecord> record{new LogRecord};
  record->kind = kind;
  record->epoch = epoch_;
  record->bytes = kHeaderBytes;
  record->number = broker_.next_record_number();
  return record;
}

bool Replica::append(LogRecordPtr record) {
  if (log_.append(std::move(record)) != sim::IoResult::ok) return false;
  if (broker_.topology().flush_sync) dirty_.notify_one();
  return true;
}

void Replica::produce(const sim::ConnectionPtr& from, const ProduceRequest& request) {
  const auto refuse = [&](ProduceResult result) {
    if (request.wants_response) answer_produce(from, request.request, result, request.message->ref);
  };
  if (!in_charge()) return refuse(ProduceResult::not_leader);
  const auto record = make_record(RecordKind::message);
  record->message = request.message->ref;
  record->content = request.message;
  record->bytes += request.message->bytes;
  if (!append(record)) return refuse(ProduceResult::not_stored);
  if (request.wants_response) waiting_.push_back({log_.end() - 1, from, request.request, std::nullopt});
  stored_changed();
}

void Replica::answer_produce(const sim::ConnectionPtr& to, std::uint64_t request, ProduceResult result,
                             MessageRef message) {
  auto* response = new ProduceResponse;
  response->request = request;
  response->result = result;
  broker_.send(to, events().produce_response, 0, sim::PayloadPtr{response}, static_cast<std::uint64_t>(message));
}

void Replica::stored_changed() {
  if (!leads()) return;
  for (Follower& follower : followers_) {
    if (follower.held && log_.end() > follower.held_from) answer_fetch(follower);
  }
  advance_commit();
}

Offset Replica::stored_by(std::size_t copies) const {
  if (followers_.empty() && copies == 1) return stored();
  // The n-th largest.
  boost::container::small_vector<Offset, 8> ends{stored()};
  for (const Follower& follower : followers_) ends.push_back(follower.stored);
  std::nth_element(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(copies - 1), ends.end(), std::greater<>{});
  return ends[copies - 1];
}

void Replica::advance_commit() {
  if (!in_charge()) return;
  const std::size_t required = NOLOSS_BUG("acknowledge one copy") ? 1 : broker_.topology().required_copies;
  if (followers_.size() + 1 < required) return;
  const Offset stored_often = stored_by(required);
  if (stored_often <= commit_ && epoch_committed_) return;
  // A leader that has just proved itself reads the position from the whole log, then only from what is new.
  const Offset unread = epoch_committed_ ? commit_ : 0;
  commit_ = std::max(commit_, stored_often);
  if (commit_ <= epoch_record_) return;
  const bool proved = !std::exchange(epoch_committed_, true);
  if (proved) committed_position_ = 0;
  for (Offset offset = unread; offset < commit_; ++offset) {
    if (log_.at(offset).kind == RecordKind::position) committed_position_ = log_.at(offset).position;
  }
  // A position beyond the end counts as the end.
  if (proved) position_ = committed_position_ = std::min(committed_position_, log_.end());
  answer_waiting();
  show_to_consumer();
}

void Replica::answer_waiting() {
  while (!waiting_.empty() && waiting_.front().offset < commit_) {
    const Waiting done = std::move(waiting_.front());
    waiting_.pop_front();
    if (done.acknowledged) {
      confirm(done.connection, *done.acknowledged);
    } else {
      answer_produce(done.connection, done.request, ProduceResult::acknowledged, log_.at(done.offset).message);
    }
  }
}

void Replica::connection_closed(const sim::ConnectionPtr& connection) {
  if (subscription_ && subscription_->connection == connection) subscription_.reset();
  for (Follower& follower : followers_) {
    if (follower.held == connection) {
      follower.held.reset();
      follower.held_until = sim::kNever;
    }
  }
}

// --- timers and disk fibers ---

sim::VirtualTime Replica::next_timer() const {
  sim::VirtualTime next = sim::kNever;
  for (const Follower& follower : followers_) next = std::min(next, follower.held_until);
  if (subscription_) {
    for (const auto& [offset, when] : subscription_->in_hand) next = std::min(next, when);
  }
  return next;
}

void Replica::timers() {
  const sim::VirtualTime now = broker_.simulation().now();
  for (Follower& follower : followers_) {
    if (follower.held && follower.held_until <= now) answer_fetch(follower);
  }
  if (!subscription_) return;
  std::vector<Offset> overdue;
  for (const auto& [offset, when] : subscription_->in_hand) {
    if (when <= now) overdue.push_back(offset);
  }
  for (const Offset offset : overdue) {
    broker_.simulation().mark("redelivered");
    deliver(offset);
  }
}

void Replica::synced_or_crash(sim::IoResult result) {
  if (result == sim::IoResult::ok) return;
  broker_.simulation().mark("fsync failed");
  // With `retry` the loop simply syncs again; the second fsync says 0 although the data never reached the disk.
  if (broker_.topology().stop_on_fsync_error) broker_.process().crash();
}

void Replica::sync_loop() {
  for (;;) {
    while (log_.synced() >= log_.end()) dirty_.wait(sim::OnKill::discard);
    synced_or_crash(log_.sync(sim::OnKill::discard));
    stored_.notify_all();
    stored_changed();
  }
}

void Replica::flush_loop() {
  sim::VirtualTime due = broker_.simulation().now();
  for (;;) {
    due = std::max(due + broker_.topology().flush_interval, broker_.simulation().now());
    broker_.process().sleep_until(due, sim::OnKill::discard);
    // Only what was there: a sync for what comes meanwhile would never end under load.
    const Offset target = log_.end();
    while (log_.synced() < std::min(target, log_.end())) synced_or_crash(log_.sync(sim::OnKill::discard));
  }
}

}  // namespace noloss::models::textbook
