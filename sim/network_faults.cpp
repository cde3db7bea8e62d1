#include "sim/network_faults.hpp"

#include <algorithm>
#include <cassert>

namespace noloss::sim {
namespace {

bool matches(LinkSelector selector, Link link) {
  return (selector.from == kNoNode || selector.from == link.from) && (selector.to == kNoNode || selector.to == link.to);
}

}  // namespace

std::uint64_t byte_time(std::int64_t bytes_per_second) {
  assert(bytes_per_second > 0);
  constexpr std::uint64_t kSecond = std::uint64_t{1'000'000'000} << 32U;
  return kSecond / static_cast<std::uint64_t>(bytes_per_second);
}

LinkFaults::Handle LinkFaults::add(State state, std::vector<Handle>& where) {
  const auto handle = static_cast<Handle>(faults_.size());
  faults_.push_back(std::move(state));
  where.push_back(handle);
  return handle;
}

LinkFaults::Handle LinkFaults::cut(const std::vector<std::vector<NodeId>>& sides, bool one_way) {
  State state{.kind = Kind::cut};
  for (std::size_t i = 0; i < sides.size(); ++i) {
    for (std::size_t j = i + 1; j < sides.size(); ++j) {
      for (const NodeId a : sides[i]) {
        for (const NodeId b : sides[j]) {
          if (a == b) continue;
          state.links.push_back({a, b});
          if (!one_way) state.links.push_back({b, a});
        }
      }
    }
  }
  for (const Link link : state.links) block(link);
  ++cuts_;
  return add(std::move(state), held_by_);
}

LinkFaults::Handle LinkFaults::drop_next(LinkSelector link) {
  return add({.kind = Kind::drop_next, .link = link}, active_);
}

LinkFaults::Handle LinkFaults::lose(LinkSelector link, std::int64_t share, std::uint64_t draw) {
  ++losses_;
  return add({.kind = Kind::loss, .link = link, .share = share, .draws = RandomStream{draw}}, held_by_);
}

LinkFaults::Handle LinkFaults::delay(LinkSelector link, Quantity by, std::optional<EventId> sent_kind) {
  return add({.kind = Kind::delay, .link = link, .by = by, .sent_kind = sent_kind}, active_);
}

LinkFaults::Handle LinkFaults::delay_one(LinkSelector link, Quantity by, std::optional<EventId> sent_kind) {
  return add({.kind = Kind::delay_one, .link = link, .by = by, .sent_kind = sent_kind}, active_);
}

LinkFaults::Handle LinkFaults::limit(LinkSelector link, std::int64_t bytes_per_second) {
  return add({.kind = Kind::limit, .link = link, .byte_time = sim::byte_time(bytes_per_second)}, active_);
}

std::optional<LinkFaults::Kind> LinkFaults::heal(Handle handle) {
  State& fault = faults_[handle];
  if (!std::exchange(fault.acts, false)) return std::nullopt;
  std::erase(fault.kind == Kind::cut || fault.kind == Kind::loss ? held_by_ : active_, handle);
  if (fault.kind == Kind::loss) --losses_;
  if (fault.kind == Kind::cut) {
    --cuts_;
    for (const Link link : fault.links) --blocks_[place(link)];
  }
  return fault.kind;
}

bool LinkFaults::concerns(Handle handle, Link link) const {
  const State& fault = faults_[handle];
  if (fault.kind != Kind::cut) return matches(fault.link, link);
  return std::find(fault.links.begin(), fault.links.end(), link) != fault.links.end();
}

void LinkFaults::count_held(Link link) {
  for (const Handle handle : held_by_) {
    if (faults_[handle].kind == Kind::cut && concerns(handle, link)) ++faults_[handle].effect;
  }
}

bool LinkFaults::lost(Link link) {
  if (losses_ == 0) return false;
  bool lost = false;
  for (const Handle handle : held_by_) {
    State& fault = faults_[handle];
    if (fault.kind != Kind::loss || !matches(fault.link, link) || !fault.draws.chance(fault.share)) continue;
    ++fault.effect;
    lost = true;
  }
  return lost;
}

Duration LinkFaults::extra_delay(Link link, std::optional<EventId> sent_kind, RandomStream& random) {
  Duration sum{0};
  std::vector<Handle> spent;
  for (const Handle handle : active_) {
    State& fault = faults_[handle];
    if (fault.kind != Kind::delay && fault.kind != Kind::delay_one) continue;
    if (!matches(fault.link, link) || (fault.sent_kind && fault.sent_kind != sent_kind)) continue;
    if (fault.kind == Kind::delay_one) {
      if (!sent_kind) continue;
      spent.push_back(handle);
    }
    const Duration extra{random.draw(fault.by)};
    if (extra > Duration{0}) ++fault.effect;
    sum += extra;
  }
  for (const Handle handle : spent) heal(handle);
  return sum;
}

std::optional<LinkFaults::Handle> LinkFaults::take_drop(Link link) {
  for (const Handle handle : active_) {
    if (faults_[handle].kind != Kind::drop_next || !matches(faults_[handle].link, link)) continue;
    heal(handle);
    return handle;
  }
  return std::nullopt;
}

std::optional<LinkFaults::Handle> LinkFaults::binding_limit(Link link) const {
  std::optional<Handle> binding;
  for (const Handle handle : active_) {
    const State& fault = faults_[handle];
    if (fault.kind != Kind::limit || !matches(fault.link, link)) continue;
    if (!binding || fault.byte_time > faults_[*binding].byte_time) binding = handle;
  }
  return binding;
}

void LinkFaults::block(Link link) {
  grow(std::max(index(link.from), index(link.to)) + 1);
  ++blocks_[place(link)];
}

void LinkFaults::grow(std::size_t nodes) {
  if (nodes <= nodes_) return;
  std::vector<std::uint32_t> grown(nodes * nodes);
  for (std::size_t from = 0; from < nodes_; ++from) {
    std::copy_n(blocks_.begin() + static_cast<std::ptrdiff_t>(from * nodes_), nodes_,
                grown.begin() + static_cast<std::ptrdiff_t>(from * nodes));
  }
  blocks_ = std::move(grown);
  nodes_ = nodes;
}

}  // namespace noloss::sim
