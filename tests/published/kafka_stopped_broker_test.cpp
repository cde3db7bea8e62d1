// A broker that stops for seconds in the middle of a stream, by acks and retries. Published (a measurement by students,
// GitHub nikokelx/event-driven_and_process-oriented-architecture_group-5, assignment 1, test 2: one broker, one run a
// cell; messages dropped: 136,025 with acks=0 and retries=0; 77,804 with acks=0 and retries=1; 945 with acks=1 and
// retries=0; none with acks=1 and retries=1). Only the order of these is compared: the amounts depend on how fast their
// machine sent.
#include <fmt/core.h>

#include "tests/published/report.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {
namespace {

constexpr int kRuns = 4;

struct Case {
  const char* acks;
  int retries;
  int brokers = 1;
};

/// Their client fires and forgets, as fast as it can: faster than what is behind its socket, which a thin line stands
/// for.
harness::Scenario story(const Case& of, const char* action) {
  return scenario_of("kafka",
                     fmt::format("release: \"3.2\"\nduration: 40s\nbrokers: {{count: {0}}}\n"
                                 "network: {{bandwidth: 500KB/s}}\n"
                                 "topic: {{replication.factor: {0}, config: {{min.insync.replicas: {1}}}}}\n"
                                 "producers:\n  config: {{acks: \"{2}\", retries: {3}}}\n"
                                 "  application: {{send: async, on_error: ignore}}\n"
                                 "  workload: {{messages: 20000, rate: 10000/s, size: 40B}}\n"
                                 "consumers: {{config: {{auto.offset.reset: earliest, enable.auto.commit: false, "
                                 "max.poll.records: 5000}}, application: {{processing: {{time: 1us}}}}}}\n"
                                 "operations: [{{at: 30s, do: start, target: consumer-1}}]\n"
                                 "faults: [{{at: 1000300us, action: {4}, target: leader, duration: 4s}}]\n",
                                 of.brokers, std::min(of.brokers, 2), of.acks, of.retries, action));
}

std::int64_t dropped(const Case& of, const char* action) {
  std::int64_t sum = 0;
  const harness::Scenario scenario = story(of, action);
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const Course ran = course(scenario, seed);
    EXPECT_EQ(ran.fired[0], 1U);
    sum += ran.totals.sent - ran.totals.processed;
  }
  return sum;
}

void compare_order(const char* action) {
  const std::int64_t a0r0 = dropped({"0", 0}, action);
  const std::int64_t a0r1 = dropped({"0", 1}, action);
  const std::int64_t a1r0 = dropped({"1", 0}, action);
  const std::int64_t a1r1 = dropped({"1", 1}, action);
  const std::string where = std::string{"measured by students, broker stopped for 4 s, Kafka: "};
  const auto more = [&](const char* published, std::int64_t left, std::int64_t right, const std::string& what) {
    return Comparison{published, fmt::format("{} against {} in {} runs", left, right, kRuns), "left is more",
                      left > right, where + what};
  };
  compare(more("77804 against 945", a0r1, a1r0, "dropped with acks=0 and with acks=1 without retries"));
  compare(more("945 against 0", a1r0, a1r1, "dropped with acks=1, without and with a retry"));
  compare_exactly("0 dropped", fmt::format("{} dropped", a1r1), where + "acks=1 with a retry");
  differs(more("136025 against 77804", a0r0, a0r1,
               "dropped with acks=0, without and with a retry (one run each; nobody answers such a request, so that "
               "nothing is sent again)"));
}

TEST(KafkaStoppedBroker, OrderOfAcksAndRetries) { compare_order("stop"); }

TEST(KafkaStoppedBroker, NothingIsDroppedWithAllAcknowledgements) {
  compare_exactly("0 dropped", fmt::format("{} dropped", dropped({"all", 2147483647, 3}, "kill")),
                  "Kafka documentation, acks=all with min.insync.replicas 2: leader killed for 4 s");
}

}  // namespace
}  // namespace noloss::published
