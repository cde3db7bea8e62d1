#include "models/rabbitmq/mirrors.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"
#include "sim/planted.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::int64_t kViewBytes = 128;
/// A node that starts gives the others this long to say what they know.
constexpr sim::Duration kAnswerTime = std::chrono::seconds{3};

struct ViewRecord final : Record {
  QueueView view;
};

bool contains(const std::vector<sim::NodeId>& nodes, sim::NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

bool QueueView::has(sim::NodeId node) const { return leader == node || contains(mirrors, node); }

Mirrors::Mirrors(Broker& broker, QueueId queue)
    : broker_(broker),
      queue_(queue),
      info_(broker.topology().queues[queue]),
      name_(fmt::format("queue-{}.view", queue + 1)) {}

bool Mirrors::leads() const { return !enabled() || (decided_ && view_.leader == broker_.node()); }
bool Mirrors::mirrors() const { return enabled() && decided_ && contains(view_.mirrors, broker_.node()); }

void Mirrors::create() {
  view_.version = 1;
  view_.leader = info_.members.front();
  for (std::size_t i = 1; i < info_.members.size() && static_cast<std::int64_t>(i) < info_.replicas; ++i) {
    view_.mirrors.push_back(info_.members[i]);
  }
  view_.synced = view_.mirrors;
  auto* record = new ViewRecord;
  record->view = view_;
  broker_.process()
      .machine()
      .disk()
      .create(name_, sim::FileClass::metadata)
      .write(0, kViewBytes, sim::PayloadPtr{record});
}

void Mirrors::begin() {
  view_.version = 1;
  view_.leader = info_.members.front();
  decided_ = true;
}

void Mirrors::resize() {
  if (!leads()) {
    // The leader's answer to its own change of policy may have come before there was anybody to hear it.
    if (view_.version > 1) return;
    persist();
    return ask_to_join();
  }
  QueueView view = view_;
  while (static_cast<std::int64_t>(view.mirrors.size()) + 1 > info_.replicas && !view.mirrors.empty()) {
    const sim::NodeId youngest = view.mirrors.back();
    view.mirrors.pop_back();
    std::erase(view.synced, youngest);
    std::erase_if(joined_, [youngest](const auto& joined) { return joined.first == youngest; });
  }
  change(std::move(view));  // who would like to mirror and is missing in it asks to join
}

std::vector<sim::NodeId> Mirrors::unsynced() const {
  std::vector<sim::NodeId> nodes;
  for (const sim::NodeId mirror : view_.mirrors) {
    if (!contains(view_.synced, mirror)) nodes.push_back(mirror);
  }
  return nodes;
}

void Mirrors::persist() {
  auto* record = new ViewRecord;
  record->view = view_;
  sim::File& file = broker_.process().machine().disk().create(name_, sim::FileClass::metadata);
  const bool written = file.write(0, kViewBytes, sim::PayloadPtr{record}) == sim::IoResult::ok;
  if (!written || file.sync() != sim::IoResult::ok) broker_.process().crash();
}

void Mirrors::recover() {
  sim::File& file = broker_.process().machine().disk().create(name_, sim::FileClass::metadata);
  for (const sim::StoredRecord& stored : file.read_all()) {
    if (stored.state == sim::RecordState::intact) view_ = static_cast<const ViewRecord&>(*stored.payload).view;
  }
  decided_ = false;
  decision_ = broker_.now() + kAnswerTime;
  decide();
}

void Mirrors::decide() {
  if (decided_) return;
  bool all = true;
  for (const sim::NodeId node : info_.members) {
    if (node == broker_.node() || heard_.contains(node)) continue;
    all = false;
    if (view_.has(node) || view_.version == 0) {
      decision_ = sim::kNever;  // without that one it cannot be decided
      return;
    }
  }
  if (!all && broker_.now() < decision_) return;
  decided_ = true;
  if (!leads()) ask_to_join();
}

boost::intrusive_ptr<QueueViewLetter> Mirrors::letter() const {
  boost::intrusive_ptr<QueueViewLetter> letter{new QueueViewLetter};
  letter->queue = queue_;
  letter->view = view_;
  letter->decided = decided_;
  return letter;
}

void Mirrors::announce() {
  for (const sim::NodeId node : info_.members) {
    if (node != broker_.node()) broker_.cast_queue(node, events().queue_view, letter());
  }
}

void Mirrors::change(QueueView view) {
  ++view.version;
  view_ = std::move(view);
  persist();
  announce();
  broker_.simulation().roles_changed();
  broker_.leader_changed(queue_);
}

bool Mirrors::learn(sim::NodeId from, const QueueViewLetter& letter) {
  heard_.insert(from);
  const bool led = leads();
  // Two sides of a partition never believe each other; only a restart makes one of them give in. A node that has just
  // started believes whoever has not, and those that start with it by what they knew last.
  // Views of two sides that were both changed as often, and both restarted: one has to give in, else both would lead.
  const bool tie = letter.view.version == view_.version && letter.view.leader != view_.leader;
  const bool later = letter.view.version > view_.version || (tie && from < broker_.node());
  const bool newer = decided_ ? later && letter.decided && !broker_.partitioned_from(from) : later || letter.decided;
  if (newer) {
    view_ = letter.view;
    persist();
    broker_.simulation().roles_changed();
    broker_.leader_changed(queue_);
  }
  // A node that starts has met every node that runs before it serves anybody; it must not publish past the leader.
  const bool met = view_.leader == sim::kNoNode || view_.leader == broker_.node() || broker_.peer_up(view_.leader);
  if (!decided_ && letter.decided && !met) return false;
  if (!decided_ && letter.decided) {
    decided_ = true;
    if (!leads()) ask_to_join();
    return true;
  }
  decide();
  if (newer && decided_ && !view_.has(broker_.node())) ask_to_join();
  return leads() != led;
}

void Mirrors::ask_to_join() {
  boost::intrusive_ptr<MirrorJoin> request{new MirrorJoin};
  request->queue = queue_;
  if (view_.leader != sim::kNoNode) broker_.cast_queue(view_.leader, events().mirror_join, request);
}

void Mirrors::node_up(sim::NodeId node) {
  if (!enabled()) return;
  broker_.cast_queue(node, events().queue_view, letter());
}

bool Mirrors::node_down(sim::NodeId node) {
  if (!enabled() || !decided_ || !view_.has(node)) return false;
  QueueView view = view_;
  std::erase(view.mirrors, node);
  std::erase(view.synced, node);
  const bool leader_gone = !leads() && view_.leader != sim::kNoNode && !broker_.peer_up(view_.leader);
  if (!leader_gone) {
    if (leads()) change(view);
    return false;
  }
  if (!mirrors()) return false;
  // The oldest of those that are still there.
  const auto live = [this](sim::NodeId mirror) { return mirror == broker_.node() || broker_.peer_up(mirror); };
  const auto heir = std::find_if(view.mirrors.begin(), view.mirrors.end(), live);
  if (heir == view.mirrors.end() || *heir != broker_.node()) return false;
  const bool synchronised = contains(view.synced, broker_.node());
  const bool always = orderly_ ? info_.promote_on_shutdown : info_.promote_on_failure;
  // when-synced asks whether the leader left any synchronised mirror, not whether the oldest is one.
  if (view_.synced.empty() && !always && !NOLOSS_BUG("rabbitmq: an unsynchronised mirror is promoted")) return false;
  if (!synchronised) broker_.simulation().mark("unsynchronised mirror promoted");
  view.leader = broker_.node();
  std::erase(view.mirrors, broker_.node());
  std::erase(view.synced, broker_.node());
  std::erase_if(view.mirrors, [&](sim::NodeId mirror) { return !live(mirror); });
  std::erase_if(view.synced, [&](sim::NodeId mirror) { return !live(mirror); });
  change(view);
  broker_.simulation().mark("mirror promoted");
  broker_.simulation().moment(broker_.node(), events().promoted, queue_);
  return true;
}

// --- leader ---

void Mirrors::tell(sim::MessageKind kind, const boost::intrusive_ptr<ToQueue>& letter, std::int64_t bytes) {
  if (!enabled()) return;
  letter->queue = queue_;
  for (const sim::NodeId mirror : view_.mirrors) broker_.cast_queue(mirror, kind, letter, bytes);
}

bool Mirrors::join(sim::NodeId node, SeqId next) {
  // One that has asked twice is there already; one that was down has left the view before it asks.
  if (!leads() || contains(view_.mirrors, node)) return false;
  if (static_cast<std::int64_t>(view_.mirrors.size()) + 1 >= info_.replicas) return false;
  QueueView view = view_;
  std::erase(view.mirrors, node);
  std::erase(view.synced, node);
  view.mirrors.push_back(node);
  joined_.emplace_back(node, next);
  change(view);
  return true;
}

void Mirrors::synced(sim::NodeId node) {
  std::erase_if(joined_, [node](const auto& joined) { return joined.first == node; });
  if (!contains(view_.mirrors, node) || contains(view_.synced, node)) return;
  QueueView view = view_;
  view.synced.push_back(node);
  change(view);
  broker_.simulation().moment(broker_.node(), events().synchronised, queue_, sim::index(node));
}

void Mirrors::oldest_is(SeqId oldest) {
  for (const auto& [node, next] : std::vector(joined_)) {
    if (next <= oldest) synced(node);
  }
}

void Mirrors::leader_stops() {
  if (!enabled() || !leads()) return;
  boost::intrusive_ptr<MirrorStop> stop{new MirrorStop};
  tell(events().mirror_stop, stop);
}

}  // namespace noloss::models::rabbitmq
