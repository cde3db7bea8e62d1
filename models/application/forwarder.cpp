#include "models/application/forwarder.hpp"

#include "sim/simulation.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models {

bool SendingForwarder::forward(const MessagePtr& message) {
  for (;;) {
    bool done = false;
    Outcome result = Outcome::none;
    sim::WaitQueue answered(process_.simulation().scheduler());
    client_.send(message, SendMode::sync, [&](Outcome outcome) {
      done = true;
      result = outcome;
      answered.notify_one();
    });
    if (!done) answered.wait();
    if (result == Outcome::acked) return true;
    process_.sleep(client_.retry_backoff());
  }
}

}  // namespace noloss::models
