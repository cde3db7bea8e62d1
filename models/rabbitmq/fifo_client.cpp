#include "models/rabbitmq/fifo_client.hpp"

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "models/rabbitmq/channel.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::size_t kSoftLimit = 32;
constexpr sim::Duration kResend = std::chrono::seconds{10};
constexpr sim::Duration kRegistrationSlack = std::chrono::seconds{5};

}  // namespace

FifoClient::FifoClient(Channel& channel, QueueId queue)
    : channel_(channel),
      queue_(queue),
      info_(channel.broker().topology().queues[queue]),
      leader_(channel.broker().leader_hint(queue)) {}

bool FifoClient::full() const { return enqueues_ >= kSoftLimit || registration_ == Registration::asked; }

// --- commands ---

void FifoClient::publish(PublishSeq seq, ContentPtr content) {
  if (refuses_) {
    channel_.broker().ledger().dropped(*content, info_.max_length >= 0 ? "x-max-length" : "x-max-length-bytes");
    return channel_.queue_confirms(queue_, seq, false);
  }
  if (registration_ == Registration::done) return enqueue(seq, std::move(content));
  unregistered_.emplace_back(seq, std::move(content));
  if (registration_ == Registration::asked) return;
  registration_ = Registration::asked;
  registration_deadline_ = channel_.broker().now() + channel_.broker().topology().net_ticktime + kRegistrationSlack;
  FifoCommand command;
  command.kind = FifoKind::register_enqueuer;
  command.enqueue_seq = next_enqueue_;
  submit(std::move(command));
}

void FifoClient::queue_gone() {
  // Numbers go on, so that nothing of the next queue of that name looks as if it had been sent before.
  pending_.clear();
  enqueues_ = 0;
  unregistered_.clear();
  registration_ = Registration::none;
  registration_deadline_ = resend_ = sim::kNever;
  refuses_ = consumes_ = false;
}

void FifoClient::enqueue(PublishSeq seq, ContentPtr content) {
  FifoCommand command;
  command.kind = FifoKind::enqueue;
  command.enqueue_seq = next_enqueue_++;
  command.content = std::move(content);
  ++enqueues_;
  submit(std::move(command), seq);
}

void FifoClient::consume(bool auto_ack, std::int64_t prefetch) {
  consumes_ = true;
  auto_ack_ = auto_ack;
  FifoCommand command;
  command.kind = FifoKind::checkout;
  command.prefetch = auto_ack ? 0 : prefetch;
  submit(std::move(command));
}

void FifoClient::settle(Disposition disposition, std::vector<std::uint64_t> deliveries) {
  FifoCommand command;
  command.kind = disposition == Disposition::acknowledged ? FifoKind::settle
                 : disposition == Disposition::rejected   ? FifoKind::discard
                                                          : FifoKind::requeue;
  command.failed = disposition == Disposition::failed;
  command.deliveries = std::move(deliveries);
  submit(std::move(command));
}

void FifoClient::submit(FifoCommand command, PublishSeq publish) {
  command.channel = channel_.id();
  const FifoCommandPtr shared{new FifoCommand(std::move(command))};
  const std::uint64_t seq = next_seq_++;
  pending_.emplace(seq, Pending{shared, publish});
  if (resend_ == sim::kNever) resend_ = channel_.broker().now() + kResend;
  send(seq, shared);
}

void FifoClient::send(std::uint64_t seq, const FifoCommandPtr& command) {
  boost::intrusive_ptr<RaftCommand> letter{new RaftCommand};
  letter->queue = queue_;
  letter->channel = channel_.id();
  letter->seq = seq;
  letter->command = command;
  channel_.broker().cast_queue(leader_, events().raft_command, letter,
                               command->content ? command->content->message->bytes : 0);
}

void FifoClient::send_all() {
  if (!NOLOSS_BUG("rabbitmq: what a lost leader had not confirmed is not sent again")) {
    for (const auto& [seq, pending] : pending_) send(seq, pending.command);
  }
  resend_ = pending_.empty() ? sim::kNever : channel_.broker().now() + kResend;
}

// --- answers ---

void FifoClient::receive(sim::EventId kind, const ToChannel& letter) {
  if (kind == events().raft_applied.sent) return applied(static_cast<const RaftApplied&>(letter));
  const auto& refusal = static_cast<const RaftNotLeader&>(letter);
  // One refusal a round: the other commands of it get the same answer.
  if (pending_.empty() || refusal.seq != pending_.begin()->first) return;
  if (refusal.leader == sim::kNoNode || refusal.leader == leader_) return;  // the timer, or the new leader itself
  leader_ = refusal.leader;
  send_all();
}

void FifoClient::applied(const RaftApplied& letter) {
  bool again = letter.new_leader;
  leader_ = letter.leader;
  if (letter.full) refuses_ = *letter.full;
  for (const RaftApplied::Answer& answer : letter.answers) {
    if (answer.reply == FifoReply::gap) {
      again = true;
      continue;
    }
    const auto done = pending_.find(answer.seq);
    if (done == pending_.end()) continue;
    const FifoKind kind = done->second.command->kind;
    const PublishSeq publish = done->second.publish;
    pending_.erase(done);
    if (kind == FifoKind::enqueue) {
      --enqueues_;
      channel_.queue_confirms(queue_, publish, true);
    } else if (kind == FifoKind::register_enqueuer) {
      registration_ = Registration::done;
      registration_deadline_ = sim::kNever;
      for (auto& [seq, content] : std::exchange(unregistered_, {})) enqueue(seq, std::move(content));
    }
  }
  if (!letter.answers.empty()) resend_ = pending_.empty() ? sim::kNever : channel_.broker().now() + kResend;
  if (again) send_all();
  if (letter.new_leader && consumes_) fetch();
}

void FifoClient::delivered(const QueueDeliver& letter) {
  // What lies between has gone back to the queue, and comes again under other numbers.
  if (letter.resumes) next_delivery_ = std::max(next_delivery_, letter.delivery);
  if (letter.delivery < next_delivery_) return;
  if (letter.delivery > next_delivery_) return fetch();  // some were lost with a leader or a link
  ++next_delivery_;
  channel_.queue_delivers(queue_, letter.delivery, letter.redelivered, letter.content);
  if (auto_ack_) settle(Disposition::acknowledged, {letter.delivery});
}

void FifoClient::fetch() {
  boost::intrusive_ptr<RaftFetch> letter{new RaftFetch};
  letter->queue = queue_;
  letter->channel = channel_.id();
  letter->delivery = next_delivery_;
  channel_.broker().cast_queue(leader_, events().raft_fetch, letter);
}

// --- failures ---

void FifoClient::node_changed(sim::NodeId peer, LetterKind what) {
  if (what != LetterKind::node_up || peer != leader_) return;
  send_all();
  if (consumes_) fetch();
}

void FifoClient::use_next_member() {
  const auto& members = info_.members;
  const auto present = std::find(members.begin(), members.end(), leader_);
  const auto place = static_cast<std::size_t>(present - members.begin());
  leader_ = members[(place + 1) % members.size()];
}

void FifoClient::timers() {
  const sim::VirtualTime now = channel_.broker().now();
  if (registration_deadline_ <= now) {
    // Nobody could be registered with: what was published meanwhile is refused, nothing of it was sent.
    registration_deadline_ = sim::kNever;
    registration_ = Registration::none;
    std::erase_if(pending_,
                  [](const auto& entry) { return entry.second.command->kind == FifoKind::register_enqueuer; });
    for (const auto& [seq, content] : std::exchange(unregistered_, {})) channel_.queue_confirms(queue_, seq, false);
  }
  if (resend_ <= now) {
    use_next_member();
    send_all();
  }
}

void FifoClient::close() {
  boost::intrusive_ptr<QueueChannelDown> down{new QueueChannelDown};
  down->queue = queue_;
  down->channel = channel_.id();
  channel_.broker().cast_queue(leader_, events().queue_channel_down, down);
}

}  // namespace noloss::models::rabbitmq
