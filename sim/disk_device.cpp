#include "sim/disk_device.hpp"

#include <algorithm>
#include <cassert>

#include "sim/scheduler.hpp"

namespace noloss::sim {

DiskOperation& DiskDevice::make(DiskOperation::Kind kind) {
  if (free_.empty()) {
    operations_.push_back(std::make_unique<DiskOperation>());
    free_.push_back(operations_.back().get());
  }
  DiskOperation& operation = *free_.back();
  free_.pop_back();
  operation.kind = kind;
  operation.file = nullptr;
  operation.snapshot.pages.clear();
  operation.snapshot.images.clear();
  operation.snapshot.bytes = 0;
  operation.snapshot.upto = 0;
  operation.names = 0;
  operation.outcome = DiskOperation::Outcome::done;
  operation.work = Duration{0};
  operation.waiter = nullptr;
  operation.slowed = false;
  return operation;
}

void DiskDevice::submit(DiskOperation& operation, VirtualTime when) {
  operation.slowed = slowed();
  queue_.push_back(&operation);
  if (queue_.size() == 1) start(std::max(when, free_since_));
}

void DiskDevice::start(VirtualTime when) {
  started_ = when;
  finish_ = stalled_ ? kNever : when + queue_.front()->work * factor_;
  if (finish_ == kNever) return;
  if (finish_ < scheduler_.now()) {
    fire();  // it began in the past and has ended since
  } else {
    scheduler_.at(finish_, static_cast<Callback&>(*this));
  }
}

void DiskDevice::fire() {
  // An entry of the agenda that was made before a change of speed, or before a power loss, finds nothing that is due.
  if (queue_.empty() || finish_ > scheduler_.now()) return;
  owner_.completing();
  DiskOperation& done = *queue_.front();
  queue_.pop_front();
  free_since_ = finish_;
  finish_ = kNever;
  if (!queue_.empty()) start(free_since_);
  owner_.completed(done);
}

void DiskDevice::clear() {
  for (DiskOperation* operation : queue_) release(*operation);
  queue_.clear();
  finish_ = kNever;
}

std::uint64_t DiskDevice::set_speed(std::int64_t factor, bool stall) {
  assert(factor >= 1);
  const VirtualTime now = scheduler_.now();
  if (!queue_.empty() && !stalled_) {
    DiskOperation& front = *queue_.front();
    front.work = std::max(front.work - (now - started_) / factor_, Duration{0});
  }
  factor_ = factor;
  stalled_ = stall;
  std::uint64_t affected = 0;
  if (slowed()) {
    for (DiskOperation* operation : queue_) {
      if (!operation->slowed) ++affected;
      operation->slowed = true;
    }
  }
  if (!queue_.empty()) start(now);
  return affected;
}

}  // namespace noloss::sim
