#include "models/kafka/kafka.hpp"

#include <array>
#include <string>

#include "models/kafka/cluster.hpp"
#include "models/kafka/options.hpp"
#include "models/kafka/protocol.hpp"
#include "models/kafka/release.hpp"
#include "sim/trace.hpp"

namespace noloss::models::kafka {
namespace {

struct Kind {
  NamedRow row;
  sim::MessageKind Events::*member;
};
constexpr std::array kKinds{
    Kind{{"produce", "a batch for a leader"}, &Events::produce},
    Kind{{"produce_response", "the leader's answer; none with acks=0"}, &Events::produce_response},
    Kind{{"fetch", "a follower or a consumer asks for what comes after an offset"}, &Events::fetch},
    Kind{{"fetch_response", "records, the high watermark, or where the logs diverge"}, &Events::fetch_response},
    Kind{{"offset_for_leader_epoch", "where does an epoch end in the leader's log?"}, &Events::offset_for_leader_epoch},
    Kind{{"offset_for_leader_epoch_response", "the end of the epoch"}, &Events::offset_for_leader_epoch_response},
    Kind{{"list_offsets", "a consumer without a valid position asks for the first or last offset"},
         &Events::list_offsets},
    Kind{{"list_offsets_response", "the offset, or that it is not known yet"}, &Events::list_offsets_response},
    Kind{{"init_producer_id", "an idempotent producer asks for its id"}, &Events::init_producer_id},
    Kind{{"init_producer_id_response", "the id"}, &Events::init_producer_id_response},
    Kind{{"metadata", "a client asks any broker who leads what"}, &Events::metadata},
    Kind{{"metadata_response", "what that broker knows"}, &Events::metadata_response},
    Kind{{"update_metadata", "the controller tells a broker what was decided"}, &Events::update_metadata},
    Kind{{"broker_registration", "a broker that has started asks for an epoch"}, &Events::broker_registration},
    Kind{{"broker_registration_response", "the epoch, or that an older life has a session"},
         &Events::broker_registration_response},
    Kind{{"broker_heartbeat", "a broker keeps its session, or wants to shut down"}, &Events::broker_heartbeat},
    Kind{{"broker_heartbeat_response", "whether it may shut down"}, &Events::broker_heartbeat_response},
    Kind{{"alter_partition", "a leader proposes another ISR"}, &Events::alter_partition},
    Kind{{"alter_partition_response", "the partition's new state, or why not"}, &Events::alter_partition_response},
    Kind{{"find_coordinator", "a consumer asks any broker who coordinates its group"}, &Events::find_coordinator},
    Kind{{"find_coordinator_response", "the coordinator"}, &Events::find_coordinator_response},
    Kind{{"join_group", "a consumer takes part in a rebalance"}, &Events::join_group},
    Kind{{"join_group_response", "its generation and partitions"}, &Events::join_group_response},
    Kind{{"heartbeat", "a member of a group lives"}, &Events::heartbeat},
    Kind{{"heartbeat_response", "all is well, or rejoin, or you are no member"}, &Events::heartbeat_response},
    Kind{{"leave_group", "a member leaves"}, &Events::leave_group},
    Kind{{"leave_group_response", "the coordinator has heard"}, &Events::leave_group_response},
    Kind{{"offset_commit", "a consumer commits positions"}, &Events::offset_commit},
    Kind{{"offset_commit_response", "committed and replicated, or not"}, &Events::offset_commit_response},
    Kind{{"offset_fetch", "a consumer asks where to begin"}, &Events::offset_fetch},
    Kind{{"offset_fetch_response", "the committed positions"}, &Events::offset_fetch_response},
    Kind{{"add_partitions_to_txn", "partitions become part of a transaction, or a leader asks whether they are"},
         &Events::add_partitions_to_txn},
    Kind{{"add_partitions_to_txn_response", "they are, or not"}, &Events::add_partitions_to_txn_response},
    Kind{{"end_txn", "a producer commits or aborts its transaction"}, &Events::end_txn},
    Kind{{"end_txn_response", "the outcome is decided, or why not"}, &Events::end_txn_response},
    Kind{{"write_txn_markers", "the coordinator ends a transaction in a partition"}, &Events::write_txn_markers},
    Kind{{"write_txn_markers_response", "the marker is committed, or not"}, &Events::write_txn_markers_response},
    Kind{{"add_offsets_to_txn", "a group's offsets become part of a transaction"}, &Events::add_offsets_to_txn},
    Kind{{"add_offsets_to_txn_response", "they are, or not"}, &Events::add_offsets_to_txn_response},
    Kind{{"txn_offset_commit", "positions that count once the transaction is committed"}, &Events::txn_offset_commit},
    Kind{{"txn_offset_commit_response", "they are stored, or why not"}, &Events::txn_offset_commit_response},
};
constexpr std::array kEvents{
    NamedRow{"registered", "a broker got an epoch from the controller"},
    NamedRow{"fenced", "the controller fenced a broker whose session had expired"},
    NamedRow{"isr.shrunk", "a leader learned that its ISR has become smaller"},
    NamedRow{"isr.expanded", "a leader learned that its ISR has become larger"},
    NamedRow{"committed", "a leader's high watermark rose"},
    NamedRow{"offset.committed", "a coordinator's commit was replicated"},
    NamedRow{"txn.prepared", "a coordinator decided a transaction: the decision is replicated"},
    NamedRow{"txn.completed", "a transaction's markers are in all its partitions"},
};
constexpr std::array kRoles{
    NamedRow{"leader", "the broker that leads partition 0 as the controller decided; leader(p) for another"},
    NamedRow{"follower", "a replica of partition 0 that does not lead it; follower(p) for another partition"},
    NamedRow{"controller", "the controller"},
    NamedRow{"group_coordinator", "the leader of the consumer groups' offsets"},
    NamedRow{"txn_coordinator", "the leader of __transaction_state"},
};
constexpr std::array kWaits{
    NamedRow{"administrator waits", "a command was not carried out: the controller or a leader is not there"},
    NamedRow{"no topic", "a producer sends to a topic that was deleted, or not created yet"},
    NamedRow{"no leader", "a partition has no leader: no replica in the ISR or ELR is there"},
    NamedRow{"isr below minimum", "fewer in-sync replicas than min.insync.replicas"},
    NamedRow{"high watermark behind", "an in-sync replica does not have what the leader has appended"},
    NamedRow{"no coordinator", "the partition of __consumer_offsets has no leader, or too small an ISR"},
    NamedRow{"no transaction coordinator", "the partition of __transaction_state has no leader, or too small an ISR"},
    NamedRow{"broker down", "a broker does not run"},
    NamedRow{"transaction open", "a coordinator has a transaction that is neither committed nor aborted"},
    NamedRow{"last stable offset behind", "a transaction that nobody will end hides what comes after it"},
    NamedRow{"consumer waits", "readable messages were not processed or not committed"},
    NamedRow{"producer waits", "a producer still has messages without an outcome"},
};
constexpr std::array kMarks{
    NamedRow{"leader_elected", "a leader was elected after the start"},
    NamedRow{"isr shrank to one", "a leader was the only in-sync replica"},
    NamedRow{"high watermark frozen", "nothing was committed because the ISR was below min.insync.replicas"},
    NamedRow{"ISR change refused", "the controller refused a change of the ISR"},
    NamedRow{"leader elected from outside the ISR", "an unclean election"},
    NamedRow{"leader elected from the ELR", "the ISR was empty, an eligible replica leads"},
    NamedRow{"last known leader elected", "ISR and ELR were empty"},
    NamedRow{"broker fenced", "the controller fenced a broker"},
    NamedRow{"broker came back unnoticed", "a broker registered again before it was fenced, its ISRs untouched"},
    NamedRow{"follower truncated", "a follower cut off records that nobody had committed, as far as it knew"},
    NamedRow{"committed records truncated", "a follower cut off records below its high watermark"},
    NamedRow{"follower exits, log truncation not allowed", "a follower was ahead of its leader and ended its process"},
    NamedRow{"recovered after unclean stop", "a broker read its logs again after a crash"},
    NamedRow{"damaged records cut in recovery", "recovery found a batch whose checksum or offset is wrong"},
    NamedRow{"damaged record served", "a leader was asked for a record whose checksum is wrong"},
    NamedRow{"log directory failed", "a broker saw an error of its disk and ended its process"},
    NamedRow{"records deleted by retention", "a segment was deleted because it was old, or the log large"},
    NamedRow{"records deleted by an administrator", "the start of a log moved to its high watermark"},
    NamedRow{"duplicate batch answered", "a batch was sent again, and the broker recognised it"},
    NamedRow{"ack lost, message resent", "a producer sent a message again that a broker had already stored"},
    NamedRow{"broker lost what a producer had stored", "a sequence does not follow what the broker knows"},
    NamedRow{"producer epoch bumped", "an idempotent producer began its sequences again"},
    NamedRow{"configuration changed", "the controller took other values of options"},
    NamedRow{"topic created", "the controller made a topic"},
    NamedRow{"topic deleted", "the controller deleted a topic, with all its records"},
    NamedRow{"operation refused",
             "a topic was to be created that exists, or deleted that does not, or the release has no such request"},
    NamedRow{"deleted partitions discovered", "the leader of a group saw fewer partitions than it had assigned"},
    NamedRow{"partition added", "the controller gave a topic one more partition"},
    NamedRow{"added partitions discovered", "the leader of a group saw more partitions than it had assigned"},
    NamedRow{"rebalanced", "a consumer group began a rebalance"},
    NamedRow{"consumer lost its membership", "a member was silent for too long, or missed a rebalance"},
    NamedRow{"consumer fenced", "a consumer learned that it is no member any more"},
    NamedRow{"consumer did not poll in time", "a consumer left its group on its own"},
    NamedRow{"commit of a fenced consumer refused", "a commit came from a member of an older generation"},
    NamedRow{"commit of no member refused",
             "a process that assigned its partitions itself committed to a group with members"},
    NamedRow{"committed position went back", "a commit was accepted that is below the one before"},
    NamedRow{"committed offsets expired", "the offsets of an empty group were deleted"},
    NamedRow{"position out of range", "a consumer asked for an offset that the leader does not have"},
    NamedRow{"position reset by policy", "a consumer began where auto.offset.reset says"},
    NamedRow{"no valid position, exception", "a consumer's process ended, auto.offset.reset is none"},
    NamedRow{"consumer detected a truncation", "a consumer went back to where its epoch ends"},
    NamedRow{"transaction aborted", "a producer's application aborted a transaction"},
    NamedRow{"transaction timed out", "a coordinator aborted a transaction on its own"},
    NamedRow{"producer fenced", "a producer learned that another one has its transactional id, or that it is too late"},
    NamedRow{"batch outside of a transaction refused",
             "a leader, or the coordinator that it asked, found that the batch is too late"},
    NamedRow{"coordinator took over a transaction", "a new coordinator finishes what the one before had decided"},
    NamedRow{"aborted records hidden", "a read_committed consumer skipped records of an aborted transaction"},
    NamedRow{"offsets of a fenced consumer refused",
             "positions came for a transaction from a member of an older generation"},
    NamedRow{"consumer waited for stable offsets", "positions were asked for that an open transaction may change"},
    NamedRow{"consumer went back to committed positions", "an application read again what its aborted transaction had"},
    NamedRow{"consumer went on after an aborted transaction",
             "an application left out what its aborted transaction had"},
};
constexpr std::array<std::string_view, 5> kOwnKeys{"controllers", "hand_off", "transaction", "aborts", "forward"};
constexpr std::array<std::string_view, 9> kOperations{"start", "leave",  "restart", "elect", "add_partitions",
                                                      "set",   "create", "delete",  "purge"};

class Kafka final : public System {
 public:
  Kafka() {
    events_.common = add_common_events(table_);
    events_.registered = table_.add("registered");
    events_.fenced = table_.add("fenced");
    events_.isr_shrunk = table_.add("isr.shrunk");
    events_.isr_expanded = table_.add("isr.expanded");
    events_.committed = table_.add("committed");
    events_.offset_committed = table_.add("offset.committed");
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      const std::string name{kKinds[i].row.name};
      const sim::EventId sent = table_.add("sent:" + name);
      events_.*kKinds[i].member = {sent, table_.add("received:" + name)};
      kinds_[i] = kKinds[i].row;
    }
    events_.txn_prepared = table_.add("txn.prepared");
    events_.txn_completed = table_.add("txn.completed");
  }

  [[nodiscard]] std::string_view name() const override { return "kafka"; }
  [[nodiscard]] std::string_view meaning() const override {
    return "Apache Kafka: partition logs, in-sync replicas, a controller, transactions, consumer groups";
  }
  [[nodiscard]] EntityGrammar entity() const override {
    return {.noun = "topic", .replicas_key = "replication.factor"};
  }
  [[nodiscard]] std::span<const std::string_view> releases() const override { return known_releases(); }
  [[nodiscard]] std::span<const OptionRow> options(std::string_view release) const override {
    return kafka::options(release);
  }
  [[nodiscard]] std::span<const NamedRow> events() const override { return kEvents; }
  [[nodiscard]] std::span<const NamedRow> message_kinds() const override { return kinds_; }
  [[nodiscard]] std::span<const NamedRow> roles() const override { return kRoles; }
  [[nodiscard]] std::span<const NamedRow> waits() const override { return kWaits; }
  [[nodiscard]] std::span<const NamedRow> marks() const override { return kMarks; }
  [[nodiscard]] std::span<const std::string_view> own_keys() const override { return kOwnKeys; }
  [[nodiscard]] std::span<const std::string_view> operations() const override { return kOperations; }
  [[nodiscard]] std::vector<std::string> extra_nodes(const Setup& /*setup*/) const override { return {"controller-1"}; }
  [[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup) const override { return kafka::validate(setup); }
  [[nodiscard]] const sim::EventTable& event_table() const override { return table_; }
  [[nodiscard]] std::unique_ptr<Cluster> build(sim::Simulation& simulation, const Setup& setup,
                                               History& history) const override {
    return build_cluster(simulation, setup, history);
  }

  [[nodiscard]] const Events& event_ids() const { return events_; }

 private:
  sim::EventTable table_;
  Events events_;
  std::array<NamedRow, kKinds.size()> kinds_;
};

const Kafka& the_system() {
  static const Kafka kSystem;  // constant once made; shared by all threads
  return kSystem;
}

}  // namespace

const System& system() { return the_system(); }
const Events& events() { return the_system().event_ids(); }

}  // namespace noloss::models::kafka
