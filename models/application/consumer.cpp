#include "models/application/consumer.hpp"

#include <utility>

#include "sim/simulation.hpp"

namespace noloss::models {
namespace {

constexpr sim::Duration kRestartDelay = std::chrono::seconds{1};

}  // namespace

ConsumerApplication::ConsumerApplication(sim::Process& process, ConsumerClient& client, const ConsumersSetup& setup,
                                         const CommonEvents& events, ConsumerState& state, History& history,
                                         Forwarder* forwarder)
    : process_(process),
      simulation_(process.simulation()),
      client_(client),
      setup_(setup),
      events_(events),
      state_(state),
      history_(history),
      forwarder_(forwarder),
      work_(process.simulation().scheduler()),
      finished_(process.simulation().scheduler()) {
  state_.busy = false;
}

void ConsumerApplication::fail_next(std::int64_t times) { failures_ = times; }

void ConsumerApplication::run() {
  for (std::uint32_t worker = 0; worker < setup_.hand_off; ++worker) {
    process_.spawn([this] { work(); });
  }
  while (!closing_ || client_.owes()) {
    Delivery delivery = client_.receive();
    in_hand(+1);
    if (setup_.hand_off > 0) {
      handed_off_.push_back(std::move(delivery));
      work_.notify_one();
    } else {
      handle(delivery);
      in_hand(-1);
    }
  }
}

void ConsumerApplication::work() {
  for (;;) {
    while (handed_off_.empty()) work_.wait();
    const Delivery delivery = std::move(handed_off_.front());
    handed_off_.pop_front();
    handle(delivery);
    in_hand(-1);
  }
}

void ConsumerApplication::in_hand(std::int64_t change) {
  in_hand_ += change;
  state_.busy = in_hand_ > 0;
  if (closing_) finished_.notify_all();
}

void ConsumerApplication::handle(const Delivery& delivery) {
  const Message& message = *delivery.message;
  if (!message.heartbeat()) {
    history_.delivered(process_.node(), message.ref);
    simulation_.moment(process_.node(), events_.received, index(message.ref));
  }
  if (setup_.acknowledge == Acknowledge::before_processing && !client_.acknowledge_and_wait(delivery)) return;
  if (message.heartbeat()) {
    if (!put_result(delivery)) return;
  } else {
    const Processed result = process(delivery);
    if (result == Processed::given_back) return;
    if (result == Processed::done) {
      if (!put_result(delivery)) return;
      simulation_.moment(process_.node(), events_.processed, index(message.ref));
    }
  }
  if (setup_.acknowledge == Acknowledge::after_processing) client_.acknowledge(delivery);
}

ConsumerApplication::Processed ConsumerApplication::process(const Delivery& delivery) {
  const MessageRef message = delivery.message->ref;
  if (failures_ < 0) state_.poisonous.insert(message);
  for (;;) {
    if (setup_.processing_time.value() > 0) process_.sleep(setup_.processing_time.duration());
    if (stall_.count() > 0) process_.sleep(std::exchange(stall_, sim::Duration{0}));
    if (!attempt_fails(message)) {
      failures_ = 0;
      return Processed::done;
    }
    switch (setup_.on_failure) {
      case OnFailure::retry:
        if (client_.give_back(delivery)) return Processed::given_back;
        break;  // at once, in its place
      case OnFailure::skip: return Processed::skipped;
      case OnFailure::crash: process_.crash();
      case OnFailure::close: close();
    }
  }
}

bool ConsumerApplication::attempt_fails(MessageRef message) {
  if (failures_ < 0) {
    state_.poisonous.insert(message);
    failures_ = 0;
  }
  if (state_.poisonous.contains(message)) return true;
  if (failures_ > 0) {
    --failures_;
    return true;
  }
  const std::int64_t share = setup_.processing_fails.value();
  return share > 0 && simulation_.random(sim::Purpose::application).chance(share);
}

bool ConsumerApplication::put_result(const Delivery& delivery) {
  if (forwarder_ != nullptr) return forwarder_->forward(delivery.message);
  take_effect(*delivery.message);
  return true;
}

void ConsumerApplication::take_effect(const Message& message) {
  if (message.heartbeat()) return state_.check.seen(message);
  const bool first = setup_.store == StoreKind::plain || state_.keys.insert(message.ref).second;
  if (first) history_.effect(process_.node(), message.ref);
  state_.check.seen(message);
}

ConsumerApplication::Finished ConsumerApplication::finish() {
  if (failed_) return Finished::failed;
  closing_ = true;
  const sim::VirtualTime killed = simulation_.now() + kGracePeriod;
  const auto unfinished = [this] { return in_hand_ > 0 || client_.owes(); };
  while (unfinished() && simulation_.now() < killed) finished_.wait_until(killed);
  return unfinished() ? Finished::not_in_time : Finished::all;
}

void ConsumerApplication::close() {
  failed_ = true;
  sim::Machine& machine = process_.machine();
  machine.stop();
  simulation_.scheduler().at(simulation_.now() + kRestartDelay, [&machine] { machine.start(); });
  process_.sleep_until(sim::kNever);  // until the stop has ended the process
  std::abort();
}

}  // namespace noloss::models
