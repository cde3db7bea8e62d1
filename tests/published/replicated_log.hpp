// Three replicas of a log on the simulator's own disks and network, with three ways to recover from damaged entries.
//
// What is modelled, and from where: the replicated log of "Protocol-Aware Recovery for Consensus-Based Storage"
// (Alagappan et al., FAST 2018) as far as its targeted experiment needs it. An entry fills one block of the file "log";
// its identifier stands in a file of its own ("persist record"), so that a damaged entry is still known to have been
// there. Elections, votes that are durable, and the first entry of a new leader are Raft's (Ongaro, 2014).
//   truncate        a replica cuts its log at the first damaged entry, as it would cut a torn tail
//   crash           a replica with a damaged entry ends its process, again at each start
//   protocol_aware  it keeps the place of the entry; whoever is elected gets a good copy from any replica that has one
//                   before it serves, and waits while nobody can be asked; followers are mended from the leader
// Not modelled: entries that only a minority has (all are stored on all three before the damage), snapshots.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.hpp"
#include "sim/network.hpp"
#include "sim/simulation.hpp"

namespace noloss::published {

using namespace std::chrono_literals;

enum class Recovery : std::uint8_t { truncate, crash, protocol_aware };
enum class Outcome : std::uint8_t { right, unavailable, unsafe };  ///< from the best to the worst

inline constexpr std::uint32_t kReplicas = 3;
inline constexpr std::size_t kEntries = 4;
inline constexpr std::size_t kMajority = 2;
inline constexpr std::int64_t kIdBytes = sim::kSectorBytes;

/// Which entries of a replica are damaged, a bit each.
using Damaged = std::uint32_t;

struct Entry final : sim::Payload {
  std::uint32_t epoch = 0;
  int value = 0;  ///< 0: the first entry of a new leader
};
using EntryPtr = boost::intrusive_ptr<const Entry>;

/// What a persist record says; also the vote, as the epoch that was promised.
struct Identifier final : sim::Payload {
  explicit Identifier(std::uint32_t of) : epoch(of) {}
  const std::uint32_t epoch;
};

struct Request final : sim::Payload {
  enum class What : std::uint8_t { vote, replicate, entry, write, read };
  What what = What::vote;
  std::uint32_t epoch = 0;
  std::uint32_t last_epoch = 0;   // vote
  std::size_t length = 0;         // vote; entry: its place
  std::vector<EntryPtr> entries;  // replicate: the leader's whole log; none: it lives, and cannot serve yet
  int value = 0;                  // write
};
struct Reply final : sim::Payload {
  bool yes = false;
  std::vector<EntryPtr> entries;  // entry: the good copy; read: the log
};
using RequestPtr = boost::intrusive_ptr<const Request>;
using ReplyPtr = boost::intrusive_ptr<const Reply>;

/// What the programs share; outlives them.
struct LogCluster {
  Recovery recovery = Recovery::truncate;
  std::array<int, kReplicas> rank{0, 1, 2};  ///< who stands for election first
  std::array<Damaged, kReplicas> found{};    ///< damaged entries that the last recovery met
  std::vector<int> to_write;                 ///< the client writes these, then reads everything ...
  std::optional<std::vector<int>> read;      ///< ... and this is what it read

  sim::EventTable events;
  sim::MessageKind request{events.add("sent:request"), events.add("received:request")};
  sim::MessageKind reply{events.add("sent:reply"), events.add("received:reply")};
};

/// One request over a connection of its own. Null: no answer.
inline ReplyPtr ask(sim::Process& process, const LogCluster& cluster, std::uint32_t peer, const RequestPtr& request) {
  sim::Network& network = process.simulation().network();
  sim::Inbox inbox(process);
  sim::ConnectionPtr connection;
  if (network.connect(inbox, sim::NodeId{peer}, 50ms, connection) != sim::ConnectResult::connected) return nullptr;
  network.send(process, connection, cluster.request, 512, request);
  const auto arrival = inbox.receive_until(process.simulation().now() + 100ms);
  if (!arrival || arrival->what != sim::Arrival::What::message) return nullptr;
  return boost::static_pointer_cast<const Reply>(arrival->payload);
}

class Replica final : public sim::Program {
 public:
  Replica(LogCluster& cluster, sim::Process& process)
      : cluster_(cluster),
        process_(process),
        me_(static_cast<std::uint32_t>(process.node())),
        log_file_(process.machine().disk().create("log", sim::FileClass::log)),
        id_file_(process.machine().disk().create("persist", sim::FileClass::metadata)),
        vote_file_(process.machine().disk().create("vote", sim::FileClass::metadata)),
        inbox_(process) {}

  void run() override {
    recover();
    process_.simulation().network().listen(inbox_);
    process_.spawn([this] { serve(); });
    heard_ = now();
    for (const sim::Duration patience = 500ms + cluster_.rank[me_] * 100ms;;) {
      process_.sleep_until(heard_ + patience);
      if (now() - heard_ < patience) continue;
      heard_ = now();
      if (elected()) lead();
    }
  }

 private:
  /// A place of the log. Its entry is null where it is damaged.
  struct Slot {
    std::uint32_t epoch = 0;
    EntryPtr entry;
  };

  [[nodiscard]] sim::VirtualTime now() const { return process_.simulation().now(); }
  [[nodiscard]] std::uint32_t last_epoch() const { return log_.empty() ? 0 : log_.back().epoch; }

  // --- what is on disk ---
  void recover() {
    for (const sim::StoredRecord& vote : vote_file_.read_all()) epoch_ = identifier(vote);
    for (const sim::StoredRecord& id : id_file_.read_all()) log_.push_back({identifier(id), nullptr});
    for (const sim::StoredRecord& record : log_file_.read_all()) {
      const auto place = static_cast<std::size_t>(record.offset / sim::kPageBytes);
      if (record.state != sim::RecordState::intact || place >= log_.size()) continue;
      log_[place].entry = boost::static_pointer_cast<const Entry>(record.payload);
    }
    Damaged& found = cluster_.found[me_] = 0;
    for (std::size_t place = 0; place < log_.size(); ++place) found |= log_[place].entry ? 0U : 1U << place;
    if (found == 0 || cluster_.recovery == Recovery::protocol_aware) return;
    if (cluster_.recovery == Recovery::crash) process_.crash();
    cut(first_damaged());
    sync();
  }
  static std::uint32_t identifier(const sim::StoredRecord& record) {
    return dynamic_cast<const Identifier&>(*record.payload).epoch;
  }
  [[nodiscard]] std::size_t first_damaged() const {
    const auto damaged = std::find_if(log_.begin(), log_.end(), [](const Slot& slot) { return !slot.entry; });
    return static_cast<std::size_t>(damaged - log_.begin());
  }
  void cut(std::size_t length) {
    log_.resize(length);
    log_file_.truncate(static_cast<std::int64_t>(length) * sim::kPageBytes);
    id_file_.truncate(static_cast<std::int64_t>(length) * kIdBytes);
  }
  void put(std::size_t place, const EntryPtr& entry) {
    if (place == log_.size()) log_.emplace_back();
    log_[place] = {entry->epoch, entry};
    log_file_.write(static_cast<std::int64_t>(place) * sim::kPageBytes, sim::kPageBytes, entry);
    id_file_.write(static_cast<std::int64_t>(place) * kIdBytes, kIdBytes, new Identifier(entry->epoch));
  }
  void sync() {
    log_file_.sync();
    id_file_.sync();
  }
  void promise(std::uint32_t epoch) {
    epoch_ = epoch;
    vote_file_.write(0, kIdBytes, new Identifier(epoch));
    vote_file_.sync();
  }

  // --- the leader ---
  template <class Fill>
  [[nodiscard]] RequestPtr request(Request::What what, Fill fill) const {
    const boost::intrusive_ptr<Request> made(new Request);
    made->what = what;
    made->epoch = epoch_;
    fill(*made);
    return made;
  }
  /// Asks the others, one after the other, until `answered` has enough.
  template <class Answered>
  void ask_others(const RequestPtr& question, Answered answered) {
    for (std::uint32_t peer = 0; peer < kReplicas; ++peer) {
      if (peer == me_) continue;
      const ReplyPtr reply = ask(process_, cluster_, peer, question);
      if (reply && reply->yes) answered(*reply);
    }
  }

  bool elected() {
    promise(epoch_ + 1);
    const std::uint32_t stands_for = epoch_;
    std::size_t votes = 1;
    const RequestPtr vote = request(Request::What::vote, [this](Request& made) {
      made.last_epoch = last_epoch();
      made.length = log_.size();
    });
    ask_others(vote, [&](const Reply&) { ++votes; });
    return votes >= kMajority && epoch_ == stands_for;
  }
  void lead() {
    const std::uint32_t mine = epoch_;
    leads_ = true;
    const auto leading = [&] { return leads_ && epoch_ == mine; };
    while (leading() && !mended()) {
      ask_others(request(Request::What::replicate, [](Request&) {}), [](const Reply&) {});
      process_.sleep(150ms);
    }
    // What earlier leaders left is committed by an entry of this one; where there is nothing, nothing has to be.
    if (leading() && !log_.empty()) append(0);
    while (leading()) {
      serving_ = replicated();
      process_.sleep(150ms);
    }
    serving_ = false;
    heard_ = now();
  }
  /// Every damaged entry has been replaced by a good copy of somebody else's.
  bool mended() {
    for (std::size_t place = first_damaged(); place < log_.size(); place = first_damaged()) {
      EntryPtr good;
      ask_others(request(Request::What::entry, [&](Request& made) { made.length = place; }),
                 [&](const Reply& reply) { good = reply.entries.front(); });
      if (!good || good->epoch != log_[place].epoch) return false;
      put(place, good);
      sync();
    }
    return true;
  }
  void append(int value) {
    const boost::intrusive_ptr<Entry> entry(new Entry);
    entry->epoch = epoch_;
    entry->value = value;
    put(log_.size(), entry);
    sync();
  }
  /// A majority stores the whole log.
  bool replicated() {
    std::size_t copies = 1;
    const RequestPtr everything = request(Request::What::replicate, [this](Request& made) {
      for (const Slot& slot : log_) made.entries.push_back(slot.entry);
    });
    ask_others(everything, [&](const Reply&) { ++copies; });
    return copies >= kMajority;
  }

  // --- everybody ---
  void serve() {
    for (;;) {
      const sim::Arrival arrival = inbox_.receive();
      if (arrival.what != sim::Arrival::What::message) continue;
      const boost::intrusive_ptr<Reply> reply(new Reply);
      answer(dynamic_cast<const Request&>(*arrival.payload), *reply);
      process_.simulation().network().send(process_, arrival.connection, cluster_.reply, 512, reply);
    }
  }
  void answer(const Request& asked, Reply& reply) {
    switch (asked.what) {
      case Request::What::vote: reply.yes = vote(asked); break;
      case Request::What::replicate: reply.yes = follow(asked); break;
      case Request::What::entry:
        reply.yes = asked.length < log_.size() && log_[asked.length].entry;
        if (reply.yes) reply.entries.push_back(log_[asked.length].entry);
        break;
      case Request::What::write:
        if (!serving_) break;
        append(asked.value);
        reply.yes = replicated();
        break;
      case Request::What::read:
        reply.yes = serving_;
        for (const Slot& slot : log_) reply.entries.push_back(slot.entry);
        break;
    }
  }
  bool vote(const Request& asked) {
    if (asked.epoch <= epoch_) return false;
    leads_ = false;
    const bool granted = std::pair{asked.last_epoch, asked.length} >= std::pair{last_epoch(), log_.size()};
    if (granted) heard_ = now();
    promise(asked.epoch);
    return granted;
  }
  bool follow(const Request& asked) {
    if (asked.epoch < epoch_) return false;
    heard_ = now();
    if (asked.epoch > epoch_) {
      leads_ = false;
      promise(asked.epoch);
    }
    for (std::size_t place = 0; place < asked.entries.size(); ++place) {
      const EntryPtr& entry = asked.entries[place];
      if (place < log_.size() && log_[place].epoch != entry->epoch) cut(place);
      if (place >= log_.size() || !log_[place].entry) put(place, entry);
    }
    sync();
    return true;
  }

  // fixed for the run
  LogCluster& cluster_;
  sim::Process& process_;
  const std::uint32_t me_;
  sim::File& log_file_;
  sim::File& id_file_;
  sim::File& vote_file_;
  // lost with the process
  sim::Inbox inbox_;
  std::vector<Slot> log_;
  std::uint32_t epoch_ = 0;
  sim::VirtualTime heard_{};  ///< from a leader
  bool leads_ = false;
  bool serving_ = false;
};

/// Writes what it is told to, one value after the other, then reads the log; asks every replica until one serves.
class LogClient final : public sim::Program {
 public:
  LogClient(LogCluster& cluster, sim::Process& process) : cluster_(cluster), process_(process) {}

  void run() override {
    for (const int value : cluster_.to_write) {
      const boost::intrusive_ptr<Request> write(new Request);
      write->what = Request::What::write;
      write->value = value;
      insist(write);
    }
    const boost::intrusive_ptr<Request> read(new Request);
    read->what = Request::What::read;
    const ReplyPtr everything = insist(read);
    std::vector<int> values;
    for (const EntryPtr& entry : everything->entries) {
      if (entry->value != 0) values.push_back(entry->value);
    }
    cluster_.read = std::move(values);
    process_.simulation().scheduler().stop();
  }

 private:
  ReplyPtr insist(const RequestPtr& request) {
    for (std::uint32_t replica = 0;; replica = (replica + 1) % kReplicas) {
      ReplyPtr reply = ask(process_, cluster_, replica, request);
      if (reply && reply->yes) return reply;
      process_.sleep(20ms);
    }
  }

  LogCluster& cluster_;
  sim::Process& process_;
};

}  // namespace noloss::published
