// Apache Kafka, generations from 0.8 to 4.1. What is modelled: README.md beside this file.
#pragma once

#include "models/system.hpp"

namespace noloss::models::kafka {

/// The system's description; constant, shared by all threads.
[[nodiscard]] const System& system();

}  // namespace noloss::models::kafka
