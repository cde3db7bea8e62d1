#include "models/kafka/group_member.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace noloss::models::kafka {
namespace {

constexpr sim::Duration kLeavePatience = std::chrono::seconds{1};
/// A request to join waits this much longer than a rebalance may last. A coordinator that lost its power keeps its
/// members waiting that long: nobody sends on that connection meanwhile.
constexpr sim::Duration kJoinPatience = std::chrono::seconds{5};

}  // namespace

GroupMember::GroupMember(sim::Process& process, const Topology& topology, MembershipOptions options,
                         NetworkOptions network)
    : process_(process),
      topology_(topology),
      options_(std::move(options)),
      join_patience_(std::max(sim::Duration{0}, options_.max_poll_interval + kJoinPatience - network.request_timeout)),
      network_(process, topology, std::move(network)),
      changed_(process.simulation().scheduler()) {
  must_join_ = !options_.assigns;
  metadata_.group = options_.group;
}

void GroupMember::joined_from_start(const std::string& id, bool leads) {
  id_ = id;
  leads_ = leads;
  assigned_ = topology_.partitions_of(options_.group);
  generation_ = 1;
  metadata_ = {options_.group, id_, generation_};
  member_ = true;
  must_join_ = false;
  ++term_;
}

// --- the background ---

void GroupMember::loop(const std::function<void()>& on_change) {
  for (;;) {
    maintain();
    network_.poll(next_due());
    changed_.notify_all();
    on_change();
  }
}

void GroupMember::maintain() {
  const sim::VirtualTime now = process_.simulation().now();
  if (coordinator_ == sim::kNoNode) find_coordinator();
  if (!member_) return;
  if (last_poll_ + options_.max_poll_interval <= now) {
    process_.simulation().mark("consumer did not poll in time");
    leave_quietly();
    return;
  }
  look_for_partitions();
  if (next_heartbeat_ <= now && !heartbeat_in_flight_ && coordinator_ready()) heartbeat();
}

void GroupMember::look_for_partitions() {
  if (!leads_ || must_join_) return;
  const std::vector<PartitionIndex> present = network_.partitions_of(options_.group);
  if (present == assigned_) return;
  const bool more = !std::includes(assigned_.begin(), assigned_.end(), present.begin(), present.end());
  process_.simulation().mark(more ? "added partitions discovered" : "deleted partitions discovered");
  must_join_ = true;
}

sim::VirtualTime GroupMember::next_due() const {
  const sim::VirtualTime now = process_.simulation().now();
  sim::VirtualTime next = sim::kNever;
  if (coordinator_ == sim::kNoNode && !asking_ && ask_not_before_ > now) next = ask_not_before_;
  if (!member_) return next;
  next = std::min(next, last_poll_ + options_.max_poll_interval);
  if (!heartbeat_in_flight_ && next_heartbeat_ > now) next = std::min(next, next_heartbeat_);
  return next;
}

bool GroupMember::coordinator_ready() { return coordinator_ != sim::kNoNode && network_.ready(coordinator_); }

void GroupMember::find_coordinator() {
  if (asking_ || ask_not_before_ > process_.simulation().now()) return;
  const sim::NodeId node = network_.any_ready();
  if (node == sim::kNoNode) return;
  asking_ = true;
  network_.send(node, events().find_coordinator, boost::intrusive_ptr<Request>{new FindCoordinatorRequest}, 0,
                [this](const sim::PayloadPtr& answer) {
                  asking_ = false;
                  ask_not_before_ = process_.simulation().now() + options_.retry_backoff;
                  const auto* response = static_cast<const FindCoordinatorResponse*>(answer.get());
                  if (response != nullptr && response->error == Error::none) coordinator_ = response->coordinator;
                });
}

void GroupMember::heartbeat() {
  boost::intrusive_ptr<HeartbeatRequest> request{new HeartbeatRequest};
  request->group = options_.group;
  request->member = id_;
  request->generation = generation_;
  next_heartbeat_ = process_.simulation().now() + options_.heartbeat;
  heartbeat_in_flight_ = true;
  const std::uint64_t term = term_;
  network_.send(coordinator_, events().heartbeat, std::move(request), 0, [this, term](const sim::PayloadPtr& answer) {
    heartbeat_in_flight_ = false;
    if (term != term_) return;
    heard(answer == nullptr ? Error::disconnected : static_cast<const HeartbeatResponse&>(*answer).error);
  });
}

void GroupMember::heard(Error error) {
  const bool refused = error == Error::unknown_member_id || error == Error::illegal_generation;
  if (options_.assigns && refused) return;  // it has nothing to lose
  switch (error) {
    case Error::rebalance_in_progress: must_join_ = true; break;
    case Error::illegal_generation:
    case Error::unknown_member_id: membership_lost(); break;
    case Error::not_coordinator:
    case Error::disconnected: coordinator_lost(); break;
    default: break;
  }
}

void GroupMember::coordinator_lost() {
  coordinator_ = sim::kNoNode;
  network_.request_update();
}

void GroupMember::membership_lost() {
  process_.simulation().mark("consumer fenced");
  id_.clear();
  generation_ = -1;
  member_ = false;
  must_join_ = true;
  ++term_;
}

void GroupMember::leave_quietly() {
  if (coordinator_ready()) {
    boost::intrusive_ptr<LeaveGroupRequest> request{new LeaveGroupRequest};
    request->group = options_.group;
    request->member = id_;
    network_.send(coordinator_, events().leave_group, std::move(request), 0, [](const sim::PayloadPtr&) {});
  }
  membership_lost();
}

// --- calls of the application ---

void GroupMember::polled() { last_poll_ = process_.simulation().now(); }

sim::PayloadPtr GroupMember::ask(sim::MessageKind kind, boost::intrusive_ptr<Request> request,
                                 sim::Duration more_patience) {
  if (!coordinator_ready()) network_.wake();
  while (!coordinator_ready()) changed_.wait();
  sim::PayloadPtr result;
  bool done = false;
  network_.send(
      coordinator_, kind, std::move(request), 0,
      [&](const sim::PayloadPtr& answer) {
        result = answer;
        done = true;
      },
      0, more_patience);
  network_.wake();
  while (!done) changed_.wait();
  if (!result || static_cast<const Response&>(*result).error == Error::not_coordinator) coordinator_lost();
  return result;
}

std::vector<PartitionIndex> GroupMember::join() {
  member_ = false;  // no heartbeats until the rebalance is over
  for (;;) {
    boost::intrusive_ptr<JoinGroupRequest> request{new JoinGroupRequest};
    request->group = options_.group;
    request->member = id_;
    request->client = options_.client;
    request->session_timeout = options_.session_timeout;
    request->rebalance_timeout = options_.max_poll_interval;
    request->partitions = network_.partitions_of(options_.group);
    const sim::PayloadPtr answer = ask(events().join_group, std::move(request), join_patience_);
    const auto* response = static_cast<const JoinGroupResponse*>(answer.get());
    if (response != nullptr && response->error == Error::none) {
      id_ = response->member;
      generation_ = response->generation;
      metadata_ = {options_.group, id_, generation_};
      member_ = true;
      must_join_ = false;
      leads_ = response->leads;
      assigned_ = response->partitions;
      ++term_;
      polled();
      next_heartbeat_ = process_.simulation().now() + options_.heartbeat;
      network_.wake();
      return response->assignment;
    }
    if (response != nullptr && response->error == Error::unknown_member_id) id_.clear();
    process_.sleep(options_.retry_backoff);
  }
}

std::vector<CommittedOffset> GroupMember::fetch_offsets(const std::vector<PartitionIndex>& partitions) {
  for (;;) {
    boost::intrusive_ptr<OffsetFetchRequest> request{new OffsetFetchRequest};
    request->group = options_.group;
    request->require_stable = topology_.behaviours.group_fences_offsets;
    request->partitions = partitions;
    const sim::PayloadPtr answer = ask(events().offset_fetch, std::move(request));
    const auto* response = static_cast<const OffsetFetchResponse*>(answer.get());
    if (response != nullptr && response->error == Error::none) return response->offsets;
    process_.sleep(options_.retry_backoff);
  }
}

bool GroupMember::commit_and_wait(const std::vector<CommittedOffset>& offsets, sim::VirtualTime deadline) {
  const std::uint64_t term = term_;
  while (term == term_ && process_.simulation().now() < deadline) {
    const sim::PayloadPtr answer = ask(events().offset_commit, commit_request(offsets));
    const Error error = answer == nullptr ? Error::disconnected : static_cast<const Response&>(*answer).error;
    if (error == Error::none) return true;
    if (options_.assigns && error == Error::unknown_member_id) return false;
    if (term == term_) heard(error == Error::disconnected ? Error::none : error);
    if (term == term_) process_.sleep(options_.retry_backoff);
  }
  return false;
}

boost::intrusive_ptr<Request> GroupMember::commit_request(const std::vector<CommittedOffset>& offsets) const {
  boost::intrusive_ptr<OffsetCommitRequest> request{new OffsetCommitRequest};
  request->group = options_.group;
  request->member = id_;
  request->generation = generation_;
  request->offsets = offsets;
  return request;
}

void GroupMember::commit(const std::vector<CommittedOffset>& offsets, std::function<void(bool)> done) {
  if (!coordinator_ready() || !(member_ || options_.assigns)) {
    network_.wake();
    done(false);
    return;
  }
  const std::uint64_t term = term_;
  network_.send(coordinator_, events().offset_commit, commit_request(offsets), 0,
                [this, term, done = std::move(done)](const sim::PayloadPtr& answer) {
                  const Error error =
                      answer == nullptr ? Error::disconnected : static_cast<const Response&>(*answer).error;
                  if (term == term_) heard(error);
                  done(error == Error::none);
                });
  network_.wake();
}

void GroupMember::leave() {
  if (!member_ || !coordinator_ready()) return;
  boost::intrusive_ptr<LeaveGroupRequest> request{new LeaveGroupRequest};
  request->group = options_.group;
  request->member = id_;
  member_ = false;
  const auto done = std::make_shared<bool>(false);
  network_.send(coordinator_, events().leave_group, std::move(request), 0,
                [done](const sim::PayloadPtr&) { *done = true; });
  network_.wake();
  const sim::VirtualTime deadline = process_.simulation().now() + kLeavePatience;
  while (!*done && process_.simulation().now() < deadline) changed_.wait_until(deadline);
}

}  // namespace noloss::models::kafka
