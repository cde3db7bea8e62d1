// The part of the configuration that a running cluster takes other values of, as the controller keeps it in its log.
//
// Modelled (DynamicBrokerConfig, KIP-226; ConfigurationControlManager; topic configs): a topic's own value wins over
// the cluster-wide one, which wins over server.properties; the administrator's command is one decision of the
// controller, durable before anybody learns of it; brokers learn of it as of any metadata, each at its own time. Which
// options these are is said by their rows (OptionRow::dynamic). Not modelled: values of one broker alone, values that
// are taken back.
//
// A ClusterConfig never changes; a change makes another one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/option.hpp"
#include "models/setup.hpp"
#include "sim/payload.hpp"
#include "sim/time.hpp"

namespace noloss::models::kafka {

/// Options of a topic; what the topic does not set is the broker's.
struct TopicOptions {
  std::int64_t min_insync_replicas = 1;
  bool unclean_leader_election = false;
  std::int64_t flush_messages = 0;
  sim::Duration flush_interval{0};
  std::int64_t segment_bytes = 0;
  sim::Duration retention{0};
  std::int64_t retention_bytes = 0;
};

class ClusterConfig final : public sim::Payload {
 public:
  /// As the files and the first creation of each topic say.
  explicit ClusterConfig(const Setup& setup);

  /// Numbered as the setup's topics: __consumer_offsets, __transaction_state.
  [[nodiscard]] const TopicOptions& topic(std::uint32_t entity) const { return topics_[entity]; }
  [[nodiscard]] sim::Duration producer_id_expiration() const { return producer_id_expiration_; }
  /// A leader asks the coordinator before a batch opens a transaction.
  [[nodiscard]] bool verifies_transactions() const { return verifies_transactions_; }

  void change(std::span<const OptionChange> changes);
  /// The topic is made anew: with its configuration in the setup.
  void reset_topic(std::uint32_t entity, const OptionValues& config);

 private:
  void derive();

  OptionValues brokers_;
  std::vector<OptionValues> topic_values_;
  // what follows from them
  std::vector<TopicOptions> topics_;
  sim::Duration producer_id_expiration_{0};
  bool verifies_transactions_ = false;
};
using ClusterConfigPtr = boost::intrusive_ptr<const ClusterConfig>;

}  // namespace noloss::models::kafka
