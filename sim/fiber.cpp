#include "sim/fiber.hpp"

#include <cxxabi.h>

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/fiber/scheduler.hpp>
#include <boost/fiber/type.hpp>
#include <cassert>
#include <cstdlib>
#include <utility>

#include "sim/scheduler.hpp"

namespace noloss::sim {

/// Used while a fiber is made and while a pool closes only; during a run the Scheduler resumes contexts by itself.
/// One for each thread, since Boost has one scheduler for each thread; several pools on a thread share it.
class FiberPool::Algorithm final : public boost::fibers::algo::algorithm {
 public:
  static Algorithm& of_thread() {
    thread_local Algorithm* const installed = [] {
      const boost::intrusive_ptr<Algorithm> made(new Algorithm);
      boost::fibers::context::active()->get_scheduler()->set_algo(made);  // which keeps it until the thread ends
      return made.get();
    }();
    return *installed;
  }

  void awakened(boost::fibers::context* context) noexcept override { slot(context) = context; }

  boost::fibers::context* pick_next() noexcept override {
    for (boost::fibers::context** waiting : {&worker, &main_, &dispatcher_}) {
      if (*waiting != nullptr) return std::exchange(*waiting, nullptr);
    }
    return nullptr;
  }

  [[nodiscard]] bool has_ready_fibers() const noexcept override { return worker != nullptr; }
  void suspend_until(const std::chrono::steady_clock::time_point& /*time*/) noexcept override { std::abort(); }
  void notify() noexcept override {}

  /// The fiber just made, or the one that is to end.
  boost::fibers::context* worker = nullptr;

 private:
  boost::fibers::context*& slot(boost::fibers::context* context) {
    if (context->is_context(boost::fibers::type::dispatcher_context)) return dispatcher_;
    return context->is_context(boost::fibers::type::main_context) ? main_ : worker;
  }

  boost::fibers::context* main_ = nullptr;
  boost::fibers::context* dispatcher_ = nullptr;
};

FiberPool::FiberPool()
    : algorithm_(Algorithm::of_thread()),
      exceptions_(*reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals())),
      thread_stack_(Stack::of_thread()) {}

FiberPool::~FiberPool() {
  assert(parked_.size() == fibers_.size());
  closing_ = true;
  for (const auto& fiber : fibers_) {
    algorithm_.worker = fiber->context_;
    StackSwitch away(fiber->stack_);
    fiber->handle_.join();
    away.arrived();
  }
  // Lets the dispatcher free the stacks, which it would otherwise do when the thread ends.
  if (!fibers_.empty()) boost::this_fiber::yield();
}

Fiber& FiberPool::make() {
  fibers_.push_back(std::make_unique<Fiber>());
  Fiber& fiber = *fibers_.back();
  fiber.handle_ = boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg,
                                       StackAllocator(fiber.stack_, fibers_.size()), [this, &fiber] { work(fiber); });
  fiber.context_ = std::exchange(algorithm_.worker, nullptr);
  return fiber;
}

void FiberPool::work(Fiber& fiber) {
  StackSwitch::begun();
  // run_body() parks the fiber and goes on with others; it comes back here for another body, or to close.
  while (!closing_) fiber.scheduler_->run_body(fiber);
  StackSwitch::ending(thread_stack_);
}

std::unique_ptr<RunMemory> FiberPool::lend() {
  if (spare_.empty()) return std::make_unique<RunMemory>();
  std::unique_ptr<RunMemory> memory = std::move(spare_.back());
  spare_.pop_back();
  return memory;
}

}  // namespace noloss::sim
