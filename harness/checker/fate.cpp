#include "harness/checker/fate.hpp"
#include "sim/planted.hpp"

#include <algorithm>

namespace noloss::harness {
namespace {

enum class Place : std::uint8_t { nowhere, ahead, passed };

/// Notes where the partition's leader has each message.
void read_leader(const models::PartitionState& partition, std::vector<Place>& places) {
  for (const models::ReplicaState& replica : partition.replicas) {
    if (!replica.leads) continue;
    for (std::size_t position = 0; position < replica.log.size(); ++position) {
      const models::MessageRef message = replica.log[position].message;
      if (message == models::kNoMessage) continue;
      Place& place = places[models::index(message)];
      // Stored twice: it is ahead as long as one of the two is.
      const bool passed = static_cast<std::int64_t>(position) < partition.group_position;
      if (!passed) {
        place = Place::ahead;
      } else if (place == Place::nowhere) {
        place = Place::passed;
      }
    }
  }
}

bool has_leader(const models::PartitionState& partition) {
  return std::any_of(partition.replicas.begin(), partition.replicas.end(),
                     [](const models::ReplicaState& replica) { return replica.leads; });
}

Fate fate_of(const models::MessageRecord& record, Place place, bool leader) {
  if (record.processed()) return Fate::processed;
  if (place == Place::ahead) return Fate::pending;
  if (record.appends == 0) return record.open() ? Fate::pending : Fate::lost_in_produce;
  if (place == Place::passed)
    return NOLOSS_BUG("checker trusts the position") ? Fate::processed : Fate::lost_in_consume;
  if (record.open()) return Fate::pending;
  if (!leader && record.present_copies() > 0) return Fate::pending;
  return Fate::lost_in_store;
}

}  // namespace

void find_fates(Evidence& evidence) {
  const auto& messages = evidence.history.messages();
  std::vector<Place> places(messages.size(), Place::nowhere);
  bool leaders_everywhere = true;
  for (const models::PartitionState& partition : evidence.state.partitions) {
    read_leader(partition, places);
    leaders_everywhere = leaders_everywhere && has_leader(partition);
  }
  evidence.fates.reserve(messages.size());
  evidence.exists.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    evidence.fates.push_back(fate_of(messages[i], places[i], leaders_everywhere));
    evidence.exists.push_back(places[i] != Place::nowhere || (!leaders_everywhere && messages[i].present_copies() > 0));
  }
}

}  // namespace noloss::harness
