#include "harness/campaign/witnesses.hpp"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/campaign/publish.hpp"
#include "harness/explain/explain.hpp"
#include "harness/report/commands.hpp"

namespace noloss::harness {
namespace {

namespace fs = std::filesystem;

struct Task {
  RunRequest request;
  Guarantee guarantee{};
  std::string file;
  std::string about;
  std::string text;  ///< the result
};

std::string about(const CampaignFacts& facts, ConfigurationKey place, Guarantee guarantee, const Finding& first) {
  const ScenarioFacts& scenario = facts.scenarios[place.scenario];
  const std::string parameters = parameters_text(scenario, place.configuration);
  return fmt::format("violates {} of {}{}{}; {}", name(guarantee), scenario.name, parameters.empty() ? "" : " with ",
                     parameters, first.which());
}

/// Each thread takes the next task; their order decides nothing. The first exception comes out at the end.
void carry_out(std::vector<Task>& tasks, const CampaignServices& services, unsigned jobs) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr problem;
  const auto work = [&] {
    try {
      const std::unique_ptr<Explainer> explainer = services.make_explainer();
      for (std::size_t i = next++; i < tasks.size(); i = next++) {
        tasks[i].text = explainer->explain(tasks[i].request, tasks[i].guarantee, tasks[i].about);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!problem) problem = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1U, jobs); ++i) threads.emplace_back(work);
  }
  if (problem) std::rethrow_exception(problem);
}

}  // namespace

void write_witnesses(CampaignVerdict& verdict, const Job& job, const CampaignServices& services, const Folder& folder,
                     unsigned jobs) {
  PlanFolder plans(folder.plans());
  if (services.make_explainer) {
    std::vector<Task> tasks;
    for_each_violation(verdict, [&](ConfigurationKey place, Guarantee guarantee, const Finding& first) {
      tasks.push_back({job.request({0, place, first.first_seed, first.first_plan}),
                       guarantee,
                       plan_file_name(verdict.facts, place, guarantee),
                       about(verdict.facts, place, guarantee, first),
                       {}});
    });
    carry_out(tasks, services, jobs);
    for (const Task& task : tasks) plans.add(task.file, task.text);
  }
  plans.finish();
  read_witnesses(verdict, folder);
}

void read_witnesses(CampaignVerdict& verdict, const Folder& folder) {
  for (std::size_t s = 0; s < verdict.configurations.size(); ++s) {
    for (std::size_t c = 0; c < verdict.configurations[s].size(); ++c) {
      for (GuaranteeVerdict& guarantee : verdict.configurations[s][c].guarantees) {
        if (guarantee.violations == 0) continue;
        const fs::path file = folder.plans() / plan_file_name(verdict.facts, {s, c}, guarantee.guarantee);
        if (!fs::exists(file)) continue;
        Remarks remarks = read_remarks(read_file(file));
        guarantee.remedy = std::move(remarks.remedy);
        guarantee.needed = std::move(remarks.needed);
        guarantee.certain_from = std::move(remarks.certain_from);
      }
    }
  }
}

}  // namespace noloss::harness
