// A scheduler without machines: fibers that sleep and note what they do.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/scheduler.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::sim {

using namespace std::chrono_literals;
using testing::ElementsAre;

class SchedulerTest : public testing::Test {
 public:
  // --- do ---
  template <class Body>
  Fiber& spawn(Body&& body) {
    return scheduler.spawn(nullptr, std::forward<Body>(body));
  }
  template <class Body>
  void at(Duration time, Body&& body) {
    scheduler.at(kStart + time, std::forward<Body>(body));
  }
  void sleep(Duration duration) { scheduler.block_until(scheduler.now() + duration); }
  void run() { scheduler.run_until(kNever); }
  void run_until(Duration time) { scheduler.run_until(kStart + time); }

  // --- observe ---
  /// Logs "TIME what", the time in milliseconds.
  void note(const std::string& what) { log.push_back(std::to_string(now() / 1ms) + " " + what); }
  [[nodiscard]] Duration now() const { return scheduler.now() - kStart; }

  /// Notes its end; a local variable of this type shows that a fiber has unwound.
  class Witness {
   public:
    Witness(SchedulerTest& test, std::string name) : test_(test), name_(std::move(name)) {}
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    ~Witness() { test_.note("~" + name_); }

   private:
    SchedulerTest& test_;
    std::string name_;
  };

  std::vector<std::string> log;
  FiberPool pool;
  Scheduler scheduler{pool};
};

}  // namespace noloss::sim
