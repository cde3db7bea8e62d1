#include "models/kafka/producer_program.hpp"

namespace noloss::models::kafka {

ProducerProgram::ProducerProgram(sim::Process& process, const Topology& topology, std::uint32_t entity,
                                 const ProducersSetup& setup, const SequenceCheckSetup& check, ProducerState& state,
                                 History& history)
    : process_(process),
      producer_(process, topology, entity, setup.config, setup.connect, &history),
      transactional_(!producer_.transactions().enabled()
                         ? nullptr
                         : std::make_unique<TransactionalApplication>(process, producer_, producer_.transactions(),
                                                                      setup, state, history)),
      application_(process, client(), setup, check, events().common, state, history) {}

ProducerClient& ProducerProgram::client() {
  return transactional_ ? static_cast<ProducerClient&>(*transactional_) : producer_;
}

void ProducerProgram::run() {
  process_.spawn([this] { producer_.loop(); });
  application_.run();
}

}  // namespace noloss::models::kafka
