#include "models/system.hpp"

#include <algorithm>

namespace noloss::models {
namespace {

void add_durations(std::span<const OptionRow> rows, OptionScope scope, const OptionValues& values,
                   std::vector<sim::Duration>& durations) {
  for (const OptionRow& row : rows) {
    if (row.scope != scope || row.type != OptionType::duration) continue;
    const auto known = values.all().find(row.name);
    if (known == values.all().end()) continue;
    for (const std::int64_t end : {known->second.number.low, known->second.number.high}) {
      durations.push_back(sim::Duration{end});
    }
  }
}

}  // namespace

std::vector<sim::Duration> System::timeouts(const Setup& setup, std::string_view release) const {
  std::vector<sim::Duration> durations = fixed_timeouts(setup);
  const auto rows = options(release);
  add_durations(rows, OptionScope::broker, setup.brokers.config, durations);
  for (const EntitySetup& entity : setup.entities) add_durations(rows, OptionScope::entity, entity.config, durations);
  for (const ProducersSetup& producers : setup.producers) {
    add_durations(rows, OptionScope::producer, producers.config, durations);
  }
  for (const ConsumersSetup& consumers : setup.consumers) {
    add_durations(rows, OptionScope::consumer, consumers.config, durations);
    add_durations(rows, OptionScope::producer, consumers.forward.config, durations);
  }
  std::sort(durations.begin(), durations.end());
  durations.erase(std::unique(durations.begin(), durations.end()), durations.end());
  std::erase_if(durations, [](sim::Duration duration) { return duration <= sim::Duration{0}; });
  return durations;
}

}  // namespace noloss::models
