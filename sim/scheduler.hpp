// The scheduler of one run: virtual time, the agenda, and the switch between fibers.
//
// When a fiber blocks, the scheduler takes agenda entries: callbacks run in place, on whichever stack is current;
// the first entry that wakes a fiber is switched to directly. Time jumps from entry to entry.
//
// Most waits have a deadline that never comes, since what was awaited comes first. So a fiber leaves its timer in the
// agenda when it is woken, and the next wait with a later deadline makes do with it: when the timer comes up, it is put
// to the deadline of the wait that lasts.
//
// A kill is an exception at the fiber's suspension point: destructors run, nobody but the fiber's entry catches it.
// An exception costs some microseconds, and every fiber of a run ends by a kill; so the outer loops of servers, where
// fibers wait most of the time and own nothing, have their stacks discarded instead (OnKill).
// It is not thrown while another exception unwinds the fiber, and comes again if a catch (...) swallowed it.
// Errors: a callback must not throw, nor block. A model that swallows a kill a hundred times aborts the program. A
// destructor must not block unless it runs while the fiber unwinds: a kill would have to leave it.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/callback_pool.hpp"
#include "sim/fiber.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

/// What a kill does to a fiber that waits.
enum class OnKill : std::uint8_t {
  unwind,   ///< an exception runs the destructors of all frames
  discard,  ///< the stack is dropped, which costs nothing. The caller promises that there is no destructor to run:
            ///< from the fiber's body down to the wait, no frame holds more than references and plain values
};

class Scheduler {
 public:
  explicit Scheduler(FiberPool& pool)
      : pool_(pool), exceptions_(pool.exceptions_), memory_(pool.lend()), agenda_(memory_->agenda) {}
  ~Scheduler() {
    finish();
    agenda_.reset();
    pool_.give_back(std::move(memory_));
  }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] VirtualTime now() const { return agenda_.now(); }
  /// The fiber that runs; null in a callback, in the destructor of a Program, and outside run_until().
  [[nodiscard]] Fiber* current() const { return current_; }

  /// Runs `body` at `time`, unless the run ends before. `body` must not block. A time in the past is the present.
  template <class Body>
  requires std::is_invocable_v<Body&>
  void at(VirtualTime time, Body&& body) { at(time, memory_->callbacks.make(std::forward<Body>(body))); }
  /// The same for a callback that its owner keeps. It must outlive its firing or the run.
  void at(VirtualTime time, Callback& callback) { agenda_.push(time, callback); }

  /// A new fiber of `process` (null: of nobody) that starts at the present time, behind what is due already.
  template <class Body>
  Fiber& spawn(Process* process, Body&& body) {
    Fiber& fiber = pool_.take();
    prepare(fiber, process, memory_->callbacks.make(std::forward<Body>(body)));
    return fiber;
  }

  /// Suspends the current fiber until wake() or kill(). Throws Killed. May be called from a destructor that runs
  /// while the fiber unwinds from a kill: then it returns at once.
  void block(OnKill on_kill = OnKill::unwind);
  /// As block(), but at most until `deadline`.
  void block_until(VirtualTime deadline, OnKill on_kill = OnKill::unwind);
  /// The fiber, which is blocked, will run at the present time; whatever else was to wake it is stale from now on.
  void wake(Fiber& fiber) { agenda_.push_now(fiber, fiber.wake_); }
  /// Makes the fiber unwind at the present time. Killing it twice does nothing.
  void kill(Fiber& fiber);
  /// Throws Killed if the current fiber was killed and is not unwinding already.
  void check_killed() {
    if (current_ != nullptr && current_->killed_) throw_killed(*current_);
  }

  /// Takes agenda entries up to `limit`, which is included, and is the present afterwards unless stop() was called.
  /// With the limit kNever, time stops at what happens last.
  void run_until(VirtualTime limit);
  void stop() { stopped_ = true; }
  /// Ends the run: fibers that still live unwind, so that their frames are destroyed before what they refer to;
  /// nothing else of the agenda happens any more.
  void finish();
  /// Whether nothing is left that could happen.
  [[nodiscard]] bool idle() const { return agenda_.empty(); }

 private:
  friend class FiberPool;

  void prepare(Fiber& fiber, Process* process, Callback& body);
  void forget(Fiber& fiber);
  void run_body(Fiber& fiber);
  void call_body(Fiber& fiber);
  /// Runs callbacks up to the next fiber that is to run, which is then the current one; null when the run is over.
  Fiber* next();
  /// Whether the agenda entry of this sequence number is the timer of the fiber and its wait ends with it.
  bool deadline_came(Fiber& fiber, std::uint64_t sequence, VirtualTime time);
  void switch_to(Fiber* fiber);
  void suspend(OnKill on_kill);
  void throw_killed(Fiber& me);
  void end_killed(Fiber& me, OnKill on_kill);

  FiberPool& pool_;
  ExceptionState& exceptions_;  ///< of the thread
  std::unique_ptr<RunMemory> memory_;
  Agenda& agenda_;
  VirtualTime limit_ = kStart;
  Fiber* current_ = nullptr;
  boost::fibers::context* outside_ = nullptr;
  bool stopped_ = false;
  bool finishing_ = false;
};

}  // namespace noloss::sim
