#include "models/rabbitmq/producer.hpp"

#include <algorithm>
#include <utility>

#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr sim::Duration kRetryBackoff = std::chrono::milliseconds{500};
/// An application with no further message commits what it has after this.
constexpr sim::Duration kCommitPause = std::chrono::milliseconds{100};

}  // namespace

Producer::Producer(sim::Process& process, const Topology& topology, QueueId queue, const ProducersSetup& setup,
                   const SequenceCheckSetup& check, ProducerState& state, History& history)
    : process_(process),
      history_(history),
      route_(topology.publishing_route(queue, setup.config)),
      expiration_(setup.config.at("expiration").text == "none" ? -1 : setup.config.integer("expiration")),
      confirms_(setup.config.flag("confirms")),
      mandatory_(setup.config.flag("mandatory")),
      persistent_(setup.config.integer("delivery_mode") == 2),
      transactional_(setup.config.flag("tx")),
      transaction_size_(setup.transaction_size),
      confirm_timeout_(setup.config.at("confirm_timeout").number.value()),
      changed_(process.simulation().scheduler()),
      client_(
          process, topology, setup.connect, setup.config.duration("network_recovery_interval"),
          [&] {
            ChannelOpen open;
            open.confirms = confirms_;
            open.transactions = transactional_;
            open.declares = queue;
            return open;
          }(),
          *this),
      application_(process, *this, setup, check, events().common, state, history) {
  process.spawn([this] { client_.loop(); });
  if (confirm_timeout_.count() > 0) process.spawn([this] { wait_for_confirms(); });
  if (transactional_) process.spawn([this] { commit_leftovers(); });
}

sim::Duration Producer::retry_backoff() const { return kRetryBackoff; }

void Producer::send(MessagePtr message, SendMode mode, Done done) {
  while (!ready_ || !committing_.empty()) changed_.wait();  // tx.commit is a call that waits
  if (!client_.connected()) {                               // AlreadyClosedException
    done(mode == SendMode::oneway ? Outcome::none : Outcome::failed);
    return;
  }
  if (transactional_) {
    publish(message);
    join_transaction(std::move(done));
    return;
  }
  if (confirms_) {
    const PublishSeq seq = next_seq_++;
    if (mode != SendMode::oneway) {
      const sim::VirtualTime now = process_.simulation().now();
      const sim::VirtualTime deadline = confirm_timeout_.count() > 0 ? now + confirm_timeout_ : sim::kNever;
      outstanding_.emplace(seq, Outstanding{std::move(done), deadline, false});
      changed_.notify_all();
      publish(message);
      return;
    }
  }
  publish(message);
  done(Outcome::none);
}

void Producer::publish(const MessagePtr& message) {
  auto* publish = new BasicPublish;
  const sim::PayloadPtr payload{publish};
  publish->route = route_;
  publish->message = message;
  publish->expiration = expiration_;
  publish->persistent = persistent_;
  publish->mandatory = mandatory_;
  if (!message->heartbeat()) history_.attempted(process_.node(), message->ref);
  client_.send(events().basic_publish, payload, message->bytes, static_cast<std::uint64_t>(message->ref));
}

void Producer::connected() {
  next_seq_ = 1;
  ready_ = true;
  changed_.notify_all();
}

void Producer::received(const sim::Arrival& arrival) {
  const Events& kinds = events();
  const sim::EventId kind = arrival.kind.sent;
  if (kind == kinds.basic_ack.sent) {
    settle(static_cast<const BasicConfirm&>(*arrival.payload), Outcome::acked);
  } else if (kind == kinds.basic_nack.sent) {
    settle(static_cast<const BasicConfirm&>(*arrival.payload), Outcome::failed);
  } else if (kind == kinds.basic_return.sent) {
    const auto returned = outstanding_.find(static_cast<const BasicReturn&>(*arrival.payload).seq);
    if (returned != outstanding_.end()) returned->second.returned = true;
  } else if (kind == kinds.tx_commit_ok.sent && !committing_.empty()) {
    const std::vector<Done> done = std::exchange(committing_, {});
    changed_.notify_all();
    for (const Done& each : done) each(Outcome::acked);
  }
}

void Producer::settle(const BasicConfirm& confirm, Outcome outcome) {
  const auto last = outstanding_.upper_bound(confirm.tag);
  const auto first = confirm.multiple ? outstanding_.begin() : outstanding_.find(confirm.tag);
  std::vector<Outstanding> settled;
  for (auto next = first; next != last && next != outstanding_.end();) {
    settled.push_back(std::move(next->second));
    next = outstanding_.erase(next);
  }
  for (Outstanding& each : settled) {
    each.done(outcome == Outcome::acked && each.returned ? Outcome::returned : outcome);
  }
}

void Producer::disconnected() {
  // Whatever was sent may have been stored or not; the client drops it, and its callbacks with it.
  std::vector<Done> failed = std::exchange(transaction_, {});  // the channel was never asked to commit these
  std::vector<Done> uncertain;
  for (auto& [seq, waiting] : std::exchange(outstanding_, {})) uncertain.push_back(std::move(waiting.done));
  for (Done& each : std::exchange(committing_, {})) uncertain.push_back(std::move(each));
  changed_.notify_all();
  for (Done& each : uncertain) {
    each(NOLOSS_BUG("rabbitmq: client takes a lost connection for a success") ? Outcome::acked : Outcome::uncertain);
  }
  for (Done& each : failed) each(Outcome::failed);
}

void Producer::wait_for_confirms() {
  for (;;) {
    sim::VirtualTime next = sim::kNever;
    for (const auto& [seq, waiting] : outstanding_) next = std::min(next, waiting.deadline);
    if (next <= process_.simulation().now()) {
      client_.abandon();
      process_.sleep(confirm_timeout_);
    } else {
      changed_.wait_until(next);
    }
  }
}

// --- tx mode ---

void Producer::join_transaction(Done done) {
  transaction_.push_back(std::move(done));
  leftovers_ = process_.simulation().now() + kCommitPause;
  changed_.notify_all();
  if (transaction_.size() >= transaction_size_) commit();
}

void Producer::commit() {
  leftovers_ = sim::kNever;
  committing_ = std::exchange(transaction_, {});
  client_.send(events().tx_commit, sim::PayloadPtr{new Empty});
}

void Producer::commit_leftovers() {
  for (;;) {
    changed_.wait_until(leftovers_);
    if (leftovers_ > process_.simulation().now()) continue;
    leftovers_ = sim::kNever;
    if (client_.connected() && !transaction_.empty() && committing_.empty()) commit();
  }
}

}  // namespace noloss::models::rabbitmq
