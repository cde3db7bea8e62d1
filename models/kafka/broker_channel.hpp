// A broker's own requests to other brokers: markers of transactions, and questions about them.
//
// Modelled (InterBrokerSendThread, AddPartitionsToTxnManager): one connection a peer, opened when it is needed; a
// request without an answer closes it. Not modelled: several requests batched into one.
//
// Belongs to the broker's program; volatile, lost on kill.
#pragma once

#include "models/kafka/network_client.hpp"
#include "models/kafka/topology.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class BrokerChannel {
 public:
  BrokerChannel(sim::Process& process, const Topology& topology);

  /// Fiber: connections and answers.
  void loop();
  /// Waits for the answer of broker `to`, which is not this one; null: none came, or no connection before `deadline`.
  [[nodiscard]] sim::PayloadPtr ask(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<Request> request,
                                    sim::VirtualTime deadline);

 private:
  sim::Process& process_;
  NetworkClient network_;
  sim::WaitQueue changed_;
};

}  // namespace noloss::models::kafka
