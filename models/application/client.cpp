#include "models/application/client.hpp"

#include "sim/wait_queue.hpp"

namespace noloss::models {

Outcome send_and_wait(sim::Scheduler& scheduler, ProducerClient& client, const MessagePtr& message) {
  struct Answer {
    explicit Answer(sim::Scheduler& owner) : came(owner) {}
    bool is_there = false;
    Outcome outcome = Outcome::none;
    sim::WaitQueue came;
  };
  Answer answer(scheduler);
  client.send(message, SendMode::sync, [&answer](Outcome outcome) {
    answer.is_there = true;
    answer.outcome = outcome;
    answer.came.notify_one();
  });
  if (!answer.is_there) answer.came.wait();
  return answer.outcome;
}

}  // namespace noloss::models
