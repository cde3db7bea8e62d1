// What a partition remembers of each idempotent producer: its epoch and its last five batches.
//
// Modelled (ProducerStateManager, ProducerAppendInfo): a batch that is one of the last five is a duplicate; else its
// sequence must follow the last one; a new epoch begins at 0; an unknown producer may begin anywhere; a producer that
// was idle for producer.id.expiration.ms is forgotten. A transaction's marker brings its epoch along, which fences what
// is older; markers of an older epoch, or of a coordinator that was replaced, are refused.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "models/kafka/protocol.hpp"

namespace noloss::models::kafka {

class ProducerStates {
 public:
  struct Batch {
    std::int64_t base_sequence = 0;
    std::int64_t last_sequence = 0;
    Offset base_offset = 0;
    Offset last_offset = 0;
  };
  struct Decision {
    Error error = Error::none;
    std::optional<Batch> duplicate_of;
  };

  /// Whether the leader appends a batch of `records` records, now.
  [[nodiscard]] Decision check(const ProducerStamp& stamp, std::int64_t records, sim::VirtualTime now,
                               sim::Duration expiration) const;
  [[nodiscard]] bool has_epoch(ProducerId id, std::int32_t epoch) const {
    const auto known = producers_.find(id);
    return known != producers_.end() && known->second.epoch == epoch;
  }
  [[nodiscard]] bool has_later_epoch(ProducerId id, std::int32_t epoch) const {
    const auto known = producers_.find(id);
    return known != producers_.end() && known->second.epoch > epoch;
  }
  /// Whether the leader appends that marker.
  [[nodiscard]] Error check_marker(const ProducerStamp& stamp, Epoch coordinator_epoch) const;
  /// A batch's last record, or a marker, is in the log.
  void appended(const LogRecord& last);
  void clear() { producers_.clear(); }
  /// Forgets producers whose last batch lies below `offset`.
  void forget_below(Offset offset);

 private:
  static constexpr std::size_t kBatches = 5;
  struct Producer {
    std::int32_t epoch = 0;
    std::deque<Batch> batches;  ///< of that epoch; none if a marker began it
    sim::VirtualTime last_append{};
    Offset last_offset = 0;
    Epoch coordinator_epoch = kNoEpoch;  ///< of the last marker
  };

  std::map<ProducerId, Producer> producers_;
};

}  // namespace noloss::models::kafka
