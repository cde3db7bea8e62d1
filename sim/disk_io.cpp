// What the kernel does between files and the device: syncs, writeback, reads, and waiting for them.
#include <algorithm>
#include <cassert>

#include "sim/disk_impl.hpp"
#include "sim/machine.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {

bool Disk::Impl::alive() const {
  const Process& process = machine.process();
  return process.running() || process.incarnation() == 0;
}

VirtualTime Disk::Impl::now() const { return simulation.now(); }

Duration Disk::Impl::transfer(std::int64_t bytes) const {
  __extension__ using Wide = __int128;
  constexpr std::int64_t kSecond = Duration{std::chrono::seconds{1}}.count();
  return Duration{
      static_cast<std::int64_t>((static_cast<Wide>(bytes) * kSecond + setup.bandwidth - 1) / setup.bandwidth)};
}

// --- writeback ---

VirtualTime Disk::Impl::next_writeback(VirtualTime oldest, VirtualTime after) const {
  if (oldest == kNever || setup.writeback_wake <= Duration{0}) return kNever;
  if (setup.writeback_age >= kNever - oldest - setup.writeback_wake) return kNever;
  const Duration wake = setup.writeback_wake;
  const Duration old_enough = (oldest + setup.writeback_age).time_since_epoch() + wake - Duration{1};
  const Duration next = after.time_since_epoch() + wake;
  return kStart + std::max(old_enough / wake * wake, next / wake * wake);
}

VirtualTime Disk::Impl::oldest_dirty() const {
  VirtualTime oldest = kNever;
  for (const File::Impl* file : live) oldest = std::min(oldest, file->content.dirty_since());
  return oldest;
}

void Disk::Impl::write_back() {
  if (writing_back) return;
  writing_back = true;
  while (writeback_due <= now()) {
    const VirtualTime tick = writeback_due;
    if (device.stalled()) {
      writeback_due = kNever;
      break;
    }
    const VirtualTime old = tick - setup.writeback_age;
    for (File::Impl* file : live) {
      if (file->content.dirty_since() <= old) submit_writeback(*file, file->content.pages_dirty_since(old), tick);
    }
    writeback_due = next_writeback(oldest_dirty(), tick);
  }
  writing_back = false;
}

void Disk::Impl::submit_writeback(File::Impl& file, std::size_t pages, VirtualTime when) {
  DiskOperation& operation = device.make(DiskOperation::Kind::writeback);
  operation.file = &file.file;
  ++activity;
  file.content.take(pages, operation.snapshot);
  operation.work = transfer(static_cast<std::int64_t>(pages) * kPageBytes);
  if (device.slowed()) ++effects.operations_slowed;
  device.submit(operation, when);
}

void Disk::Impl::throttle() {
  if (setup.dirty_limit == 0 || simulation.scheduler().current() == nullptr) return;
  std::size_t pages = 0;
  for (const File::Impl* file : live) pages += file->content.dirty_pages();
  for (const DiskOperation* operation : device.queue()) pages += operation->snapshot.pages.size();
  if (static_cast<std::int64_t>(pages) * kPageBytes <= setup.dirty_limit) return;
  for (File::Impl* file : live) {
    if (file->content.dirty()) submit_writeback(*file, file->content.dirty_pages(), now());
  }
  wait_for(device.make(DiskOperation::Kind::barrier));
}

// --- operations that a process waits for ---

IoResult Disk::Impl::refuse_write() {
  if (!alive()) return IoResult::io_error;
  if (!full) return IoResult::ok;
  ++effects.writes_refused;
  return IoResult::no_space;
}

IoResult Disk::Impl::wait_for(DiskOperation& operation, OnKill on_kill) {
  Scheduler& scheduler = simulation.scheduler();
  assert(scheduler.current() != nullptr && "only a fiber can wait for the device");
  DiskWaiter waiter{*scheduler.current()};
  operation.waiter = &waiter;
  operation.life = life;
  ++activity;
  if (device.slowed()) ++effects.operations_slowed;
  device.submit(operation, now());
  scheduler.block(on_kill);
  return waiter.result;
}

DiskOperation::Outcome Disk::Impl::decide_outcome(File::Impl& file) {
  using Outcome = DiskOperation::Outcome;
  if (file.late_error) {
    file.late_error = failing == FsyncSemantics::ext4_data && !failing_once;
    return Outcome::failed;
  }
  if (!failing) return Outcome::done;
  const FsyncSemantics semantics = *failing;
  if (failing_once) failing.reset();
  if (semantics == FsyncSemantics::btrfs) return Outcome::reverted;
  if (semantics == FsyncSemantics::ext4_ordered) return Outcome::failed;
  file.late_error = true;
  return Outcome::failed_silently;
}

IoResult Disk::Impl::sync(File::Impl& file, OnKill on_kill) {
  if (!alive()) return IoResult::io_error;
  settle();
  simulation.moment(machine.id(), id(WorldEvent::sync_start), file.content.dirty_pages() * kPageBytes);
  DiskOperation& operation = device.make(DiskOperation::Kind::sync);
  operation.file = &file.file;
  operation.outcome = decide_outcome(file);
  file.content.take(file.content.dirty_pages(), operation.snapshot);
  operation.work = setup.sync + transfer(static_cast<std::int64_t>(operation.snapshot.pages.size()) * kPageBytes);
  return wait_for(operation, on_kill);
}

// --- completion ---

void Disk::Impl::completed(DiskOperation& operation) {
  ++activity;
  IoResult result = IoResult::ok;
  switch (operation.kind) {
    case DiskOperation::Kind::sync: result = end_sync(operation); break;
    case DiskOperation::Kind::writeback: store(impl(*operation.file), operation.snapshot); break;
    case DiskOperation::Kind::directory:
      if (!lies) flush_write_cache();
      directory.reached(operation.names, !lies);
      if (directory.lied()) ++effects.syncs_lied;
      lied = lied || directory.lied();
      sweep();
      break;
    case DiskOperation::Kind::read:
    case DiskOperation::Kind::barrier: break;
  }
  if (operation.waiter != nullptr && operation.life == life) {
    operation.waiter->result = result;
    simulation.scheduler().wake(operation.waiter->fiber);
  }
  device.release(operation);
}

IoResult Disk::Impl::end_sync(DiskOperation& operation) {
  File::Impl& file = impl(*operation.file);
  IoResult result = IoResult::ok;
  std::int64_t durable = 0;
  switch (operation.outcome) {
    case DiskOperation::Outcome::done:
      store_synced(operation);
      if (!lies) durable = operation.snapshot.bytes;
      break;
    case DiskOperation::Outcome::failed_silently: file.content.dropped(operation.snapshot); break;
    case DiskOperation::Outcome::failed:
      file.content.dropped(operation.snapshot);
      result = IoResult::io_error;
      break;
    case DiskOperation::Outcome::reverted:
      cancel(file);
      file.content.revert();
      result = IoResult::io_error;
      break;
  }
  if (operation.outcome != DiskOperation::Outcome::done) ++effects.syncs_failed;
  if (operation.life == life) {
    const WorldEvent event = result == IoResult::ok ? WorldEvent::sync_done : WorldEvent::sync_failed;
    simulation.note(machine.id(), id(event), static_cast<std::uint64_t>(durable),
                    static_cast<std::uint64_t>(file.content.size_at(Place::medium)));
  }
  return result;
}

void Disk::Impl::store_synced(DiskOperation& operation) {
  if (!lies) flush_write_cache();
  File::Impl& file = impl(*operation.file);
  store(file, operation.snapshot);
  if (file.content.lied()) ++effects.syncs_lied;
}

void Disk::Impl::store(File::Impl& file, const DiskSnapshot& snapshot) {
  // A truncation is metadata: committing it flushes the device, also when the kernel does it by itself.
  if (!lies && file.content.lied_about_truncation()) file.content.flush_write_cache();
  file.content.reached(snapshot, !lies);
  lied = lied || file.content.lied();
}

void Disk::Impl::flush_write_cache() {
  if (!lied) return;
  lied = false;
  for (File::Impl* file : live) file->content.flush_write_cache();
  directory.flush_write_cache();
}

void Disk::Impl::cancel(const File::Impl& file) {
  for (DiskOperation* operation : device.queue()) {
    if (operation->file != &file.file) continue;
    operation->snapshot.pages.clear();
    operation->snapshot.images.clear();
    operation->snapshot.bytes = 0;
    operation->snapshot.upto = 0;
  }
}

}  // namespace noloss::sim
