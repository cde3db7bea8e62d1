// The consumer's process: the Java client with the classic protocol, and the application around it.
//
// Modelled (KafkaConsumer, Fetcher, SubscriptionState, ConsumerCoordinator): poll hands out up to max.poll.records and
// moves the position past them at once; automatic commits inside a later poll (or where AutoCommit says), before a
// rebalance and on close, of whatever the positions are then; commits of the application for each message, the newest
// after the one that is on its way; isolation.level; reset policies; positions that are checked against a new leader's
// epochs (KIP-320, clients from 2.3 on); an application that sends on what it processed. Not modelled: the consumer
// protocol of KIP-848, several topics a consumer, interceptors other than the sequence check.
//
// volatile, lost on kill: everything here. durable: ConsumerState, and what the coordinator has committed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "models/application/consumer.hpp"
#include "models/kafka/group_member.hpp"
#include "models/kafka/log_transactions.hpp"
#include "models/kafka/network_client.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/read_process_write.hpp"
#include "models/kafka/topology.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

/// Where automatic commits happen.
enum class AutoCommit : std::uint8_t {
  in_poll,     ///< before it returns anything: what earlier polls returned
  after_poll,  ///< poll asks, the background thread commits what the positions are then (KAFKA-18641)
  by_thread,   ///< at any time: what the positions are
};

enum class ResetPolicy : std::uint8_t { latest, earliest, none };

struct ConsumerOptions {
  bool auto_commit = true;
  AutoCommit place = AutoCommit::in_poll;
  bool read_committed = false;
  sim::Duration auto_commit_interval{0};
  ResetPolicy reset = ResetPolicy::latest;
  std::size_t max_poll_records = 500;
  sim::Duration fetch_wait{0};
  std::int64_t fetch_bytes = 0;
  sim::Duration retry_backoff{0};
  bool assigns = false;
  bool group_metadata = true;  ///< goes along with offsets that are sent to a transaction
};

/// isolation.level; false in releases that do not have it.
[[nodiscard]] bool reads_committed(const OptionValues& config);

class Consumer final : public sim::Program, public ConsumerClient {
 public:
  Consumer(sim::Process& process, const Topology& topology, const ConsumerInfo& info, const ConsumersSetup& setup,
           ConsumerState& state, History& history);

  void run() override;
  void stop() override;
  bool fail_handler(std::int64_t times) override;
  bool stall_handler(sim::Duration duration) override;

  Delivery receive() override;
  void acknowledge(const Delivery& delivery) override;
  bool acknowledge_and_wait(const Delivery& delivery) override;
  [[nodiscard]] bool owes() const override { return !handed_.empty(); }
  [[nodiscard]] bool idle() const override;

  // --- what an application does that sends on in transactions ---
  /// Of the last poll something is left.
  [[nodiscard]] bool polled_more() const { return !handed_.empty(); }
  [[nodiscard]] GroupMetadata group_metadata() const;
  /// The transaction with these positions is committed.
  void committed(const std::vector<CommittedOffset>& offsets);
  /// Leaves out what is left of the last poll.
  void drop_polled() { handed_.clear(); }
  /// seek() to committed(), or to the beginning where nothing is; waits.
  void rewind();

  /// The first offset that neither the application has got nor this consumer has passed by; empty: not its partition.
  [[nodiscard]] std::optional<Offset> next_offset(PartitionIndex partition) const;

 private:
  /// An assigned partition.
  struct Lane {
    PartitionIndex partition = 0;
    Offset position = kNoOffset;  ///< the next one that poll hands out; kNoOffset: must be found out
    Epoch position_epoch = kNoEpoch;
    Offset fetch_from = 0;  ///< behind what is buffered
    Epoch fetched_epoch = kNoEpoch;
    Epoch leader_epoch = kNoEpoch;  ///< under which the position is known to be valid
    std::deque<LogRecordPtr> buffer;
    AbortedFilter aborted;      ///< of what is buffered; knows nothing unless read_committed
    bool asking = false;        ///< a fetch, a validation or a reset is on its way
    bool must_reset = false;    ///< the position is not valid: the policy decides
    bool to_beginning = false;  ///< rather than as the policy says
    sim::VirtualTime not_before{};
    Offset acknowledged = kNoOffset;  ///< by the application
    Offset committed = kNoOffset;
    std::deque<std::pair<Offset, MessageRef>> unconfirmed;  ///< handed out, not covered by a commit yet
  };
  struct Handed {
    LogRecordPtr record;
    PartitionIndex partition = 0;
  };

  // consumer.cpp: poll and commits
  void poll();
  void begin_at_zero(const std::vector<PartitionIndex>& partitions);
  void take_assignment(const std::vector<PartitionIndex>& partitions);
  enum class WithoutCommit : std::uint8_t { policy, beginning };
  void find_positions(WithoutCommit without = WithoutCommit::policy);
  /// assign() with what the topic has now.
  [[nodiscard]] std::vector<PartitionIndex> all_partitions() const;
  void fill();
  void commit_automatically();
  void commit_acknowledged();
  [[nodiscard]] std::vector<CommittedOffset> positions() const;
  [[nodiscard]] std::vector<CommittedOffset> acknowledged() const;
  [[nodiscard]] Lane* lane_of(PartitionIndex partition);

  // consumer_fetch.cpp: the network fiber
  void fetch_loop();
  void fetch_all();
  void fetch_from(sim::NodeId leader, const std::vector<Lane*>& lanes);
  void take(const FetchedPartition& fetched);
  [[nodiscard]] bool position_valid(Lane& lane, sim::NodeId leader);
  void validate(Lane& lane, sim::NodeId leader);
  void reset(Lane& lane, sim::NodeId leader);
  void seek(Lane& lane, Offset offset, Epoch epoch);
  void back_off(Lane& lane);
  [[nodiscard]] sim::VirtualTime next_due() const;

  sim::Process& process_;
  const Topology& topology_;
  GroupId topic_;
  const ConsumersSetup& setup_;
  History& history_;
  ConsumerOptions options_;
  GroupMember group_;
  NetworkClient network_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::uint64_t lanes_term_ = 0;  ///< rises with each assignment; answers to older ones are void
  std::deque<Handed> handed_;     ///< what poll has returned, and the application has not got yet
  std::optional<Handed> in_hand_;
  sim::VirtualTime next_auto_commit_{};
  bool poll_asks_commit_ = false;
  bool committing_ = false;
  sim::VirtualTime commit_not_before_{};
  sim::WaitQueue arrived_;
  ConsumerState& state_;
  std::unique_ptr<ReadProcessWrite> forwarding_;  ///< null: results go to the application's own store
  ConsumerApplication application_;
};

}  // namespace noloss::models::kafka
