#include "models/application/forwarder.hpp"

#include "sim/simulation.hpp"

namespace noloss::models {

bool SendingForwarder::forward(const MessagePtr& message) {
  while (send_and_wait(process_.simulation().scheduler(), client_, message) != Outcome::acked) {
    process_.sleep(client_.retry_backoff());
  }
  return true;
}

}  // namespace noloss::models
