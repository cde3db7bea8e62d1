// Lost acknowledgements and retries on the textbook system. Published (at-least-once delivery as TRAK, Wu et al.,
// ISSREW 2019, measured it for Kafka): each acknowledgement that is lost gives exactly one duplicate and no loss; where
// the message's identity is checked there is none, also across a change of the leader. Kafka's brokers check it by the
// producer's sequence numbers; the textbook system leaves it to the consumer's store, keyed by the message.
#include <fmt/core.h>

#include <numeric>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

constexpr int kMessages = 40;

struct Case {
  const char* store;
  const char* send = "sync";
  int brokers = 1;
};

/// The consumer comes late, so that whatever happens twice to it was there twice.
harness::Scenario story(const Case& of, const std::string& faults) {
  return scenario(fmt::format(
      "duration: 40s\nbrokers: {{count: {}, config: {{flush: sync, replicas.acks: {}}}}}\ntopic: {{replicas: {}}}\n"
      "producers: {{config: {{max.in.flight: 1}}, application: {{send: {}}}, workload: {{messages: {}}}}}\n"
      "consumers: {{application: {{store: {}}}}}\n"
      "operations: [{{at: 30s, do: start, target: consumer-1}}]\nfaults:\n{}",
      of.brokers, std::min(of.brokers, 2), of.brokers, of.send, kMessages, of.store, faults));
}

struct Sum {
  std::int64_t dropped = 0;
  std::int64_t duplicates = 0;
  std::int64_t lost = 0;
};

void add(Sum& sum, const Course& course, bool keyed) {
  std::int64_t dropped = 0;
  for (std::size_t i = 0; i < course.fired.size(); ++i) {
    EXPECT_TRUE(course.effective[i]);
    dropped += course.fired[i];
  }
  EXPECT_EQ(course.totals.duplicates, keyed ? 0 : dropped);
  sum.dropped += dropped;
  sum.duplicates += course.totals.duplicates;
  sum.lost += course.totals.lost_acked + course.totals.lost_silent;
}

void compare_sum(const Sum& sum, bool keyed, const std::string& what) {
  compare_exactly(fmt::format("{} dropped, {} duplicates, 0 lost", sum.dropped, keyed ? 0 : sum.dropped),
                  fmt::format("{} dropped, {} duplicates, {} lost", sum.dropped, sum.duplicates, sum.lost),
                  fmt::format("TRAK, at-least-once: {}, store {}", what, keyed ? "keyed by the message" : "plain"));
}

bool keyed(const Case& of) { return std::string{of.store} == "idempotent"; }

/// Each acknowledgement on its own, then every 5th and every 2nd of the run.
void drop_acknowledgements(const Case& of) {
  Sum sum;
  for (int k = 1; k <= kMessages; ++k) {
    const std::string drop = fmt::format("  - {{at: \"broker-1 sent:produce_response #{}\", action: drop}}\n", k);
    add(sum, run(story(of, drop), static_cast<std::uint64_t>(k)), keyed(of));
  }
  for (const int every : {5, 2}) {
    const std::string drops =
        fmt::format("  - {{at: \"broker-1 sent:produce_response\", every: {}, count: 8, action: drop}}\n", every);
    add(sum, run(story(of, drops), static_cast<std::uint64_t>(every)), keyed(of));
  }
  EXPECT_EQ(sum.dropped, kMessages + 2 * 8);
  compare_sum(sum, keyed(of), fmt::format("acknowledgements dropped, send {}", of.send));
}

TEST(LostAcknowledgement, OneDuplicateEach) {
  drop_acknowledgements({.store = "plain"});
  drop_acknowledgements({.store = "plain", .send = "async"});
}

TEST(LostAcknowledgement, NoneInAKeyedStore) {
  drop_acknowledgements({.store = "idempotent"});
  drop_acknowledgements({.store = "idempotent", .send = "async"});
}

/// The leader dies as its acknowledgement is lost, for long enough that another one is elected.
void drop_and_change_leader(const Case& of) {
  Sum sum;
  for (int k = 1; k <= kMessages; ++k) {
    const std::string at = fmt::format("at: \"broker-1 sent:produce_response #{}\"", k);
    const std::string faults =
        fmt::format("  - {{{}, action: drop}}\n  - {{{}, action: kill, target: broker-1, duration: 15s}}\n", at, at);
    Course course = run(story(of, faults), static_cast<std::uint64_t>(k));
    EXPECT_TRUE(course.reached("leader_elected"));
    EXPECT_EQ(course.fired.back(), 1U);
    course.fired.pop_back();  // the kill drops nothing
    add(sum, course, keyed(of));
  }
  EXPECT_EQ(sum.dropped, kMessages);
  compare_sum(sum, keyed(of), "acknowledgement dropped, then another leader");
}

TEST(LostAcknowledgement, OneDuplicateAcrossAChangeOfLeader) {
  drop_and_change_leader({.store = "plain", .brokers = 3});
}

TEST(LostAcknowledgement, NoneInAKeyedStoreAcrossAChangeOfLeader) {
  drop_and_change_leader({.store = "idempotent", .brokers = 3});
}

}  // namespace
}  // namespace noloss::published
