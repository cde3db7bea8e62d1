// Builds a Kafka cluster into a simulation and answers for it: roles, waits, the state at the end.
#pragma once

#include <memory>
#include <vector>

#include "models/cluster.hpp"
#include "models/history.hpp"
#include "models/setup.hpp"
#include "models/system.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

[[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup);
[[nodiscard]] std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history);

}  // namespace noloss::models::kafka
