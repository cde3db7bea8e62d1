// Closures for the agenda, from a free list: a closure lives some microseconds, and there are thousands in a run.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/agenda.hpp"

namespace noloss::sim {

class CallbackPool {
 public:
  CallbackPool() = default;
  CallbackPool(const CallbackPool&) = delete;
  CallbackPool& operator=(const CallbackPool&) = delete;

  /// A callback that runs `body` once and then returns its memory. It must be fired or dropped before the pool ends.
  template <class Body>
  Callback& make(Body&& body) {
    using Closure = Once<std::decay_t<Body>>;
    static_assert(sizeof(Closure) <= kBytes, "keep closures small: capture a pointer to the state");
    static_assert(alignof(Closure) <= alignof(Block));
    return *new (take()) Closure(*this, std::forward<Body>(body));
  }

 private:
  static constexpr std::size_t kBytes = 96;
  static constexpr std::size_t kSlab = 64;
  struct alignas(std::max_align_t) Block {
    std::byte bytes[kBytes];
  };
  struct Free {  // what a block holds while it is free
    Free* next;
  };

  template <class Body>
  class Once final : public Callback {
   public:
    template <class From>
    Once(CallbackPool& pool, From&& body) : pool_(pool), body_(std::forward<From>(body)) {}
    void fire() override {
      Body body = std::move(body_);
      drop();
      body();
    }
    void drop() override {
      CallbackPool& pool = pool_;
      this->~Once();
      pool.give(this);
    }

   private:
    CallbackPool& pool_;
    Body body_;
  };

  void* take() {
    if (free_ == nullptr) [[unlikely]]
      grow();
    Free* block = free_;
    free_ = block->next;
    return block;
  }
  void give(void* memory) { free_ = new (memory) Free{free_}; }
  void grow();

  std::vector<std::unique_ptr<Block[]>> slabs_;
  Free* free_ = nullptr;
};

}  // namespace noloss::sim
