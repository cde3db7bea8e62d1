// The block device of a machine: one queue of operations, served one after the other. Internal to the disk.
//
// Model: an operation starts when the one before it ends, and takes its work times the factor of a slow device; a
// stalled device goes on where it stood when it is healed. What an operation does is its owner's business.
// Not modelled: reordering and merging of requests, parallel channels.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/disk_content.hpp"
#include "sim/time.hpp"

namespace noloss::sim {

class Fiber;
class Scheduler;

/// A fiber that waits for an operation. Lives in the fiber's frame, which may be gone when the process is.
struct DiskWaiter {
  Fiber& fiber;
  IoResult result = IoResult::io_error;
};

struct DiskOperation {
  enum class Kind : std::uint8_t { sync, writeback, directory, read, barrier };
  /// What becomes of a sync, decided when it is called.
  enum class Outcome : std::uint8_t { done, failed, failed_silently, reverted };
  Kind kind = Kind::sync;
  Outcome outcome = Outcome::done;
  File* file = nullptr;          ///< sync, writeback
  DiskSnapshot snapshot;         ///< sync, writeback
  std::uint64_t names = 0;       ///< directory: the changes of names that it covers
  Duration work{0};              ///< what is left of it, on a device at full speed
  std::uint64_t life = 0;        ///< of the process that asked for it
  DiskWaiter* waiter = nullptr;  ///< not to be looked at after that life
  bool slowed = false;
};

class DiskDevice final : private Callback {
 public:
  class Owner {
   public:
    /// An operation is about to complete at the present time; the last chance to submit older ones.
    virtual void completing() = 0;
    /// It has left the queue; give it back with release().
    virtual void completed(DiskOperation& operation) = 0;

   protected:
    ~Owner() = default;
  };

  DiskDevice(Scheduler& scheduler, Owner& owner) : scheduler_(scheduler), owner_(owner) {}
  ~DiskDevice() { clear(); }
  DiskDevice(const DiskDevice&) = delete;
  DiskDevice& operator=(const DiskDevice&) = delete;

  /// A blank operation, to be submitted.
  [[nodiscard]] DiskOperation& make(DiskOperation::Kind kind);
  /// At the back of the queue, as of `when`, which may be in the past if nothing was submitted since.
  void submit(DiskOperation& operation, VirtualTime when);
  void release(DiskOperation& operation) { free_.push_back(&operation); }
  /// Power is off: nothing of the queue completes.
  void clear();
  /// Returns how many operations are newly affected.
  std::uint64_t set_speed(std::int64_t factor, bool stall);

  [[nodiscard]] bool idle() const { return queue_.empty(); }
  [[nodiscard]] bool slowed() const { return stalled_ || factor_ > 1; }
  [[nodiscard]] bool stalled() const { return stalled_; }
  [[nodiscard]] const std::deque<DiskOperation*>& queue() const { return queue_; }

 private:
  void fire() override;
  void start(VirtualTime when);

  Scheduler& scheduler_;
  Owner& owner_;
  std::deque<DiskOperation*> queue_;  ///< the front one is being served
  std::vector<std::unique_ptr<DiskOperation>> operations_;
  std::vector<DiskOperation*> free_;
  VirtualTime started_ = kStart;  ///< when the front one began, or went on at another speed
  VirtualTime finish_ = kNever;   ///< when it ends; kNever: stalled, or none
  VirtualTime free_since_ = kStart;
  std::int64_t factor_ = 1;
  bool stalled_ = false;
};

}  // namespace noloss::sim
