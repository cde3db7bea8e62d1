// The RabbitMQ system: see README.md.
#pragma once

#include "models/system.hpp"

namespace noloss::models::rabbitmq {

[[nodiscard]] const System& system();

}  // namespace noloss::models::rabbitmq
