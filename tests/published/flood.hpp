// A Kafka producer that sends as fast as the authors' did, into a network that loses packets: what became of each
// message, read from the history. Nobody consumes, and nobody looks whether everything is settled: the runs are long.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>

#include "models/history.hpp"
#include "models/system.hpp"
#include "sim/fault/injector.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"
#include "tests/published/runs.hpp"

namespace noloss::published {

/// As in github.com/woohan/kafkaTestScripts: three brokers, three partitions of one replica, keys at random; 53 bytes
/// are what Python counts as an object of 102. The delay of 30 ms in their tables is taken for the round trip: the
/// script writes down twice the delay that it gives each node, and with 60 ms the connections, which take four round
/// trips, would not be there in the 200 ms after which their acknowledged producer loses nothing.
struct Flood {
  int acks = 0;
  int retries = 0;
  int timeout_ms = 5000;
  int batch = 1;
  int loss_permille = 0;  ///< of the packets in each direction
  int rate = 3900;        ///< a million messages in 256 s
  int bytes = 53;
  int one_way_ms = 15;
  int warm_up_s = 0;  ///< what is sent meanwhile is not counted
  int seconds = 10;   ///< of sending, after the warm-up
};

inline harness::Scenario scenario_of(const Flood& flood) {
  return scenario_of(
      "kafka",
      fmt::format(
          "release: \"2.3\"\nbrokers: {{count: 3}}\ntopic: {{partitions: 3, replication.factor: 1}}\n"
          "network: {{latency: {{p50: {0}ms, p99: {0}ms}}, congestion_control: true}}\n"
          "producers:\n"
          "  config: {{client: librdkafka, acks: \"{1}\", retries: {2}, message.timeout.ms: {3}, linger.ms: 500us, "
          "batch.num.messages: {4}, retry.backoff.ms: 40, queue.buffering.max.messages: 10000000, "
          "buffer.memory: 1GiB, batch.size: 1000000B, max.in.flight.requests.per.connection: 1000000, "
          "request.timeout.ms: 60000}}\n"
          "  application: {{send: async, on_error: ignore}}\n"
          "  workload: {{messages: {5}, rate: {6}/s, size: {7}B, keys: 1000000}}\n",
          flood.one_way_ms, flood.acks, flood.retries, flood.timeout_ms, flood.batch,
          flood.rate * (flood.warm_up_s + flood.seconds), flood.rate, flood.bytes));
}

struct Drops {
  std::int64_t sent = 0;  ///< after the warm-up
  std::int64_t lost = 0;  ///< no broker ever had it
  std::int64_t told = 0;  ///< of those, the application could know
  std::int64_t doubled = 0;

  [[nodiscard]] double share(std::int64_t part) const {
    return sent == 0 ? 0 : static_cast<double>(part) / static_cast<double>(sent);
  }
};

inline Drops run(const Flood& flood, std::uint64_t seed) {
  static thread_local sim::FiberPool fibers;
  const harness::Scenario scenario = scenario_of(flood);
  const models::Setup& setup = scenario.configurations.front().setup;
  sim::Simulation simulation(fibers, scenario.system->event_table(), {.seed = seed, .latency = setup.latency});
  models::History history(simulation);
  const std::unique_ptr<models::Cluster> cluster = scenario.system->build(simulation, setup, history);
  simulation.listen_disks(&history);
  simulation.machine_named("consumer-1")->comes_later();
  if (flood.loss_permille > 0) {
    for (std::uint32_t from = 0; from < simulation.machines(); ++from) {
      const auto share = std::int64_t{flood.loss_permille} * 1000;
      simulation.network().lose({.from = sim::NodeId{from}}, share, sim::derive_seed(seed, "loss") + from);
    }
  }
  simulation.start_all();
  // Long enough for everything to be sent again and to expire.
  const int seconds = flood.warm_up_s + flood.seconds + 2 * flood.timeout_ms / 1000 + 5;
  simulation.scheduler().run_until(sim::kStart + std::chrono::seconds{seconds});
  Drops drops;
  for (const models::MessageRecord& record : history.messages()) {
    if (record.sent_at < sim::kStart + std::chrono::seconds{flood.warm_up_s}) continue;
    ++drops.sent;
    drops.lost += record.appends == 0 ? 1 : 0;
    drops.told += record.appends == 0 && record.outcome != models::Outcome::acked ? 1 : 0;
    drops.doubled += record.appends > 1 ? 1 : 0;
  }
  simulation.listen_disks(nullptr);
  simulation.scheduler().finish();
  return drops;
}

}  // namespace noloss::published
