#include "models/cluster.hpp"

#include <charconv>

namespace noloss::models {

std::uint32_t role_number(std::string_view role) {
  std::uint32_t number = 0;
  if (const auto open = role.find('('); open != std::string_view::npos) {
    std::from_chars(role.data() + open + 1, role.data() + role.size(), number);
  }
  return number;
}

std::uint32_t entity_index(const Setup& setup, std::string_view name) {
  for (std::uint32_t i = 0; i < setup.entities.size(); ++i) {
    if (setup.entities[i].name == name) return i;
  }
  return 0;
}

}  // namespace noloss::models
