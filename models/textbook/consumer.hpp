// The consumer's process: the textbook client, and the application around it.
//
// Modelled: a fixed assignment of partitions; messages pulled from the group's position, up to `prefetch` in hand;
// single acknowledgements; a consumer that connects anew drops what it has in hand, does not repeat old
// acknowledgements, and starts from the stored position; `automatic`, where the broker counts a message as done when it
// sends it. Not modelled: rebalances, several groups.
//
// volatile, lost on kill: everything here. durable: ConsumerState.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "models/application/consumer.hpp"
#include "models/textbook/leader_link.hpp"
#include "models/textbook/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::textbook {

class Consumer final : public sim::Program, public ConsumerClient {
 public:
  /// `partitions`: those assigned to this consumer, as indices of the topology.
  Consumer(sim::Process& process, const Topology& topology, std::vector<std::uint32_t> partitions,
           const ConsumersSetup& setup, ConsumerState& state, History& history);

  void run() override { application_.run(); }
  void stop() override;
  bool fail_handler(std::int64_t times) override;
  bool stall_handler(sim::Duration duration) override;

  Delivery receive() override;
  void acknowledge(const Delivery& delivery) override;
  bool acknowledge_and_wait(const Delivery& delivery) override;
  [[nodiscard]] bool idle() const override { return ready_.empty() && unconfirmed_.empty(); }

 private:
  /// One partition's subscription.
  struct Lane {
    Lane(sim::Process& process, const Topology& topology, std::uint32_t index)
        : partition(index), link(process, topology, index) {}
    std::uint32_t partition;
    LeaderLink link;
    std::optional<sim::Inbox> inbox;  ///< while it looks for a leader or reads from one
    sim::ConnectionPtr connection;
    std::uint64_t session = 0;
  };
  struct Ready {
    Delivery delivery;
    std::uint32_t partition = 0;
  };
  struct Unconfirmed {
    std::uint64_t session = 0;
    Offset offset = 0;
    MessageRef message = kNoMessage;
  };

  void lane_loop(Lane& lane);
  void read(Lane& lane);
  /// False: the broker leads no more.
  [[nodiscard]] bool handle(const Lane& lane, const sim::Arrival& arrival);
  void lost(Lane& lane);
  [[nodiscard]] const Lane& lane_at(std::uint32_t partition) const;
  void confirmed(std::uint64_t session, Offset offset);
  /// Null if the delivery's connection is gone: the acknowledgement is void.
  [[nodiscard]] Lane* lane_of(const Delivery& delivery);
  /// A message comes again: what was said about it before did not count.
  void not_taken(std::uint64_t session, Offset offset);
  void send(const Lane& lane, sim::MessageKind kind, Offset offset, MessageRef message);

  sim::Process& process_;
  const ConsumersSetup& setup_;
  History& history_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::deque<Ready> ready_;
  std::vector<Unconfirmed> unconfirmed_;
  std::set<std::pair<std::uint64_t, Offset>> refused_;  ///< acknowledged ahead of processing, and given out again
  std::uint64_t sessions_ = 0;
  sim::WaitQueue arrived_;
  sim::WaitQueue confirmation_;
  ConsumerApplication application_;
};

}  // namespace noloss::models::textbook
