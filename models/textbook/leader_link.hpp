// A client's way to the leader of one partition: ask the coordinator, connect, ask again when that fails.
#pragma once

#include <cstdint>

#include "models/textbook/protocol.hpp"
#include "models/textbook/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"

namespace noloss::models::textbook {

class LeaderLink {
 public:
  LeaderLink(sim::Process& process, const Topology& topology, std::uint32_t partition)
      : process_(process), topology_(topology), partition_(partition), lookups_(process) {}

  /// One attempt: asks who leads and connects, each within kConnectTimeout; arrivals come to `inbox`. Null if there is
  /// no leader, or nobody answers.
  [[nodiscard]] sim::ConnectionPtr connect(sim::Inbox& inbox);

 private:
  [[nodiscard]] sim::NodeId look_up();

  sim::Process& process_;
  const Topology& topology_;
  std::uint32_t partition_;
  sim::Inbox lookups_;
  sim::ConnectionPtr coordinator_;
};

}  // namespace noloss::models::textbook
