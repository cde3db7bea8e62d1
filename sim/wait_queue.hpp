// Waiting in virtual time: the one primitive that mailboxes, clients and brokers are made of.
#pragma once

#include <boost/intrusive/list.hpp>

#include "sim/scheduler.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

/// Fibers that wait for something, first come first served. A fiber that is killed while it waits leaves by itself.
/// Must outlive its waiters; belongs to one process, or to the world.
class WaitQueue {
 public:
  explicit WaitQueue(Scheduler& scheduler) : scheduler_(scheduler) {}

  /// Suspends the current fiber until a notification.
  void wait(OnKill on_kill = OnKill::unwind) {
    waiters_.push_back(*scheduler_.current());
    scheduler_.block(on_kill);
  }
  /// False if `deadline` came first.
  bool wait_until(VirtualTime deadline, OnKill on_kill = OnKill::unwind) {
    if (deadline == kNever) {
      wait(on_kill);
      return true;
    }
    Fiber& me = *scheduler_.current();
    waiters_.push_back(me);
    scheduler_.block_until(deadline, on_kill);
    if (!me.is_linked()) return true;
    me.unlink();
    return false;
  }
  void notify_one() {
    if (waiters_.empty()) return;
    Fiber& first = waiters_.front();
    waiters_.pop_front();
    scheduler_.wake(first);
  }
  void notify_all() {
    while (!waiters_.empty()) notify_one();
  }
  [[nodiscard]] bool empty() const { return waiters_.empty(); }

 private:
  Scheduler& scheduler_;
  boost::intrusive::list<Fiber, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace noloss::sim
