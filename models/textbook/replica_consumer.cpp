// The leader's side of a consumer: what is shown, what is in hand, the group's position.
#include <utility>

#include "models/textbook/broker.hpp"
#include "models/textbook/replica.hpp"
#include "sim/planted.hpp"

namespace noloss::models::textbook {

void Replica::subscribe(const sim::ConnectionPtr& from, const Subscribe& request) {
  if (!in_charge()) return deliver_nothing(from, Empty::not_leader);
  // One consumer a partition: a new subscription takes the place of the old one.
  subscription_.emplace();
  subscription_->connection = from;
  subscription_->prefetch = request.prefetch;
  subscription_->redelivery = request.redelivery;
  subscription_->automatic = request.automatic;
  show_to_consumer();
}

void Replica::show_to_consumer() {
  if (!subscription_ || !epoch_committed_ || !broker_.lease_valid()) return;
  Subscription& subscription = *subscription_;
  if (!subscription.started) {
    subscription.started = true;
    // From the stored position; what was appended and not stored may never be.
    position_ = committed_position_;
    subscription.next = position_;
  }
  while (subscription.next < commit_ &&
         static_cast<std::int64_t>(subscription.in_hand.size()) < subscription.prefetch) {
    const Offset offset = subscription.next++;
    if (log_.at(offset).kind != RecordKind::message) continue;
    deliver(offset);
    if (subscription.automatic) {
      // Counted as done when it is sent.
      position_ = offset + 1;
      subscription.position_unstored = !append_position(nullptr, offset);
    }
    if (!leads() || !subscription_) return;  // a fault at one of these moments
  }
}

void Replica::deliver(Offset offset) {
  if (!log_.readable(offset)) broker_.process().crash();  // a log that cannot be read is no log to serve from
  subscription_->in_hand[offset] =
      subscription_->automatic ? sim::kNever : broker_.simulation().now() + subscription_->redelivery;
  const LogRecord& record = log_.at(offset);
  auto* delivery = new Deliver;
  delivery->partition = partition_;
  delivery->offset = offset;
  delivery->message = record.content;
  broker_.timers_changed();
  broker_.send(subscription_->connection, events().deliver, record.bytes, sim::PayloadPtr{delivery},
               static_cast<std::uint64_t>(record.message));
}

void Replica::deliver_nothing(const sim::ConnectionPtr& to, Empty why) {
  auto* answer = new Deliver;
  answer->partition = partition_;
  answer->refused = why == Empty::not_leader;
  broker_.send(to, events().deliver, 0, sim::PayloadPtr{answer});
}

void Replica::confirm(const sim::ConnectionPtr& to, Offset acknowledged) {
  auto* response = new AcknowledgeResponse;
  response->partition = partition_;
  response->offset = acknowledged;
  broker_.send(to, events().acknowledge_response, 0, sim::PayloadPtr{response});
}

void Replica::acknowledge(const sim::ConnectionPtr& from, const AcknowledgeRequest& request) {
  if (!leads() || !subscription_ || subscription_->connection != from) return;
  subscription_->in_hand.erase(request.offset);
  if (request.offset >= position_) subscription_->acknowledged.insert(request.offset);
  if (NOLOSS_BUG("acknowledge all in hand")) {
    for (const auto& [offset, when] : subscription_->in_hand) subscription_->acknowledged.insert(offset);
  }
  const Offset before = position_;
  skip_acknowledged();
  if (position_ != before) {
    if (!append_position(from, request.offset)) take_back(before, request.offset);
  } else {
    // A later message than the first unacknowledged one, or one acknowledged before: nothing to store.
    confirm(from, request.offset);
  }
  show_to_consumer();
}

void Replica::pull(const sim::ConnectionPtr& from, const AcknowledgeRequest& request) {
  if (subscription_ && subscription_->position_unstored) {
    subscription_->position_unstored = !append_position(nullptr, request.offset);
  }
  if (request.offset == kPollOnly) return deliver_nothing(from, leads() ? Empty::nothing_there : Empty::not_leader);
  if (!leads() || !subscription_ || subscription_->connection != from) return;
  subscription_->in_hand.erase(request.offset);
  show_to_consumer();
}

void Replica::skip_acknowledged() {
  // The position is the first message not acknowledged, so a later acknowledgement never covers an earlier message.
  while (position_ < subscription_->next &&
         (log_.at(position_).kind != RecordKind::message || subscription_->acknowledged.erase(position_) > 0)) {
    ++position_;
  }
}

bool Replica::append_position(const sim::ConnectionPtr& connection, Offset acknowledged) {
  const auto record = make_record(RecordKind::position);
  record->position = position_;
  if (!append(record)) return false;
  if (connection) waiting_.push_back({log_.end() - 1, connection, 0, acknowledged});
  stored_changed();
  return true;
}

void Replica::take_back(Offset before, Offset acknowledged) {
  for (Offset offset = before; offset < position_; ++offset) {
    const bool other = offset != acknowledged && log_.at(offset).kind == RecordKind::message;
    if (other) subscription_->acknowledged.insert(offset);
  }
  position_ = before;
  subscription_->in_hand[acknowledged] = broker_.simulation().now() + subscription_->redelivery;
  broker_.timers_changed();
}

}  // namespace noloss::models::textbook
