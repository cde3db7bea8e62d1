#include "sim/planted.hpp"

#ifdef NOLOSS_PLANTED_BUGS
#include <cstdlib>

namespace noloss::sim {

bool planted(std::string_view bug) {
  static const char* const kActive = std::getenv("NOLOSS_BUG");
  return kActive != nullptr && bug == kActive;
}

}  // namespace noloss::sim
#endif
