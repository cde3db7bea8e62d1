#include "models/kafka/invariants.hpp"

#include <algorithm>

#include "models/kafka/replica.hpp"

namespace noloss::models::kafka {
namespace {

/// Records looked at behind the end of a log; all were looked at when they were the last ones.
constexpr Offset kTail = 16;

}  // namespace

void Invariants::check(sim::NodeId node, const Replica& replica) {
  const PartitionLog& log = replica.log();
  const Offset watermark = replica.high_watermark();
  if (log.start() > watermark || watermark > log.end()) simulation_.broken("high watermark outside of the log");
  const Seen now{simulation_.machine(node).process().incarnation(), replica.leads() ? replica.leader_epoch() : kNoEpoch,
                 replica.term(), watermark};
  Seen& seen = seen_[{node, replica.partition(), replica.topic()}];
  const bool leads_on = replica.leads() && seen.life == now.life && seen.epoch == now.epoch && seen.term == now.term;
  if (leads_on && watermark < seen.high_watermark) simulation_.broken("a leader's high watermark fell");
  seen = now;
  const Offset from = std::max(log.start() + 1, log.end() - kTail);
  for (Offset offset = from; offset < log.end(); ++offset) {
    const LogRecord& before = log.at(offset - 1);
    const LogRecord& record = log.at(offset);
    if (record.offset != offset) simulation_.broken("a record is not at its offset");
    const bool same_producer =
        record.producer.id == before.producer.id && record.producer.epoch == before.producer.epoch;
    const bool remembered = record.appended < before.appended + producer_id_expiration_;
    const bool starts_batch = record.index_in_batch == 0 && record.kind == RecordKind::message;
    const bool next_batch = starts_batch && record.producer.idempotent() && same_producer && remembered;
    const bool same_batch = record.producer.base_sequence == before.producer.base_sequence;
    if (next_batch && same_batch && record.epoch == before.epoch) {
      simulation_.broken("a batch was appended twice in a row");
    }
  }
}

void Invariants::check(const std::vector<const Replica*>& replicas) const {
  for (std::size_t a = 0; a < replicas.size(); ++a) {
    for (std::size_t b = a + 1; b < replicas.size(); ++b) {
      const bool same = replicas[a]->topic() == replicas[b]->topic();
      const bool both = same && replicas[a]->leads() && replicas[b]->leads();
      if (both && replicas[a]->leader_epoch() == replicas[b]->leader_epoch()) {
        simulation_.broken("two brokers lead a partition in one epoch");
      }
    }
  }
}

}  // namespace noloss::models::kafka
