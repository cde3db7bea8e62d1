// What every node of a textbook cluster knows from its configuration. Constant during a run.
#pragma once

#include <cstdint>
#include <vector>

#include "models/setup.hpp"
#include "models/textbook/protocol.hpp"
#include "sim/ids.hpp"

namespace noloss::models::textbook {

inline constexpr sim::Duration kHeartbeatInterval = std::chrono::milliseconds{500};
inline constexpr sim::Duration kFetchHold = std::chrono::milliseconds{500};
/// Pause before a broker or client tries to connect again.
inline constexpr sim::Duration kReconnectDelay = std::chrono::milliseconds{100};
inline constexpr sim::Duration kConnectTimeout = std::chrono::seconds{1};
/// A consumer or follower that hears nothing for so long, although a leader answers within kFetchHold, looks again.
inline constexpr sim::Duration kSilence = std::chrono::seconds{3};

struct PartitionInfo {
  std::uint32_t entity = 0;
  std::uint32_t number = 0;           ///< within its topic
  std::vector<sim::NodeId> replicas;  ///< the first one is preferred and leads at the start
};

struct Topology {
  std::vector<PartitionInfo> partitions;       ///< of all topics, one after the other
  std::vector<std::uint32_t> first_partition;  ///< of each topic, in `partitions`
  std::vector<sim::NodeId> brokers;
  sim::NodeId coordinator{};

  bool flush_sync = true;
  sim::Duration flush_interval{0};
  std::uint32_t required_copies = 1;  ///< replicas.acks
  bool stop_on_fsync_error = true;
  sim::Duration failover{0};

  /// A leader uses two thirds of the time after which another may be elected.
  [[nodiscard]] sim::Duration lease() const { return failover * 2 / 3; }
};

/// Brokers, partitions and options of `setup`; node ids are those that build() gives: brokers first.
[[nodiscard]] Topology make_topology(const Setup& setup);

}  // namespace noloss::models::textbook
