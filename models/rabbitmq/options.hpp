// Every option that the RabbitMQ system accepts.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "models/option.hpp"
#include "models/setup.hpp"
#include "models/system.hpp"

namespace noloss::models::rabbitmq {

struct Release;

/// Defaults are those of the release.
[[nodiscard]] std::span<const OptionRow> options(std::string_view release);
/// Options that name the nodes of pause_if_all_down.
inline constexpr std::array<std::string_view, 5> kPreferredNodes{
    "cluster_partition_handling.pause_if_all_down.nodes.1", "cluster_partition_handling.pause_if_all_down.nodes.2",
    "cluster_partition_handling.pause_if_all_down.nodes.3", "cluster_partition_handling.pause_if_all_down.nodes.4",
    "cluster_partition_handling.pause_if_all_down.nodes.5"};

/// What a cluster does in a partition; empty from 4.3 on.
[[nodiscard]] std::vector<OptionRow> partition_options(const Release& release);
/// A queue's exchange and how it is bound to it.
[[nodiscard]] std::vector<OptionRow> exchange_options();
/// Those of producers and consumers among them.
[[nodiscard]] std::vector<OptionRow> client_options(const Release& release);
/// Why this operation cannot be done to this queue; empty: it can.
[[nodiscard]] std::string refusal(std::string_view operation, const EntitySetup& queue);
/// Combinations that the real system, or this model, refuses.
[[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup);

}  // namespace noloss::models::rabbitmq
