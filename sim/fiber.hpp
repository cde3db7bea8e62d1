// Fibers: sequential activities of processes, and the pool that keeps them from run to run.
//
// Modelled on one Boost.Fiber scheduler a thread whose algorithm never decides anything while a run is on: the run's
// Scheduler resumes contexts itself, in agenda order. A fiber that ends is parked, and its stack serves the next
// one. The library's own clocks, timed waits and condition variables are never used, since they read the wall clock.
//
// Thread rule: a FiberPool and everything that runs on it belong to the thread that made it.
#pragma once

#include <boost/fiber/fiber.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/callback_pool.hpp"
#include "sim/fiber_stack.hpp"

namespace noloss::sim {

class Process;
class Scheduler;

/// Thrown at a suspension point of a process that was killed. Nobody catches it but the fiber's own entry;
/// it derives from nothing, so that no `catch (std::exception&)` does.
struct Killed {};

/// What the C++ runtime keeps per thread about exceptions in flight (Itanium ABI, __cxa_eh_globals). Two fibers that
/// are suspended inside catch blocks would otherwise swap their exceptions.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;

  [[nodiscard]] bool empty() const { return (reinterpret_cast<std::uintptr_t>(caught) | uncaught) == 0; }
};

/// A fiber is a member of at most one WaitQueue at a time: that in which it waits.
using FiberHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Fiber : public FiberHook {
 public:
  [[nodiscard]] Process* process() const { return process_; }

 private:
  friend class FiberPool;
  friend class Process;
  friend class Scheduler;

  boost::fibers::context* context_ = nullptr;
  std::uint64_t wake_ = 0;          ///< the agenda entry that wakes or woke it; 0 while it waits for its deadline too
  std::uint64_t timer_ = 0;         ///< the agenda entry that looks at the deadline; every other one is stale
  VirtualTime timer_due_ = kNever;  ///< when it does: the deadline, or earlier
  VirtualTime deadline_ = kNever;   ///< of the present wait, if wake_ is 0
  Process* process_ = nullptr;
  Scheduler* scheduler_ = nullptr;  ///< of the run that the fiber serves now
  Callback* body_ = nullptr;
  std::size_t live_index_ = 0;
  std::uint32_t swallowed_ = 0;
  std::jmp_buf body_end_{};  ///< where a fiber goes on whose stack is discarded
  bool killed_ = false;
  bool held_ = false;  ///< its process is paused: wake-ups go to Process::defer()
  Stack stack_;
  boost::fibers::fiber handle_;
};

/// Memory that a run leaves to the next one, all of it empty in between.
struct RunMemory {
  Agenda agenda;
  CallbackPool callbacks;
  std::vector<Fiber*> live;
};

class FiberPool {
 public:
  FiberPool();
  /// Ends all parked fibers and frees their stacks. Precondition: no run is using the pool.
  ~FiberPool();
  FiberPool(const FiberPool&) = delete;
  FiberPool& operator=(const FiberPool&) = delete;

  /// How many fibers it has ever needed at once.
  [[nodiscard]] std::size_t size() const { return fibers_.size(); }

 private:
  friend class Scheduler;
  class Algorithm;

  Fiber& take() {
    if (parked_.empty()) return make();
    Fiber& fiber = *parked_.back();
    parked_.pop_back();
    return fiber;
  }
  void park(Fiber& fiber) { parked_.push_back(&fiber); }
  Fiber& make();
  void work(Fiber& fiber);

  std::unique_ptr<RunMemory> lend();
  void give_back(std::unique_ptr<RunMemory> memory) { spare_.push_back(std::move(memory)); }

  Algorithm& algorithm_;
  ExceptionState& exceptions_;
  Stack thread_stack_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> parked_;
  std::vector<std::unique_ptr<RunMemory>> spare_;
  bool closing_ = false;
};

}  // namespace noloss::sim
