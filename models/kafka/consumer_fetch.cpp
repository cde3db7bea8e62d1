// The consumer's network fiber: fetches, positions that are checked or looked for.
#include <algorithm>
#include <map>
#include <utility>

#include "models/kafka/consumer.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

void Consumer::fetch_loop() {
  for (;;) {
    fetch_all();
    const bool asked = std::exchange(poll_asks_commit_, false) && options_.place == AutoCommit::after_poll;
    if (asked || options_.place == AutoCommit::by_thread) commit_automatically();
    commit_acknowledged();
    network_.poll(next_due());
    if (group_.must_join()) arrived_.notify_all();
  }
}

sim::VirtualTime Consumer::next_due() const {
  const sim::VirtualTime now = process_.simulation().now();
  sim::VirtualTime next = commit_not_before_ > now ? commit_not_before_ : sim::kNever;
  const bool commits = options_.auto_commit && options_.place == AutoCommit::by_thread;
  if (commits && next_auto_commit_ > now) next = std::min(next, next_auto_commit_);
  for (const auto& lane : lanes_) {
    if (lane->not_before > now) next = std::min(next, lane->not_before);
  }
  return next;
}

void Consumer::back_off(Lane& lane) {
  lane.not_before = process_.simulation().now() + options_.retry_backoff;
  network_.request_update();
}

void Consumer::seek(Lane& lane, Offset offset, Epoch epoch) {
  lane.must_reset = lane.to_beginning = false;
  lane.position = lane.fetch_from = offset;
  lane.position_epoch = lane.fetched_epoch = epoch;
  lane.buffer.clear();
  lane.aborted.clear();
}

void Consumer::fetch_all() {
  if (!network_.knows_metadata()) return;
  std::map<sim::NodeId, std::vector<Lane*>> by_leader;
  for (const auto& lane : lanes_) {
    const bool free = !lane->asking && lane->buffer.empty() && lane->not_before <= process_.simulation().now();
    if (!free || (lane->position == kNoOffset && !lane->must_reset)) continue;
    const sim::NodeId leader = network_.leader(lane->partition);
    if (leader == sim::kNoNode) {
      back_off(*lane);
    } else if (network_.ready(leader) && position_valid(*lane, leader)) {
      by_leader[leader].push_back(lane.get());
    }
  }
  for (const auto& [leader, lanes] : by_leader) {
    if (network_.in_flight(leader) == 0) fetch_from(leader, lanes);
  }
}

bool Consumer::position_valid(Lane& lane, sim::NodeId leader) {
  if (lane.must_reset) {
    if (lane.to_beginning || options_.reset != ResetPolicy::none) reset(lane, leader);
    return false;
  }
  const Epoch epoch = network_.leader_epoch(lane.partition);
  const bool checks = topology_.behaviours.consumer_detects_truncation && lane.fetched_epoch != kNoEpoch;
  if (checks && epoch != lane.leader_epoch && lane.leader_epoch != kNoEpoch) {
    validate(lane, leader);
    return false;
  }
  lane.leader_epoch = epoch;
  return true;
}

void Consumer::fetch_from(sim::NodeId leader, const std::vector<Lane*>& lanes) {
  boost::intrusive_ptr<FetchRequest> request{new FetchRequest};
  request->read_committed = options_.read_committed;
  request->max_wait = options_.fetch_wait;
  request->max_bytes = options_.fetch_bytes;
  for (Lane* lane : lanes) {
    lane->asking = true;
    const TopicId topic = topology_.behaviours.fetches_by_topic_id ? network_.topic(lane->partition) : 0;
    request->partitions.push_back({lane->partition, lane->leader_epoch, lane->fetched_epoch, lane->fetch_from, topic});
  }
  const std::vector<FetchPartition> asked = request->partitions;
  const std::uint64_t term = lanes_term_;
  network_.send(leader, events().fetch, std::move(request), 0, [this, term, asked](const sim::PayloadPtr& answer) {
    if (term != lanes_term_) return;
    for (const FetchPartition& partition : asked) {
      Lane& lane = *lane_of(partition.partition);
      lane.asking = false;
      if (answer == nullptr) back_off(lane);
    }
    if (answer == nullptr) return;
    for (const FetchedPartition& fetched : static_cast<const FetchResponse&>(*answer).partitions) take(fetched);
    arrived_.notify_all();
  });
}

void Consumer::take(const FetchedPartition& fetched) {
  Lane& lane = *lane_of(fetched.partition);
  switch (fetched.error) {
    case Error::none: break;
    case Error::offset_out_of_range:
      process_.simulation().mark("position out of range");
      lane.must_reset = true;
      lane.buffer.clear();
      return;
    default: back_off(lane); return;
  }
  // The buffer was empty when this was asked for: the answer has all that concerns its records.
  if (options_.read_committed) lane.aborted = AbortedFilter(fetched.aborted);
  for (const LogRecordPtr& record : fetched.records) {
    lane.buffer.push_back(record);
    lane.fetch_from = record->offset + 1;
    lane.fetched_epoch = record->epoch;
  }
}

void Consumer::validate(Lane& lane, sim::NodeId leader) {
  lane.asking = true;
  boost::intrusive_ptr<OffsetForLeaderEpochRequest> request{new OffsetForLeaderEpochRequest};
  request->partition = lane.partition;
  request->current_leader_epoch = network_.leader_epoch(lane.partition);
  request->epoch = lane.fetched_epoch;
  const Epoch epoch = request->current_leader_epoch;
  const std::uint64_t term = lanes_term_;
  const PartitionIndex partition = lane.partition;
  network_.send(leader, events().offset_for_leader_epoch, std::move(request), 0,
                [this, term, partition, epoch](const sim::PayloadPtr& answer) {
                  if (term != lanes_term_) return;
                  Lane& mine = *lane_of(partition);
                  mine.asking = false;
                  const auto* response = static_cast<const OffsetForLeaderEpochResponse*>(answer.get());
                  if (response == nullptr || response->error != Error::none) return back_off(mine);
                  mine.leader_epoch = epoch;
                  const EpochEnd& end = response->end;
                  if (end.end == kNoOffset) {
                    mine.must_reset = true;
                  } else if (end.end < mine.fetch_from) {
                    process_.simulation().mark("consumer detected a truncation");
                    if (options_.reset == ResetPolicy::none) {
                      mine.must_reset = true;
                    } else {
                      seek(mine, end.end, end.epoch);
                    }
                  }
                  arrived_.notify_all();
                });
}

void Consumer::reset(Lane& lane, sim::NodeId leader) {
  lane.asking = true;
  boost::intrusive_ptr<ListOffsetsRequest> request{new ListOffsetsRequest};
  request->partition = lane.partition;
  request->read_committed = options_.read_committed;
  const bool to_end = !lane.to_beginning && options_.reset == ResetPolicy::latest;
  request->spec = to_end ? OffsetSpec::latest : OffsetSpec::earliest;
  const std::uint64_t term = lanes_term_;
  const PartitionIndex partition = lane.partition;
  network_.send(leader, events().list_offsets, std::move(request), 0,
                [this, term, partition](const sim::PayloadPtr& answer) {
                  if (term != lanes_term_) return;
                  Lane& mine = *lane_of(partition);
                  mine.asking = false;
                  const auto* response = static_cast<const ListOffsetsResponse*>(answer.get());
                  if (response == nullptr || response->error != Error::none) return back_off(mine);
                  if (!mine.to_beginning) process_.simulation().mark("position reset by policy");
                  seek(mine, response->offset, kNoEpoch);
                });
}

}  // namespace noloss::models::kafka
