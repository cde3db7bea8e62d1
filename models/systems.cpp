#include "models/systems.hpp"

#include <algorithm>
#include <array>

#include "models/kafka/kafka.hpp"
#include "models/rabbitmq/rabbitmq.hpp"
#include "models/textbook/textbook.hpp"

namespace noloss::models {

std::span<const System* const> systems() {
  static const std::array<const System*, 3> kSystems{
      &textbook::system(),
      &kafka::system(),
      &rabbitmq::system(),
  };
  return kSystems;
}

const System* system_named(std::string_view name) {
  const auto all = systems();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const System* known) { return known->name() == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace noloss::models
