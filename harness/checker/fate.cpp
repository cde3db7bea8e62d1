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

/// A copy lies on a replica of a partition that nobody leads: what will be readable is open. Partitions of that number
/// of all topics count, since a message knows only its number.
bool withheld(const models::MessageRecord& record, const std::vector<const models::PartitionState*>& leaderless) {
  return std::any_of(leaderless.begin(), leaderless.end(), [&](const models::PartitionState* partition) {
    if (partition->partition != record.id.partition) return false;
    return std::any_of(record.copies.begin(), record.copies.end(), [&](const models::Copy& copy) {
      return copy.present > 0 && std::any_of(partition->replicas.begin(), partition->replicas.end(),
                                             [&](const auto& replica) { return replica.node == copy.node; });
    });
  });
}

Fate fate_of(const models::MessageRecord& record, Place place, bool open_end) {
  if (record.processed()) return Fate::processed;
  if (place == Place::ahead) return Fate::pending;
  if (record.appends == 0) return record.open() ? Fate::pending : Fate::lost_in_produce;
  if (place == Place::passed)
    return NOLOSS_BUG("checker trusts the position") ? Fate::processed : Fate::lost_in_consume;
  if (record.open()) return Fate::pending;
  if (open_end) return Fate::pending;
  return Fate::lost_in_store;
}

}  // namespace

void find_fates(Evidence& evidence) {
  const auto& messages = evidence.history.messages();
  std::vector<Place> places(messages.size(), Place::nowhere);
  std::vector<const models::PartitionState*> leaderless;
  for (const models::PartitionState& partition : evidence.state.partitions) {
    read_leader(partition, places);
    if (!has_leader(partition)) leaderless.push_back(&partition);
  }
  evidence.fates.reserve(messages.size());
  evidence.exists.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool open_end = withheld(messages[i], leaderless);
    evidence.fates.push_back(fate_of(messages[i], places[i], open_end));
    evidence.exists.push_back(places[i] != Place::nowhere || open_end);
  }
}

}  // namespace noloss::harness
