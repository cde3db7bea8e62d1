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
  void wait() {
    Waiter waiter{*scheduler_.current()};
    waiters_.push_back(waiter);
    scheduler_.block();
  }
  /// False if `deadline` came first.
  bool wait_until(VirtualTime deadline) {
    if (deadline == kNever) {
      wait();
      return true;
    }
    Waiter waiter{*scheduler_.current()};
    waiters_.push_back(waiter);
    scheduler_.block_until(deadline);
    return !waiter.is_linked();
  }
  void notify_one() {
    if (waiters_.empty()) return;
    Waiter& waiter = waiters_.front();
    waiters_.pop_front();
    scheduler_.wake(waiter.fiber);
  }
  void notify_all() {
    while (!waiters_.empty()) notify_one();
  }
  [[nodiscard]] bool empty() const { return waiters_.empty(); }

 private:
  struct Waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit Waiter(Fiber& f) : fiber(f) {}
    Fiber& fiber;
  };

  Scheduler& scheduler_;
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

}  // namespace noloss::sim
