// A producer's process: the Java client, and the application around it, with or without transactions.
//
// volatile, lost on kill: everything here. durable: ProducerState.
#pragma once

#include <memory>

#include "models/application/producer.hpp"
#include "models/kafka/producer.hpp"
#include "models/kafka/transactional_application.hpp"
#include "sim/process.hpp"

namespace noloss::models::kafka {

class ProducerProgram final : public sim::Program {
 public:
  ProducerProgram(sim::Process& process, const Topology& topology, std::uint32_t entity, const ProducersSetup& setup,
                  const SequenceCheckSetup& check, ProducerState& state, History& history);

  void run() override;
  void stop() override { application_.close(); }

 private:
  [[nodiscard]] ProducerClient& client();

  sim::Process& process_;
  Producer producer_;
  std::unique_ptr<TransactionalApplication> transactional_;  ///< null without a transactional id
  ProducerApplication application_;
};

}  // namespace noloss::models::kafka
