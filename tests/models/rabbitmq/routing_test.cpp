// Which queues a message reaches, for each type of exchange.
#include "models/rabbitmq/routing.hpp"

#include <gmock/gmock.h>

namespace noloss::models::rabbitmq {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TopicPattern, TakesWordsAsTheyAre) {
  EXPECT_TRUE(topic_matches("stock.usd", "stock.usd"));
  EXPECT_FALSE(topic_matches("stock.usd", "stock.eur"));
  EXPECT_FALSE(topic_matches("stock.usd", "stock.usd.nyse"));
}

TEST(TopicPattern, TakesOneWordForAStar) {
  EXPECT_TRUE(topic_matches("*.usd", "stock.usd"));
  EXPECT_FALSE(topic_matches("*.usd", "usd"));
  EXPECT_FALSE(topic_matches("*.usd", "a.stock.usd"));
  EXPECT_TRUE(topic_matches("*", "stock"));
  EXPECT_FALSE(topic_matches("*", ""));
}

TEST(TopicPattern, TakesAnyNumberOfWordsForAHash) {
  EXPECT_TRUE(topic_matches("#", ""));
  EXPECT_TRUE(topic_matches("#", "stock.usd.nyse"));
  EXPECT_TRUE(topic_matches("stock.#", "stock"));
  EXPECT_TRUE(topic_matches("stock.#.nyse", "stock.nyse"));
  EXPECT_TRUE(topic_matches("stock.#.nyse", "stock.usd.today.nyse"));
  EXPECT_FALSE(topic_matches("stock.#.nyse", "stock.nyse.usd"));
  EXPECT_TRUE(topic_matches("#.*", "stock"));
  EXPECT_FALSE(topic_matches("#.*", ""));
}

TEST(HeadersBinding, AsksForAllOfThemUnlessItSaysAny) {
  const Headers message = parse_headers("format=pdf type=report");
  EXPECT_TRUE(headers_match(parse_headers("format=pdf type=report"), message));
  EXPECT_FALSE(headers_match(parse_headers("format=pdf type=log"), message));
  EXPECT_TRUE(headers_match(parse_headers("x-match=any format=pdf type=log"), message));
  EXPECT_FALSE(headers_match(parse_headers("x-match=any format=zip type=log"), message));
}

TEST(HeadersBinding, WithoutArgumentsTakesEverythingOrNothing) {
  EXPECT_TRUE(headers_match({}, {}));
  EXPECT_TRUE(headers_match(parse_headers("x-match=all"), parse_headers("format=pdf")));
  EXPECT_FALSE(headers_match(parse_headers("x-match=any"), parse_headers("format=pdf")));
}

TEST(HeadersBinding, AsksForTheNameAloneWhereItGivesNoValue) {
  EXPECT_TRUE(headers_match(parse_headers("format"), parse_headers("format=pdf")));
  EXPECT_FALSE(headers_match(parse_headers("format"), parse_headers("type=report")));
}

TEST(HeadersBinding, LooksAtHeadersNamedXOnlyWhereItSaysSo) {
  EXPECT_TRUE(headers_match(parse_headers("x-tenant=a"), parse_headers("x-tenant=b")));
  EXPECT_FALSE(headers_match(parse_headers("x-match=all-with-x x-tenant=a"), parse_headers("x-tenant=b")));
  EXPECT_TRUE(headers_match(parse_headers("x-match=any-with-x x-tenant=a"), parse_headers("x-tenant=a")));
}

class RoutesTest : public ::testing::Test {
 protected:
  ExchangeId declare(std::string name, ExchangeType type, std::string alternate = {}) {
    ExchangeInfo& exchange = exchanges_.emplace_back();
    exchange.name = std::move(name);
    exchange.type = type;
    exchange.alternate = std::move(alternate);
    return static_cast<ExchangeId>(exchanges_.size() - 1);
  }
  void bind(ExchangeId exchange, QueueId queue, std::string key) {
    exchanges_[exchange].bindings.push_back({queue, std::move(key), {}});
  }
  std::vector<QueueId> route(ExchangeId exchange, std::string_view key) {
    routes_.add_key(key);
    routes_.find_all(exchanges_);
    const auto& stages = routes_.of({exchange, routes_.key(key), 0});
    return stages.empty() ? std::vector<QueueId>{} : stages.front();
  }

  std::vector<ExchangeInfo> exchanges_{ExchangeInfo{}};
  Routes routes_{{"orders", "rest"}};
};

TEST_F(RoutesTest, OfTheDefaultExchangeGoByTheNameOfTheQueue) {
  EXPECT_THAT(route(0, "rest"), ElementsAre(1U));
  EXPECT_THAT(route(0, "nobody"), IsEmpty());
}

TEST_F(RoutesTest, OfADirectExchangeGoByTheKey) {
  const ExchangeId direct = declare("direct", ExchangeType::direct);
  bind(direct, 0, "new");
  bind(direct, 1, "new");
  bind(direct, 1, "old");
  EXPECT_THAT(route(direct, "new"), ElementsAre(0U, 1U));
  EXPECT_THAT(route(direct, "old"), ElementsAre(1U));
  EXPECT_THAT(route(direct, "other"), IsEmpty());
}

TEST_F(RoutesTest, ReachAQueueOnceThoughTwoBindingsFit) {
  const ExchangeId topic = declare("topic", ExchangeType::topic);
  bind(topic, 0, "eu.*");
  bind(topic, 0, "#.new");
  EXPECT_THAT(route(topic, "eu.new"), ElementsAre(0U));
}

TEST_F(RoutesTest, GoOnToTheAlternateExchangeWithTheSameKey) {
  const ExchangeId first = declare("first", ExchangeType::direct, "second");
  const ExchangeId second = declare("second", ExchangeType::topic);
  bind(first, 0, "new");
  bind(second, 1, "eu.#");
  EXPECT_THAT(route(first, "new"), ElementsAre(0U));
  EXPECT_THAT(route(first, "eu.old"), ElementsAre(1U));
  EXPECT_THAT(route(first, "us.old"), IsEmpty());
}

TEST_F(RoutesTest, EndWhereAlternateExchangesGoRoundInACircle) {
  const ExchangeId first = declare("first", ExchangeType::direct, "second");
  declare("second", ExchangeType::direct, "first");
  EXPECT_THAT(route(first, "new"), IsEmpty());
}

TEST_F(RoutesTest, KnowWhatWouldBeNextIfAQueueDidNotExist) {
  const ExchangeId first = declare("first", ExchangeType::direct, "second");
  const ExchangeId second = declare("second", ExchangeType::fanout);
  bind(first, 0, "new");
  bind(second, 1, "");
  EXPECT_THAT(route(first, "new"), ElementsAre(0U));
  EXPECT_THAT(routes_.of({first, routes_.key("new"), 0}), ElementsAre(ElementsAre(0U), ElementsAre(1U)));
}

TEST_F(RoutesTest, OfAMissingExchangeLeadNowhere) { EXPECT_THAT(route(7, "rest"), IsEmpty()); }

}  // namespace
}  // namespace noloss::models::rabbitmq
