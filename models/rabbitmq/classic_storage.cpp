#include "models/rabbitmq/classic_storage.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kSyncInterval = std::chrono::milliseconds{200};
/// An idle process hibernates after about a second, and writes what it has before that.
constexpr sim::Duration kHibernate = std::chrono::seconds{1};
constexpr std::int64_t kStoreBufferBytes = 512 * 1024;
constexpr std::int64_t kEntryBytes = 32;

}  // namespace

ClassicStorage::ClassicStorage(Broker& broker, QueueId queue, Mailbox& mailbox)
    : broker_(broker),
      queue_(queue),
      mailbox_(mailbox),
      version_(broker.topology().queues[queue].storage_version),
      index_name_(fmt::format("queue-{}.{}", queue + 1, version_ == 1 ? "journal" : "index")),
      store_name_(fmt::format("queue-{}.store", queue + 1)) {}

sim::File& ClassicStorage::open(const std::string& name) {
  const auto file_class = name == index_name_ && !first_version() ? sim::FileClass::index : sim::FileClass::log;
  return broker_.process().machine().disk().create(name, file_class);
}

void ClassicStorage::create() {
  (void)open(index_name_);
  if (!first_version()) (void)open(store_name_);
}

void ClassicStorage::discard() {
  sim::Disk& disk = broker_.process().machine().disk();
  for (const std::string& name : {index_name_, store_name_}) {
    if (disk.find(name) != nullptr) disk.unlink(name);
  }
}

void ClassicStorage::publish(SeqId seq, ContentPtr content, sim::VirtualTime expires, bool wants_confirm) {
  Entry entry;
  entry.record = new IndexRecord;
  entry.record->seq = seq;
  entry.record->content = content;
  entry.record->expires = expires;
  entry.record->embedded = content->message->bytes < broker_.topology().embed_below;
  if (!entry.record->embedded) {
    broker_.message_store().write(*this, queue_, seq, content);
  } else if (first_version()) {
    entry.record->message = content->message->ref;
  } else {
    entry.body = new BodyRecord;
    entry.body->message = content->message->ref;
    entry.body->queue = queue_;
    entry.body->content = content;
    buffered_ += content->message->bytes;
  }
  const bool embedded = entry.record->embedded;
  buffer_.push_back(std::move(entry));
  if (wants_confirm) missing_.emplace(seq, Missing{.entry = true, .body = !embedded});
  const sim::VirtualTime now = broker_.now();
  if ((wants_confirm || first_version()) && sync_timer_ == sim::kNever) sync_timer_ = now + kSyncInterval;
  idle_timer_ = buffered_ >= kStoreBufferBytes ? now : now + kHibernate;
}

void ClassicStorage::acknowledge(SeqId seq, const Content& content) {
  missing_.erase(seq);
  bodies_.erase(content.copy);
  if (content.message->bytes >= broker_.topology().embed_below) broker_.message_store().remove(queue_, content.copy);
  const auto waiting = std::find_if(buffer_.begin(), buffer_.end(), [seq](const Entry& entry) {
    return entry.record->seq == seq && !entry.record->acknowledged;
  });
  if (waiting != buffer_.end()) {  // it was never written, so there is nothing to take back
    if (waiting->body) buffered_ -= waiting->body->content->message->bytes;
    buffer_.erase(waiting);
    return;
  }
  Entry entry;
  entry.record = new IndexRecord;
  entry.record->seq = seq;
  entry.record->acknowledged = true;
  buffer_.push_back(std::move(entry));
  const sim::VirtualTime now = broker_.now();
  if (first_version() && sync_timer_ == sim::kNever) sync_timer_ = now + kSyncInterval;
  idle_timer_ = now + kHibernate;
}

sim::VirtualTime ClassicStorage::next_flush() const {
  return buffer_.empty() ? sim::kNever : std::min(sync_timer_, idle_timer_);
}

bool ClassicStorage::due() const { return next_flush() <= broker_.now(); }

std::vector<SeqId> ClassicStorage::flush() {
  std::vector<SeqId> entries;
  for (const Entry& entry : buffer_) {
    if (!entry.record->acknowledged) entries.push_back(entry.record->seq);
  }
  write_buffers();
  if (first_version() && !NOLOSS_BUG("rabbitmq: index journal is not synced")) sync_journal();
  std::vector<SeqId> safe;
  for (const SeqId seq : entries) entry_written(seq, safe);
  return safe;
}

void ClassicStorage::write_buffers() {
  sync_timer_ = idle_timer_ = sim::kNever;
  buffered_ = 0;
  for (const Entry& entry : std::exchange(buffer_, {})) write(entry);
  broker_.simulation().moment(broker_.node(), events().written, queue_);
}

void ClassicStorage::write(const Entry& entry) {
  sim::File& entries = open(index_name_);
  const IndexRecord& record = *entry.record;
  const bool in_journal = first_version() && record.embedded && !record.acknowledged;
  const std::int64_t bytes = kEntryBytes + (in_journal ? record.content->message->bytes : 0);
  sim::IoResult result = sim::IoResult::ok;
  if (entry.body) result = open(store_name_).append(entry.body->content->message->bytes, entry.body);
  if (result == sim::IoResult::ok && !first_version() && record.acknowledged) {
    const auto slot = slots_.extract(record.seq);
    if (!slot.empty()) result = entries.write(slot.mapped(), bytes, entry.record);
  } else if (result == sim::IoResult::ok) {
    if (!first_version()) slots_.emplace(record.seq, entries.size());
    result = entries.append(bytes, entry.record);
  }
  if (result != sim::IoResult::ok) fail();
  if (!record.acknowledged) {
    broker_.simulation().moment(broker_.node(), events().common.append, index(record.content->message->ref), queue_);
  }
}

void ClassicStorage::sync_journal() {
  if (open(index_name_).sync() != sim::IoResult::ok) fail();
}

void ClassicStorage::entry_written(SeqId seq, std::vector<SeqId>& safe) {
  const auto missing = missing_.find(seq);
  if (missing == missing_.end()) return;
  missing->second.entry = false;
  if (missing->second.body) return;
  missing_.erase(missing);
  safe.push_back(seq);
}

void ClassicStorage::body_written(SeqId seq) {
  const auto missing = missing_.find(seq);
  if (missing == missing_.end()) return;
  missing->second.body = false;
  if (missing->second.entry) return;
  missing_.erase(missing);
  written_.push_back(seq);
  mailbox_.poke();
}

void ClassicStorage::fail() {
  if (broker_.topology().queues[queue_].mirrored) broker_.process().crash();
  throw QueueCrash{};
}

void ClassicStorage::crashed() {
  buffer_.clear();
  buffered_ = 0;
  missing_.clear();
  slots_.clear();
  bodies_.clear();
  first_free_ = 0;
  written_.clear();
  sync_timer_ = idle_timer_ = sim::kNever;
  broker_.message_store().forget(*this);
  if (NOLOSS_BUG("rabbitmq: a crashed queue starts again without its store")) {
    broker_.process().machine().disk().unlink(store_name_);
  }
}

/// In a fiber of the node that stops: nobody would start the queue again.
void ClassicStorage::close() {
  try {
    write_buffers();
  } catch (const QueueCrash&) {
    return;
  }
  bool synced = open(index_name_).sync() == sim::IoResult::ok;
  if (!first_version()) synced = open(store_name_).sync() == sim::IoResult::ok && synced;
  if (!synced) broker_.process().crash();
}

bool ClassicStorage::readable(const Content& content) {
  if (content.message->bytes >= broker_.topology().embed_below) {
    return broker_.message_store().readable(queue_, content.copy);
  }
  const auto place = bodies_.find(content.copy);
  return place != bodies_.end() &&
         open(store_name_).check(place->second.offset, place->second.bytes) == sim::RecordState::intact;
}

// --- recovery ---

void ClassicStorage::find_bodies() {
  if (first_version()) return;
  for (const sim::StoredRecord& stored : open(store_name_).read_all()) {
    if (stored.state != sim::RecordState::intact) continue;
    const auto& record = static_cast<const BodyRecord&>(*stored.payload);
    bodies_.emplace(record.content->copy, Place{stored.offset, stored.bytes});
  }
}

void ClassicStorage::drop(const IndexRecord& record) {
  broker_.simulation().mark("index entry without a body");
  const auto slot = slots_.extract(record.seq);
  if (slot.empty()) return;
  boost::intrusive_ptr<IndexRecord> done{new IndexRecord};
  done->seq = record.seq;
  done->acknowledged = true;
  if (open(index_name_).write(slot.mapped(), kEntryBytes, done) != sim::IoResult::ok) fail();
}

ClassicStorage::Entries ClassicStorage::live_entries(const std::vector<sim::StoredRecord>& content,
                                                     std::int64_t& end) const {
  Entries live;
  for (const sim::StoredRecord& stored : content) {
    const bool intact = stored.state == sim::RecordState::intact;
    if (!intact && first_version()) break;  // a journal ends where it cannot be read
    end = stored.offset + stored.bytes;
    if (!intact) continue;
    const auto& record = static_cast<const IndexRecord&>(*stored.payload);
    if (record.acknowledged) {
      live.erase(record.seq);
    } else {
      live.emplace(record.seq, &record);
    }
  }
  return live;
}

std::vector<MessageRef> ClassicStorage::left_on_disk() const {
  std::vector<MessageRef> left;
  sim::Disk& disk = broker_.process().machine().disk();
  sim::File* const entries = disk.find(index_name_);
  if (entries == nullptr) return left;
  std::set<std::uint64_t> own;
  if (sim::File* const store = disk.find(store_name_)) {
    for (const sim::StoredRecord& stored : store->read_all()) {
      if (stored.state == sim::RecordState::intact) {
        own.insert(static_cast<const BodyRecord&>(*stored.payload).content->copy);
      }
    }
  }
  const std::vector<sim::StoredRecord> content = entries->read_all();
  std::int64_t end = 0;
  for (const auto& [seq, record] : live_entries(content, end)) {
    const std::uint64_t copy = record->content->copy;
    const bool embedded = record->embedded && (first_version() || own.contains(copy));
    const bool there = embedded || (!record->embedded && broker_.message_store().holds(queue_, copy));
    if (there && !record->content->message->heartbeat()) left.push_back(record->content->message->ref);
  }
  return left;
}

std::vector<ClassicStorage::Recovered> ClassicStorage::recover() {
  sim::File& entries = open(index_name_);
  const std::vector<sim::StoredRecord> content = entries.read_all();
  std::int64_t end = 0;
  const Entries live = live_entries(content, end);
  for (const sim::StoredRecord& stored : content) {
    if (stored.state != sim::RecordState::intact) broker_.simulation().mark("torn record found in recovery");
    if (stored.state != sim::RecordState::intact || stored.offset >= end) continue;
    const auto& record = static_cast<const IndexRecord&>(*stored.payload);
    first_free_ = std::max(first_free_, record.seq + 1);
    if (!first_version() && !record.acknowledged) slots_[record.seq] = stored.offset;
  }
  if (entries.size() > end) entries.truncate(end);
  find_bodies();
  std::vector<Recovered> found;
  for (const auto& [seq, record] : live) {
    const std::uint64_t copy = record->content->copy;
    const bool in_journal = record->embedded && first_version();
    const bool has_body =
        in_journal || (record->embedded ? bodies_.contains(copy) : broker_.message_store().holds(queue_, copy));
    if (has_body) {
      found.push_back({seq, record->content, record->expires, /*on_disk=*/!in_journal});
    } else {
      drop(*record);
    }
  }
  return found;
}

}  // namespace noloss::models::rabbitmq
