#include "sim/fiber_stack.hpp"

#include <pthread.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

namespace noloss::sim {

Stack Stack::of_thread() {
  Stack stack;
#ifdef NOLOSS_ASAN
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &stack.bottom, &stack.bytes);
    pthread_attr_destroy(&attributes);
  }
#endif
  return stack;
}

boost::context::stack_context StackAllocator::allocate() {
  boost::context::stack_context context = mapped_.allocate();
  context.sp = static_cast<std::byte*>(context.sp) - shift_;
  context.size -= shift_;
  made_->bytes = context.size;
  made_->bottom = static_cast<std::byte*>(context.sp) - context.size;
#ifdef VALGRIND_STACK_REGISTER
  made_->valgrind = VALGRIND_STACK_REGISTER(made_->bottom, context.sp);
#endif
  return context;
}

void StackAllocator::deallocate(boost::context::stack_context& context) {
#ifdef VALGRIND_STACK_DEREGISTER
  VALGRIND_STACK_DEREGISTER(made_->valgrind);
#endif
#ifdef NOLOSS_ASAN
  ASAN_UNPOISON_MEMORY_REGION(static_cast<std::byte*>(context.sp) - context.size, context.size);
#endif
  context.sp = static_cast<std::byte*>(context.sp) + shift_;
  context.size += shift_;
  mapped_.deallocate(context);
}

}  // namespace noloss::sim
