#include "models/kafka/broker.hpp"

#include <algorithm>
#include <utility>

#include "sim/machine.hpp"

namespace noloss::models::kafka {
namespace {

/// How long an orderly stop waits until others lead what this broker led.
constexpr sim::Duration kShutdownPatience = std::chrono::minutes{5};
constexpr sim::Duration kShutdownPatienceZooKeeper = std::chrono::seconds{15};  // 3 retries, 5 s apart
constexpr sim::Duration kSegmentFlushDelay = std::chrono::milliseconds{10};

}  // namespace

MetadataImagePtr initial_metadata(sim::Simulation& simulation, const Topology& topology) {
  boost::intrusive_ptr<MetadataImage> image{new MetadataImage};
  for (const sim::NodeId node : topology.brokers) {
    const bool exists = simulation.machine(node).setup().exists;
    image->brokers.push_back({exists ? ++image->version : 0, exists, !exists, false});
  }
  for (const PartitionInfo& info : topology.partitions) {
    PartitionMetadata& partition = image->partitions.emplace_back();
    if (!info.initially) {
      partition.topic = 0;
      partition.exists = false;
      continue;
    }
    for (const sim::NodeId node : info.replicas) {
      if (image->brokers[sim::index(node)].registered) partition.isr.push_back(node);
    }
    if (!partition.isr.empty()) partition.leader = partition.isr.front();
  }
  image->config = topology.config;
  return image;
}

Broker::Broker(sim::Process& process, const Topology& topology, RunNumbers& numbers, History& history)
    : process_(process),
      topology_(topology),
      numbers_(numbers),
      history_(history),
      inbox_(process),
      metadata_(new MetadataImage),
      link_(*this),
      groups_(*this),
      transactions_(*this),
      recovery_points_(process, "recovery-point-offset-checkpoint"),
      high_watermarks_(process, "replication-offset-checkpoint"),
      log_starts_(process, "log-start-offset-checkpoint"),
      clean_shutdown_(process, ".kafka_cleanshutdown") {
  initial_ = process.incarnation() == 1 && process.simulation().now() == sim::kStart;
  replicas_.resize(topology.partitions.size());
  for (PartitionIndex partition = 0; partition < replicas_.size(); ++partition) {
    const TopicId topic = topic_at_start(topology.partitions[partition]);
    if (topic != 0) replicas_[partition] = std::make_unique<Replica>(*this, partition, topic);
  }
  for (const sim::NodeId other : topology.brokers) {
    if (other != node()) fetchers_.push_back(std::make_unique<ReplicaFetcher>(*this, other));
  }
  if (topology.transactions_partition) channel_ = std::make_unique<BrokerChannel>(process, topology);
  if (initial_) create_initial_state();
}

/// What it knows before it has learned anything: the logs that it has. A disk that was wiped has none; the topics that
/// were there from the start get theirs at once.
TopicId Broker::topic_at_start(const PartitionInfo& info) const {
  if (!info.has(node())) return 0;
  const TopicId stored = initial_ ? 0 : topic_on_disk(process_.machine().disk(), info.name);
  return stored == 0 && info.initially ? 1 : stored;
}

void Broker::create_initial_state() {
  metadata_ = initial_metadata(simulation(), topology_);
  link_.registered_from_start(metadata_of(node()).epoch);
  each_replica([this](Replica& replica) {
    const PartitionMetadata& metadata = metadata_->partitions[replica.partition()];
    replica.create(metadata);
    if (replica.info().offsets) groups_.create_initial_state(replica);
    if (replica.follows()) fetch_from(replica, metadata.leader);
    if (replica.leads()) leads_now(replica);
  });
}

template <class Act>
void Broker::each_replica(Act&& act) {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {  // there may be more when `act` has waited
    if (replicas_[i]) act(*replicas_[i]);
  }
}

void Broker::run() {
  if (!initial_) recover();
  serving_ = true;
  simulation().network().listen(inbox_);
  process_.spawn([this] { link_.loop(); });
  process_.spawn([this] { link_.alter_loop(); });
  process_.spawn([this] { groups_.loop(); });
  if (channel_) process_.spawn([this] { channel_->loop(); });
  for (const auto& fetcher : fetchers_) {
    ReplicaFetcher* const mine = fetcher.get();
    process_.spawn([mine] { mine->loop(); });
  }
  start_background();
  accept_loop();
}

void Broker::recover() {
  const auto marker = clean_shutdown_.read();
  const bool clean = marker.has_value();
  if (clean) {
    link_.previous_epoch(marker->at(0));
  } else {
    simulation().mark("recovered after unclean stop");
  }
  const auto recovery_points = recovery_points_.read().value_or(Checkpoint::Values{});
  const auto high_watermarks = high_watermarks_.read().value_or(Checkpoint::Values{});
  const auto log_starts = log_starts_.read().value_or(Checkpoint::Values{});
  log_starts_written_ = !log_starts.empty();
  const auto value = [](const Checkpoint::Values& values, PartitionIndex partition) {
    const auto found = values.find(partition);
    return found == values.end() ? std::int64_t{0} : found->second;
  };
  each_replica([&](Replica& replica) {
    const auto result = replica.log().recover(value(recovery_points, replica.partition()),
                                              value(log_starts, replica.partition()), clean);
    if (result.damaged) simulation().mark("damaged records cut in recovery");
    if (result.unreadable) must_succeed(sim::IoResult::io_error);
    replica.restore_high_watermark(value(high_watermarks, replica.partition()));
  });
  must_succeed(clean_shutdown_.remove());
  simulation().moment(node(), events().common.recovered, process_.incarnation());
}

void Broker::must_succeed(sim::IoResult result) {
  if (result == sim::IoResult::ok) return;
  simulation().mark("log directory failed");
  process_.crash();
}

// --- metadata ---

void Broker::learn(MetadataImagePtr image) {
  if (image->version <= metadata_->version) return;
  const MetadataImagePtr before = std::exchange(metadata_, std::move(image));
  const MetadataImagePtr learned = metadata_;  // a later one may come while a truncation waits
  replace_replicas();
  forget_deleted(*before);
  each_replica([&](Replica& replica) {
    if (replica.partition() >= learned->partitions.size()) return;
    replica.apply(learned->partitions[replica.partition()]);
    if (replica.leads()) replica.brokers_changed();
  });
  step();
}

void Broker::replace_replicas() {
  if (replicas_.size() < metadata_->partitions.size()) replicas_.resize(metadata_->partitions.size());
  for (PartitionIndex partition = 0; partition < metadata_->partitions.size(); ++partition) {
    const PartitionMetadata& decided = metadata_->partitions[partition];
    auto& mine = replicas_[partition];
    if (mine && (!decided.exists || decided.topic != mine->topic())) delete_replica(std::move(mine));
    if (mine || !decided.exists || !topology_.partitions[partition].has(node())) continue;
    mine = std::make_unique<Replica>(*this, partition, decided.topic);
    mine->create_empty();
  }
}

void Broker::delete_replica(std::unique_ptr<Replica> replica) {
  // Who finds another topic in its place comes late: others have said so, and it may be in the new one by now.
  const bool first = !metadata_->partitions[replica->partition()].exists;
  for (const LogRecordPtr& gone : replica->retire()) {
    if (first && gone->message != kNoMessage) history_.dropped(gone->message, "topic deleted");
  }
  deleted_.push_back(std::move(replica));  // fibers may still wait for it
}

/// Of a group's partitions that are gone nobody needs the offsets; who learns of it later, keeps them.
void Broker::forget_deleted(const MetadataImage& before) {
  std::vector<PartitionIndex> deleted;
  for (PartitionIndex partition = 0; partition < before.partitions.size(); ++partition) {
    const PartitionMetadata& was = before.partitions[partition];
    const PartitionMetadata& is = metadata_->partitions[partition];
    if (was.exists && (!is.exists || is.topic != was.topic)) deleted.push_back(partition);
  }
  if (!deleted.empty()) groups_.partitions_deleted(deleted);
}

Error Broker::why_not_here(PartitionIndex partition) const {
  const bool known = partition < metadata_->partitions.size() && metadata_->partitions[partition].exists;
  return known ? Error::not_leader_or_follower : Error::unknown_topic_or_partition;
}

void Broker::fetch_from(Replica& replica, sim::NodeId leader) {
  for (const auto& fetcher : fetchers_) {
    fetcher->remove(replica);
    if (fetcher->source() == leader) fetcher->add(replica);
  }
}

void Broker::leads_now(Replica& replica) {
  if (replica.info().offsets) groups_.load(replica);
  if (replica.info().transactions) transactions_.load(replica);
}

void Broker::leads_no_more(Replica& replica) {
  if (replica.info().offsets) groups_.unload();
  if (replica.info().transactions) transactions_.unload();
}

void Broker::propose_again() {
  each_replica([](Replica& replica) { replica.propose_again(); });
}

// --- background work ---

void Broker::background(sim::Duration interval, void (Broker::*task)()) {
  if (interval == sim::Duration::max()) return;
  process_.spawn([this, interval, task] {
    for (;;) {
      process_.sleep(interval);
      (this->*task)();
    }
  });
}

void Broker::start_background() {
  const BrokerOptions& options = topology_.options;
  background(options.replica_lag / 2, &Broker::shrink_isrs);
  background(options.high_watermark_checkpoint, &Broker::checkpoint_high_watermarks);
  background(options.recovery_point_checkpoint, &Broker::checkpoint_recovery_points);
  background(options.flush_scheduler, &Broker::flush_old);
  background(options.retention_check, &Broker::apply_retention);
  background(options.offsets_retention_check, &Broker::expire_offsets);
  if (channel_) background(options.transaction_timeout_check, &Broker::abort_timed_out);
}

void Broker::shrink_isrs() {
  each_replica([](Replica& replica) { replica.shrink_isr(); });
}

void Broker::expire_offsets() { groups_.expire_offsets(); }

void Broker::abort_timed_out() { transactions_.abort_timed_out(); }

void Broker::checkpoint_high_watermarks() {
  Checkpoint::Values values;
  each_replica([&](const Replica& replica) { values[replica.partition()] = replica.high_watermark(); });
  must_succeed(high_watermarks_.write(std::move(values)));
}

void Broker::checkpoint_recovery_points() {
  Checkpoint::Values values;
  each_replica([&](const Replica& replica) { values[replica.partition()] = replica.log().recovery_point(); });
  must_succeed(recovery_points_.write(std::move(values)));
  checkpoint_log_starts();
}

/// With the recovery points: the real one has an interval of its own, which is as long by default.
void Broker::checkpoint_log_starts() {
  Checkpoint::Values values;
  each_replica([&](const Replica& replica) {
    if (replica.log().starts_inside()) values[replica.partition()] = replica.log().start();
  });
  const bool none = values.empty() && !log_starts_written_;
  if (none) return;
  log_starts_written_ = true;
  must_succeed(log_starts_.write(std::move(values)));
}

bool Broker::delete_records(PartitionIndex partition) {
  Replica* mine = replica(partition);
  if (!serving_ || mine == nullptr || !mine->leads()) return false;
  for (const LogRecordPtr& gone : mine->delete_records()) {
    if (gone->message != kNoMessage) history_.dropped(gone->message, "delete records");
  }
  simulation().mark("records deleted by an administrator");
  return true;
}

void Broker::truncated(const Replica& /*replica*/) { checkpoint_recovery_points(); }

void Broker::flush_old() {
  each_replica([](Replica& replica) { replica.flush_if_older(replica.options().flush_interval); });
}

void Broker::segment_closed(Replica& replica) {
  process_.spawn([this, &replica] {
    process_.sleep(kSegmentFlushDelay);
    must_succeed(replica.log().flush(replica.log().active_base()));
  });
}

void Broker::apply_retention() {
  each_replica([this](Replica& replica) {
    const TopicOptions options = replica.options();
    const bool forever = options.retention == sim::Duration::max();
    const sim::VirtualTime limit = forever ? sim::VirtualTime::min() : simulation().now() - options.retention;
    for (const LogRecordPtr& gone : replica.retain(limit, options.retention_bytes)) {
      if (gone->message == kNoMessage) continue;
      history_.dropped(gone->message, "retention");
      simulation().mark("records deleted by retention");
    }
  });
}

ReplicaView Broker::view(PartitionIndex partition) const {
  const Replica& mine = *replica(partition);
  ReplicaView view;
  view.node = node();
  view.life = process_.incarnation();
  view.broker_epoch = epoch();
  view.leads = mine.leads();
  view.epoch = mine.leader_epoch();
  view.start = mine.log().start();
  view.end = mine.log().end();
  view.high_watermark = mine.high_watermark();
  view.at = [&mine](Offset offset) -> const LogRecord& { return mine.log().at(offset); };
  if (view.leads) view.followers = mine.known_followers();
  return view;
}

// --- orderly stop ---

void Broker::stop() {
  if (!serving_) return;
  const bool registered = epoch() != 0;
  if (topology_.options.controlled_shutdown && registered) {
    link_.shut_down(topology_.behaviours.kraft ? kShutdownPatience : kShutdownPatienceZooKeeper);
  }
  each_replica([this](Replica& replica) {
    replica.resign();
    fetch_from(replica, sim::kNoNode);
  });
  each_replica([](Replica& replica) { replica.flush_all(); });
  checkpoint_recovery_points();
  checkpoint_high_watermarks();
  if (registered) must_succeed(clean_shutdown_.write({{0, epoch()}}));
}

}  // namespace noloss::models::kafka
