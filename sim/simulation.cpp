#include "sim/simulation.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sim/disk.hpp"
#include "sim/network.hpp"

namespace noloss::sim {
namespace {

constexpr std::string_view kPurposes[] = {"workload", "network", "disk", "faults", "application"};
static_assert(std::size(kPurposes) == static_cast<std::size_t>(Purpose::count));

}  // namespace

Simulation::Simulation(FiberPool& pool, const EventTable& events, const SimulationSetup& setup)
    : seed_(setup.seed),
      events_(events),
      event_count_(events.size()),
      scheduler_(pool),
      network_(std::make_unique<Network>(*this, setup.latency)) {
  trace_.keep_events(setup.keep_trace);
  for (const std::string_view purpose : kPurposes) streams_.emplace_back(derive_seed(setup.seed, purpose));
}

Simulation::~Simulation() {
  moment_listener_ = nullptr;
  disk_listener_ = nullptr;
  scheduler_.finish();
}

Machine& Simulation::add_machine(MachineSetup setup, ProgramFactory factory) {
  const NodeId id{static_cast<std::uint32_t>(machines_.size())};
  machines_.push_back(std::make_unique<Machine>(*this, id, std::move(setup), std::move(factory)));
  counters_.resize(machines_.size() * event_count_);
  return *machines_.back();
}

Machine* Simulation::machine_named(std::string_view name) {
  const auto found =
      std::find_if(machines_.begin(), machines_.end(), [&](const auto& machine) { return machine->name() == name; });
  return found == machines_.end() ? nullptr : found->get();
}

void Simulation::start_all() {
  beginning_ = true;
  for (const auto& machine : machines_) {
    if (machine->setup().exists) machine->start();
    machine->disk().make_everything_durable();
  }
  beginning_ = false;
}

void Simulation::note(NodeId node, EventId event, std::uint64_t first, std::uint64_t second) {
  // What is seldom comes last, and apart: so the rest needs no frame.
  trace_.put({now(), node, event, first, second});
  Counter& counted = counter(node, event);
  if (++counted.count >= counted.watched || trace_.full()) [[unlikely]]
    noted(node, event);
}

void Simulation::noted(NodeId node, EventId event) {
  if (trace_.full()) trace_.flush();
  Counter& counted = counter(node, event);
  if (counted.count < counted.watched) return;
  counted.watched = UINT64_MAX;
  if (moment_listener_ != nullptr) moment_listener_->happened(node, event, counted.count);
}

std::uint64_t Simulation::count(NodeId node, EventId event) const {
  return counters_[index(node) * event_count_ + index(event)].count;
}

void Simulation::watch(NodeId node, EventId event, std::uint64_t number) {
  Counter& counted = counter(node, event);
  counted.watched = std::min(counted.watched, number);
}

void Simulation::defer_roles_changed() {
  // Not in place: the caller is in the middle of becoming or ceasing to be the holder.
  scheduler_.at(now(), [this] {
    if (moment_listener_ != nullptr) moment_listener_->roles_changed();
  });
}

void Simulation::mark(std::string_view name) {
  if (std::find(marks_.begin(), marks_.end(), name) == marks_.end()) marks_.push_back(name);
}

void Simulation::broken(std::string_view what) const {
  fmt::print(stderr, "noloss: broken invariant: {} (seed {}, virtual time {} ns)\n", what, seed_,
             now().time_since_epoch().count());
  std::abort();
}

}  // namespace noloss::sim
