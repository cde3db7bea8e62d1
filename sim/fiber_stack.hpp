// Stacks of fibers, and what the memory checkers must be told about them.
//
// A stack has a guard page below it: a fiber that needs more dies at once and does not write elsewhere. Unoptimised and
// checked code has larger frames, so its stacks are larger; only touched pages cost memory.
// AddressSanitizer is told of each switch: else an exception that unwinds a fiber would leave its frames poisoned, and
// the next fiber on the stack would be accused of what it did not do. Valgrind is told of each stack.
#pragma once

#include <boost/context/protected_fixedsize_stack.hpp>
#include <boost/context/stack_context.hpp>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define NOLOSS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NOLOSS_ASAN 1
#endif
#endif

#ifdef NOLOSS_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace noloss::sim {

#if defined(NOLOSS_ASAN) || !defined(__OPTIMIZE__)
inline constexpr std::size_t kStackBytes = 512 * 1024;
#else
inline constexpr std::size_t kStackBytes = 64 * 1024;
#endif

/// Where a stack is. Of a thread's own stack only AddressSanitizer needs to know it.
struct Stack {
  void* bottom = nullptr;
  std::size_t bytes = 0;
  unsigned valgrind = 0;

  /// The stack on which the calling thread started.
  static Stack of_thread();
};

/// As Boost wants it: hands out one stack, of which it tells `made`.
class StackAllocator {
 public:
  /// `number`: of the fiber. Equal places of neighbours' stacks fall into different sets of the caches.
  StackAllocator(Stack& made, std::size_t number) : made_(&made), shift_(number % kColours * kColourBytes) {}
  boost::context::stack_context allocate();
  void deallocate(boost::context::stack_context& context);

 private:
  static constexpr std::size_t kColours = 16;
  static constexpr std::size_t kColourBytes = 256;

  boost::context::protected_fixedsize_stack mapped_{kStackBytes};
  Stack* made_;
  std::size_t shift_;
};

/// Made before control goes to another stack; arrived() is called when it has come back.
class StackSwitch {
 public:
#ifdef NOLOSS_ASAN
  explicit StackSwitch(const Stack& to) { __sanitizer_start_switch_fiber(&fake_, to.bottom, to.bytes); }
  void arrived() { __sanitizer_finish_switch_fiber(fake_, nullptr, nullptr); }
  /// Called by a fiber that has just begun.
  static void begun() { __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr); }
  /// Called by a fiber that is about to end.
  static void ending(const Stack& to) { __sanitizer_start_switch_fiber(nullptr, to.bottom, to.bytes); }

 private:
  void* fake_ = nullptr;
#else
  explicit StackSwitch(const Stack& /*to*/) {}
  void arrived() {}
  static void begun() {}
  static void ending(const Stack& /*to*/) {}
#endif
};

}  // namespace noloss::sim
