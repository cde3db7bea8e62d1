// Machines whose programs are functions, and a log of what they did.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.hpp"
#include "sim/simulation.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::sim {

using namespace std::chrono_literals;
using testing::ElementsAre;

class MachineTest : public testing::Test {
 public:
  using Body = std::function<void(Process&)>;

  MachineTest() { simulation.trace().keep_events(true); }

  // --- do ---
  /// A machine of that name. Its program runs `body`, and `stop` when it is to end in an orderly way.
  Machine& add(const std::string& name, Body body, Body stop = {}) {
    MachineSetup setup;
    setup.name = name;
    return simulation.add_machine(setup, [this, body = std::move(body), stop = std::move(stop)](Process& process) {
      return std::make_unique<Script>(*this, process, body, stop);
    });
  }
  template <class Action>
  void at(Duration time, Action&& action) {
    simulation.scheduler().at(kStart + time, std::forward<Action>(action));
  }
  void run_until(Duration time) { simulation.scheduler().run_until(kStart + time); }
  /// Starts everything and lets two hours pass.
  void run() {
    simulation.start_all();
    run_until(2h);
  }

  // --- observe ---
  /// Logs "TIME what", the time in milliseconds.
  void note(const std::string& what) { log.push_back(std::to_string((simulation.now() - kStart) / 1ms) + " " + what); }
  /// "TIME machine event" for each event of the world.
  std::vector<std::string> history() {
    std::vector<std::string> lines;
    for (const TraceEvent& event : simulation.trace().events()) {
      lines.push_back(std::to_string((event.time - kStart) / 1ms) + " " + simulation.machine(event.node).name() + " " +
                      std::string(simulation.events().name(event.event)));
    }
    return lines;
  }

  FiberPool pool;
  EventTable events;
  std::vector<std::string> log;
  Simulation simulation{pool, events, {}};

 private:
  class Script : public Program {
   public:
    Script(MachineTest& test, Process& process, Body body, Body stop)
        : test_(test), process_(process), body_(std::move(body)), stop_(std::move(stop)) {}
    ~Script() override { test_.note("memory of life " + std::to_string(process_.incarnation()) + " gone"); }
    void run() override { body_(process_); }
    void stop() override {
      if (stop_) stop_(process_);
    }

   private:
    MachineTest& test_;
    Process& process_;
    Body body_;
    Body stop_;
  };
};

/// Notes the end of a frame.
class Frame {
 public:
  Frame(MachineTest& test, std::string name) : test_(test), name_(std::move(name)) {}
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { test_.note("~" + name_); }

 private:
  MachineTest& test_;
  std::string name_;
};

}  // namespace noloss::sim
