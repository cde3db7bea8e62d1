// The options of server.properties that concern transactions.
#include "models/kafka/options.hpp"

namespace noloss::models::kafka {

using enum OptionScope;

std::vector<OptionHistory> transaction_options() {
  constexpr Release kExist{{0, 11, 0}};
  return {
      {integer_option(broker, "transaction.state.log.replication.factor", "3",
                      {.meaning = "replicas of __transaction_state, at most as many as there are brokers",
                       .source = "KIP-98",
                       .safer = "3"},
                      1, 100),
       {},
       kExist},
      {integer_option(broker, "transaction.state.log.min.isr", "2",
                      {.meaning = "min.insync.replicas of __transaction_state, which never elects uncleanly",
                       .source = "KIP-98",
                       .safer = "2"},
                      1, 100),
       {},
       kExist},
      {duration_option(
           broker, "transaction.max.timeout.ms", "900s",
           {.meaning = "the largest transaction.timeout.ms that a producer may ask for", .source = "KIP-98"}),
       {},
       kExist},
      {duration_option(broker, "transaction.abort.timed.out.transaction.cleanup.interval.ms", "60s",
                       {.meaning = "how often a coordinator looks for transactions that have timed out",
                        .source = "TransactionStateManager"}),
       {{{{2, 6, 0}}, "10s"}},
       kExist},
      {dynamic(
           flag_option(broker, "transaction.partition.verification.enable", "true",
                       {.meaning = "a leader asks the coordinator before it appends a batch that opens a transaction",
                        .source = "KIP-890 part 1",
                        .safer = "true"})),
       {},
       {{3, 6, 0}}},
      {integer_option(broker, "transaction.version", "2",
                      {.meaning = "2: each transaction has an epoch of its own, and the leader adds its partition "
                                  "itself (a feature level, here among the options)",
                       .source = "KIP-890 part 2",
                       .safer = "2"},
                      0, 2),
       {},
       {{4, 0, 0}}},
  };
}

}  // namespace noloss::models::kafka
