#include "models/kafka/read_process_write.hpp"

#include <vector>

#include "models/kafka/consumer.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {
namespace {

/// The same call again until it says something else.
template <class Call>
TxnAnswer patiently(Call&& call) {
  for (;;) {
    const TxnAnswer answer = call();
    if (answer != TxnAnswer::timed_out) return answer;
  }
}

}  // namespace

ReadProcessWrite::ReadProcessWrite(sim::Process& process, const Topology& topology, std::uint32_t to,
                                   const ConsumersSetup& setup, Consumer& consumer)
    : process_(process),
      setup_(setup.forward),
      consumer_(consumer),
      producer_(process, topology, to, setup.forward.config, setup.connect, nullptr),
      sending_(process, producer_) {}

void ReadProcessWrite::start() {
  process_.spawn([this] { producer_.loop(); });
  if (!transactional()) return;
  if (patiently([this] { return producer_.transactions().init(); }) == TxnAnswer::fatal) process_.crash();
}

bool ReadProcessWrite::forward(const MessagePtr& message) {
  if (!transactional()) return sending_.forward(message);
  if (!open_) begin();
  if (!producer_.transactions().may_append()) {  // send throws what commit would say
    abort();
    return false;
  }
  producer_.send(message, SendMode::async, [this](Outcome outcome) {
    if (outcome != Outcome::acked) send_failed_ = true;
  });
  return true;
}

void ReadProcessWrite::begin() {
  producer_.transactions().begin();
  open_ = true;
  send_failed_ = false;
}

void ReadProcessWrite::consumed(const CommittedOffset& offset) {
  if (!open_) begin();  // its processing failed, and was skipped
  consumed_[offset.partition] = offset;
  if (!consumer_.polled_more()) end();
}

std::vector<CommittedOffset> ReadProcessWrite::consumed_offsets() const {
  std::vector<CommittedOffset> offsets;
  for (const auto& [partition, offset] : consumed_) offsets.push_back(offset);
  return offsets;
}

TxnAnswer ReadProcessWrite::send_offsets() {
  return producer_.transactions().send_offsets(consumed_offsets(), consumer_.group_metadata());
}

void ReadProcessWrite::end() {
  TxnAnswer answer = send_failed_ ? TxnAnswer::abortable : patiently([this] { return send_offsets(); });
  if (answer == TxnAnswer::done) answer = patiently([this] { return producer_.transactions().commit(); });
  if (answer == TxnAnswer::fatal) process_.crash();
  if (answer == TxnAnswer::abortable) return abort();
  const std::vector<CommittedOffset> offsets = consumed_offsets();
  consumed_.clear();
  open_ = false;
  consumer_.committed(offsets);
}

void ReadProcessWrite::abort() {
  const TxnAnswer answer = patiently([this] { return producer_.transactions().abort(); });
  if (answer == TxnAnswer::fatal) process_.crash();
  process_.simulation().mark("transaction aborted");
  consumed_.clear();
  consumer_.drop_polled();
  if (setup_.on_abort == OnAbort::seek) {
    process_.simulation().mark("consumer went back to committed positions");
    consumer_.rewind();
  } else {
    process_.simulation().mark("consumer went on after an aborted transaction");
  }
  open_ = false;
}

}  // namespace noloss::models::kafka
