#include "models/rabbitmq/rabbitmq.hpp"

#include <array>
#include <string>

#include "models/rabbitmq/cluster.hpp"
#include "models/rabbitmq/options.hpp"
#include "models/rabbitmq/protocol.hpp"
#include "models/rabbitmq/release.hpp"
#include "sim/trace.hpp"

namespace noloss::models::rabbitmq {
namespace {

/// A kind of message: its name and meaning, and where its two events are kept.
struct Kind {
  NamedRow row;
  sim::MessageKind Events::*member;
};
constexpr std::array kKinds{
    Kind{{"channel_open", "a client opens its channel, in confirm or tx mode, and declares its queue"},
         &Events::channel_open},
    Kind{{"channel_close", "the broker closes a channel for an error"}, &Events::channel_close},
    Kind{{"basic_publish", "a producer sends a message"}, &Events::basic_publish},
    Kind{{"basic_ack", "a confirm to a producer, or a consumer's acknowledgement"}, &Events::basic_ack},
    Kind{{"basic_nack", "a negative confirm, or a consumer that gives a message back or rejects it"},
         &Events::basic_nack},
    Kind{{"basic_reject", "a consumer says that processing failed, and gives the message back or rejects it"},
         &Events::basic_reject},
    Kind{{"basic_return", "a mandatory message had no route"}, &Events::basic_return},
    Kind{{"basic_consume", "a consumer asks for the messages of a queue"}, &Events::basic_consume},
    Kind{{"basic_deliver", "a message for a consumer"}, &Events::basic_deliver},
    Kind{{"tx_commit", "a producer commits what it has published"}, &Events::tx_commit},
    Kind{{"tx_commit_ok", "all of it was confirmed"}, &Events::tx_commit_ok},
    Kind{{"heartbeat", "a client or a broker shows that it lives"}, &Events::heartbeat},
    Kind{{"node_hello", "a node opens its link to another"}, &Events::node_hello},
    Kind{{"node_tick", "a node shows another one that it lives"}, &Events::node_tick},
    Kind{{"node_restarts", "a node that was paused starts its broker again; the node itself stays up"},
         &Events::node_restarts},
    Kind{{"queue_publish", "a channel hands a message to a classic queue"}, &Events::queue_publish},
    Kind{{"queue_consume", "a channel consumes from a classic queue"}, &Events::queue_consume},
    Kind{{"queue_settle", "a channel tells a classic queue what became of deliveries"}, &Events::queue_settle},
    Kind{{"queue_channel_down", "a channel is gone"}, &Events::queue_channel_down},
    Kind{{"queue_declare", "a channel declares a classic queue"}, &Events::queue_declare},
    Kind{{"queue_confirm", "a classic queue has, or refuses, messages of a channel"}, &Events::queue_confirm},
    Kind{{"queue_deliver", "a queue hands a message to a consumer's channel"}, &Events::queue_deliver},
    Kind{{"queue_view", "a node tells who leads a mirrored queue and who mirrors it"}, &Events::queue_view},
    Kind{{"mirror_publish", "the leader of a mirrored queue has taken a message"}, &Events::mirror_publish},
    Kind{{"mirror_forget", "the leader of a mirrored queue is done with a message"}, &Events::mirror_forget},
    Kind{{"mirror_join", "a node would like to mirror a queue"}, &Events::mirror_join},
    Kind{{"mirror_sync", "the leader's messages for a mirror that has joined"}, &Events::mirror_sync},
    Kind{{"mirror_stop", "the leader's node stops in an orderly way"}, &Events::mirror_stop},
    Kind{{"raft_command", "a channel asks the leader of a quorum queue for something"}, &Events::raft_command},
    Kind{{"raft_fetch", "a channel asks the leader for deliveries that it missed"}, &Events::raft_fetch},
    Kind{{"raft_applied", "the leader has applied commands of a channel, or has just been elected"},
         &Events::raft_applied},
    Kind{{"raft_not_leader", "a member that does not lead got a command"}, &Events::raft_not_leader},
    Kind{{"append_entries", "a leader replicates its log"}, &Events::append_entries},
    Kind{{"append_entries_reply", "a member has written entries, or does not fit"}, &Events::append_entries_reply},
    Kind{{"request_vote", "a member would like to lead, or asks whether it might"}, &Events::request_vote},
    Kind{{"vote", "the answer"}, &Events::vote},
    Kind{{"stream_write", "a publish for the writer of a stream"}, &Events::stream_write},
    Kind{{"stream_written", "a stream's writer confirms publishes"}, &Events::stream_written},
    Kind{{"stream_track", "a consumer's offset for the writer of a stream"}, &Events::stream_track},
    Kind{{"stream_query", "a connection asks a writer for a publishing id or a stored offset"}, &Events::stream_query},
    Kind{{"stream_answer", "the answer"}, &Events::stream_answer},
    Kind{{"stream_monitor", "somebody wants to hear of the end of a stream's process"}, &Events::stream_monitor},
    Kind{{"stream_gone", "a stream's process has ended, for a connection"}, &Events::stream_gone},
    Kind{{"stream_readable", "more of a stream can be read on its node"}, &Events::stream_readable},
    Kind{{"stream_overview", "a replica of a stream asks the writer for its epochs"}, &Events::stream_overview},
    Kind{{"stream_overview_reply", "the last chunk of each"}, &Events::stream_overview_reply},
    Kind{{"stream_attach", "a replica of a stream begins to follow"}, &Events::stream_attach},
    Kind{{"stream_chunks", "a stream's writer sends chunks, or the commit offset alone"}, &Events::stream_chunks},
    Kind{{"stream_ack", "a replica of a stream has written chunks"}, &Events::stream_ack},
    Kind{{"stream_closed", "a replica or its writer has ended"}, &Events::stream_closed},
    Kind{{"stream_action", "the stream coordinator has a member started or stopped"}, &Events::stream_action},
    Kind{{"stream_action_done", "the member's node has done so, or could not"}, &Events::stream_action_done},
    Kind{{"stream_process_down", "a stream's process has ended, for the coordinator"}, &Events::stream_process_down},
    Kind{{"declare_publisher", "a stream client opens its publisher"}, &Events::declare_publisher},
    Kind{{"query_publisher_sequence", "a stream client asks for its last publishing id"},
         &Events::query_publisher_sequence},
    Kind{{"publish", "a stream client publishes"}, &Events::publish},
    Kind{{"publish_confirm", "a stream has the messages of these publishing ids"}, &Events::publish_confirm},
    Kind{{"query_offset", "a stream client asks for its stored offset"}, &Events::query_offset},
    Kind{{"store_offset", "a stream client stores its offset"}, &Events::store_offset},
    Kind{{"subscribe", "a stream client begins to consume"}, &Events::subscribe},
    Kind{{"deliver", "a chunk for a stream client"}, &Events::deliver},
    Kind{{"credit", "a stream client has room for another chunk"}, &Events::credit},
    Kind{{"metadata_update", "what a stream client has declared went away with a process"}, &Events::metadata_update},
    Kind{{"stream_response", "the answer to a stream client's request"}, &Events::stream_response},
    Kind{{"queue_down", "a classic queue's process has ended"}, &Events::queue_down},
    Kind{{"queue_down_seen", "the node that was told has dealt with it"}, &Events::queue_down_seen},
    Kind{{"node_alarm", "a node tells another which resources it lacks"}, &Events::node_alarm},
    Kind{{"connection_blocked", "a broker reads no more from a publisher's connection"}, &Events::connection_blocked},
    Kind{{"connection_unblocked", "it reads again"}, &Events::connection_unblocked},
    Kind{{"queue_definition", "a node tells that a queue was declared or deleted, or has another policy"},
         &Events::queue_definition},
    Kind{{"queue_purge", "an administrator empties a queue"}, &Events::queue_purge},
};
constexpr auto kKindRows = [] {
  std::array<NamedRow, kKinds.size()> rows;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = kKinds[i].row;
  return rows;
}();

struct OwnEvent {
  NamedRow row;
  sim::EventId Events::*member;
};
constexpr std::array kEvents{
    OwnEvent{{"routed", "a channel has found queues for a message"}, &Events::routed},
    OwnEvent{{"written", "a classic queue has written its buffers to the page cache"}, &Events::written},
    OwnEvent{{"confirmed", "a channel sent a confirm or a negative one"}, &Events::confirmed},
    OwnEvent{{"returned", "a channel returned a message that had no route"}, &Events::returned},
    OwnEvent{{"node.down", "a node learned that another is gone"}, &Events::node_down},
    OwnEvent{{"dead_lettered", "a queue passed a message on to its dead letter exchange"}, &Events::dead_lettered},
    OwnEvent{{"dropped", "a queue dropped a message because it was told to"}, &Events::dropped},
    OwnEvent{{"promoted", "a mirror leads its queue now"}, &Events::promoted},
    OwnEvent{{"synchronised", "a mirror has all that its leader has"}, &Events::synchronised},
    OwnEvent{{"paused.minority", "a node stopped serving because it sees no majority"}, &Events::paused},
    OwnEvent{{"requeued", "a message came back to its queue"}, &Events::requeued},
    OwnEvent{{"queue.crashed", "a classic queue's process ended because of a file"}, &Events::queue_crashed},
    OwnEvent{{"alarm.set", "a node learned of the first resource alarm in the cluster"}, &Events::alarm_set},
    OwnEvent{{"alarm.cleared", "a node learned that the last resource alarm is over"}, &Events::alarm_cleared},
};
constexpr auto kEventRows = [] {
  std::array<NamedRow, kEvents.size()> rows;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = kEvents[i].row;
  return rows;
}();

constexpr std::array<NamedRow, 3> kRoles{{
    {"mirror", "a node that does not lead the first queue, as 'follower'; mirror(n): of another"},
    {"leader", "the home node of the first queue, its leader, or the writer of a stream; leader(n): of another"},
    {"follower", "a member of the first queue or stream that does not lead it; follower(n): of another"},
}};
constexpr std::array<NamedRow, 6> kWaits{{
    {"no leader", "a queue has no home node or leader that serves"},
    {"not enough copies", "a quorum queue's leader waits for a majority to write its log"},
    {"broker down", "a node that is needed does not run"},
    {"resource alarm", "a node lacks memory or disk space, and no node reads from publishers"},
    {"producer waits", "a producer still has messages without an outcome"},
    {"consumer waits", "messages of a queue were not processed, or a consumer is not connected"},
}};
constexpr std::array<NamedRow, 23> kMarks{{
    {"mirror promoted", "a mirror took over from its leader"},
    {"unsynchronised mirror promoted", "a mirror took over that lacked messages"},
    {"partitioned", "two nodes found each other again that had each given the other up"},
    {"paused", "a node stopped serving because it sees no majority"},
    {"leader_elected", "a quorum queue elected a leader after the start"},
    {"follower truncated", "a quorum queue's member replaced entries that its leader does not have"},
    {"stream writer elected", "a member of a stream began to write in a new epoch"},
    {"stream truncated", "a member of a stream cut records off that its writer does not have"},
    {"known publish confirmed and not stored", "a stream's writer got a number that it had from that publisher"},
    {"torn record found in recovery", "recovery found a record that could not be read"},
    {"index entry without a body", "a classic queue's recovery dropped an entry whose message is missing"},
    {"recovered after a restart", "a node read its queues from disk"},
    {"node down", "a node learned that another is gone"},
    {"consumer timed out", "a consumer held a delivery for longer than consumer_timeout"},
    {"ack lost, message resent", "a producer sent a message again that a broker already had"},
    {"redelivered", "a consumer got a message that it or another may have seen"},
    {"queue process crashed", "a classic queue's process ended because of a file, or with its virtual host"},
    {"crashed queue stays down", "its supervisor has given up: the sixth crash within 10 s"},
    {"message store compacted", "messages moved to the front of a file that was half garbage"},
    {"virtual host restarted", "the message store crashed and took all classic queues of its node along"},
    {"virtual host stays down", "it crashed for the third time within 5 minutes"},
    {"resource alarm", "a node lacks memory or disk space"},
    {"publisher blocked", "a broker stopped reading from a connection that publishes"},
}};
constexpr std::array<std::string_view, 6> kOperations{"start", "restart", "set", "create", "delete", "purge"};
constexpr std::array<std::string_view, 5> kOwnKeys{"on_return", "transaction", "arguments", "policy", "hand_off"};

class RabbitMq final : public System {
 public:
  RabbitMq() {
    events_.common = add_common_events(table_);
    for (const OwnEvent& own : kEvents) events_.*own.member = table_.add(own.row.name);
    for (const Kind& kind : kKinds) {
      events_.*kind.member = {table_.add("sent:" + std::string{kind.row.name}),
                              table_.add("received:" + std::string{kind.row.name})};
    }
  }

  [[nodiscard]] std::string_view name() const override { return "rabbitmq"; }
  [[nodiscard]] std::string_view meaning() const override {
    return "RabbitMQ 3.7 to 4.3 over AMQP 0-9-1: classic queues with both storages, quorum queues, streams";
  }
  [[nodiscard]] EntityGrammar entity() const override {
    return {.noun = "queue", .partitions_key = "", .replicas_key = ""};
  }
  [[nodiscard]] std::span<const std::string_view> releases() const override { return release_names(); }
  [[nodiscard]] std::span<const OptionRow> options(std::string_view release) const override {
    return rabbitmq::options(release);
  }
  [[nodiscard]] std::span<const NamedRow> events() const override { return kEventRows; }
  [[nodiscard]] std::span<const NamedRow> message_kinds() const override { return kKindRows; }
  [[nodiscard]] std::span<const NamedRow> roles() const override { return kRoles; }
  [[nodiscard]] std::span<const NamedRow> waits() const override { return kWaits; }
  [[nodiscard]] std::span<const NamedRow> marks() const override { return kMarks; }
  [[nodiscard]] std::span<const std::string_view> own_keys() const override { return kOwnKeys; }
  [[nodiscard]] std::span<const std::string_view> operations() const override { return kOperations; }
  [[nodiscard]] std::string refusal(std::string_view operation, const EntitySetup& entity) const override {
    return rabbitmq::refusal(operation, entity);
  }
  [[nodiscard]] std::vector<std::string> extra_nodes(const Setup& /*setup*/) const override { return {}; }
  [[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup) const override {
    return rabbitmq::validate(setup);
  }
  [[nodiscard]] const sim::EventTable& event_table() const override { return table_; }
  [[nodiscard]] std::unique_ptr<Cluster> build(sim::Simulation& simulation, const Setup& setup,
                                               History& history) const override {
    return build_cluster(simulation, setup, history);
  }

  [[nodiscard]] const Events& event_ids() const { return events_; }

 private:
  sim::EventTable table_;
  Events events_;
};

const RabbitMq& the_system() {
  static const RabbitMq kSystem;  // constant once made; shared by all threads
  return kSystem;
}

}  // namespace

const System& system() { return the_system(); }
const Events& events() { return the_system().event_ids(); }

}  // namespace noloss::models::rabbitmq
