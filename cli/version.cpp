#include "cli/version.hpp"

#include "noloss_revision.hpp"  // written by the build

namespace noloss::cli {

std::string_view version() { return NOLOSS_VERSION; }
std::string_view revision() { return NOLOSS_REVISION; }

}  // namespace noloss::cli
