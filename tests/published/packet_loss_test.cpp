// Loss by lost packets. Published (Wu, Shang, Wolter, ISSREW 2019 and DSN 2020; raw data in GitHub
// woohan/kafkaPrediction, recordData/batch-pktloss): no broker fails, but TCP carries less than the producer sends, and
// what waits in the client for longer than the message timeout is dropped. None up to about 4 %; a knee that larger
// batches, which need fewer bytes for a message, move to the right; nearly everything at 25 %. With acks=0 no
// duplicates, with acks=1 and a retry few, in the middle.
//
// One run a cell there, so single values scatter. Compared are the shape and the knee: the packet loss at which a
// twentieth of the messages is lost. Everything here is counted after a warm-up of the timeout and more, where the
// authors counted from the first message of 256 s.
#include <fmt/core.h>

#include <cstdlib>
#include <vector>

#include "tests/published/flood.hpp"
#include "tests/published/report.hpp"

namespace noloss::published {
namespace {

constexpr double kKneeLoss = .05;
constexpr int kTolerance = 20;  // permille of packet loss

/// acks=0, no retry, 5 s; and acks=1, one retry, 2 s.
struct Series {
  const char* name;
  Flood flood;
};
const Series kUnacknowledged{"acks=0", {.acks = 0, .retries = 0, .timeout_ms = 5000, .rate = 3900, .warm_up_s = 10}};
const Series kAcknowledged{"acks=1, one retry",
                           {.acks = 1, .retries = 1, .timeout_ms = 2000, .rate = 3750, .warm_up_s = 6}};

/// Interpolated in the raw data.
struct Knee {
  int batch;
  int permille;
};
constexpr Knee kKneesUnacknowledged[] = {{1, 49}, {2, 73}, {3, 84}, {5, 97}, {10, 107}};
constexpr Knee kKneesAcknowledged[] = {{1, 55}, {2, 81}, {3, 95}, {5, 94}, {10, 120}};

Drops cell(const Series& series, int batch, int permille, int seconds, std::uint64_t seed = 1) {
  Flood flood = series.flood;
  flood.batch = batch;
  flood.loss_permille = permille;
  flood.seconds = seconds;
  return run(flood, seed);
}

/// Over how much a knee is found.
struct Sample {
  int seconds = 10;
  std::uint64_t seeds = 1;
};

/// By halving; to less than a percent of packet loss.
int knee(const Series& series, int batch, const Sample& sample) {
  int below = 20;
  int above = 160;
  while (above - below > 9) {
    const int middle = (below + above) / 2;
    double lost = 0;
    for (std::uint64_t seed = 1; seed <= sample.seeds; ++seed) {
      const Drops drops = cell(series, batch, middle, sample.seconds, seed);
      lost += drops.share(drops.lost) / static_cast<double>(sample.seeds);
    }
    (lost < kKneeLoss ? below : above) = middle;
  }
  return (below + above) / 2;
}

std::string percent(int permille) { return fmt::format("{}.{} %", permille / 10, permille % 10); }

Comparison knee_row(const Series& series, const Knee& published, int found, const Sample& sample) {
  return {.published = percent(published.permille),
          .simulated = percent(found),
          .interval = fmt::format("[{}, {}]", percent(published.permille - kTolerance),
                                  percent(published.permille + kTolerance)),
          .agrees = std::abs(found - published.permille) <= kTolerance,
          .source = fmt::format("Wu et al., {}, batch {}, {} times {} s: packet loss at which a twentieth of the "
                                "messages is lost",
                                series.name, published.batch, sample.seeds, sample.seconds)};
}
Comparison knee_row(const Series& series, const Knee& published, const Sample& sample) {
  return knee_row(series, published, knee(series, published.batch, sample), sample);
}

void compare_shape(const Series& series, int batch, int seconds) {
  const Drops calm = cell(series, batch, 40, seconds);
  const Drops storm = cell(series, batch, 250, 5 * seconds);
  const std::string where = fmt::format("Wu et al., {}, batch {}: share of the messages lost", series.name, batch);
  compare({.published = "0",
           .simulated = fmt::format("{:.4f}", calm.share(calm.lost)),
           .interval = "[0, 0.0004]",
           .agrees = calm.share(calm.lost) <= .0004,
           .source = where + " at 4 % packet loss"});
  compare({.published = "> 0.85",
           .simulated = fmt::format("{:.3f}", storm.share(storm.lost)),
           .interval = "(0.85, 1]",
           .agrees = storm.share(storm.lost) > .85,
           .source = where + " at 25 % packet loss"});
}

TEST(PacketLoss, Shape) {
  for (const Series* series : {&kUnacknowledged, &kAcknowledged}) {
    for (const int batch : {1, 10}) compare_shape(*series, batch, 4);
  }
}

TEST(PacketLoss, Knee) {
  for (const std::size_t i : {0, 2}) compare(knee_row(kUnacknowledged, kKneesUnacknowledged[i], {.seconds = 10}));
  compare(knee_row(kAcknowledged, kKneesAcknowledged[0], {.seconds = 10}));
}

// With the delay taken for that of each node, as one may also read the tables, TCP carries half as much.
TEST(PacketLoss, KneeWithTwiceTheRoundTrip) {
  Series slow = kUnacknowledged;
  slow.name = "acks=0 (if the round trip is 60 ms)";
  slow.flood.one_way_ms = 30;
  differs(knee_row(slow, kKneesUnacknowledged[0], {.seconds = 6}));
}

TEST(PacketLoss, Duplicates) {
  std::int64_t most = 0;
  for (const int permille : {80, 250}) most = std::max(most, cell(kUnacknowledged, 5, permille, 6).doubled);
  compare_exactly("0", fmt::format("{}", most), "Wu et al., acks=0: duplicates at 8 % and 25 % packet loss");
  std::vector<double> shares;
  for (const int permille : {20, 100, 250}) {
    const Drops drops = cell(kAcknowledged, 5, permille, 30);
    shares.push_back(drops.share(drops.doubled));
  }
  const std::string where = "Wu et al., acks=1, one retry, batch 5: share of the messages that are there twice";
  const std::string found = fmt::format("{:.4f}, {:.4f}, {:.4f}", shares[0], shares[1], shares[2]);
  compare({.published = "0, 0.0056, 0",
           .simulated = found,
           .interval = "most in the middle",
           .agrees = shares[0] < shares[1] && shares[2] < shares[1],
           .source = where + " at 2, 10 and 25 % packet loss"});
  differs({.published = "0.0056",
           .simulated = fmt::format("{:.4f}", shares[1]),
           .interval = "[0, 0.01]",
           .agrees = shares[1] <= .01,
           .source = where + " at 10 % packet loss (more here)"});
}

// Label `long`: every batch of both series, over windows that are long enough to see how a broken connection, whose
// reconnects back off, keeps the next one from being made in time.
TEST(PacketLoss, DISABLED_EveryKnee) {
  const Sample sample{.seconds = 60, .seeds = 3};
  int last = 0;
  for (const Knee& published : kKneesUnacknowledged) {
    const int found = knee(kUnacknowledged, published.batch, sample);
    compare(knee_row(kUnacknowledged, published, found, sample));
    EXPECT_GE(found, last) << "the knee moves to the right with the batch";
    last = found;
  }
  for (const Knee& published : kKneesAcknowledged) {
    const Comparison row = knee_row(kAcknowledged, published, sample);
    // Theirs is further to the right than all that TCP carries explains: with acks=0 it is at 10.7 %.
    published.batch == 10 ? differs(row) : compare(row);
  }
}

// Label `long`: the tables themselves, cell by cell, to look at.
TEST(PacketLoss, DISABLED_Tables) {
  for (const Series* series : {&kUnacknowledged, &kAcknowledged}) {
    for (const int permille : {40, 50, 60, 80, 100, 120, 150, 200, 250}) {
      std::string line = fmt::format("{:<18}{:>7}", series->name, percent(permille));
      for (const int batch : {1, 2, 3, 5, 10}) {
        const Drops drops = cell(*series, batch, permille, 60);
        line += fmt::format("  {:.4f} ({:.4f} twice)", drops.share(drops.lost), drops.share(drops.doubled));
      }
      fmt::print("{}\n", line);
    }
  }
}

}  // namespace
}  // namespace noloss::published
