// Planted bugs: a testbed that cannot fail is worth nothing, so test builds can be made to be wrong on purpose.
//
// NOLOSS_BUG("name") is false in every build but that of the option NOLOSS_PLANTED_BUGS, where it is true for the bug
// that the environment variable NOLOSS_BUG names. tests/mutants finds every name in the sources and demands that the
// suite catches it.
#pragma once

#ifdef NOLOSS_PLANTED_BUGS
#include <string_view>
namespace noloss::sim {
/// Whether that bug is the one to be caught.
[[nodiscard]] bool planted(std::string_view bug);
}  // namespace noloss::sim
#define NOLOSS_BUG(name) (::noloss::sim::planted(name))
#else
#define NOLOSS_BUG(name) false
#endif
