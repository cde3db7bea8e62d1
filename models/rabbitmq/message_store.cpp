#include "models/rabbitmq/message_store.hpp"

#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/classic_storage.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::string_view kFile = "msg_store_persistent";
constexpr std::int64_t kBufferBytes = 1'048'576;

}  // namespace

MessageStore::MessageStore(Broker& broker) : broker_(broker), mailbox_(broker.simulation().scheduler()) {
  if (broker.process().incarnation() == 1) (void)file();
}

sim::File& MessageStore::file() { return broker_.process().machine().disk().create(kFile, sim::FileClass::log); }

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
    (void)mailbox_.receive_until(due_);
    if (due_ <= broker_.now()) flush(broker_.release().shared_store_syncs);
  }
}

void MessageStore::flush(bool sync) {
  due_ = sim::kNever;
  buffered_ = 0;
  const std::vector<Pending> batch = std::exchange(buffer_, {});
  for (const Pending& pending : batch) {
    if (file().append(pending.record->content->message->bytes, pending.record) != sim::IoResult::ok) {
      broker_.process().crash();
    }
  }
  if (sync && !NOLOSS_BUG("rabbitmq: shared store does not sync")) {
    // A store that cannot sync takes its virtual host down, and the node's queues with it.
    if (file().sync() != sim::IoResult::ok) broker_.process().crash();
  }
  for (const Pending& pending : batch) pending.owner->body_written(pending.seq);
}

void MessageStore::close() { flush(/*sync=*/true); }

void MessageStore::recover() {
  for (const sim::StoredRecord& stored : file().read_all()) {
    if (stored.state != sim::RecordState::intact) continue;
    const auto& record = static_cast<const BodyRecord&>(*stored.payload);
    bodies_.emplace(std::pair{record.queue, record.content->copy}, record.content);
  }
}

}  // namespace noloss::models::rabbitmq
