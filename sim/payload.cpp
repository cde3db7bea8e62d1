#include "sim/payload.hpp"

#include <array>
#include <new>
#include <utility>

// An address sanitizer is to see what a payload's memory is used for after its end.
#if defined(__SANITIZE_ADDRESS__)
#define NOLOSS_REUSE_PAYLOADS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NOLOSS_REUSE_PAYLOADS 0
#endif
#endif
#if !defined(NOLOSS_REUSE_PAYLOADS)
#define NOLOSS_REUSE_PAYLOADS 1
#endif

namespace noloss::sim {

#if NOLOSS_REUSE_PAYLOADS

namespace {

constexpr std::size_t kStep = 16;  // bytes from one size of blocks to the next
constexpr std::size_t kSizes = 16;

constexpr std::size_t number_of(std::size_t bytes) { return (bytes - 1) / kStep; }

/// A block that waits to be used again. Each is an allocation of its own: whichever thread lets go of it may keep it.
struct Free {
  Free* next;
};
constinit thread_local std::array<Free*, kSizes> t_free{};

/// Gives them back at the end of the thread. Apart from them, for they need neither construction nor a look at whether
/// it is done.
struct Cleaner {
  Cleaner() = default;
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;
  ~Cleaner() {
    for (Free*& first : t_free) {
      while (first != nullptr) ::operator delete(std::exchange(first, first->next));
    }
  }
};

void* allocate(std::size_t number) {
  thread_local const Cleaner cleaner;
  return ::operator new((number + 1) * kStep);
}

}  // namespace

void* Payload::operator new(std::size_t bytes) {
  const std::size_t number = number_of(bytes);
  if (number >= kSizes) return ::operator new(bytes);
  Free*& first = t_free[number];
  return first == nullptr ? allocate(number) : std::exchange(first, first->next);
}

void Payload::operator delete(void* memory, std::size_t bytes) {
  const std::size_t number = number_of(bytes);
  if (number >= kSizes) return ::operator delete(memory);
  t_free[number] = new (memory) Free{t_free[number]};
}

#else

void* Payload::operator new(std::size_t bytes) { return ::operator new(bytes); }
void Payload::operator delete(void* memory, std::size_t) { ::operator delete(memory); }

#endif

}  // namespace noloss::sim
