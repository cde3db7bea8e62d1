#include "sim/agenda.hpp"

#include <utility>

namespace noloss::sim {

void Agenda::push(VirtualTime time, Callback& callback) {
  push(time, ++sequence_, reinterpret_cast<std::uintptr_t>(&callback));
}

void Agenda::insert(Key key, std::uintptr_t what) {
  std::size_t at = count_++;
  heap_.push_back(kAbsent);
  while (at != 0) {
    const std::size_t parent = (at - 1) / kFamily;
    if (!(key < heap_[parent].key)) break;
    heap_[at] = heap_[parent];
    at = parent;
  }
  heap_[at] = {key, what};
}

void Agenda::grow_due(Due due) {
  const std::ptrdiff_t head = due_head_ - due_.data();
  const std::ptrdiff_t tail = due_tail_ - due_.data();
  due_.resize(due_.empty() ? 64 : 2 * due_.size());
  due_head_ = due_.data() + head;
  due_tail_ = due_.data() + tail;
  due_end_ = due_.data() + due_.size();
  *due_tail_++ = due;
}

void Agenda::close_hole() {
  hole_ = false;
  const Node last = std::exchange(heap_[--count_], kAbsent);
  heap_.pop_back();
  if (count_ != 0) fill_hole(last.key, last.what);
}

void Agenda::clear() {
  while (!empty()) {  // what is dropped may enter something: it is dropped as well
    std::uintptr_t what = 0;
    if (due_head_ != due_tail_) {
      what = (due_head_++)->what;
    } else {
      what = std::exchange(heap_[--count_], kAbsent).what;
      heap_.pop_back();
    }
    if ((what & 1U) == 0) reinterpret_cast<Callback*>(what)->drop();
  }
  due_head_ = due_tail_ = due_.data();
  if (hole_) close_hole();
}

}  // namespace noloss::sim
