// Builds a Kafka cluster into a simulation and answers for it: roles, waits, the state at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/cluster.hpp"
#include "models/history.hpp"
#include "models/setup.hpp"
#include "models/system.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {

[[nodiscard]] std::vector<SetupProblem> validate(const Setup& setup);

/// How often the invariants are looked at: the cheap ones each time that the run asks whether it is settled, or all of
/// them after each step of a broker besides.
enum class Scrutiny : std::uint8_t { sampled, every_step };
#ifdef NDEBUG
inline constexpr Scrutiny kScrutiny = Scrutiny::sampled;
#else
inline constexpr Scrutiny kScrutiny = Scrutiny::every_step;
#endif
[[nodiscard]] std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history,
                                                     Scrutiny scrutiny = kScrutiny);

}  // namespace noloss::models::kafka
