#include "sim/scheduler.hpp"

#include <boost/fiber/context.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "sim/process.hpp"

namespace noloss::sim {
namespace {

constexpr std::uint32_t kSwallowedKills = 100;

}  // namespace

void Scheduler::finish() {
  finishing_ = true;
  agenda_.clear();
  while (!memory_->live.empty()) {  // an end may still start another fiber, which then ends before it began
    for (Fiber* fiber : memory_->live) {
      fiber->killed_ = true;
      fiber->held_ = false;
      wake(*fiber);
    }
    run_until(now());
    agenda_.clear();
  }
}

void Scheduler::prepare(Fiber& fiber, Process* process, Callback& body) {
  fiber.scheduler_ = this;
  fiber.process_ = process;
  fiber.body_ = &body;
  fiber.killed_ = finishing_;
  fiber.held_ = false;
  fiber.swallowed_ = 0;
  fiber.live_index_ = memory_->live.size();
  memory_->live.push_back(&fiber);
  wake(fiber);
}

void Scheduler::forget(Fiber& fiber) {
  Fiber* last = memory_->live.back();
  last->live_index_ = fiber.live_index_;
  memory_->live[fiber.live_index_] = last;
  memory_->live.pop_back();
}

void Scheduler::run_body(Fiber& fiber) {
  if (fiber.killed_) {
    fiber.body_->drop();  // killed before it started
  } else {
    call_body(fiber);
  }
  current_ = nullptr;  // what follows is the world's doing, not the fiber's
  fiber.wake_ = 0;
  fiber.timer_ = 0;
  forget(fiber);
  if (fiber.process_ != nullptr) fiber.process_->fiber_ended(fiber);
  pool_.park(fiber);
  Fiber* following = next();
  if (following != &fiber) switch_to(following);  // else it was taken from the pool again: the caller starts it
}

void Scheduler::call_body(Fiber& fiber) {
  if (setjmp(fiber.body_end_) != 0) return;  // NOLINT(cert-err52-cpp): no destructor is skipped, see OnKill::discard
  try {
    fiber.body_->fire();
  } catch (const Killed&) {
    // The process is gone; there is nobody to tell.
  }
}

[[gnu::noinline]] bool Scheduler::deadline_came(Fiber& fiber, std::uint64_t sequence, VirtualTime time) {
  if (fiber.timer_ != sequence) return false;
  fiber.timer_ = 0;
  if (fiber.wake_ != 0) return false;
  if (fiber.deadline_ <= time) return true;
  fiber.timer_due_ = fiber.deadline_;
  agenda_.push(fiber.timer_due_, fiber, fiber.timer_);
  return false;
}

[[gnu::always_inline]] inline Fiber* Scheduler::next() {
  Agenda::Entry entry;
  while (!stopped_ && agenda_.pop(limit_, entry)) {
    if (entry.is_fiber()) {
      Fiber& fiber = entry.fiber();
      if (fiber.wake_ != entry.sequence && !deadline_came(fiber, entry.sequence, entry.time))
        continue;  // time passes only where something happens
      agenda_.advance(entry.time);
      if (!fiber.held_) return current_ = &fiber;
      fiber.process_->defer(fiber);
      continue;
    }
    agenda_.advance(entry.time);
    current_ = nullptr;  // a callback is nobody's code, although it runs on somebody's stack
    if (finishing_) [[unlikely]] {
      entry.callback().drop();
    } else {
      entry.callback().fire();
    }
  }
  return current_ = nullptr;
}

[[gnu::always_inline]] inline void Scheduler::switch_to(Fiber* fiber) {
  ExceptionState& exceptions = exceptions_;
  const ExceptionState mine = exceptions;
  if (!mine.empty()) [[unlikely]]
    exceptions = {};
  StackSwitch away(fiber != nullptr ? fiber->stack_ : pool_.thread_stack_);
  // context::resume() is public but not documented: it switches without a detour through the dispatcher, which would
  // read the wall clock at each event. The documented way is context::suspend() with a pick_next().
  (fiber != nullptr ? fiber->context_ : outside_)->resume();
  // From here on *this may be another run's, or gone: a parked fiber comes back when it is taken again.
  away.arrived();
  if (!mine.empty()) [[unlikely]]
    exceptions = mine;  // else they are empty: whoever came here left them so
}

[[gnu::always_inline]] inline void Scheduler::suspend(OnKill on_kill) {
  Fiber& me = *current_;
  if (me.killed_) [[unlikely]] {
    end_killed(me, on_kill);
    return;
  }
  Fiber* following = next();
  if (following != &me) switch_to(following);
  if (me.killed_) [[unlikely]]
    end_killed(me, on_kill);
}

void Scheduler::block(OnKill on_kill) { suspend(on_kill); }

void Scheduler::block_until(VirtualTime deadline, OnKill on_kill) {
  Fiber& me = *current_;
  me.wake_ = 0;
  me.deadline_ = deadline;
  if (me.timer_ == 0 || deadline < me.timer_due_) {
    me.timer_due_ = deadline;
    agenda_.push(deadline, me, me.timer_);
  }
  suspend(on_kill);
}

void Scheduler::end_killed(Fiber& me, OnKill on_kill) {
  me.unlink();
  if (on_kill == OnKill::discard && std::uncaught_exceptions() == 0) {
    std::longjmp(me.body_end_, 1);  // NOLINT(cert-err52-cpp): no destructor is skipped, see OnKill::discard
  }
  throw_killed(me);
}

void Scheduler::throw_killed(Fiber& me) {
  if (std::uncaught_exceptions() > 0) return;
  if (++me.swallowed_ > kSwallowedKills) {
    std::fputs("noloss: broken invariant: a fiber goes on although it was killed; it swallows the exception\n", stderr);
    std::abort();
  }
  throw Killed{};
}

void Scheduler::kill(Fiber& fiber) {
  if (fiber.killed_) return;
  fiber.killed_ = true;
  fiber.held_ = false;
  wake(fiber);
}

void Scheduler::run_until(VirtualTime limit) {
  stopped_ = false;
  limit_ = limit;
  outside_ = boost::fibers::context::active();
  Fiber* first = next();
  if (first != nullptr) switch_to(first);
  if (!stopped_ && limit != kNever && limit > now()) agenda_.advance(limit);
}

}  // namespace noloss::sim
