#include "sim/process.hpp"

#include <algorithm>
#include <utility>

#include "sim/disk.hpp"
#include "sim/machine.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

Process::Process(Simulation& simulation, Machine& machine, ProgramFactory factory)
    : simulation_(simulation),
      scheduler_(simulation.scheduler()),
      machine_(machine),
      node_(machine.id()),
      factory_(std::move(factory)) {}

void Process::start() {
  if (running_) return;
  if (!fibers_.empty()) {
    start_wanted_ = true;
    return;
  }
  ++incarnation_;
  running_ = true;
  pause_mattered_ = false;
  program_ = factory_(*this);
  if (simulation_.beginning()) machine_.disk().make_everything_durable();
  Program* program = program_.get();
  spawn([program] { program->run(); });
  simulation_.note(node(), id(WorldEvent::started), incarnation_);
}

void Process::die() {
  start_wanted_ = false;
  if (!running_) return;
  running_ = false;
  paused_ = 0;
  deferred_.clear();
  for (Fiber* fiber : fibers_) scheduler_.kill(*fiber);
  if (fibers_.empty()) bury();
}

void Process::crash() {
  machine_.process_crashed();
  scheduler_.check_killed();
  throw Killed{};
}

void Process::pause() {
  if (!running_) return;
  if (paused_++ > 0) return;
  pause_mattered_ = false;
  hold(true);
}

void Process::resume() {
  if (!running_ || paused_ == 0 || --paused_ > 0) return;
  hold(false);
  for (Fiber* fiber : std::exchange(deferred_, {})) scheduler_.wake(*fiber);
}

void Process::stop_orderly(std::function<void()> done) {
  stopped_ = std::move(done);
  if (!running_) {
    if (fibers_.empty()) bury();
    return;
  }
  spawn([this] {
    program_->stop();
    machine_.process_stopped();
    scheduler_.check_killed();
  });
}

void Process::hold(bool held) {
  for (Fiber* fiber : fibers_) fiber->held_ = held;
}

void Process::defer(Fiber& fiber) {
  pause_mattered_ = true;
  if (std::find(deferred_.begin(), deferred_.end(), &fiber) == deferred_.end()) deferred_.push_back(&fiber);
}

void Process::fiber_ended(Fiber& fiber) {
  fibers_.erase(std::find(fibers_.begin(), fibers_.end(), &fiber));
  std::erase(deferred_, &fiber);
  if (fibers_.empty() && !running_) bury();
}

void Process::bury() {
  program_.reset();
  if (stopped_) std::exchange(stopped_, nullptr)();
  if (std::exchange(start_wanted_, false)) start();
}

}  // namespace noloss::sim
