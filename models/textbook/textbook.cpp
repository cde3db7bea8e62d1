#include "models/textbook/textbook.hpp"

#include <array>
#include <string>

#include "models/textbook/cluster.hpp"
#include "models/textbook/options.hpp"
#include "models/textbook/protocol.hpp"
#include "models/textbook/topology.hpp"
#include "sim/trace.hpp"

namespace noloss::models::textbook {
namespace {

constexpr std::array<NamedRow, 15> kKinds{{
    {"produce_request", "a producer hands a message to a leader"},
    {"produce_response", "the leader's answer: acknowledged, not leader, or no space"},
    {"fetch_request", "a follower asks for what comes after its log end, which says that all before it is stored"},
    {"fetch_response", "records for a follower"},
    {"subscribe", "a consumer asks a leader for the messages behind the group's position"},
    {"deliver", "a message for a consumer"},
    {"acknowledge", "a consumer says that it is done with a message"},
    {"acknowledge_response", "the position was stored"},
    {"pull", "a consumer has room for another message, or asks after a silence whether there is any"},
    {"heartbeat", "a broker renews its lease with the coordinator"},
    {"heartbeat_response", "the coordinator's answer or announcement: leaders and epochs"},
    {"replica_query", "the coordinator asks a replica for its last epoch and log end"},
    {"replica_report", "the replica's answer; from then on it refuses older epochs"},
    {"lookup", "a client asks the coordinator who leads a partition"},
    {"lookup_response", "the leader and its epoch, or that there is none"},
}};
constexpr std::array<NamedRow, 0> kEvents{};
constexpr std::array<NamedRow, 2> kRoles{{
    {"leader", "the broker that leads partition 0; leader(p) for another partition"},
    {"follower", "a replica of partition 0 that does not lead it; follower(p) for another partition"},
}};
constexpr std::array<NamedRow, 5> kWaits{{
    {"no leader", "the partition has no leader: too few replicas could be asked"},
    {"not enough copies", "fewer replicas than replicas.acks store what the leader appended"},
    {"broker down", "a broker that is needed does not run, or cannot read its log"},
    {"producer waits", "a producer still has messages without an outcome"},
    {"consumer waits", "readable messages were not processed"},
}};
constexpr std::array<NamedRow, 9> kMarks{{
    {"leader_elected", "a leader was elected after the start"},
    {"leader lost its lease", "a leader stopped leading on its own"},
    {"follower truncated", "a follower cut off records that the new leader does not have"},
    {"acknowledged records truncated", "records that had been acknowledged were cut off"},
    {"torn record found in recovery", "recovery found a record whose checksum fails"},
    {"recovered after unclean stop", "a broker read its log again after a crash"},
    {"fsync failed", "a broker saw an error from fsync"},
    {"ack lost, message resent", "a producer sent a message again that a broker had already stored"},
    {"redelivered", "a consumer got a message a second time"},
}};
constexpr std::array<std::string_view, 1> kOwnKeys{"hand_off"};
constexpr std::array<std::string_view, 3> kOperations{"start", "leave", "restart"};

class Textbook final : public System {
 public:
  Textbook() {
    events_.common = add_common_events(table_);
    const auto add = [this](std::string_view kind, sim::MessageKind Events::*member) {
      events_.*member = {table_.add("sent:" + std::string{kind}), table_.add("received:" + std::string{kind})};
    };
    constexpr std::array kMembers{&Events::produce_request,
                                  &Events::produce_response,
                                  &Events::fetch_request,
                                  &Events::fetch_response,
                                  &Events::subscribe,
                                  &Events::deliver,
                                  &Events::acknowledge,
                                  &Events::acknowledge_response,
                                  &Events::pull,
                                  &Events::heartbeat,
                                  &Events::heartbeat_response,
                                  &Events::replica_query,
                                  &Events::replica_report,
                                  &Events::lookup,
                                  &Events::lookup_response};
    static_assert(kMembers.size() == kKinds.size());
    for (std::size_t i = 0; i < kKinds.size(); ++i) add(kKinds[i].name, kMembers[i]);
  }

  [[nodiscard]] std::string_view name() const override { return "textbook"; }
  [[nodiscard]] std::string_view meaning() const override {
    return "the three stages of a message and nothing else; the reference that the others are compared with";
  }
  [[nodiscard]] EntityGrammar entity() const override { return {.noun = "topic"}; }
  [[nodiscard]] std::span<const std::string_view> releases() const override { return {}; }
  [[nodiscard]] std::span<const OptionRow> options(std::string_view /*release*/) const override {
    return textbook::options();
  }
  [[nodiscard]] std::span<const NamedRow> events() const override { return kEvents; }
  [[nodiscard]] std::span<const NamedRow> message_kinds() const override { return kKinds; }
  [[nodiscard]] std::span<const NamedRow> roles() const override { return kRoles; }
  [[nodiscard]] std::span<const NamedRow> waits() const override { return kWaits; }
  [[nodiscard]] std::span<const NamedRow> marks() const override { return kMarks; }
  [[nodiscard]] std::span<const std::string_view> own_keys() const override { return kOwnKeys; }
  [[nodiscard]] std::span<const std::string_view> operations() const override { return kOperations; }
  [[nodiscard]] std::vector<std::string> extra_nodes(const Setup& /*setup*/) const override { return {"coordinator"}; }
  [[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup) const override {
    return textbook::validate(setup);
  }
  [[nodiscard]] std::vector<sim::Duration> fixed_timeouts(const Setup& setup) const override {
    return {kHeartbeatInterval, kFetchHold, kConnectTimeout, kSilence, make_topology(setup).lease()};
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

const Textbook& the_system() {
  static const Textbook kSystem;  // constant once made; shared by all threads
  return kSystem;
}

}  // namespace

const System& system() { return the_system(); }
const Events& events() { return the_system().event_ids(); }

}  // namespace noloss::models::textbook
