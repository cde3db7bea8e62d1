// A RabbitMQ cluster within one run, as the harness sees it.
#pragma once

#include <memory>

#include "models/cluster.hpp"
#include "models/history.hpp"
#include "models/setup.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::rabbitmq {

/// Builds brokers, producers and consumers into `simulation`, in that order.
[[nodiscard]] std::unique_ptr<Cluster> build_cluster(sim::Simulation& simulation, const Setup& setup, History& history);

}  // namespace noloss::models::rabbitmq
