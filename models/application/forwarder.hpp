// Read, process, write without transactions: sends on what was processed, and waits until it is stored.
//
// Modelled, as most applications do it: one message after the other, each sent again until it is confirmed; only then
// is the input acknowledged, so that a crash in between doubles it.
//
// Volatile, lost on kill: everything here.
#pragma once

#include "models/application/client.hpp"
#include "sim/process.hpp"

namespace noloss::models {

class SendingForwarder final : public Forwarder {
 public:
  SendingForwarder(sim::Process& process, ProducerClient& client) : process_(process), client_(client) {}

  bool forward(const MessagePtr& message) override;

 private:
  sim::Process& process_;
  ProducerClient& client_;
};

}  // namespace noloss::models
