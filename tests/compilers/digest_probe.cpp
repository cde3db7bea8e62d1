// Prints "scenario configuration seed digest" for the first seeds of every committed scenario; digests.sh compares them
// across compilers and with the golden ones. Run it at the project's root.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/run/runner.hpp"
#include "harness/scenario/reader.hpp"

int main() {
  using namespace noloss::harness;
  constexpr std::uint64_t kSeeds = 3;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("scenarios")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    const ReadResult read = read_scenario_file(file);
    for (const Problem& problem : read.problems) fmt::print(stderr, "{}\n", format(problem));
    if (!read.scenario) return 2;
    Runner runner;
    for (const Configuration& configuration : read.scenario->configurations) {
      for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const RunResult result = runner.run({&*read.scenario, &configuration, seed, nullptr});
        fmt::print("{} {} {} xxh3:{:016x}\n", read.scenario->name, configuration.id, seed, result.digest);
      }
    }
  }
  return 0;
}
