#include "harness/search/fix_setup.hpp"

#include "sim/random.hpp"

namespace noloss::harness {
namespace {

/// Calls visit(quantity) for every quantity of the setup, in a fixed order.
template <class Setup, class Visit>
void each_quantity(Setup& setup, Visit visit) {
  const auto options = [&](auto& values) {
    for (auto& [name, value] : values.all()) visit(value.number);
  };
  options(setup.brokers.config);
  for (auto& entity : setup.entities) options(entity.config);
  for (auto& producers : setup.producers) {
    options(producers.config);
    for (auto& part : producers.workload) {
      visit(part.at);
      visit(part.messages);
      visit(part.rate);
      visit(part.size);
      visit(part.keys);
    }
  }
  for (auto& consumers : setup.consumers) {
    options(consumers.config);
    visit(consumers.processing_time);
    visit(consumers.processing_fails);
    visit(consumers.sequence_check.heartbeat);
    options(consumers.forward.config);
  }
}

}  // namespace

void fix_setup(models::Setup& setup, std::uint64_t seed) {
  // Not the stream itself: the run goes on to draw from that one.
  sim::RandomStream random{sim::derive_seed(sim::derive_seed(seed, "workload"), "setup")};
  each_quantity(setup, [&](sim::Quantity& quantity) {
    if (!quantity.fixed()) quantity = sim::Quantity{random.draw(quantity)};
  });
}

bool has_ranges(const models::Setup& setup) {
  bool ranges = false;
  each_quantity(setup, [&](const sim::Quantity& quantity) { ranges = ranges || !quantity.fixed(); });
  return ranges;
}

}  // namespace noloss::harness
