#include "models/kafka/consumer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "models/kafka/group_coordinator.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {
namespace {

constexpr sim::Duration kApiTimeout = std::chrono::seconds{60};    // default.api.timeout.ms
constexpr sim::Duration kCloseTimeout = std::chrono::seconds{30};  // of close()

NetworkOptions network_options(const ConsumersSetup& setup, const Topology& topology) {
  return {bootstrap_of(setup.connect, topology), setup.config.duration("request.timeout.ms"),
          setup.config.duration("metadata.max.age.ms"), setup.config.duration("retry.backoff.ms")};
}

AutoCommit place_of(const OptionValues& config, const Behaviours& behaviours) {
  if (config.at("client").text == "franz-go") return AutoCommit::by_thread;
  const bool async = config.all().contains("group.protocol") && config.at("group.protocol").text == "consumer";
  return async && behaviours.async_commit_covers_poll ? AutoCommit::after_poll : AutoCommit::in_poll;
}

/// Whether the application gives sendOffsetsToTransaction the group's metadata, or only its name.
bool sends_metadata(const OptionValues& config, const Behaviours& behaviours) {
  const auto chosen = config.all().find("send.offsets");
  if (chosen == config.all().end()) return behaviours.group_fences_offsets;
  return chosen->second.text == "group_metadata";
}

ConsumerOptions consumer_options(const OptionValues& config, const Behaviours& behaviours) {
  return {.auto_commit = config.flag("enable.auto.commit"),
          .place = place_of(config, behaviours),
          .read_committed = reads_committed(config),
          .auto_commit_interval = config.duration("auto.commit.interval.ms"),
          .reset = static_cast<ResetPolicy>(config.integer("auto.offset.reset")),
          .max_poll_records = static_cast<std::size_t>(config.integer("max.poll.records")),
          .fetch_wait = config.duration("fetch.max.wait.ms"),
          .fetch_bytes = config.integer("max.partition.fetch.bytes"),
          .retry_backoff = config.duration("retry.backoff.ms"),
          .assigns = config.at("assignment").text == "assign",
          .group_metadata = sends_metadata(config, behaviours)};
}

}  // namespace

bool reads_committed(const OptionValues& config) {
  const auto isolation = config.all().find("isolation.level");
  return isolation != config.all().end() && isolation->second.text == "read_committed";
}

Consumer::Consumer(sim::Process& process, const Topology& topology, const ConsumerInfo& info,
                   const ConsumersSetup& setup, ConsumerState& state, History& history)
    : process_(process),
      topology_(topology),
      topic_(info.group),
      setup_(setup),
      history_(history),
      options_(consumer_options(setup.config, topology.behaviours)),
      group_(process, topology,
             {info.group, fmt::format("{}-{}", info.client, process.incarnation()), info.session_timeout,
              setup.config.duration("heartbeat.interval.ms"), info.rebalance_timeout, options_.retry_backoff,
              info.assigns},
             network_options(setup, topology)),
      network_(process, topology, network_options(setup, topology)),
      arrived_(process.simulation().scheduler()),
      state_(state),
      forwarding_(!setup.forward.enabled
                      ? nullptr
                      : std::make_unique<ReadProcessWrite>(process, topology, info.forwards_to, setup, *this)),
      application_(process, *this, setup, events().common, state, history, forwarding_.get()) {
  next_auto_commit_ = process.simulation().now() + options_.auto_commit_interval;
  const bool initial = process.incarnation() == 1 && process.simulation().now() == sim::kStart;
  if (!initial) return;
  if (options_.assigns) {
    begin_at_zero(all_partitions());
    return;
  }
  const auto groups = initial_groups(process.simulation(), topology);
  const std::vector<MemberAssignment>& members = groups.at(info.group);
  const auto leader =
      std::min_element(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const MemberAssignment& member : members) {
    if (member.id != info.client + "/1") continue;
    group_.joined_from_start(member.id, member.id == leader->id);
    begin_at_zero(member.partitions);
  }
}

void Consumer::begin_at_zero(const std::vector<PartitionIndex>& partitions) {
  take_assignment(partitions);
  for (const auto& lane : lanes_) {
    seek(*lane, 0, 0);
    lane->committed = 0;
  }
}

std::vector<PartitionIndex> Consumer::all_partitions() const { return network_.partitions_of(topic_); }

void Consumer::run() {
  process_.spawn([this] {
    // A member without partitions has no fetch that would wake it.
    group_.loop([this] {
      if (lanes_.empty() && group_.must_join()) arrived_.notify_all();
    });
  });
  process_.spawn([this] { fetch_loop(); });
  if (forwarding_) forwarding_->start();
  application_.run();
}

void Consumer::stop() {
  // The documented pattern: the loop ends after the records of its last poll, then close().
  if (application_.finish() == ConsumerApplication::Finished::not_in_time) return;
  // close(): what was handed out counts as consumed, then the group is told.
  const auto offsets = options_.auto_commit ? positions() : acknowledged();
  if (!offsets.empty() && !group_.must_join()) {
    static_cast<void>(group_.commit_and_wait(offsets, process_.simulation().now() + kCloseTimeout));
  }
  group_.leave();
}

bool Consumer::fail_handler(std::int64_t times) {
  application_.fail_next(times);
  return true;
}

bool Consumer::stall_handler(sim::Duration duration) {
  application_.stall_next(duration);
  return true;
}

// --- poll ---

Delivery Consumer::receive() {
  in_hand_.reset();
  while (handed_.empty()) {
    if (application_.closing()) process_.sleep_until(sim::kNever);
    poll();
  }
  in_hand_ = std::move(handed_.front());
  handed_.pop_front();
  const std::uint64_t session = lanes_term_ << 32U | in_hand_->partition;
  return {in_hand_->record->content, in_hand_->record->offset, session};
}

void Consumer::poll() {
  group_.polled();
  if (group_.must_join()) {
    if (options_.auto_commit && !lanes_.empty()) {
      static_cast<void>(group_.commit_and_wait(positions(), process_.simulation().now() + kApiTimeout));
    }
    take_assignment({});
    take_assignment(group_.join());
    find_positions();
  }
  if (options_.assigns && lanes_.empty()) {
    take_assignment(all_partitions());
    find_positions();
  }
  if (options_.place == AutoCommit::in_poll) commit_automatically();
  poll_asks_commit_ = true;
  fill();
  if (!handed_.empty()) return;
  const bool commits = options_.auto_commit && next_auto_commit_ > process_.simulation().now();
  sim::VirtualTime until = process_.simulation().now() + kApiTimeout;
  if (commits) until = std::min(until, next_auto_commit_);
  arrived_.wait_until(until);
}

void Consumer::take_assignment(const std::vector<PartitionIndex>& partitions) {
  lanes_.clear();
  ++lanes_term_;
  for (const PartitionIndex partition : partitions) {
    lanes_.push_back(std::make_unique<Lane>());
    lanes_.back()->partition = partition;
  }
}

GroupMetadata Consumer::group_metadata() const {
  return options_.group_metadata ? group_.metadata() : GroupMetadata{topic_, {}, -1};
}

void Consumer::rewind() {
  std::vector<PartitionIndex> partitions;
  for (const auto& lane : lanes_) partitions.push_back(lane->partition);
  take_assignment(partitions);
  find_positions(WithoutCommit::beginning);
}

void Consumer::find_positions(WithoutCommit without) {
  std::vector<PartitionIndex> partitions;
  for (const auto& lane : lanes_) partitions.push_back(lane->partition);
  if (partitions.empty()) return;
  for (const CommittedOffset& offset : group_.fetch_offsets(partitions)) {
    Lane* lane = lane_of(offset.partition);
    if (lane == nullptr) continue;
    if (offset.position == kNoOffset) {
      lane->must_reset = true;
      lane->to_beginning = without == WithoutCommit::beginning;
    } else {
      seek(*lane, offset.position, offset.epoch);
      lane->committed = offset.position;
    }
  }
  network_.wake();
}

void Consumer::fill() {
  for (const auto& lane : lanes_) {
    if (lane->must_reset && !lane->to_beginning && options_.reset == ResetPolicy::none) {
      process_.simulation().mark("no valid position, exception");
      process_.crash();  // nobody catches it
    }
    while (!lane->buffer.empty() && handed_.size() < options_.max_poll_records) {
      LogRecordPtr record = std::move(lane->buffer.front());
      lane->buffer.pop_front();
      lane->position = record->offset + 1;
      lane->position_epoch = record->epoch;
      if (options_.read_committed && lane->aborted.hides(*record)) {
        process_.simulation().mark("aborted records hidden");
        continue;
      }
      if (record->kind != RecordKind::message) continue;
      lane->unconfirmed.emplace_back(record->offset, record->message);
      handed_.push_back({std::move(record), lane->partition});
    }
  }
  network_.wake();
}

// --- commits ---

Consumer::Lane* Consumer::lane_of(PartitionIndex partition) {
  const auto lane =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& known) { return known->partition == partition; });
  return lane == lanes_.end() ? nullptr : lane->get();
}

std::vector<CommittedOffset> Consumer::positions() const {
  std::vector<CommittedOffset> offsets;
  for (const auto& lane : lanes_) {
    const bool valid = lane->position != kNoOffset && !lane->must_reset;
    if (valid) offsets.push_back({lane->partition, lane->position, lane->position_epoch});
  }
  return offsets;
}

std::vector<CommittedOffset> Consumer::acknowledged() const {
  std::vector<CommittedOffset> offsets;
  for (const auto& lane : lanes_) {
    if (lane->acknowledged > lane->committed) {
      offsets.push_back({lane->partition, lane->acknowledged, lane->position_epoch});
    }
  }
  return offsets;
}

void Consumer::commit_automatically() {
  if (!options_.auto_commit || process_.simulation().now() < next_auto_commit_) return;
  next_auto_commit_ = process_.simulation().now() + options_.auto_commit_interval;
  const auto offsets = positions();
  if (offsets.empty()) return;
  const std::uint64_t term = lanes_term_;
  group_.commit(offsets, [this, offsets, term](bool success) {
    if (term != lanes_term_) return;
    if (success) {
      committed(offsets);
    } else {
      next_auto_commit_ = std::min(next_auto_commit_, process_.simulation().now() + options_.retry_backoff);
    }
  });
}

void Consumer::commit_acknowledged() {
  if (committing_ || process_.simulation().now() < commit_not_before_) return;
  const auto offsets = acknowledged();
  if (offsets.empty()) return;
  committing_ = true;
  const std::uint64_t term = lanes_term_;
  group_.commit(offsets, [this, offsets, term](bool success) {
    committing_ = false;
    if (term != lanes_term_) return;
    if (success) {
      committed(offsets);
    } else {
      commit_not_before_ = process_.simulation().now() + options_.retry_backoff;
    }
    network_.wake();
  });
}

void Consumer::committed(const std::vector<CommittedOffset>& offsets) {
  for (const CommittedOffset& offset : offsets) {
    Lane* lane = lane_of(offset.partition);
    if (lane == nullptr) continue;
    lane->committed = offset.position;
    while (!lane->unconfirmed.empty() && lane->unconfirmed.front().first < offset.position) {
      const MessageRef message = lane->unconfirmed.front().second;
      lane->unconfirmed.pop_front();
      if (message == kNoMessage) continue;
      history_.acknowledged(process_.node(), message);
      process_.simulation().note(process_.node(), events().common.acknowledged, index(message));
    }
  }
}

void Consumer::acknowledge(const Delivery& delivery) {
  if (delivery.session >> 32U != lanes_term_) return;  // the partition may be another's by now
  Lane* lane = lane_of(static_cast<PartitionIndex>(delivery.session & 0xffffffffU));
  if (forwarding_ && forwarding_->transactional()) {
    forwarding_->consumed({lane->partition, delivery.position + 1, lane->position_epoch});
    return;
  }
  lane->acknowledged = std::max(lane->acknowledged, delivery.position + 1);
  commit_acknowledged();
}

bool Consumer::acknowledge_and_wait(const Delivery& delivery) {
  if (delivery.session >> 32U != lanes_term_) return false;
  const auto partition = static_cast<PartitionIndex>(delivery.session & 0xffffffffU);
  const std::vector<CommittedOffset> offsets{{partition, delivery.position + 1, lane_of(partition)->position_epoch}};
  if (!group_.commit_and_wait(offsets, process_.simulation().now() + kApiTimeout)) return false;
  committed(offsets);
  process_.simulation().scheduler().check_killed();
  return true;
}

bool Consumer::idle() const {
  if (!handed_.empty() || committing_ || group_.must_join()) return false;
  if (forwarding_ && !forwarding_->idle()) return false;
  if (options_.assigns && lanes_.empty()) return false;
  return std::all_of(lanes_.begin(), lanes_.end(), [this](const auto& lane) {
    const bool uncommitted = options_.auto_commit ? lane->committed < lane->position : !acknowledged().empty();
    return lane->position != kNoOffset && !lane->must_reset && lane->buffer.empty() && !uncommitted;
  });
}

std::optional<Offset> Consumer::next_offset(PartitionIndex partition) const {
  const auto lane =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& known) { return known->partition == partition; });
  if (lane == lanes_.end() || (*lane)->position == kNoOffset || group_.must_join()) return std::nullopt;
  if (in_hand_ && in_hand_->partition == partition && state_.busy) return in_hand_->record->offset;
  const auto handed = std::find_if(handed_.begin(), handed_.end(),
                                   [&](const Handed& waiting) { return waiting.partition == partition; });
  return handed == handed_.end() ? (*lane)->position : handed->record->offset;
}

}  // namespace noloss::models::kafka
