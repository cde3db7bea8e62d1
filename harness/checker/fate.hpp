// What became of each message: the common ground of the checkers.
//
// Read from the recorded history and the state at the end, never from a model. A message that was not processed is lost
// only if nothing can bring it back: a copy that the group has not passed yet, or a send that is still open, makes the
// run unavailable, not lossy.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/run/run_result.hpp"
#include "models/cluster.hpp"
#include "models/history.hpp"

namespace noloss::harness {

enum class Fate : std::uint8_t {
  processed,
  pending,          ///< a copy may still be read, or the producer still tries
  lost_in_produce,  ///< no broker ever appended it
  lost_in_store,    ///< appended, and at the end no copy can be read by the group
  lost_in_consume,  ///< the group's position moved past it without the effect
};
[[nodiscard]] constexpr bool lost(Fate fate) { return fate >= Fate::lost_in_produce; }
[[nodiscard]] constexpr Stage stage(Fate fate) {
  return static_cast<Stage>(static_cast<int>(fate) - static_cast<int>(Fate::lost_in_produce));
}

/// Everything that a checker may look at.
struct Evidence {
  const models::History& history;
  const models::FinalState& state;
  bool settled = false;                 ///< within the drain bound
  std::vector<std::string_view> waits;  ///< if not settled
  bool sequence_check = false;          ///< is on for some consumer
  std::vector<Fate> fates;              ///< by MessageRef
  std::vector<bool> exists;             ///< by MessageRef: some replica that counts still holds it
};

/// Fills `fates` and `exists`.
void find_fates(Evidence& evidence);

}  // namespace noloss::harness
