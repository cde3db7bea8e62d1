// Loss by the message timeout alone. Published (Wu, Shang, Wolter; raw data in GitHub woohan/kafkaPrediction,
// recordData/msgTmout): without any packet loss, with acks=0, a share of about 1 - T / 1 s of the messages is lost;
// with acks=1 and one retry about a hundred of a million at 100 ms, none from 200 ms on. Brokers lose nothing: a thread
// of librdkafka that has nothing to do sleeps for a second unless a message wakes it, which its limit of one wake-up in
// linger.ms mostly prevents, and when it looks at its queue, what is older than the timeout is dropped. With acks=1 the
// answers keep it awake.
#include <fmt/core.h>

#include <cmath>

#include "tests/published/flood.hpp"
#include "tests/published/report.hpp"

namespace noloss::published {
namespace {

struct Point {
  int timeout_ms;
  double published;  ///< mean of three to six runs
};
constexpr Point kUnacknowledged[] = {{100, .899}, {200, .788}, {300, .698}, {400, .597}, {500, .497},
                                     {600, .391}, {700, .294}, {800, .188}, {900, .087}, {1000, 0}};
constexpr double kTolerance = .02;

TEST(MessageTimeout, ShareOfASecondWithoutAcknowledgements) {
  for (const Point& point : kUnacknowledged) {
    const Drops drops = run({.timeout_ms = point.timeout_ms, .warm_up_s = 1, .seconds = 6}, 1);
    const double lost = drops.share(drops.lost);
    const double law = 1 - point.timeout_ms / 1000.0;
    compare({.published = fmt::format("{:.3f}", point.published),
             .simulated = fmt::format("{:.3f}", lost),
             .interval = fmt::format("[{:.3f}, {:.3f}]", law - kTolerance, law + kTolerance),
             .agrees = std::abs(lost - law) <= kTolerance && std::abs(point.published - law) <= kTolerance,
             .source = fmt::format("Wu et al., acks=0, no packet loss: share lost at a message timeout of {} ms",
                                   point.timeout_ms)});
  }
}

TEST(MessageTimeout, OnlyAtTheBeginningWithAcknowledgements) {
  for (const int timeout_ms : {100, 200, 300, 500, 1000}) {
    const Drops drops = run({.acks = 1, .retries = 1, .timeout_ms = timeout_ms, .seconds = 6}, 1);
    const Drops later = run({.acks = 1, .retries = 1, .timeout_ms = timeout_ms, .warm_up_s = 1, .seconds = 6}, 1);
    EXPECT_EQ(later.lost, 0) << "what is lost, is lost before the connections are there";
    EXPECT_EQ(drops.told, drops.lost);
    // Of a million messages, as many are lost as of these, since it is the first ones.
    const std::int64_t most = timeout_ms == 100 ? 200 : 0;
    compare({.published = timeout_ms == 100 ? "87 to 132" : "0",
             .simulated = fmt::format("{}", drops.lost),
             .interval = fmt::format("[0, {}]", most),
             .agrees = drops.lost <= most,
             .source = fmt::format("Wu et al., acks=1, one retry, no packet loss: lost of a million at a message "
                                   "timeout of {} ms",
                                   timeout_ms)});
  }
}

}  // namespace
}  // namespace noloss::published
