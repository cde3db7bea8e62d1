#include "tests/models/textbook/textbook_world.hpp"

#include <cstdlib>
#include <utility>

namespace noloss::models::textbook {
namespace {

sim::FiberPool& pool() {
  static thread_local sim::FiberPool fibers;
  return fibers;
}

/// As a scenario writes it, as far as this system's options need.
OptionValue read(const OptionRow& row, std::string_view text) {
  OptionValue value;
  value.text = text;
  if (row.type == OptionType::choice) {
    const auto choice = std::find(row.choices.begin(), row.choices.end(), text);
    if (choice == row.choices.end()) std::abort();
    value.number = Quantity{choice - row.choices.begin()};
    return value;
  }
  std::int64_t number = 0;
  const char* const unit = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  const std::string_view word{unit, static_cast<std::size_t>(text.data() + text.size() - unit)};
  if (row.type == OptionType::duration) {
    number *= word == "ms" ? ns(1ms) : word == "s" ? ns(1s) : word == "h" ? ns(1h) : 0;
  } else if (!word.empty()) {
    std::abort();
  }
  value.number = Quantity{number};
  return value;
}

class ProbeProgram final : public sim::Program {
 public:
  ProbeProgram(sim::Process& process, std::function<void(Probe&)> script)
      : probe_(process), script_(std::move(script)) {}
  void run() override { script_(probe_); }

 private:
  Probe probe_;
  std::function<void(Probe&)> script_;
};

}  // namespace

// --- build ---

TextbookTest::TextbookTest() {
  setup.latency = {.p50 = kPacket, .p99 = kPacket};
  for (const OptionRow& row : system().options("")) {
    OptionValues& values = row.scope == OptionScope::broker     ? setup.brokers.config
                           : row.scope == OptionScope::producer ? producer().config
                                                                : consumer().config;
    values.set(row.name, read(row, row.default_value));
  }
  usual_consumer_ = consumer();
}

TextbookTest::~TextbookTest() = default;

void TextbookTest::set(OptionValues& values, std::string_view name, std::string_view text) {
  const auto rows = system().options("");
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const OptionRow& each) { return each.name == name; });
  if (row == rows.end()) std::abort();
  values.set(name, read(*row, text));
}

void TextbookTest::brokers(std::uint32_t count, std::uint32_t replicas, std::uint32_t acks) {
  setup.brokers.count = count;
  setup.entities.front().replicas = replicas;
  broker_option("replicas.acks", std::to_string(acks));
}

void TextbookTest::messages(std::int64_t count, std::int64_t a_second, Duration from) {
  WorkloadPart part;
  part.at = Quantity{from};
  part.messages = Quantity{count};
  part.rate = Quantity{a_second};
  producer().workload = {part};
}

// --- run ---

TextbookTest::World::World(const models::Setup& setup, const sim::FaultPlan& plan)
    : simulation(pool(), system().event_table(), {.seed = 1, .latency = setup.latency, .keep_trace = true}),
      history(simulation),
      cluster(system().build(simulation, setup, history)),
      injector(simulation, *cluster, plan) {
  history.keep_events(true);
  simulation.listen_disks(&history);
  simulation.listen_moments(&injector);
  injector.arm();
}

TextbookTest::World::~World() {
  simulation.listen_moments(nullptr);
  simulation.listen_disks(nullptr);
  simulation.scheduler().finish();  // programs refer to the cluster, which goes first
}

TextbookTest::World& TextbookTest::world() {
  if (world_) return *world_;
  world_ = std::make_unique<World>(setup, plan_);
  if (script_) {
    sim::MachineSetup probe;
    probe.name = probe.kind = "probe";
    world_->simulation.add_machine(
        probe, [this](sim::Process& process) { return std::make_unique<ProbeProgram>(process, script_); });
  }
  for (auto& [time, deed] : deeds_) world_->simulation.scheduler().at(sim::kStart + time, deed);
  world_->simulation.start_all();
  return *world_;
}

void TextbookTest::run_until(Duration time) { world().simulation.scheduler().run_until(sim::kStart + time); }

bool TextbookTest::finish() {
  heal();
  const sim::VirtualTime limit = simulation().now() + 120s;
  int settled = 0;  // in a row; what is on its way meanwhile arrives
  while (settled < 20 && simulation().now() < limit) {
    simulation().scheduler().run_until(simulation().now() + 50ms);
    settled = world().cluster->settled() ? settled + 1 : 0;
  }
  return settled > 0;
}

// --- observe ---

std::vector<Seen> TextbookTest::seen(std::string_view node, std::string_view event) {
  const sim::EventId wanted = simulation().events().id(event);
  std::vector<Seen> found;
  for (const sim::TraceEvent& each : simulation().trace().events()) {
    if (each.event != wanted) continue;
    const std::string& name = simulation().machine(each.node).name();
    if (node != "anybody" && name != node) continue;
    found.push_back({each.time.time_since_epoch().count(), name, each.first, each.second});
  }
  return found;
}

Nanoseconds TextbookTest::when(std::string_view node, std::string_view event, std::size_t number) {
  const std::vector<Seen> found = seen(node, event);
  if (number >= 1 && number <= found.size()) return found[number - 1].at;
  ADD_FAILURE() << node << ' ' << event << " #" << number << " never came: there were " << found.size();
  return INT64_MAX;
}

std::size_t TextbookTest::count(std::string_view node, std::string_view event, Nanoseconds from, Nanoseconds before) {
  const std::vector<Seen> found = seen(node, event);
  return static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [&](const Seen& each) { return each.at >= from && each.at < before; }));
}

std::vector<std::string> TextbookTest::leaders() {
  std::vector<std::string> names;
  for (const sim::NodeId node : world().cluster->holders("leader")) names.push_back(simulation().machine(node).name());
  return names;
}

bool TextbookTest::marked(std::string_view mark) {
  const auto& marks = simulation().marks();
  return std::find(marks.begin(), marks.end(), mark) != marks.end();
}

std::size_t TextbookTest::with_outcome(Outcome outcome) {
  return static_cast<std::size_t>(std::count_if(
      sent().begin(), sent().end(), [&](const MessageRecord& record) { return record.outcome == outcome; }));
}

}  // namespace noloss::models::textbook
