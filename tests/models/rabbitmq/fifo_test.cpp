// The state machine of a quorum queue, without Raft around it.
#include "models/rabbitmq/fifo.hpp"

#include <gmock/gmock.h>

namespace noloss::models::rabbitmq {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ChannelId kPublisher{sim::NodeId{0}, 1, 1};
constexpr ChannelId kConsumer{sim::NodeId{1}, 1, 1};
constexpr ChannelId kOther{sim::NodeId{2}, 1, 1};

class FifoTest : public ::testing::Test {
 protected:
  void use(std::string_view release, std::int64_t delivery_limit = -1) {
    info_.type = QueueType::quorum;
    info_.delivery_limit = delivery_limit;
    fifo_.emplace(info_, release_named(release));
  }

  FifoReply apply(FifoCommand command, sim::VirtualTime at = sim::kStart) {
    command.at = at;
    effects_.clear();
    return fifo_->apply(command, effects_);
  }
  FifoReply enqueue(std::uint64_t seq, std::uint32_t message, sim::Duration expiration = sim::Duration{-1},
                    std::int64_t bytes = 0) {
    boost::intrusive_ptr<Message> content{new Message};
    content->ref = MessageRef{message};
    content->bytes = bytes;
    boost::intrusive_ptr<Content> carried{new Content};
    carried->message = content;
    carried->expiration = expiration;
    FifoCommand command;
    command.kind = FifoKind::enqueue;
    command.channel = kPublisher;
    command.enqueue_seq = seq;
    command.content = carried;
    return apply(command);
  }
  void consume(const ChannelId& channel, std::int64_t prefetch) {
    FifoCommand command;
    command.kind = FifoKind::checkout;
    command.channel = channel;
    command.prefetch = prefetch;
    apply(command);
  }
  void say(FifoKind kind, const ChannelId& channel, std::vector<std::uint64_t> deliveries, bool failed = false) {
    FifoCommand command;
    command.kind = kind;
    command.channel = channel;
    command.deliveries = std::move(deliveries);
    command.failed = failed;
    apply(command);
  }
  void node(FifoKind kind, sim::NodeId node, sim::VirtualTime at = sim::kStart) {
    FifoCommand command;
    command.kind = kind;
    command.node = node;
    apply(command, at);
  }
  [[nodiscard]] std::vector<std::uint32_t> delivered() const { return named(FifoEffect::What::deliver); }
  [[nodiscard]] std::vector<std::uint32_t> removed() const { return named(FifoEffect::What::removed); }
  void define(std::uint64_t version, bool exists, std::uint64_t incarnation) {
    FifoCommand command;
    command.kind = FifoKind::define;
    command.definition.version = version;
    command.definition.exists = exists;
    command.definition.incarnation = incarnation;
    command.definition.policy = info_;
    apply(command);
  }
  [[nodiscard]] std::vector<std::uint32_t> dropped() const { return named(FifoEffect::What::dropped); }

 private:
  [[nodiscard]] std::vector<std::uint32_t> named(FifoEffect::What what) const {
    std::vector<std::uint32_t> messages;
    for (const FifoEffect& effect : effects_) {
      if (effect.what == what) messages.push_back(static_cast<std::uint32_t>(effect.content->message->ref));
    }
    return messages;
  }

 protected:
  QueueInfo info_;
  std::optional<Fifo> fifo_;
  std::vector<FifoEffect> effects_;
};

TEST_F(FifoTest, StoresOnceWhatIsSentTwice) {
  use("4.1");
  EXPECT_EQ(enqueue(1, 10), FifoReply::ok);
  EXPECT_EQ(enqueue(1, 10), FifoReply::ok);
  EXPECT_EQ(fifo_->messages().size(), 1U);
}

TEST_F(FifoTest, TakesNothingAfterAGap) {
  use("4.1");
  EXPECT_EQ(enqueue(1, 10), FifoReply::ok);
  EXPECT_EQ(enqueue(3, 30), FifoReply::gap);
  EXPECT_EQ(enqueue(2, 20), FifoReply::ok);
  EXPECT_EQ(enqueue(3, 30), FifoReply::ok);
  EXPECT_EQ(fifo_->messages().size(), 3U);
}

TEST_F(FifoTest, ServesReturnsBeforeTheRest) {
  use("4.1", 20);
  for (std::uint32_t i = 1; i <= 3; ++i) enqueue(i, i);
  consume(kConsumer, 1);
  EXPECT_THAT(delivered(), ElementsAre(1));
  say(FifoKind::requeue, kConsumer, {1});
  EXPECT_THAT(delivered(), ElementsAre(1));
}

TEST_F(FifoTest, WithoutALimitPutsWhatIsGivenBackBehindTheRest) {
  use("3.13");
  for (std::uint32_t i = 1; i <= 3; ++i) enqueue(i, i);
  consume(kConsumer, 1);
  say(FifoKind::requeue, kConsumer, {1});
  EXPECT_THAT(delivered(), ElementsAre(2));
  EXPECT_EQ(static_cast<std::uint32_t>(fifo_->messages()[1]), 1U);
}

TEST_F(FifoTest, DropsAMessageThatCameBackMoreOftenThanTheLimit) {
  use("4.1", 2);
  enqueue(1, 7);
  consume(kConsumer, 1);
  say(FifoKind::requeue, kConsumer, {1});
  say(FifoKind::requeue, kConsumer, {2});
  EXPECT_THAT(dropped(), IsEmpty());
  say(FifoKind::requeue, kConsumer, {3});
  EXPECT_THAT(dropped(), ElementsAre(7));
}

TEST_F(FifoTest, FromFourThreeOnlyFailuresCount) {
  use("4.3", 1);
  enqueue(1, 7);
  consume(kConsumer, 1);
  for (std::uint64_t delivery = 1; delivery <= 10; ++delivery) {
    say(FifoKind::requeue, kConsumer, {delivery});
    EXPECT_THAT(dropped(), IsEmpty());
  }
  say(FifoKind::requeue, kConsumer, {11}, /*failed=*/true);
  EXPECT_THAT(dropped(), IsEmpty());
  say(FifoKind::requeue, kConsumer, {12}, /*failed=*/true);
  EXPECT_THAT(dropped(), ElementsAre(7));
}

TEST_F(FifoTest, GivesTheDeliveriesOfAnUnreachableNodeToAnotherAtOnce) {
  use("4.2", 20);
  enqueue(1, 7);
  consume(kConsumer, 1);
  consume(kOther, 1);
  node(FifoKind::node_down, kConsumer.node);
  EXPECT_THAT(delivered(), ElementsAre(7));
  say(FifoKind::settle, kConsumer, {1});  // late: it counts for nothing
  EXPECT_FALSE(fifo_->drained());
  say(FifoKind::settle, kOther, {1});
  EXPECT_TRUE(fifo_->drained());
}

TEST_F(FifoTest, FromFourThreeKeepsThemForAMinute) {
  use("4.3", 20);
  enqueue(1, 7);
  consume(kConsumer, 1);
  consume(kOther, 1);
  node(FifoKind::node_down, kConsumer.node);
  EXPECT_THAT(delivered(), IsEmpty());
  EXPECT_EQ(fifo_->next_expiry(), sim::kStart + std::chrono::seconds{60});
  node(FifoKind::node_up, kConsumer.node, sim::kStart + std::chrono::seconds{30});
  say(FifoKind::settle, kConsumer, {1});
  EXPECT_TRUE(fifo_->drained());
}

TEST_F(FifoTest, HandsTheDeliveriesOfADeadChannelBackInOrder) {
  use("4.1", 20);
  for (std::uint32_t i = 1; i <= 4; ++i) enqueue(i, i);
  consume(kConsumer, 2);
  FifoCommand down;
  down.kind = FifoKind::channel_down;
  down.channel = kConsumer;
  apply(down);
  consume(kOther, 10);
  EXPECT_THAT(delivered(), ElementsAre(1, 2, 3, 4));
}

TEST_F(FifoTest, ExpiresOnlyAtTheHead) {
  use("4.1", 20);
  info_.ttl = std::chrono::seconds{1};
  enqueue(1, 1);
  enqueue(2, 2);
  FifoCommand tick;
  tick.kind = FifoKind::tick;
  apply(tick, sim::kStart + std::chrono::seconds{1});
  EXPECT_THAT(dropped(), ElementsAre(1, 2));
}

TEST_F(FifoTest, HidesAnExpiredMessageBehindOneThatLives) {
  use("4.1", 20);
  enqueue(1, 1);
  enqueue(2, 2, std::chrono::seconds{1});
  FifoCommand tick;
  tick.kind = FifoKind::tick;
  apply(tick, sim::kStart + std::chrono::seconds{5});
  EXPECT_THAT(dropped(), IsEmpty());
  EXPECT_EQ(fifo_->messages().size(), 2U);
  FifoCommand checkout;
  checkout.kind = FifoKind::checkout;
  checkout.channel = kConsumer;
  checkout.prefetch = 1;
  apply(checkout, sim::kStart + std::chrono::seconds{6});
  EXPECT_THAT(delivered(), ElementsAre(1));
  apply(tick, sim::kStart + std::chrono::seconds{6});
  EXPECT_THAT(dropped(), ElementsAre(2));
}

TEST_F(FifoTest, TakesTheLowerOfTwoTimesToLive) {
  use("4.1", 20);
  info_.ttl = std::chrono::seconds{2};
  enqueue(1, 1, std::chrono::seconds{1});
  EXPECT_EQ(fifo_->next_expiry(), sim::kStart + std::chrono::seconds{1});
  enqueue(2, 2, std::chrono::seconds{9});
  FifoCommand tick;
  tick.kind = FifoKind::tick;
  apply(tick, sim::kStart + std::chrono::seconds{1});
  EXPECT_EQ(fifo_->next_expiry(), sim::kStart + std::chrono::seconds{2});
}

TEST_F(FifoTest, DropsTheOldestBeyondItsBytes) {
  use("4.1", 20);
  info_.max_bytes = 100;
  enqueue(1, 1, sim::Duration{-1}, 40);
  enqueue(2, 2, sim::Duration{-1}, 60);
  EXPECT_THAT(dropped(), IsEmpty());
  enqueue(3, 3, sim::Duration{-1}, 90);
  EXPECT_THAT(dropped(), ElementsAre(1, 2));
  enqueue(4, 4, sim::Duration{-1}, 200);  // no message fits, not even itself
  EXPECT_THAT(dropped(), ElementsAre(3, 4));
}

TEST_F(FifoTest, RefusesFromItsBytesOnUntilFourFifthsAreLeft) {
  use("4.1", 20);
  info_.max_bytes = 100;
  info_.overflow = Overflow::reject_publish;
  enqueue(1, 1, sim::Duration{-1}, 15);
  enqueue(2, 2, sim::Duration{-1}, 85);
  EXPECT_EQ(effects_.back().what, FifoEffect::What::full);
  consume(kConsumer, 1);  // takes the smaller one, and 85 are still more than 80
  consume(kOther, 1);
  EXPECT_THAT(delivered(), ElementsAre(2));
  FifoCommand tick;
  tick.kind = FifoKind::tick;
  apply(tick);
  EXPECT_EQ(effects_.back().what, FifoEffect::What::not_full);
}

TEST_F(FifoTest, DropsTheOldestBeyondItsLength) {
  use("4.1", 20);
  info_.max_length = 2;
  enqueue(1, 1);
  enqueue(2, 2);
  enqueue(3, 3);
  EXPECT_THAT(dropped(), ElementsAre(1));
}

TEST_F(FifoTest, PurgesWhatIsReadyAndLeavesWhatConsumersHold) {
  use("4.1", 20);
  enqueue(1, 1);
  enqueue(2, 2);
  consume(kConsumer, 1);
  FifoCommand purge;
  purge.kind = FifoKind::purge;
  apply(purge);
  EXPECT_THAT(removed(), ElementsAre(2));
  EXPECT_THAT(fifo_->messages(), ElementsAre(MessageRef{1}));
}

TEST_F(FifoTest, DeletedLosesEverythingAndDeadLettersNothing) {
  use("4.1", 20);
  enqueue(1, 1);
  enqueue(2, 2);
  consume(kConsumer, 1);
  define(1, /*exists=*/false, 1);
  EXPECT_THAT(removed(), ElementsAre(2, 1));
  EXPECT_THAT(dropped(), IsEmpty());
  EXPECT_FALSE(fifo_->exists());
  enqueue(3, 3);
  EXPECT_THAT(removed(), ElementsAre(3));
  define(2, /*exists=*/true, 2);
  enqueue(4, 4);
  EXPECT_THAT(fifo_->messages(), ElementsAre(MessageRef{4}));
}

TEST_F(FifoTest, DeclaredAgainIsAnotherQueueThoughItNeverHeardOfTheEnd) {
  use("4.1", 20);
  enqueue(1, 1);
  define(2, /*exists=*/true, 2);
  EXPECT_THAT(removed(), ElementsAre(1));
  EXPECT_TRUE(fifo_->drained());
}

TEST_F(FifoTest, KeepsTheLatestOfTwoDefinitions) {
  use("4.1", 20);
  info_.max_length = 1;
  define(3, /*exists=*/true, 1);
  info_.max_length = -1;
  define(2, /*exists=*/false, 1);
  EXPECT_TRUE(fifo_->exists());
  enqueue(1, 1);
  enqueue(2, 2);
  EXPECT_THAT(dropped(), ElementsAre(1));
}

TEST_F(FifoTest, ExpiresWhereNobodyConsumes) {
  use("4.1", 20);
  info_.expires = std::chrono::seconds{3};
  enqueue(1, 1);
  EXPECT_EQ(fifo_->unused_until(), sim::kStart + std::chrono::seconds{3});
  consume(kConsumer, 1);
  EXPECT_EQ(fifo_->unused_until(), sim::kNever);
  FifoCommand down;
  down.kind = FifoKind::channel_down;
  down.channel = kConsumer;
  apply(down, sim::kStart + std::chrono::seconds{10});
  EXPECT_EQ(fifo_->unused_until(), sim::kStart + std::chrono::seconds{13});
}

}  // namespace
}  // namespace noloss::models::rabbitmq
