#include "models/application/producer.hpp"

#include <algorithm>
#include <utility>

#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::models {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
/// Heartbeats after the last outcome: the first opens the gap of a lost tail, the second reports it.
constexpr std::int64_t kClosingHeartbeats = 2;
constexpr std::int64_t kHeartbeatBytes = 32;

}  // namespace

ProducerApplication::ProducerApplication(sim::Process& process, ProducerClient& client, const ProducersSetup& setup,
                                         const SequenceCheckSetup& check, const CommonEvents& events,
                                         ProducerState& state, History& history)
    : process_(process),
      simulation_(process.simulation()),
      client_(client),
      setup_(setup),
      check_(check),
      events_(events),
      state_(state),
      history_(history),
      outcomes_(process.simulation().scheduler()) {}

bool ProducerApplication::settled(const ProducerState& state, const SequenceCheckSetup& check) {
  if (!state.exhausted || !state.unacknowledged.empty()) return false;
  return check.heartbeat.value() == 0 || state.closing_heartbeats >= kClosingHeartbeats;
}

void ProducerApplication::run() {
  begin_life();
  if (check_.heartbeat.value() > 0) {
    process_.spawn([this] { beat(); });
  }
  for (; state_.part < setup_.workload.size(); ++state_.part, state_.next = 0, state_.part_began = sim::kNever) {
    run_part(setup_.workload[state_.part]);
    if (closing_) return;
  }
  state_.exhausted = true;
}

void ProducerApplication::close() {
  closing_ = true;
  const sim::VirtualTime killed = simulation_.now() + kGracePeriod;
  while (!state_.unacknowledged.empty() && simulation_.now() < killed) outcomes_.wait_until(killed);
}

void ProducerApplication::begin_life() {
  const bool keeps_identity = setup_.source == ProducerSource::outbox && state_.incarnation > 0;
  if (!keeps_identity) {
    ++state_.incarnation;
    state_.sequences.assign(client_.partitions(), 0);
    state_.check_sequence = 0;
    for (const MessagePtr& message : std::exchange(state_.unacknowledged, {})) history_.forgotten(message->ref);
    return;
  }
  // The outbox still holds what no success was seen for; it goes out again under its old identity.
  const std::vector<MessagePtr> outbox = state_.unacknowledged;
  for (const MessagePtr& message : outbox) {
    send(message);
  }
}

void ProducerApplication::run_part(const WorkloadPart& part) {
  if (state_.part_began == sim::kNever) {
    if (part.at.value() >= 0) {
      process_.sleep_until(std::max(simulation_.now(), sim::kStart + part.at.duration()));
    } else if (state_.part > 0) {
      wait_for_outcomes();
    }
    state_.part_began = simulation_.now();
  }
  while (state_.next < part.messages.value()) {
    const sim::VirtualTime due = state_.part_began + sim::Duration{state_.next * kSecond / part.rate.value()};
    if (due > simulation_.now()) process_.sleep_until(due, sim::OnKill::discard);
    const bool within_transaction = setup_.transaction_size > 1 && !state_.unacknowledged.empty();
    if (closing_ && !within_transaction) return;
    // The source has given the message away before anything can happen to it.
    ++state_.next;
    hand_over(next_message(part));
    const bool transaction_full =
        state_.unacknowledged.size() >= setup_.transaction_size || state_.next >= part.messages.value();
    if (setup_.send == SendMode::sync && setup_.transaction_size > 1 && transaction_full) wait_for_outcomes();
  }
}

MessagePtr ProducerApplication::next_message(const WorkloadPart& part) {
  const auto partitions = client_.partitions();
  std::uint32_t partition = round_robin_ % partitions;
  if (part.keys.value() > 0) {
    // From the message's place in the workload and nothing else, so that no fault changes anybody's keys.
    const std::uint64_t place =
        (std::uint64_t{state_.number} << 40U) + (state_.part << 32U) + static_cast<std::uint64_t>(state_.next);
    const std::uint64_t drawn = sim::derive_seed(sim::derive_seed(simulation_.seed(), "keys"), place);
    const std::uint64_t key = drawn % static_cast<std::uint64_t>(part.keys.value());
    partition = static_cast<std::uint32_t>(sim::derive_seed(key, "partition") % partitions);
  } else {
    ++round_robin_;
  }
  auto* message = new Message;
  // A topic may have got more partitions.
  if (state_.sequences.size() < partitions) state_.sequences.resize(partitions, 0);
  message->id = {state_.number, state_.incarnation, partition, ++state_.sequences[partition]};
  ++state_.check_sequence;
  message->check_number = check_.per_partition ? message->id.sequence : state_.check_sequence;
  message->bytes = part.size.value();
  message->ref = history_.sent(process_.node(), message->id, message->check_number, message->bytes,
                               setup_.send != SendMode::oneway);
  return MessagePtr{message};
}

void ProducerApplication::hand_over(const MessagePtr& message) {
  state_.unacknowledged.push_back(message);
  state_.closing_heartbeats = 0;
  simulation_.moment(process_.node(), events_.sent, index(message->ref));
  send(message);
}

void ProducerApplication::send(const MessagePtr& message) {
  // Messages of a transaction have their outcome together: who sends synchronously waits for the transaction.
  if (setup_.send == SendMode::sync && setup_.transaction_size <= 1) {
    send_until_told(message);
  } else {
    send_async(message);
  }
}

void ProducerApplication::send_until_told(const MessagePtr& message) {
  while (told(message, send_and_wait(simulation_.scheduler(), client_, message))) {
    process_.sleep(client_.retry_backoff());
  }
}

void ProducerApplication::send_async(const MessagePtr& message) {
  client_.send(message, setup_.send, [this, message](Outcome outcome) {
    if (!told(message, outcome)) return;
    process_.spawn([this, message] {
      process_.sleep(client_.retry_backoff());
      send_async(message);
    });
  });
}

bool ProducerApplication::told(const MessagePtr& message, Outcome outcome) {
  if (outcome == Outcome::none) {  // nobody will ever say
    if (setup_.send != SendMode::oneway) history_.forgotten(message->ref);
    settle(message);
    return false;
  }
  // A returned message was confirmed as well; the application may or may not know what that means.
  const bool returned = outcome == Outcome::returned;
  if (returned) outcome = setup_.on_return == OnReturn::ignore ? Outcome::acked : Outcome::failed;
  const bool withdrawn = outcome == Outcome::withdrawn;
  if (withdrawn) outcome = Outcome::failed;
  const bool success = outcome == Outcome::acked;
  const bool looks = success || setup_.on_error != OnError::ignore;
  if (looks) {
    history_.told(process_.node(), message->ref, outcome);
  } else {
    history_.forgotten(message->ref);
  }
  const bool resends = returned ? setup_.on_return == OnReturn::republish : setup_.on_error == OnError::retry;
  const bool again = !success && !withdrawn && resends && !NOLOSS_BUG("give up instead of resending");
  if (!again) settle(message);
  // Last, since a fault at this moment may end the process; whoever waits for the outcome is then gone too.
  simulation_.note(process_.node(), success ? events_.acked : events_.failed, index(message->ref));
  return again;
}

void ProducerApplication::settle(const MessagePtr& message) {
  std::erase(state_.unacknowledged, message);
  state_.closing_heartbeats = 0;
  if (state_.unacknowledged.empty()) outcomes_.notify_all();
}

void ProducerApplication::wait_for_outcomes() {
  while (!state_.unacknowledged.empty()) outcomes_.wait();
}

void ProducerApplication::beat() {
  for (;;) {
    process_.sleep(check_.heartbeat.duration());
    if (settled(state_, check_)) continue;
    const auto used = [this](std::uint32_t partition) { return state_.sequences[partition] != 0; };
    auto last_used = static_cast<std::uint32_t>(state_.sequences.size());
    while (last_used > 0 && !used(last_used - 1)) --last_used;
    for (std::uint32_t partition = 0; partition < last_used; ++partition) {
      if (!used(partition)) continue;
      auto* heartbeat = new Message;
      heartbeat->id = {state_.number, state_.incarnation, partition, 0};
      heartbeat->check_number = check_.per_partition ? state_.sequences[partition] : state_.check_sequence;
      heartbeat->bytes = kHeartbeatBytes;
      const bool last = partition + 1 == last_used;
      const bool closing = state_.exhausted && state_.unacknowledged.empty();
      client_.send(MessagePtr{heartbeat}, setup_.send, [this, last, closing](Outcome outcome) {
        if (last && closing && outcome != Outcome::failed && outcome != Outcome::uncertain) {
          ++state_.closing_heartbeats;
        }
      });
    }
  }
}

}  // namespace noloss::models
