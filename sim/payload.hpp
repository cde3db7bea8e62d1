// What travels in a packet or rests in a file: an immutable object, counted and not copied.
//
// The world never looks inside. It knows the payload's size from the call that sends or writes it, and whether
// every byte of it arrived or survived; checksums are thereby ideal, as the fault contract says.
// Counting is not thread safe: a payload belongs to one simulation, and a simulation to one thread.
// There are thousands of payloads in a run, and most live for microseconds: their memory is used again by the thread.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstddef>

namespace noloss::sim {

class Payload : public boost::intrusive_ref_counter<Payload, boost::thread_unsafe_counter> {
 public:
  Payload() = default;
  Payload(const Payload&) = default;
  Payload& operator=(const Payload&) = default;
  virtual ~Payload() = default;

  static void* operator new(std::size_t bytes);
  static void operator delete(void* memory, std::size_t bytes);
};

using PayloadPtr = boost::intrusive_ptr<const Payload>;

}  // namespace noloss::sim
