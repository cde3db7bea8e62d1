#include "models/rabbitmq/wal.hpp"

#include <fmt/core.h>

#include <charconv>
#include <map>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::string_view kPrefix = "wal-";
constexpr std::int64_t kEntryBytes = 64;

}  // namespace

Wal::Wal(Broker& broker)
    : broker_(broker),
      name_(fmt::format("{}{}", kPrefix, number_)),
      recovered_(broker.topology().processes()),
      work_(broker.simulation().scheduler()) {
  if (broker.initial()) (void)file();
}

std::int64_t Wal::bytes_of(const LogEntry& entry) {
  return kEntryBytes + (entry.command->content ? entry.command->content->message->bytes : 0);
}

WalRecordPtr Wal::make_record(QueueId queue, LogIndex index, const LogEntry& entry) {
  boost::intrusive_ptr<WalRecord> record{new WalRecord};
  if (entry.command->content) record->message = entry.command->content->message->ref;
  record->queue = queue;
  record->index = index;
  record->entry = entry;
  return record;
}

sim::File& Wal::file() { return broker_.process().machine().disk().create(name_, sim::FileClass::log); }

void Wal::create(QueueId queue, LogIndex index, const LogEntry& entry) {
  file().append(bytes_of(entry), make_record(queue, index, entry));
}

void Wal::write(QueueId queue, LogIndex index, const LogEntry& entry) {
  waiting_.push_back(make_record(queue, index, entry));
  work_.notify_one();
}

void Wal::loop() {
  for (;;) {
    while (waiting_.empty()) work_.wait();
    write_batch();
  }
}

void Wal::write_batch() {
  const std::vector<WalRecordPtr> batch = std::exchange(waiting_, {});
  std::map<QueueId, const WalRecord*> last;
  const auto tell = [&] {
    for (const auto& [queue, record] : last) {
      auto* written = new WalWritten;
      written->index = record->index;
      written->term = record->entry.term;
      broker_.queue(queue)->mailbox().post({LetterKind::written, {}, broker_.node(), sim::PayloadPtr{written}});
    }
  };
  for (const WalRecordPtr& record : batch) {
    if (file().append(bytes_of(record->entry), record) != sim::IoResult::ok) broker_.process().crash();
    last[record->queue] = record.get();
    if (record->entry.command->content) {
      broker_.simulation().moment(broker_.node(), events().common.append, index(record->message), record->index);
    }
  }
  if (NOLOSS_BUG("rabbitmq: write-ahead log answers before it has synced")) tell();
  if (file().sync() != sim::IoResult::ok) broker_.process().crash();
  tell();
}

void Wal::recover() {
  sim::Disk& disk = broker_.process().machine().disk();
  std::map<std::uint32_t, std::string> files;
  for (const std::string& name : disk.list()) {
    if (!name.starts_with(kPrefix)) continue;
    std::uint32_t number = 0;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
    files[number] = name;
  }
  for (const auto& [number, name] : files) {
    number_ = number;
    for (const sim::StoredRecord& stored : disk.find(name)->read_all()) {
      if (stored.state != sim::RecordState::intact) {
        broker_.simulation().mark("torn record found in recovery");
        break;
      }
      const auto& record = static_cast<const WalRecord&>(*stored.payload);
      std::vector<LogEntry>& log = recovered_[record.queue];
      const auto place = static_cast<std::size_t>(record.index);
      if (place > log.size() + 1) continue;  // what came before it is lost
      if (place <= log.size() && log[place - 1].term == record.entry.term) continue;
      log.resize(place - 1);
      log.push_back(record.entry);
    }
  }
  rewrite();
  for (const auto& [number, name] : files) disk.unlink(name);
}

void Wal::rewrite() {
  sim::Disk& disk = broker_.process().machine().disk();
  name_ = fmt::format("{}{}", kPrefix, ++number_);
  bool ok = true;
  for (QueueId queue = 0; queue < recovered_.size(); ++queue) {
    for (std::size_t i = 0; i < recovered_[queue].size(); ++i) {
      const LogEntry& entry = recovered_[queue][i];
      ok = ok && file().append(bytes_of(entry), make_record(queue, i + 1, entry)) == sim::IoResult::ok;
    }
  }
  ok = ok && file().sync() == sim::IoResult::ok && disk.sync_directory() == sim::IoResult::ok;
  if (!ok) broker_.process().crash();
}

}  // namespace noloss::models::rabbitmq
