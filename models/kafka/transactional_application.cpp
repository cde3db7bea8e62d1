#include "models/kafka/transactional_application.hpp"

#include <utility>

#include "sim/planted.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

class TransactionalApplication::Turn {
 public:
  explicit Turn(TransactionalApplication& owner) : owner_(owner) {
    while (owner_.busy_) owner_.turn_.wait();
    owner_.busy_ = true;
  }
  ~Turn() {
    owner_.busy_ = false;
    owner_.turn_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  TransactionalApplication& owner_;
};

TransactionalApplication::TransactionalApplication(sim::Process& process, ProducerClient& records,
                                                   TransactionManager& transactions, const ProducersSetup& setup,
                                                   const ProducerState& state, History& history)
    : process_(process),
      records_(records),
      transactions_(transactions),
      setup_(setup),
      state_(state),
      history_(history),
      turn_(process.simulation().scheduler()) {}

template <class Act>
void TransactionalApplication::each_message(Act&& act) {
  for (const Sent& sent : sent_) {
    if (!sent.message->heartbeat()) act(sent.message->ref);
  }
}

void TransactionalApplication::send(MessagePtr message, SendMode /*mode*/, Done done) {
  const Turn turn(*this);
  if (!initialised_) initialise();
  if (sent_.empty()) transactions_.begin();
  sent_.push_back({message, std::move(done)});
  append(message);
  if (sent_.size() >= setup_.transaction_size || last()) finish();
}

void TransactionalApplication::initialise() {
  TxnAnswer answer = TxnAnswer::timed_out;
  while (answer == TxnAnswer::timed_out) answer = transactions_.init();
  if (answer == TxnAnswer::fatal) process_.crash();
  initialised_ = true;
}

void TransactionalApplication::append(const MessagePtr& message) {
  if (!transactions_.may_append()) return;  // send throws what commit will say
  records_.send(message, SendMode::async, [this](Outcome outcome) {
    if (outcome != Outcome::acked) send_failed_ = true;
  });
}

bool TransactionalApplication::last() const {
  if (state_.exhausted || state_.part >= setup_.workload.size()) return true;
  return state_.next >= setup_.workload[state_.part].messages.value();
}

TxnAnswer TransactionalApplication::commit() {
  if (send_failed_) return TxnAnswer::abortable;
  each_message([this](MessageRef message) { history_.commit_asked(message); });
  TxnAnswer answer = transactions_.commit();
  while (answer == TxnAnswer::timed_out && setup_.on_error == OnError::retry) answer = transactions_.commit();
  if (answer == TxnAnswer::abortable) {
    each_message([this](MessageRef message) { history_.commit_refused(message); });
  }
  return answer;
}

TxnAnswer TransactionalApplication::abort() {
  TxnAnswer answer = TxnAnswer::timed_out;
  while (answer == TxnAnswer::timed_out) answer = transactions_.abort();
  process_.simulation().mark("transaction aborted");
  each_message([this](MessageRef message) { history_.aborted(message); });
  return answer;
}

void TransactionalApplication::finish() {
  const bool wanted =
      !process_.simulation().random(sim::Purpose::application).chance(setup_.transaction_aborts.value());
  for (;;) {
    if (wanted) {
      const TxnAnswer answer = commit();
      if (answer == TxnAnswer::done) return settle(Outcome::acked);
      if (answer != TxnAnswer::abortable) {
        settle(Outcome::uncertain);
        process_.crash();
      }
    }
    if (abort() == TxnAnswer::fatal) {
      settle(wanted ? Outcome::failed : Outcome::withdrawn);
      process_.crash();
    }
    send_failed_ = false;
    if (!wanted) return settle(Outcome::withdrawn);
    if (setup_.on_error != OnError::retry) return settle(Outcome::failed);
    process_.sleep(retry_backoff());
    transactions_.begin();
    for (std::size_t i = 0; i < sent_.size(); ++i) append(sent_[i].message);
  }
}

void TransactionalApplication::settle(Outcome outcome) {
  for (const Sent& sent : std::exchange(sent_, {})) sent.done(outcome);
}

}  // namespace noloss::models::kafka
