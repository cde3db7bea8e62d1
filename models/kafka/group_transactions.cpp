// Offsets that are committed with a transaction (GroupMetadata.pendingTransactionalOffsetCommits).
#include <utility>

#include "models/kafka/broker.hpp"
#include "models/kafka/group_coordinator.hpp"
#include "models/kafka/group_records.hpp"
#include "sim/planted.hpp"

namespace noloss::models::kafka {

void GroupCoordinator::store(Group& group, const Stored& offset) {
  const auto [known, first] = group.offsets.try_emplace(offset.offset.partition, offset);
  // A record of a transaction may have been overtaken by one that came before its marker.
  if (!first && known->second.record <= offset.record) known->second = offset;
}

bool GroupCoordinator::stable(const Group& group, PartitionIndex partition) {
  if (NOLOSS_BUG("kafka: unstable offsets are given out")) return true;
  for (const auto& [producer, offsets] : group.pending) {
    if (offsets.contains(partition)) return false;
  }
  return true;
}

Error GroupCoordinator::check_generation(const GroupMetadata& member) {
  // Without a member nobody is asked for, whether the group has members or not.
  if (member.generation < 0 && member.member.empty()) return Error::none;
  if (NOLOSS_BUG("kafka: a transaction's offsets are taken from any generation")) return Error::none;
  const Group& group = groups_[member.group];
  if (!group.members.contains(member.member)) return Error::unknown_member_id;
  return member.generation == group.generation ? Error::none : Error::illegal_generation;
}

Error GroupCoordinator::commit_in_transaction(const TxnOffsetCommitRequest& request, std::uint64_t guard) {
  if (!active()) return Error::not_coordinator;
  Error error = check_generation(request.member);
  if (error != Error::none) {
    broker_.simulation().mark("offsets of a fenced consumer refused");
    return error;
  }
  std::vector<boost::intrusive_ptr<LogRecord>> records;
  for (const CommittedOffset& offset : request.offsets) {
    records.push_back(offset_record(request.member.group, offset));
    records.back()->producer = {request.producer, request.epoch, true, -1};
    groups_[request.member.group].pending[request.producer][offset.partition] = {offset, kNoOffset};
  }
  const std::uint64_t term = term_;
  error = replica_->append_in_transaction(records, guard, broker_.topology().options.offsets_commit_timeout);
  if (term != term_) return Error::not_coordinator;
  if (error != Error::none) {
    forget_pending(request);
    return error;
  }
  Group& group = groups_[request.member.group];
  const auto pending = group.pending.find(request.producer);
  for (const auto& record : records) {
    if (NOLOSS_BUG("kafka: offsets count before the marker")) {
      store(group,
            {{record->group->partition, record->group->position, record->group->position_epoch}, record->offset});
    }
    if (pending == group.pending.end()) break;  // the marker was faster
    const auto mine = pending->second.find(record->group->partition);
    const bool same = mine != pending->second.end() && mine->second.offset.position == record->group->position;
    if (same) mine->second.record = record->offset;
  }
  return Error::none;
}

void GroupCoordinator::forget_pending(const TxnOffsetCommitRequest& request) {
  Group& group = groups_[request.member.group];
  const auto pending = group.pending.find(request.producer);
  if (pending == group.pending.end()) return;
  for (const CommittedOffset& offset : request.offsets) pending->second.erase(offset.partition);
  if (pending->second.empty()) group.pending.erase(pending);
}

void GroupCoordinator::transaction_ended(ProducerId producer, TxnResult result) {
  if (!active() || !settle(producer, result)) return;
  broker_.simulation().moment(broker_.node(), events().offset_committed);
}

bool GroupCoordinator::settle(ProducerId producer, TxnResult result) {
  bool any = false;
  for (auto& [id, group] : groups_) {
    auto ended = group.pending.extract(producer);
    if (ended.empty() || result == TxnResult::abort) continue;
    for (const auto& [partition, offset] : ended.mapped()) {
      if (offset.record != kNoOffset) store(group, offset);
    }
    any = true;
  }
  return any;
}

Error GroupCoordinator::as_coordinator(Error error) {
  switch (error) {
    case Error::not_enough_replicas:
    case Error::not_enough_replicas_after_append:
    case Error::request_timed_out: return Error::coordinator_not_available;
    case Error::not_leader_or_follower: return Error::not_coordinator;
    default: return error;
  }
}

}  // namespace noloss::models::kafka
