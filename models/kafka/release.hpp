// Releases of Apache Kafka and what each of them does differently: the one table of behaviours by release.
//
// Nothing else in this folder compares releases. A behaviour is named after what the brokers or clients do, with the
// change that brought it; defaults of options by release stand with the options. From 3.3 on a cluster is modelled
// with KRaft, before with ZooKeeper. Not modelled: brokers and clients of different releases in one cluster.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string_view>

namespace noloss::models::kafka {

/// 0.10.2 is {0, 10, 2}. A part that is not written stands for the last of its line: "2.7" is 2.7.2.
struct Release {
  std::array<std::int32_t, 3> parts{};
  friend auto operator<=>(const Release&, const Release&) = default;
};
/// Precondition: one of known_releases().
[[nodiscard]] Release parse_release(std::string_view text);
/// Oldest first; the last one is the default.
[[nodiscard]] std::span<const std::string_view> known_releases();

/// How a follower finds out where its log leaves the leader's.
enum class Truncation : std::uint8_t {
  high_watermark,  ///< to its own high watermark, always
  epoch_once,      ///< asks the leader once for the end of its last epoch (KIP-101)
  epoch_rounds,    ///< asks until an epoch is found that both have (KIP-279)
  on_fetch,        ///< the leader says so in the answer to a fetch (KAFKA-8334)
};

struct Behaviours {
  Truncation truncation = Truncation::on_fetch;
  bool follower_exits_out_of_range = false;    ///< rather than truncate, unless unclean elections are on (KAFKA-3410)
  bool join_needs_epoch_start = true;          ///< KAFKA-7128: the ISR takes who has reached the epoch's start
  bool fetch_fenced_by_epoch = true;           ///< KIP-320
  bool isr_through_controller = true;          ///< KIP-497: maximal ISR; before, the leader wrote to ZooKeeper
  bool counts_diverging_fetch = false;         ///< KAFKA-13141
  bool fenced_cannot_join = true;              ///< KIP-841
  bool stale_broker_epoch_cannot_join = true;  ///< KIP-903
  bool effective_min_isr = true;               ///< min.insync.replicas is at most the replication factor
  bool strict_min_isr = true;                  ///< KAFKA-15583: no commit while the ISR is below the minimum
  bool registration_cleans_isr = true;         ///< KIP-380 with ZooKeeper, KAFKA-18106 with KRaft
  bool elects_fenced_last_leader = false;      ///< KAFKA-19522
  bool registers_after_shutdown = true;        ///< KAFKA-19047: no wait for the old session
  bool kraft = true;                           ///< sessions of brokers with the controller, not with ZooKeeper
  bool unclean_for_brokers_at_once = false;    ///< KAFKA-6526: a `set` of the brokers' option elects where nobody leads
  bool unclean_for_topics_at_once = false;     ///< KAFKA-6835: one of a topic's option does
  bool sweeps_leaderless = true;            ///< KAFKA-12670: each five minutes the controller looks where nobody leads
  bool deletes_records = true;              ///< KIP-107
  bool metadata_has_topic_ids = true;       ///< KAFKA-12257, clients: a topic that was made anew is another one
  bool fetches_by_topic_id = true;          ///< KIP-516, consumers and brokers
  bool consumer_detects_truncation = true;  ///< KIP-320, clients
  bool async_commit_covers_poll = false;    ///< KAFKA-18641, clients: see the consumer
  bool producer_bumps_epoch = true;         ///< KIP-360
  bool idempotence_exists = true;           ///< KIP-98, and transactions with it
  bool idempotence_by_default = true;       ///< KIP-679, in effect since KAFKA-13598
  bool idempotence_refuses_in_flight = true;  ///< more than five in flight: an error, not a silent change
  bool group_fences_offsets = true;           ///< KIP-447, clients: generations in transactions, stable offsets only
  bool verifies_offsets = true;               ///< KAFKA-15449: TxnOffsetCommit is verified as batches are
  bool delivery_timeout = true;               ///< KIP-91
  bool state_outlives_retention = true;       ///< KAFKA-7190: producer state is kept when its records expire
};
[[nodiscard]] Behaviours behaviours(const Release& release);

}  // namespace noloss::models::kafka
