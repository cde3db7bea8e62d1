#include "models/textbook/producer.hpp"

#include <algorithm>
#include <utility>

#include "sim/simulation.hpp"

namespace noloss::models::textbook {

ProducerOptions producer_options(const ProducersSetup& setup) {
  return {.retries = setup.send == SendMode::oneway ? 0 : setup.config.integer("retries"),
          .timeout = setup.config.duration("timeout"),
          .max_in_flight = static_cast<std::size_t>(setup.config.integer("max.in.flight")),
          .buffer = static_cast<std::size_t>(setup.config.integer("buffer")),
          .retry_backoff = setup.config.duration("retry.backoff")};
}

Producer::Producer(sim::Process& process, const Topology& topology, std::uint32_t entity, const ProducersSetup& setup,
                   const SequenceCheckSetup& check, ProducerState& state, History& history)
    : process_(process),
      topology_(topology),
      options_(producer_options(setup)),
      history_(history),
      space_(process.simulation().scheduler()),
      application_(process, *this, setup, check, events().common, state, history) {
  for (std::uint32_t i = 0; i < topology.partitions.size(); ++i) {
    if (topology.partitions[i].entity != entity) continue;
    lanes_.push_back(std::make_unique<ProducerLane>(*this, i));
    ProducerLane* const lane = lanes_.back().get();
    process.spawn([lane] { lane->loop(); });
  }
}

void Producer::send(MessagePtr message, SendMode mode, Done done) {
  while (held_ >= options_.buffer) space_.wait();
  buffered(+1);
  lanes_[message->id.partition]->enqueue(std::move(message), mode, std::move(done));
}

void Producer::buffered(std::ptrdiff_t change) {
  held_ += static_cast<std::size_t>(change);
  if (change < 0) space_.notify_one();
}

ProducerLane::ProducerLane(Producer& producer, std::uint32_t partition)
    : producer_(producer),
      partition_(partition),
      link_(producer.process_, producer.topology_, partition),
      work_(producer.process_.simulation().scheduler()) {}

void ProducerLane::enqueue(MessagePtr message, SendMode mode, ProducerClient::Done done) {
  const sim::VirtualTime now = producer_.process_.simulation().now();
  Attempt& attempt = queue_.emplace_back();
  attempt.message = std::move(message);
  attempt.mode = mode;
  attempt.done = std::move(done);
  attempt.retries_left = producer_.options_.retries;
  attempt.ready = now;
  attempt.deadline = now + producer_.options_.timeout;
  work_.notify_one();
  if (inbox_) inbox_->interrupt();
}

void ProducerLane::loop() {
  for (;;) {
    while (queue_.empty()) work_.wait(sim::OnKill::discard);
    inbox_ = std::make_unique<sim::Inbox>(producer_.process_);
    connection_ = link_.connect(*inbox_);
    if (connection_) {
      serve_connection();
      connection_lost();
    } else {
      fail_overdue();
      producer_.process_.sleep(kReconnectDelay, sim::OnKill::discard);
    }
    inbox_.reset();
  }
}

void ProducerLane::serve_connection() {
  while (connection_) {
    pump();
    if (const auto arrival = inbox_->receive_until(next_due(), sim::OnKill::discard)) handle(*arrival);
    fail_overdue();
  }
}

void ProducerLane::pump() {
  sim::Simulation& simulation = producer_.process_.simulation();
  for (auto waiting = queue_.begin();
       waiting != queue_.end() && in_flight_.size() < producer_.options_.max_in_flight && connection_;) {
    const auto next = waiting++;
    if (next->ready > simulation.now()) continue;
    Attempt& attempt = *next;
    const bool oneway = attempt.mode == SendMode::oneway;
    std::list<Attempt> forgotten;  // once it is on its way
    std::list<Attempt>& after = oneway ? forgotten : in_flight_;
    after.splice(after.end(), queue_, next);
    auto* request = new ProduceRequest;
    const sim::PayloadPtr payload{request};
    request->partition = partition_;
    request->request = attempt.request = ++requests_;
    request->message = attempt.message;
    request->wants_response = !oneway;
    const MessageRef ref = attempt.message->ref;
    if (ref != kNoMessage) producer_.history_.attempted(producer_.process_.node(), ref);
    const std::int64_t bytes = kHeaderBytes + attempt.message->bytes;
    simulation.network().send(producer_.process_, connection_, events().produce_request, bytes, payload,
                              static_cast<std::uint64_t>(ref));
    if (oneway) finish(attempt, Outcome::none);
  }
}

sim::VirtualTime ProducerLane::next_due() const {
  sim::VirtualTime due = sim::kNever;
  for (const Attempt& attempt : in_flight_) due = std::min(due, attempt.deadline);
  const bool room = in_flight_.size() < producer_.options_.max_in_flight;
  for (const Attempt& attempt : queue_) {
    due = std::min(due, attempt.deadline);
    if (room) due = std::min(due, attempt.ready);
  }
  return due;
}

void ProducerLane::handle(const sim::Arrival& arrival) {
  if (arrival.connection != connection_) return;
  if (arrival.what != sim::Arrival::What::message) {
    connection_.reset();
    return;
  }
  const auto& response = static_cast<const ProduceResponse&>(*arrival.payload);
  const auto asked = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const Attempt& attempt) { return attempt.request == response.request; });
  if (asked == in_flight_.end()) return;
  std::list<Attempt> attempt;
  attempt.splice(attempt.end(), in_flight_, asked);
  if (response.result == ProduceResult::acknowledged) {
    finish(attempt.front(), Outcome::acked);
    return;
  }
  attempt_failed(std::move(attempt), /*maybe_stored=*/false);
  // "Not leader" means that the client has to look again; what else is on its way will get the same answer.
  if (response.result == ProduceResult::not_leader && in_flight_.empty()) {
    producer_.process_.simulation().network().close(producer_.process_, connection_);
    connection_.reset();
  }
}

void ProducerLane::fail_overdue() {
  sim::Simulation& simulation = producer_.process_.simulation();
  const auto overdue = [now = simulation.now()](const Attempt& attempt) { return attempt.deadline <= now; };
  if (std::any_of(in_flight_.begin(), in_flight_.end(), overdue)) {
    // A timeout of the client closes the connection, and what was held on it is lost.
    if (connection_) simulation.network().reset(producer_.process_, connection_);
    connection_.reset();
    connection_lost();
  }
  for (auto waiting = queue_.begin(); waiting != queue_.end();) {
    const auto next = waiting++;
    if (!overdue(*next)) continue;
    std::list<Attempt> attempt;
    attempt.splice(attempt.end(), queue_, next);
    const std::size_t before = queue_.size();
    attempt_failed(std::move(attempt), /*maybe_stored=*/false);
    if (queue_.size() > before) break;  // it went back to the queue; the rest comes round again
  }
}

void ProducerLane::connection_lost() {
  connection_.reset();
  for (std::list<Attempt> lost = std::exchange(in_flight_, {}); !lost.empty();) {
    std::list<Attempt> attempt;
    attempt.splice(attempt.end(), lost, lost.begin());
    attempt_failed(std::move(attempt), /*maybe_stored=*/true);
  }
}

void ProducerLane::attempt_failed(std::list<Attempt> failed, bool maybe_stored) {
  Attempt& attempt = failed.front();
  attempt.uncertain = attempt.uncertain || maybe_stored;
  if (attempt.retries_left == 0) {
    finish(attempt, attempt.mode == SendMode::oneway ? Outcome::none
                    : attempt.uncertain              ? Outcome::uncertain
                                                     : Outcome::failed);
    return;
  }
  --attempt.retries_left;
  attempt.ready = producer_.process_.simulation().now() + producer_.options_.retry_backoff;
  attempt.deadline = attempt.ready + producer_.options_.timeout;
  queue_.splice(queue_.end(), failed);
  work_.notify_one();
}

void ProducerLane::finish(Attempt& attempt, Outcome outcome) {
  producer_.buffered(-1);
  attempt.done(outcome);
}

}  // namespace noloss::models::textbook
