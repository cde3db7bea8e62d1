#include "models/kafka/group_coordinator.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/group_records.hpp"

namespace noloss::models::kafka {
namespace {

/// Partition i to member i modulo their number, members in order of their ids.
template <class Members>
void assign(Members& members, const std::vector<PartitionIndex>& partitions) {
  for (MemberAssignment* member : members) member->partitions.clear();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    members[i % members.size()]->partitions.push_back(partitions[i]);
  }
}

boost::intrusive_ptr<LogRecord> group_record(GroupId group, std::int32_t generation,
                                             std::vector<MemberAssignment> members) {
  boost::intrusive_ptr<GroupValue> value{new GroupValue};
  value->id = group;
  value->generation = generation;
  value->members = std::move(members);
  return record_of(RecordKind::group, value);
}

}  // namespace

std::map<GroupId, std::vector<MemberAssignment>> initial_groups(sim::Simulation& simulation, const Topology& topology) {
  std::map<GroupId, std::vector<MemberAssignment>> groups;
  for (const ConsumerInfo& consumer : topology.consumers) {
    if (!simulation.machine(consumer.node).setup().exists || consumer.assigns) continue;
    groups[consumer.group].push_back(
        {consumer.client + "/1", consumer.session_timeout, consumer.rebalance_timeout, {}});
  }
  for (auto& [id, members] : groups) {
    std::vector<MemberAssignment*> pointers;
    for (MemberAssignment& member : members) pointers.push_back(&member);
    assign(pointers, topology.partitions_of(id));
  }
  return groups;
}

GroupCoordinator::GroupCoordinator(Broker& broker)
    : broker_(broker), work_(broker.simulation().scheduler()), rebalanced_(broker.simulation().scheduler()) {}

void GroupCoordinator::create_initial_state(Replica& replica) const {
  std::vector<LogRecordPtr> records;
  const auto add = [&](boost::intrusive_ptr<LogRecord> record) {
    record->offset = static_cast<Offset>(records.size());
    record->number = records.size() + 1;  // the same records on every replica
    records.push_back(std::move(record));
  };
  const auto groups = initial_groups(broker_.simulation(), broker_.topology());
  std::set<GroupId> started;  // those of processes that assign have positions, too
  for (const ConsumerInfo& consumer : broker_.topology().consumers) {
    if (broker_.simulation().machine(consumer.node).setup().exists) started.insert(consumer.group);
  }
  for (const GroupId id : started) {
    const auto members = groups.find(id);
    if (members != groups.end()) add(group_record(id, 1, members->second));
    for (const PartitionIndex partition : broker_.topology().partitions_of(id)) {
      add(offset_record(id, {partition, 0, 0}));
    }
  }
  replica.begin_with(records);
}

void GroupCoordinator::load(Replica& replica) {
  unload();
  replica_ = &replica;
  const PartitionLog& log = replica.log();
  for (Offset offset = log.start(); offset < log.end(); ++offset) {
    apply(log.at(offset));
  }
  work_.notify_all();
}

void GroupCoordinator::unload() {
  replica_ = nullptr;
  ++term_;
  groups_.clear();
  rebalanced_.notify_all();
}

void GroupCoordinator::apply(const LogRecord& record) {
  if (is_marker(record.kind)) {
    const bool commits = record.kind == RecordKind::commit_marker;
    settle(record.producer.id, commits ? TxnResult::commit : TxnResult::abort);
    return;
  }
  if (!record.group) return;
  const GroupValue& value = *record.group;
  Group& group = groups_[value.id];
  if (record.kind == RecordKind::offset_commit) {
    const Stored offset{{value.partition, value.position, value.position_epoch}, record.offset};
    if (value.position == kNoOffset) {
      group.offsets.erase(value.partition);
    } else if (record.producer.transactional) {
      group.pending[record.producer.id][value.partition] = offset;
    } else {
      store(group, offset);
    }
    return;
  }
  const sim::VirtualTime now = broker_.simulation().now();
  group.generation = value.generation;
  group.members.clear();
  group.empty_since = now;
  for (const MemberAssignment& member : value.members) {
    group.members[member.id] = {member, now + member.session_timeout, false, {}};
  }
}

// --- the loop ---

sim::VirtualTime GroupCoordinator::next_deadline() const {
  sim::VirtualTime next = sim::kNever;
  for (const auto& [id, group] : groups_) {
    if (group.rebalancing) next = std::min(next, complete(group) ? group.not_before : group.deadline);
    for (const auto& [name, member] : group.members) next = std::min(next, member.expires);
  }
  return next;
}

void GroupCoordinator::loop() {
  for (;;) {
    const sim::VirtualTime next = next_deadline();
    if (next > broker_.simulation().now()) work_.wait_until(next);
    std::vector<GroupId> ids;
    for (auto& [id, group] : groups_) ids.push_back(id);
    for (const GroupId id : ids) {
      const auto group = groups_.find(id);
      if (group == groups_.end()) break;  // another leads now
      expire_members(group->second);
      finish_rebalance(id);
    }
  }
}

void GroupCoordinator::expire_members(Group& group) {
  const sim::VirtualTime now = broker_.simulation().now();
  std::vector<std::string> gone;
  for (const auto& [id, member] : group.members) {
    const bool missed_rebalance = group.rebalancing && !member.joined && group.deadline <= now;
    if (member.expires <= now || missed_rebalance) gone.push_back(id);
  }
  for (const std::string& id : gone) {
    broker_.simulation().mark("consumer lost its membership");
    remove_member(group, id);
  }
}

void GroupCoordinator::remove_member(Group& group, const std::string& id) {
  group.members.erase(id);
  if (group.members.empty()) group.empty_since = broker_.simulation().now();
  begin_rebalance(group);
}

void GroupCoordinator::begin_rebalance(Group& group) {
  const sim::VirtualTime now = broker_.simulation().now();
  if (!group.rebalancing) {
    broker_.simulation().mark("rebalanced");
    group.rebalancing = true;
    group.not_before = now;
    // Who still waits for the rebalance before takes part in this one.
    for (auto& [id, member] : group.members) member.joined = member.expires == sim::kNever;
  }
  sim::Duration longest{0};
  for (const auto& [id, member] : group.members) longest = std::max(longest, member.assignment.rebalance_timeout);
  group.deadline = now + longest;
  work_.notify_all();
}

bool GroupCoordinator::complete(const Group& group) const {
  return std::all_of(group.members.begin(), group.members.end(), [](const auto& entry) { return entry.second.joined; });
}

void GroupCoordinator::finish_rebalance(GroupId id) {
  Group& group = groups_[id];
  if (!group.rebalancing || !complete(group) || broker_.simulation().now() < group.not_before) return;
  std::vector<MemberAssignment*> members;
  for (auto& [name, member] : group.members) members.push_back(&member.assignment);
  if (!members.empty()) {
    // The leader assigns what it knows of; the others may know more, or less.
    group.partitions = group.members.begin()->second.partitions;
    assign(members, group.partitions);
  }
  ++group.generation;
  group.rebalancing = false;
  group.storing = true;
  std::vector<MemberAssignment> stored;
  for (auto& [name, member] : group.members) stored.push_back(member.assignment);
  const std::uint64_t term = term_;
  const Error error = replica_->append_internal({group_record(id, group.generation, std::move(stored))},
                                                broker_.topology().options.offsets_commit_timeout);
  if (term != term_) return;
  stored_generation(groups_[id], error);
}

void GroupCoordinator::stored_generation(Group& group, Error error) {
  const sim::VirtualTime now = broker_.simulation().now();
  group.storing = false;
  // Without a stored generation the members have to come again.
  if (error != Error::none) group.members.clear();
  if (group.members.empty()) group.empty_since = now;
  for (auto& [name, member] : group.members) {
    if (!group.rebalancing) member.expires = now + member.assignment.session_timeout;
  }
  rebalanced_.notify_all();
}

// --- requests ---

void GroupCoordinator::join(const JoinGroupRequest& request, JoinGroupResponse& response) {
  if (!active()) {
    response.error = Error::not_coordinator;
    return;
  }
  const std::uint64_t term = term_;
  while (term == term_ && groups_[request.group].storing) rebalanced_.wait();
  if (term != term_) {
    response.error = Error::not_coordinator;
    return;
  }
  Group& group = groups_[request.group];
  const sim::VirtualTime now = broker_.simulation().now();
  if (!request.member.empty() && !group.members.contains(request.member)) {
    response.error = Error::unknown_member_id;
    return;
  }
  const bool was_empty = group.members.empty();
  const bool was_rebalancing = group.rebalancing;
  response.member = request.member.empty() ? fmt::format("{}/{}", request.client, ++member_ids_) : request.member;
  Member& member = group.members[response.member];
  member.assignment.id = response.member;
  member.partitions = request.partitions;
  member.assignment.session_timeout = request.session_timeout;
  member.assignment.rebalance_timeout = request.rebalance_timeout;
  member.expires = sim::kNever;  // it hangs on until the rebalance is over
  begin_rebalance(group);
  member.joined = true;
  if (was_empty && !was_rebalancing) group.not_before = now + broker_.topology().options.initial_rebalance_delay;
  const auto waits = [&] { return groups_[request.group].rebalancing || groups_[request.group].storing; };
  while (term == term_ && waits()) rebalanced_.wait();
  if (term != term_) {
    response.error = Error::not_coordinator;
    return;
  }
  const Group& now_group = groups_[request.group];
  const auto mine = now_group.members.find(response.member);
  if (mine == now_group.members.end()) {
    response.error = Error::unknown_member_id;
    return;
  }
  response.generation = now_group.generation;
  response.assignment = mine->second.assignment.partitions;
  response.leads = mine == now_group.members.begin();
  response.partitions = now_group.partitions;
}

GroupCoordinator::Member* GroupCoordinator::member_of(GroupId group, const std::string& id, std::int32_t generation,
                                                      Error& error) {
  error = Error::none;
  if (!active()) {
    error = Error::not_coordinator;
    return nullptr;
  }
  const auto member = groups_[group].members.find(id);
  if (member == groups_[group].members.end()) {
    error = Error::unknown_member_id;
    return nullptr;
  }
  if (generation != groups_[group].generation) {
    error = Error::illegal_generation;
    return nullptr;
  }
  if (member->second.expires != sim::kNever) {
    member->second.expires = broker_.simulation().now() + member->second.assignment.session_timeout;
  }
  return &member->second;
}

Error GroupCoordinator::heartbeat(const HeartbeatRequest& request) {
  Error error = Error::none;
  if (member_of(request.group, request.member, request.generation, error) == nullptr) return error;
  return groups_[request.group].rebalancing ? Error::rebalance_in_progress : Error::none;
}

Error GroupCoordinator::leave(const LeaveGroupRequest& request) {
  if (!active()) return Error::not_coordinator;
  Group& group = groups_[request.group];
  if (!group.members.contains(request.member)) return Error::unknown_member_id;
  remove_member(group, request.member);
  return Error::none;
}

Error GroupCoordinator::commit(const OffsetCommitRequest& request) {
  Error error = Error::none;
  if (request.generation < 0) {
    if (!active()) return Error::not_coordinator;
    Group& group = groups_[request.group];
    if (!group.members.empty()) {
      broker_.simulation().mark("commit of no member refused");
      return Error::unknown_member_id;
    }
    group.empty_since = broker_.simulation().now();  // its offsets are kept from the last commit on
  } else if (member_of(request.group, request.member, request.generation, error) == nullptr) {
    if (error != Error::not_coordinator) broker_.simulation().mark("commit of a fenced consumer refused");
    return error;
  }
  std::vector<boost::intrusive_ptr<LogRecord>> records;
  for (const CommittedOffset& offset : request.offsets) records.push_back(offset_record(request.group, offset));
  const std::uint64_t term = term_;
  error = replica_->append_internal(records, broker_.topology().options.offsets_commit_timeout);
  if (term != term_) return Error::not_coordinator;
  if (error != Error::none) return error;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const CommittedOffset& offset = request.offsets[i];
    const Offset before = committed(request.group, offset.partition);
    if (offset.position < before) broker_.simulation().mark("committed position went back");
    store(groups_[request.group], {offset, records[i]->offset});
  }
  broker_.simulation().moment(broker_.node(), events().offset_committed);
  return Error::none;
}

void GroupCoordinator::fetch_offsets(const OffsetFetchRequest& request, OffsetFetchResponse& response) {
  if (!active()) {
    response.error = Error::not_coordinator;
    return;
  }
  const Group& group = groups_[request.group];
  for (const PartitionIndex partition : request.partitions) {
    if (request.require_stable && !stable(group, partition)) {
      broker_.simulation().mark("consumer waited for stable offsets");
      response.offsets.clear();
      response.error = Error::unstable_offset_commit;
      return;
    }
    const auto found = group.offsets.find(partition);
    response.offsets.push_back(found == group.offsets.end() ? CommittedOffset{partition, kNoOffset, kNoEpoch}
                                                            : found->second.offset);
  }
}

void GroupCoordinator::expire_offsets() {
  if (!active()) return;
  const sim::VirtualTime limit = broker_.simulation().now() - broker_.topology().options.offsets_retention;
  std::vector<boost::intrusive_ptr<LogRecord>> tombstones;
  for (auto& [id, group] : groups_) {
    if (!group.members.empty() || group.empty_since > limit) continue;
    for (const auto& [partition, offset] : std::exchange(group.offsets, {})) {
      tombstones.push_back(offset_record(id, {partition, kNoOffset, kNoEpoch}));
    }
  }
  if (tombstones.empty()) return;
  broker_.simulation().mark("committed offsets expired");
  // Should it fail, a later coordinator finds the offsets again and expires them again.
  static_cast<void>(
      replica_->append_internal(std::move(tombstones), broker_.topology().options.offsets_commit_timeout));
}

void GroupCoordinator::partitions_deleted(const std::vector<PartitionIndex>& partitions) {
  if (!active()) return;
  std::vector<boost::intrusive_ptr<LogRecord>> tombstones;
  for (auto& [id, group] : groups_) {
    for (const PartitionIndex partition : partitions) {
      if (group.offsets.erase(partition) != 0)
        tombstones.push_back(offset_record(id, {partition, kNoOffset, kNoEpoch}));
    }
  }
  if (tombstones.empty()) return;
  broker_.process().spawn([this, tombstones = std::move(tombstones)] {
    if (!active()) return;
    static_cast<void>(replica_->append_internal(tombstones, broker_.topology().options.offsets_commit_timeout));
  });
}

Offset GroupCoordinator::committed(GroupId group, PartitionIndex partition) const {
  const auto known = groups_.find(group);
  if (known == groups_.end()) return kNoOffset;
  const auto offset = known->second.offsets.find(partition);
  return offset == known->second.offsets.end() ? kNoOffset : offset->second.offset.position;
}

}  // namespace noloss::models::kafka
