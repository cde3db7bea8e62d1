#include "harness/campaign/driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/campaign/twice.hpp"
#include "harness/report/commands.hpp"
#include "harness/report/stopwatch.hpp"

namespace noloss::harness {
namespace {

constexpr std::chrono::milliseconds kLook{50};  // how often the waiting thread looks at signals and the clock

class Driver {
 public:
  Driver(const Job& job, const Resumed& resumed, AppendFile& journal, const CampaignServices& services,
         const DriverOptions& options)
      : job_(job),
        journal_(journal),
        services_(services),
        options_(options),
        total_(job.units.count(job.shard)),
        done_(resumed.done),
        resumed_(resumed.done.count()),
        violating_(resumed.violating),
        next_(resumed.done.frontier()) {}

  DriverOutcome run(ProgressDisplay& progress) {
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < std::max(1U, options_.jobs); ++i) threads.emplace_back([this] { work(); });
      watch(progress);
    }
    if (error_.empty() && diverged_.empty() && done_.count() < total_ && ended_ == Ended::complete) {
      error_ = "the threads ended before the runs did";
    }
    return {ended_, diverged_, error_};
  }

 private:
  using Lock = std::unique_lock<std::mutex>;

  // --- the threads

  void work() {
    try {
      const std::unique_ptr<RunPort> port = services_.make_port();
      while (const std::optional<std::uint64_t> ordinal = take()) run_one(*port, *ordinal);
    } catch (const std::exception& problem) {
      fail(problem.what());
    }
    const Lock lock(mutex_);
    ++idle_;
    idled_.notify_all();
  }

  /// The next unit that nobody has; empty: there is none, or all shall stop.
  std::optional<std::uint64_t> take() {
    Lock lock(mutex_);
    while (true) {
      while (next_ < total_ && done_.has(next_)) ++next_;
      if (stopping_ || asked_to_stop() || next_ >= total_) return std::nullopt;
      if (next_ < done_.frontier() + kWindow) return next_++;
      room_.wait_for(lock, kLook);
    }
  }

  void run_one(RunPort& port, std::uint64_t ordinal) {
    const RunUnit unit = job_.units.at(Units::number(job_.shard, ordinal));
    try {
      const RunResult result = port.run(job_.request(unit));
      if (job_.units.checked_twice(unit)) {
        const std::string difference = run_again(port, job_, unit, result);
        if (!difference.empty()) return diverge(difference);
      }
      finish(unit, ordinal, result);
    } catch (const FileError&) {
      throw;
    } catch (const std::exception& problem) {
      fail(fmt::format("{}\n  {}", problem.what(),
                       replay_command(job_.facts, job_.facts.scenarios[unit.place.scenario], unit.place.configuration,
                                      unit.seed, unit.plan)));
    }
  }

  void finish(const RunUnit& unit, std::uint64_t ordinal, const RunResult& result) {
    const ConfigurationFacts& facts =
        job_.facts.scenarios[unit.place.scenario].configurations[unit.place.configuration];
    std::string line = encode(unit.number, result);
    const Lock lock(mutex_);
    journal_.append(std::move(line));
    done_.add(ordinal);
    if (violates_expected(result, facts)) ++violating_;
    if (options_.on_violation == OnViolation::stop && violates_named(result, facts)) stop(Ended::on_violation);
    room_.notify_all();
  }

  void fail(const std::string& what) {
    const Lock lock(mutex_);
    if (error_.empty()) error_ = what;
    stopping_ = true;
    room_.notify_all();
  }

  void diverge(const std::string& difference) {
    const Lock lock(mutex_);
    if (diverged_.empty()) diverged_ = difference;
    stopping_ = true;
    room_.notify_all();
  }

  // --- the thread that waits

  [[nodiscard]] bool asked_to_stop() const {
    return services_.stop != nullptr && services_.stop->load(std::memory_order_relaxed);
  }

  void watch(ProgressDisplay& progress) {
    Lock lock(mutex_);
    while (idle_ < std::max(1U, options_.jobs)) {
      idled_.wait_for(lock, kLook);
      if (asked_to_stop()) stop(Ended::interrupted);
      if (options_.time_budget && watch_.elapsed() >= *options_.time_budget) stop(Ended::time_budget);
      const ProgressState state{done_.count(), resumed_, total_, violating_};
      lock.unlock();
      progress.show(state);
      lock.lock();
    }
    if (asked_to_stop()) stop(Ended::interrupted);
  }

  /// Precondition: the lock is held. What is finished anyway was not stopped.
  void stop(Ended why) {
    if (done_.count() == total_ || ended_ != Ended::complete) return;
    ended_ = why;
    stopping_ = true;
  }

  const Job& job_;
  AppendFile& journal_;
  const CampaignServices& services_;
  const DriverOptions& options_;
  const std::uint64_t total_;
  const Stopwatch watch_;

  std::mutex mutex_;               // guards everything below, and the journal
  std::condition_variable room_;   // the window moved, or all shall stop
  std::condition_variable idled_;  // a thread is done
  Progress done_;
  const std::uint64_t resumed_;
  std::uint64_t violating_;
  std::uint64_t next_;
  unsigned idle_ = 0;
  bool stopping_ = false;
  Ended ended_ = Ended::complete;
  std::string diverged_;
  std::string error_;
};

}  // namespace

RunRequest Job::request(const RunUnit& unit) const {
  const Scenario& scenario = scenarios[unit.place.scenario];
  const std::size_t configuration = selected[unit.place.scenario][unit.place.configuration];
  const std::shared_ptr<const PlanSpace> space =
      spaces.empty() ? nullptr : spaces[unit.place.scenario][unit.place.configuration];
  return {&scenario, &scenario.configurations[configuration], unit.seed, nullptr, space, unit.plan};
}

bool violates_named(const RunResult& run, const ConfigurationFacts& facts) {
  const auto violated = [&](Guarantee g) { return run.of(g).verdict == Verdict::violated; };
  if (facts.expectations.empty()) return std::any_of(kAllGuarantees.begin(), kAllGuarantees.end(), violated);
  return std::any_of(facts.expectations.begin(), facts.expectations.end(),
                     [&](const Expectation& expectation) { return violated(expectation.guarantee); });
}

bool violates_expected(const RunResult& run, const ConfigurationFacts& facts) {
  if (facts.expectations.empty()) return violates_named(run, facts);
  return std::any_of(facts.expectations.begin(), facts.expectations.end(), [&](const Expectation& expectation) {
    return expectation.verdict == Verdict::holds && run.of(expectation.guarantee).verdict == Verdict::violated;
  });
}

DriverOutcome drive(const Job& job, const Resumed& resumed, AppendFile& journal, const CampaignServices& services,
                    const DriverOptions& options, ProgressDisplay& progress) {
  if (options.on_violation == OnViolation::stop && resumed.stopped_at_violation) return {Ended::on_violation, {}, {}};
  return Driver(job, resumed, journal, services, options).run(progress);
}

}  // namespace noloss::harness
