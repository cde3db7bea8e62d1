// Exchanges and their bindings: which queues a message reaches.
//
// Modelled: fanout, direct, topic and headers exchanges with any number of bindings a queue; alternate exchanges, which
// take what an exchange has no queue for, and may have one of their own. Bindings are constant during a run (but for
// those of a queue that does not exist), and so is the set of routing keys and headers that publishers and dead letters
// use: every route is found once, before the run. Not modelled: bindings between exchanges, the types of plugins, CC
// and BCC headers, values of headers other than text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/rabbitmq/protocol.hpp"

namespace noloss::models::rabbitmq {

enum class ExchangeType : std::uint8_t { fanout, direct, topic, headers };

/// Of a message, or of a binding, where `x-match` is one of them and an empty value asks only for the header's
/// presence.
using Headers = std::map<std::string, std::string, std::less<>>;

struct Binding {
  QueueId queue = kNoQueue;
  std::string key;  ///< direct and topic
  Headers headers;  ///< headers
};

struct ExchangeInfo {
  std::string name;  ///< empty: the default exchange, a direct one to which each queue is bound by its name
  ExchangeType type = ExchangeType::fanout;
  std::vector<Binding> bindings;
  std::string alternate;  ///< name of the alternate exchange; empty: none
};

/// Whether words of `key` fit those of `pattern`, both separated by dots: `*` is one word, `#` any number, also none.
[[nodiscard]] bool topic_matches(std::string_view pattern, std::string_view key);
/// By the binding's x-match: all (without one), any; all-with-x and any-with-x also look at headers named x-.
[[nodiscard]] bool headers_match(const Headers& binding, const Headers& message);

/// "name=value other" as headers; separated by spaces.
[[nodiscard]] Headers parse_headers(std::string_view text);
/// The words of a text between its spaces.
[[nodiscard]] std::vector<std::string> parse_words(std::string_view text);

/// Every route of a run. Numbers for keys and headers are those of Route.
class Routes {
 public:
  /// The first keys are the names of the queues, in their order; the first headers are none at all.
  explicit Routes(std::vector<std::string> queue_names = {});

  void add_key(std::string_view name);
  void add_headers(const Headers& headers);
  /// Once all keys and headers are there. Precondition: the first exchange is the default exchange.
  void find_all(const std::vector<ExchangeInfo>& exchanges);

  /// Precondition: was added.
  [[nodiscard]] KeyId key(std::string_view name) const;
  [[nodiscard]] HeadersId headers(const Headers& headers) const;
  /// The queues of the exchange, and behind them those of each alternate exchange that would be next; the first that
  /// has a queue counts. Each has a queue once, if it exists. A missing exchange leads nowhere.
  [[nodiscard]] const std::vector<std::vector<QueueId>>& of(const Route& route) const;

 private:
  [[nodiscard]] std::vector<QueueId> bound(const ExchangeInfo& exchange, KeyId key, HeadersId headers) const;

  std::vector<std::string> keys_;
  std::vector<Headers> headers_;
  std::size_t queues_;
  std::size_t exchanges_ = 0;
  std::vector<std::vector<std::vector<QueueId>>> routes_;  ///< by exchange, then key, then headers
};

}  // namespace noloss::models::rabbitmq
