// A world without models: a run's result is a function of configuration and seed, made up here.
//
// The parameter `p` of a configuration is the number of runs in 1000 that lose an acknowledged message.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/campaign/campaign.hpp"

namespace noloss::harness::test {

/// A well mixed number.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

inline std::uint64_t losses_in_1000(const Configuration& configuration) {
  for (const auto& [path, value] : configuration.parameters) {
    if (path.ends_with(".p")) return std::stoull(value);
  }
  return 0;
}

inline RunResult made_up(const Configuration& configuration, std::uint64_t seed) {
  const std::uint64_t p = losses_in_1000(configuration);
  const std::uint64_t draw = mixed(seed * 1000 + p);
  RunResult run;
  run.seed = seed;
  run.digest = draw;
  run.totals.sent = 50;
  run.totals.acked = 48;
  run.totals.uncertain = 2;
  run.totals.processed = 49;
  run.virtual_time_ns = 10'000'000'000 + static_cast<std::int64_t>(draw % 1'000'000'000);
  run.events = static_cast<std::int64_t>(draw % 5000);
  run.throughput_per_s = 90;
  run.min_durable_copies = static_cast<std::int64_t>(draw % 3);
  if (draw % 7 != 0) run.ack_latency_p99_us = 2000 + static_cast<std::int64_t>(draw % 977);
  run.faults[static_cast<std::size_t>(sim::Action::power_loss)] = {1, 1, draw % 2 == 0 ? 1 : 0};
  run.marks = {"leader elected", "isr shrank; to one"};
  run.of(Guarantee::loss_detected) = {Verdict::inconclusive, "", "no sequence check"};
  if (draw % 1000 < p) {
    run.totals.lost_acked = 1;
    run.totals.lost_in_store = 1;
    run.of(Guarantee::no_acked_loss) = {Verdict::violated, "store", "producer-1/0/17 \"gone\", lost in store | here"};
  }
  return run;
}

/// What a test wants to go wrong, shared by the ports of all threads.
struct World {
  std::uint64_t nondeterministic_seed = 0;      ///< its runs differ from time to time
  std::atomic<std::uint64_t> runs{0};           ///< counted
  std::function<void(std::uint64_t run)> each;  ///< called with the number of the run, before it
};

class FakePort : public RunPort {
 public:
  explicit FakePort(World& world) : world_(world) {}

  RunResult run(const RunRequest& request) override {
    const std::uint64_t number = ++world_.runs;
    if (world_.each) world_.each(number);
    RunResult result = made_up(*request.configuration, request.seed);
    if (request.seed == world_.nondeterministic_seed) result.digest += number;
    return result;
  }
  ReplayReport replay(const RunRequest& request) override {
    ReplayReport report;
    report.result = made_up(*request.configuration, request.seed);
    report.plan.resize(1 + request.seed % 3);
    return report;
  }
  std::string first_difference(const ReplayReport&, const ReplayReport&, const Scenario&) override {
    return "event 7: broker-1 append at 1.002s, then broker-2 append at 1.002s";
  }
  std::shared_ptr<const PlanSpace> explore(const RunRequest&, const std::vector<sim::Action>&, const SearchScope&,
                                           const std::function<bool(std::uint64_t)>&) override {
    return nullptr;
  }

 private:
  World& world_;
};

class FakeExplainer : public Explainer {
 public:
  std::string explain(const RunRequest& request, Guarantee, const std::string& about) override {
    return "# remedy: luck\n# " + about + "\nfaults: " + std::to_string(1 + request.seed % 3) + "\n";
  }
};

inline CampaignServices services(World& world) {
  CampaignServices services;
  services.make_port = [&world] { return std::make_unique<FakePort>(world); };
  services.make_explainer = [] { return std::make_unique<FakeExplainer>(); };
  return services;
}

/// One configuration for each value of `p`, each with a fault.
inline Scenario scenario(const std::string& name, const std::vector<std::string>& ps, SeedRange seeds) {
  Scenario scenario;
  scenario.name = name;
  scenario.file = "scenarios/" + name + ".yaml";
  for (const char c : name) scenario.hash = mixed(scenario.hash + static_cast<unsigned char>(c));
  scenario.seeds = seeds;
  for (const std::string& p : ps) {
    Configuration& configuration = scenario.configurations.emplace_back();
    configuration.id = "c000000" + std::to_string(scenario.configurations.size());
    configuration.parameters = {{"brokers.config.p", p}};
    configuration.faults.emplace_back();
  }
  return scenario;
}

inline void expect(Scenario& scenario, std::size_t configuration, Guarantee guarantee, Verdict verdict) {
  scenario.configurations[configuration].expectations.push_back({guarantee, verdict, "", 31});
}

/// A folder of its own for each test, gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "noloss-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Every file of a folder by relative name, but the manifest, which may differ.
inline std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && !name.starts_with("manifest")) files[name] = text_of(entry.path());
  }
  return files;
}

/// What was printed.
struct Printed {
  std::string out;
  std::string log;
  [[nodiscard]] Console console() {
    return {[this](std::string_view text) { out += text; }, [this](std::string_view text) { log += text; }};
  }
};

}  // namespace noloss::harness::test
