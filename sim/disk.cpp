#include "sim/disk.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "sim/disk_impl.hpp"
#include "sim/machine.hpp"
#include "sim/random.hpp"
#include "sim/simulation.hpp"

namespace noloss::sim {
namespace {

/// From the request of a read to its first byte, on a flash disk; a disk with arms takes longer, but reads in recovery
/// are long and sequential.
constexpr Duration kReadLatency = std::chrono::microseconds{100};

}  // namespace

// --- File ---

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::~File() = default;

std::string_view File::name() const { return impl_->name; }
FileClass File::file_class() const { return impl_->file_class; }
std::int64_t File::size() const { return impl_->content.size(); }

std::int64_t File::durable_size() const {
  impl_->disk.settle();
  return impl_->content.durable_prefix();
}

IoResult File::append(std::int64_t bytes, PayloadPtr record) {
  return write(impl_->content.size(), bytes, std::move(record));
}

IoResult File::write(std::int64_t offset, std::int64_t bytes, PayloadPtr record) {
  Disk::Impl& disk = impl_->disk;
  const IoResult refused = disk.refuse_write();
  if (refused != IoResult::ok) return refused;
  disk.settle();
  impl_->content.write(disk.now(), offset, bytes, std::move(record));
  disk.note_dirty();
  disk.throttle();
  return IoResult::ok;
}

IoResult File::truncate(std::int64_t size) {
  Disk::Impl& disk = impl_->disk;
  if (!disk.alive()) return IoResult::io_error;
  disk.settle();
  impl_->content.truncate(disk.now(), size);
  disk.note_dirty();
  return IoResult::ok;
}

IoResult File::sync(OnKill on_kill) { return impl_->disk.sync(*impl_, on_kill); }

std::vector<StoredRecord> File::read_all() {
  Disk::Impl& disk = impl_->disk;
  if (!disk.alive()) return {};
  if (disk.simulation.scheduler().current() != nullptr) {
    disk.settle();
    DiskOperation& operation = disk.device.make(DiskOperation::Kind::read);
    operation.work = kReadLatency + disk.transfer(size());
    disk.wait_for(operation);
  }
  std::vector<StoredRecord> found = impl_->content.read();
  for (const StoredRecord& record : found) disk.count_damaged(record.state);
  return found;
}

RecordState File::check(std::int64_t offset, std::int64_t bytes) {
  const RecordState state = impl_->content.check(offset, bytes);
  impl_->disk.count_damaged(state);
  return state;
}

// --- Disk, for programs ---

Disk::Disk(Simulation& simulation, Machine& machine, const DiskSetup& setup)
    : impl_(std::make_unique<Impl>(simulation, machine, setup)) {}
Disk::~Disk() = default;

Disk::Impl::Impl(Simulation& run, Machine& of, const DiskSetup& with)
    : simulation(run), machine(of), setup(with), device(run.scheduler(), *this) {
  assert(setup.bandwidth > 0 && setup.sync >= Duration{0} && setup.dirty_limit >= 0);
}

File& Disk::Impl::add_file(std::string_view name, FileClass file_class) {
  files.push_back(std::unique_ptr<File>(new File(nullptr)));
  File& file = *files.back();
  file.impl_ = std::make_unique<File::Impl>(*this, file, name, file_class, DiskCopies{simulation, machine.id()});
  live.push_back(file.impl_.get());
  return file;
}

File* Disk::find(std::string_view name) { return impl_->directory.find(name); }

File& Disk::create(std::string_view name, FileClass file_class) {
  File* found = impl_->directory.find(name);
  if (found != nullptr) return *found;
  File& file = impl_->add_file(name, file_class);
  impl_->directory.create(name, file);
  ++impl_->activity;
  return file;
}

IoResult Disk::rename(std::string_view from, std::string_view to) {
  File* file = impl_->directory.find(from);
  if (!impl_->alive() || file == nullptr) return IoResult::io_error;
  if (from == to) return IoResult::ok;
  impl_->directory.rename(from, to);
  ++impl_->activity;
  Impl::impl(*file).name = to;
  return IoResult::ok;
}

IoResult Disk::unlink(std::string_view name) {
  if (!impl_->alive() || impl_->directory.find(name) == nullptr) return IoResult::io_error;
  impl_->directory.unlink(name);
  ++impl_->activity;
  return IoResult::ok;
}

IoResult Disk::sync_directory() {
  if (!impl_->alive()) return IoResult::io_error;
  impl_->settle();
  DiskOperation& operation = impl_->device.make(DiskOperation::Kind::directory);
  operation.names = impl_->directory.changes();
  operation.work = impl_->setup.sync;
  return impl_->wait_for(operation);
}

std::vector<std::string> Disk::list() const {
  std::vector<std::string> names;
  for (const DiskDirectory::Entry& entry : impl_->directory.entries()) names.push_back(entry.name);
  return names;
}

std::uint32_t Disk::identity() const { return impl_->identity; }
const Disk::Effects& Disk::effects() const { return impl_->effects; }
std::uint64_t Disk::activity() const { return impl_->activity; }

void Disk::make_everything_durable() {
  assert(impl_->device.idle());
  for (File::Impl* file : impl_->live) file->content.make_durable();
  impl_->directory.make_durable();
  impl_->sweep();
  impl_->lied = false;
  impl_->writeback_due = kNever;
}

// --- the machine's life ---

void Disk::process_died() { ++impl_->life; }
void Disk::power_lost(const LossRule& rule) { impl_->lose_power(rule); }
void Disk::wipe(bool new_identity) { impl_->wipe(new_identity); }

std::vector<Disk::Impl::InFlight> Disk::Impl::in_flight() const {
  std::vector<InFlight> found;
  for (File::Impl* file : live) {
    InFlight& one = found.emplace_back(InFlight{file, {}});
    for (const DiskOperation* operation : device.queue()) {
      if (operation->file == &file->file) one.snapshots.push_back(&operation->snapshot);
    }
  }
  return found;
}

void Disk::Impl::lose_power(const LossRule& rule) {
  settle();
  ++life;
  std::vector<const File*> seen;
  for (const DiskDirectory::Entry& entry : directory.entries()) seen.push_back(entry.file);
  directory.lose(rule);
  for (const auto& [file, snapshots] : in_flight()) {
    const std::int64_t lost =
        directory.holds(file->file) ? file->content.lose(rule, file->born_as, snapshots) : file->content.clear();
    // What had been removed was no loss, wherever it is now.
    const bool had_name = std::find(seen.begin(), seen.end(), &file->file) != seen.end();
    if (had_name) effects.bytes_lost += static_cast<std::uint64_t>(lost);
    file->late_error = false;
  }
  device.clear();
  sweep();
  for (const DiskDirectory::Entry& entry : directory.entries()) impl(*entry.file).name = entry.name;
  lied = false;
  writeback_due = kNever;
}

std::vector<UnsyncedItem> Disk::unsynced() {
  impl_->settle();
  std::vector<UnsyncedItem> items;
  impl_->directory.add_unsynced(items);
  for (const Impl::InFlight& file : impl_->in_flight()) {
    if (impl_->directory.holds(file.file->file)) {
      file.file->content.add_unsynced(file.file->born_as, file.snapshots, items);
    }
  }
  return items;
}

void Disk::Impl::wipe(bool new_identity) {
  assert((machine.process().incarnation() == 0 || !alive()) && "nobody is at work on a disk that is replaced");
  ++life;
  device.clear();
  for (File::Impl* file : live) {
    const bool has_name = directory.find(file->name) == &file->file;
    const std::int64_t lost = file->content.clear();
    if (has_name) effects.bytes_lost += static_cast<std::uint64_t>(lost);
  }
  directory.clear();
  live.clear();
  lied = false;
  writeback_due = kNever;
  if (new_identity) ++identity;
}

void Disk::Impl::sweep() {
  std::erase_if(live, [this](File::Impl* file) {
    if (directory.holds(file->file)) return false;
    cancel(*file);
    file->content.clear();
    return true;
  });
}

// --- faults ---

void Disk::fail_syncs(FsyncSemantics semantics, bool once) {
  impl_->failing = semantics;
  impl_->failing_once = once;
}

void Disk::clear_sync_errors() { impl_->failing.reset(); }

void Disk::lie(bool on) {
  impl_->settle();
  impl_->lies = on;
}

void Disk::slow(std::int64_t factor, bool stall) {
  impl_->settle();
  impl_->effects.operations_slowed += impl_->device.set_speed(factor, stall);
  impl_->writeback_due = impl_->next_writeback(impl_->oldest_dirty(), impl_->now());
}

void Disk::fill(bool on) { impl_->full = on; }

bool Disk::full() { return impl_->refuse_write() == IoResult::no_space; }

std::vector<Disk::Impl::Block> Disk::Impl::choose_blocks(std::int64_t count, FileClass in, std::uint64_t seed) const {
  std::vector<Block> blocks;
  for (const DiskDirectory::Entry& entry : directory.entries()) {
    File::Impl& file = impl(*entry.file);
    if (file.file_class != in) continue;
    const auto pages = static_cast<PageIndex>((file.content.size() + kPageBytes - 1) / kPageBytes);
    for (PageIndex page = 0; page < pages; ++page) {
      if (file.content.on_medium(page)) blocks.push_back({&file, page});
    }
  }
  RandomStream random{seed};
  const std::size_t chosen = std::min(blocks.size(), static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  for (std::size_t i = 0; i < chosen; ++i) std::swap(blocks[i], blocks[i + random.below(blocks.size() - i)]);
  blocks.resize(chosen);
  return blocks;
}

std::int64_t Disk::corrupt(std::int64_t blocks, Damage /*with*/, FileClass in, std::uint64_t draw) {
  // Zeros and junk look alike to a checksum.
  impl_->settle();
  const auto chosen = impl_->choose_blocks(blocks, in, derive_seed(draw, "corrupt"));
  for (const Impl::Block& block : chosen) block.file->content.corrupt(block.page);
  return static_cast<std::int64_t>(chosen.size());
}

std::int64_t Disk::make_unreadable(std::int64_t blocks, FileClass in, std::uint64_t draw) {
  impl_->settle();
  const auto chosen = impl_->choose_blocks(blocks, in, derive_seed(draw, "unreadable"));
  for (const Impl::Block& block : chosen) block.file->content.make_unreadable(block.page);
  return static_cast<std::int64_t>(chosen.size());
}

void Disk::make_readable() {
  for (File::Impl* file : impl_->live) file->content.make_readable();
}

}  // namespace noloss::sim
