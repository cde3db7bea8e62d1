// Every option that the RabbitMQ system accepts.
#pragma once

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
/// Those of producers and consumers among them.
[[nodiscard]] std::vector<OptionRow> client_options(const Release& release);
/// Combinations that the real system, or this model, refuses.
[[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup);

}  // namespace noloss::models::rabbitmq
