#include "models/rabbitmq/message_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/classic_storage.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::string_view kFile = "msg_store_persistent";
constexpr std::int64_t kBufferBytes = 1'048'576;
constexpr std::int64_t kFileBytes = 16 * 1'048'576;  // msg_store_file_size_limit
constexpr sim::Duration kCompactionDelay = std::chrono::seconds{15};

std::string file_name(std::uint32_t number) {
  return number == 0 ? std::string{kFile} : fmt::format("{}.{}", kFile, number);
}

}  // namespace

MessageStore::MessageStore(Broker& broker) : broker_(broker), mailbox_(broker.simulation().scheduler()) {
  files_[0] = 0;
  if (broker.process().incarnation() == 1) (void)file(0);
}

sim::File& MessageStore::file(std::uint32_t number) {
  return broker_.process().machine().disk().create(file_name(number), sim::FileClass::log);
}

void MessageStore::write(ClassicStorage& owner, QueueId queue, SeqId seq, ContentPtr content) {
  boost::intrusive_ptr<BodyRecord> record{new BodyRecord};
  record->message = content->message->ref;
  record->queue = queue;
  buffered_ += content->message->bytes;
  record->content = std::move(content);
  buffer_.push_back({&owner, seq, std::move(record)});
  if (due_ == sim::kNever) due_ = broker_.now() + broker_.release().shared_store_interval;
  if (buffered_ >= kBufferBytes) due_ = broker_.now();
  mailbox_.poke();
}

void MessageStore::loop() {
  for (;;) {
    sim::VirtualTime next = due_;
    for (const auto& [number, at] : compactions_) next = std::min(next, at);
    (void)mailbox_.receive_until(next);
    if (due_ <= broker_.now()) flush(broker_.release().shared_store_syncs);
    const auto ready = std::find_if(compactions_.begin(), compactions_.end(),
                                    [this](const auto& entry) { return entry.second <= broker_.now(); });
    if (ready == compactions_.end()) continue;
    const std::uint32_t number = ready->first;
    compactions_.erase(ready);
    compact(number);
  }
}

void MessageStore::flush(bool sync) {
  due_ = sim::kNever;
  buffered_ = 0;
  std::vector<Pending> batch = std::exchange(buffer_, {});
  for (const Pending& pending : batch) append(pending);
  if (sync && !NOLOSS_BUG("rabbitmq: shared store does not sync")) {
    if (file(files_.rbegin()->first).sync() != sim::IoResult::ok) throw QueueCrash{};
  }
  for (const Pending& pending : batch) {
    if (pending.owner != nullptr) pending.owner->body_written(pending.seq);
  }
}

void MessageStore::append(const Pending& pending) {
  const std::int64_t bytes = pending.record->content->message->bytes;
  if (file(files_.rbegin()->first).size() >= kFileBytes) roll_over();
  const std::uint32_t number = files_.rbegin()->first;
  const std::int64_t offset = file(number).size();
  if (file(number).append(bytes, pending.record) != sim::IoResult::ok) throw QueueCrash{};
  index_[{pending.record->queue, pending.record->content->copy}] = {number, offset, bytes};
  files_[number] += bytes;
}

void MessageStore::roll_over() {
  const std::uint32_t full = files_.rbegin()->first;
  files_.emplace(full + 1, 0);
  (void)file(full + 1);
  if (broker_.release().shared_store_syncs) {
    const bool synced = file(full).sync() == sim::IoResult::ok;
    if (!synced || broker_.process().machine().disk().sync_directory() != sim::IoResult::ok) throw QueueCrash{};
  }
  garbage_in(full);
}

void MessageStore::close() {
  try {
    flush(/*sync=*/true);
  } catch (const QueueCrash&) {
    broker_.process().crash();
  }
}

void MessageStore::forget(const ClassicStorage& owner) {
  for (Pending& pending : buffer_) {
    if (pending.owner == &owner) pending.owner = nullptr;
  }
}

bool MessageStore::readable(QueueId queue, std::uint64_t copy) {
  const auto known = index_.find({queue, copy});
  if (known == index_.end()) return false;
  const Location& at = known->second;
  return file(at.file).check(at.offset, at.bytes) == sim::RecordState::intact;
}

// --- garbage ---

void MessageStore::remove(QueueId queue, std::uint64_t copy) {
  const auto waiting = std::find_if(buffer_.begin(), buffer_.end(), [queue, copy](const Pending& pending) {
    return pending.record->queue == queue && pending.record->content->copy == copy;
  });
  if (waiting != buffer_.end()) {  // never written
    buffered_ -= waiting->record->content->message->bytes;
    buffer_.erase(waiting);
    return;
  }
  const auto known = index_.extract({queue, copy});
  if (known.empty()) return;
  files_[known.mapped().file] -= known.mapped().bytes;
  garbage_in(known.mapped().file);
}

void MessageStore::garbage_in(std::uint32_t number) {
  if (number == files_.rbegin()->first || number == compacted_) return;
  if (files_[number] == 0) {
    broker_.process().machine().disk().unlink(file_name(number));
    files_.erase(number);
    compactions_.erase(number);
  } else if (broker_.release().store_compacts() && files_[number] * 2 <= file(number).size()) {
    if (compactions_.try_emplace(number, broker_.now() + kCompactionDelay).second) mailbox_.poke();
  }
}

std::vector<MessageStore::Valid> MessageStore::scan(std::uint32_t number) {
  std::vector<Valid> valid;
  bool behind_hole = false;
  for (const sim::StoredRecord& stored : file(number).read_all()) {
    if (behind_hole && NOLOSS_BUG("rabbitmq: the message store's scan misses what follows a hole")) {
      behind_hole = false;
      continue;
    }
    behind_hole = true;
    if (stored.state != sim::RecordState::intact) continue;
    const auto& record = static_cast<const BodyRecord&>(*stored.payload);
    const Key key{record.queue, record.content->copy};
    const auto known = index_.find(key);
    if (known == index_.end() || known->second.file != number || known->second.offset != stored.offset) continue;
    valid.push_back({known->second, key, stored.payload});
    behind_hole = false;
  }
  return valid;
}

/// The last messages move into the holes that have room for them; what is then behind the last one is cut off.
void MessageStore::compact(std::uint32_t number) {
  compacted_ = number;
  std::vector<Valid> kept = scan(number);
  std::vector<Valid> moved;
  std::int64_t end = 0;
  for (std::size_t next = 0; next < kept.size();) {
    Valid& last = kept.back();
    if (last.at.bytes > kept[next].at.offset - end) {
      end = kept[next].at.offset + kept[next].at.bytes;
      ++next;
      continue;
    }
    if (file(number).write(end, last.at.bytes, last.record) != sim::IoResult::ok) throw QueueCrash{};
    last.at.offset = std::exchange(end, end + last.at.bytes);
    moved.push_back(std::move(last));
    kept.pop_back();
  }
  if (file(number).sync() != sim::IoResult::ok) throw QueueCrash{};
  for (const Valid& valid : moved) {
    if (const auto known = index_.find(valid.key); known != index_.end()) known->second = valid.at;
  }
  if (file(number).truncate(end) != sim::IoResult::ok) throw QueueCrash{};
  broker_.simulation().mark("message store compacted");
  compacted_.reset();
  garbage_in(number);
}

// --- recovery ---

void MessageStore::restart() {
  buffer_.clear();
  buffered_ = 0;
  due_ = sim::kNever;
  compactions_.clear();
  compacted_.reset();
  recover();
}

void MessageStore::recover() {
  index_.clear();
  files_.clear();
  for (const std::string& name : broker_.process().machine().disk().list()) {
    if (!name.starts_with(kFile)) continue;
    std::uint32_t number = 0;
    if (name.size() > kFile.size()) std::from_chars(name.data() + kFile.size() + 1, name.data() + name.size(), number);
    files_[number] = 0;
  }
  if (files_.empty()) files_[0] = 0;
  for (auto& [number, bytes] : files_) {
    for (const sim::StoredRecord& stored : file(number).read_all()) {
      if (stored.state != sim::RecordState::intact) continue;
      const auto& record = static_cast<const BodyRecord&>(*stored.payload);
      const bool fresh =
          index_.try_emplace({record.queue, record.content->copy}, Location{number, stored.offset, stored.bytes})
              .second;
      if (fresh) bytes += stored.bytes;
    }
  }
}

}  // namespace noloss::models::rabbitmq
