// "Protocol-Aware Recovery for Consensus-Based Storage" (Alagappan et al., FAST 2018): four entries on three replicas,
// every pattern of damaged entries, three policies of recovery. Published: of 4,096 patterns 2,401 leave a good copy of
// each entry; truncating and crashing are right in 46 of these; protocol-aware recovery in 2,401, and in the other
// 1,695 it is unavailable, never wrong.
#include <map>

#include "sim/fiber.hpp"
#include "tests/published/replicated_log.hpp"
#include "tests/published/report.hpp"

namespace noloss::published {
namespace {

constexpr Damaged kAllEntries = (1U << kEntries) - 1;
constexpr std::uint32_t kPatterns = 1U << (kEntries * kReplicas);
using Pattern = std::array<Damaged, kReplicas>;

Pattern pattern(std::uint32_t number) {
  return {number & kAllEntries, number >> kEntries & kAllEntries, number >> 2 * kEntries & kAllEntries};
}

/// Two replicas boot together and can elect; the third comes a second later. `first` of the two stands first.
struct Election {
  std::uint32_t first = 0;
  std::uint32_t second = 1;
  std::uint32_t late = 2;
};
constexpr Election kElections[] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}};

class LogWorld {
 public:
  explicit LogWorld(Recovery recovery) {
    cluster.recovery = recovery;
    for (std::uint32_t i = 0; i < kReplicas; ++i) {
      simulation.add_machine(setup("replica-" + std::to_string(i + 1)),
                             [this](sim::Process& process) { return std::make_unique<Replica>(cluster, process); });
    }
    sim::MachineSetup client = setup("client");
    client.exists = false;
    client_ = &simulation.add_machine(
        client, [this](sim::Process& process) { return std::make_unique<LogClient>(cluster, process); });
    simulation.start_all();
  }
  ~LogWorld() { simulation.scheduler().finish(); }
  LogWorld(const LogWorld&) = delete;
  LogWorld& operator=(const LogWorld&) = delete;

  /// The client writes these and reads; at most for three seconds.
  void write(std::vector<int> values) {
    cluster.to_write = std::move(values);
    cluster.read.reset();
    client_->kill();
    client_->start();
    simulation.scheduler().run_until(simulation.now() + 3s);
  }
  void store_entries() {
    write({1, 2, 3, 4});
    ASSERT_EQ(cluster.read, (std::vector{1, 2, 3, 4}));
    simulation.scheduler().run_until(simulation.now() + 200ms);  // followers have the last one too
  }
  void lose_power() {
    for (std::uint32_t i = 0; i < kReplicas; ++i) machine(i).lose_power({sim::Unsynced::lose_all, 0});
  }
  void boot(const Election& election) {
    cluster.rank[election.first] = 0;
    cluster.rank[election.second] = 1;
    cluster.rank[election.late] = 2;
    machine(election.first).start();
    machine(election.second).start();
    simulation.scheduler().at(simulation.now() + 1s, [this, late = election.late] { machine(late).start(); });
  }
  [[nodiscard]] sim::Machine& machine(std::uint32_t replica) { return simulation.machine(sim::NodeId{replica}); }
  /// Entries 1 to 4 that this replica's disk does not hold intact.
  [[nodiscard]] Damaged damaged(std::uint32_t replica) {
    Damaged missing = kAllEntries;
    sim::File& log = *machine(replica).disk().find("log");
    for (std::size_t place = 0; place < kEntries; ++place) {
      const std::int64_t offset = static_cast<std::int64_t>(place) * sim::kPageBytes;
      const bool there = offset < log.size() && log.check(offset, sim::kPageBytes) == sim::RecordState::intact;
      if (there) missing &= ~(1U << place);
    }
    return missing;
  }

  LogCluster cluster;

 private:
  static sim::MachineSetup setup(const std::string& name) {
    sim::MachineSetup machine;
    machine.name = name;
    machine.kind = name;
    return machine;
  }
  static sim::FiberPool& pool() {
    static thread_local sim::FiberPool fibers;
    return fibers;
  }

  sim::Machine* client_ = nullptr;

 public:
  sim::Simulation simulation{pool(), cluster.events, {}};
};

/// The draws with which the disk damages exactly these blocks of a log, found by damaging logs and looking.
std::array<std::uint64_t, kAllEntries + 1> draws_by_damage() {
  std::array<std::uint64_t, kAllEntries + 1> draws{};
  std::map<Damaged, std::uint64_t> known;
  for (std::uint64_t draw = 1; known.size() < kAllEntries; ++draw) {
    for (std::int64_t blocks = 1; blocks <= std::int64_t{kEntries}; ++blocks) {
      LogWorld world(Recovery::crash);
      world.store_entries();
      world.lose_power();
      world.machine(0).disk().corrupt(blocks, sim::Damage::junk, sim::FileClass::log, draw);
      known.emplace(world.damaged(0), draw);
    }
  }
  for (const auto& [damage, draw] : known) draws[damage] = draw;
  return draws;
}

Outcome outcome(Recovery recovery, const Pattern& damage, const Election& election) {
  static const std::array<std::uint64_t, kAllEntries + 1> kDraws = draws_by_damage();
  LogWorld world(recovery);
  world.store_entries();
  world.lose_power();
  for (std::uint32_t i = 0; i < kReplicas; ++i) {
    world.machine(i).disk().corrupt(__builtin_popcount(damage[i]), sim::Damage::junk, sim::FileClass::log,
                                    kDraws[damage[i]]);
    EXPECT_EQ(world.damaged(i), damage[i]);
  }
  world.boot(election);
  world.write({5});
  EXPECT_EQ(world.cluster.found[election.first], damage[election.first]);
  if (!world.cluster.read) return Outcome::unavailable;
  const bool complete = *world.cluster.read == std::vector{1, 2, 3, 4, 5};
  if (complete && recovery == Recovery::protocol_aware) {
    world.simulation.scheduler().run_until(world.simulation.now() + 2s);
    for (std::uint32_t i = 0; i < kReplicas; ++i) EXPECT_EQ(world.damaged(i), 0U) << "mended from the leader";
  }
  return complete ? Outcome::right : Outcome::unsafe;
}

struct Counts {
  std::map<Outcome, int> recoverable;    ///< patterns that leave a good copy of each entry
  std::map<Outcome, int> unrecoverable;  ///< the others
};

/// What becomes of each pattern in the worst election.
Counts count(Recovery recovery) {
  Counts counts;
  for (std::uint32_t number = 0; number < kPatterns; ++number) {
    const Pattern damage = pattern(number);
    Outcome worst = Outcome::right;
    for (const Election& election : kElections) {
      if (worst != Outcome::unsafe) worst = std::max(worst, outcome(recovery, damage, election));
    }
    const bool recoverable = (damage[0] & damage[1] & damage[2]) == 0;
    ++(recoverable ? counts.recoverable : counts.unrecoverable)[worst];
  }
  return counts;
}

std::string text(const std::map<Outcome, int>& counts) {
  const auto number = [&](Outcome outcome) {
    const auto found = counts.find(outcome);
    return std::to_string(found == counts.end() ? 0 : found->second);
  };
  return "right " + number(Outcome::right) + ", unavailable " + number(Outcome::unavailable) + ", unsafe " +
         number(Outcome::unsafe);
}

void compare_counts(Recovery recovery, const std::string& name, const std::string& recoverable,
                    const std::string& unrecoverable) {
  const Counts counts = count(recovery);
  compare_exactly(recoverable, text(counts.recoverable), "FAST 2018, 2,401 recoverable patterns: " + name);
  compare_exactly(unrecoverable, text(counts.unrecoverable), "FAST 2018, 1,695 other patterns: " + name);
}

TEST(RecoveryPolicies, Truncate) {
  compare_counts(Recovery::truncate, "truncate", "right 46, unavailable 0, unsafe 2355",
                 "right 0, unavailable 0, unsafe 1695");
}

TEST(RecoveryPolicies, Crash) {
  compare_counts(Recovery::crash, "crash", "right 46, unavailable 2355, unsafe 0",
                 "right 0, unavailable 1695, unsafe 0");
}

TEST(RecoveryPolicies, ProtocolAware) {
  compare_counts(Recovery::protocol_aware, "protocol-aware", "right 2401, unavailable 0, unsafe 0",
                 "right 0, unavailable 1695, unsafe 0");
}

}  // namespace
}  // namespace noloss::published
