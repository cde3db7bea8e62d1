#include "harness/search/placements.hpp"

#include <algorithm>
#include <utility>

#include "harness/search/variants.hpp"

namespace noloss::harness {
namespace {

constexpr std::size_t kRules = static_cast<std::size_t>(sim::Unsynced::any_subset) + 1;

}  // namespace

Placements::Placements(const Recording& recording, const sim::EventTable& events, const AllowedFaults& allowed,
                       std::uint32_t first)
    : recording_(recording), events_(events), allowed_(allowed), kept_(kRules) {
  for (auto& of_rule : kept_) of_rule.resize(recording.unsynced.size());
  const auto begin = std::lower_bound(recording.sites.begin(), recording.sites.end(), first,
                                      [](const Site& site, std::uint32_t moment) { return site.moment < moment; });
  first_site_ = static_cast<std::size_t>(begin - recording.sites.begin());
  std::uint64_t total = 0;
  for (std::size_t i = first_site_; i < recording.sites.size(); ++i) {
    const Site& site = recording.sites[i];
    auto& subsets_here = kept_[static_cast<std::size_t>(allowed.lines[site.line].unsynced)][site.unsynced];
    if (subsets_here.empty()) {
      subsets_here = subsets(recording.unsynced[site.unsynced], allowed.lines[site.line].unsynced);
    }
    sampled_ = sampled_ || harness::sampled(recording.unsynced[site.unsynced]);
    total += allowed.variants[site.line].size() * subsets_here.size();
    ends_.push_back(total);
  }
}

const std::vector<std::vector<std::string>>& Placements::kept(const Site& site) const {
  return kept_[static_cast<std::size_t>(allowed_.lines[site.line].unsynced)][site.unsynced];
}

Placements::Placed Placements::at(std::uint64_t number) const {
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), number);
  const auto index = static_cast<std::size_t>(found - ends_.begin());
  const std::uint64_t within = index == 0 ? number : number - ends_[index - 1];
  const Site& site = recording_.sites[first_site_ + index];
  const auto& survivors = kept(site);
  Placed placed{allowed_.variants[site.line][within / survivors.size()], site.moment};
  sim::Fault& fault = placed.fault;
  const Recording::Moment& moment = recording_.moments[site.moment];
  fault.at.moment = sim::MomentRef{recording_.nodes[sim::index(moment.node)], std::string{events_.name(moment.event)},
                                   moment.number, sim::Duration{0}};
  const Aim& aim = recording_.aims[site.aim];
  fault.target = aim.target;
  fault.peer = aim.peer;
  fault.shape = aim.shape;
  fault.sides = aim.sides;
  if (!aim.sides.empty()) fault.clients = sim::Clients::both;  // they are in the lists
  if (fault.action == sim::Action::power_loss) {
    fault.unsynced = sim::Unsynced::lose_all;
    const std::vector<std::string>& keep = survivors[within % survivors.size()];
    if (!keep.empty()) {
      fault.unsynced = sim::Unsynced::any_subset;
      fault.keep = keep;
    }
  }
  return placed;
}

}  // namespace noloss::harness
