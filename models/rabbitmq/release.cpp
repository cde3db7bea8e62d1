#include "models/rabbitmq/release.hpp"

#include <algorithm>
#include <array>

namespace noloss::models::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using enum DeliveryCounter;

constexpr sim::Duration kQuick = milliseconds{25};
constexpr sim::Duration kSlow = milliseconds{200};
constexpr sim::Duration kAtOnce{0};

// Columns: classic v1, v2, shared store syncs, its interval, mirroring, partition handling, transient
// queues, routes follow the node,
// delivery limit, counter, requeues at back, message TTL, disconnected timeout, streams, timeout of classic; up to 3.7
// besides: lost node refuses, quorum queues.
constexpr std::array<Release, 11> kReleases{{
    {"3.7", true, false, true, kQuick, true, true, true, true, -1, returned, false, false, kAtOnce, false, true, false,
     false},
    {"3.8", true, false, true, kQuick, true, true, true, true, -1, returned, false, false, kAtOnce, false, true},
    {"3.9", true, false, true, kQuick, true, true, true, true, -1, returned, false, false, kAtOnce, true, true},
    {"3.10", true, true, true, kQuick, true, true, true, true, -1, returned, true, true, kAtOnce, true, true},
    {"3.11", true, true, true, kQuick, true, true, true, false, -1, returned, true, true, kAtOnce, true, true},
    {"3.12", true, true, true, kQuick, true, true, true, false, -1, returned, true, true, kAtOnce, true, true},
    {"3.13", true, true, false, kSlow, true, true, true, false, -1, returned, true, true, kAtOnce, true, true},
    {"4.0", false, true, false, kSlow, false, true, true, false, 20, acquired, true, true, kAtOnce, true, true},
    {"4.1", false, true, false, kSlow, false, true, true, false, 20, acquired, true, true, kAtOnce, true, true},
    {"4.2", false, true, false, kSlow, false, true, true, false, 20, acquired, true, true, kAtOnce, true, true},
    {"4.3", false, true, false, kSlow, false, false, false, false, 20, failed, true, true, seconds{60}, true, false},
}};

constexpr auto kNames = [] {
  std::array<std::string_view, kReleases.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kReleases[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> release_names() { return kNames; }

const Release& release_named(std::string_view name) {
  if (name.empty()) return kReleases.back();
  return *std::find_if(kReleases.begin(), kReleases.end(), [name](const Release& known) { return known.name == name; });
}

}  // namespace noloss::models::rabbitmq
