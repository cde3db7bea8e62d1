// A broker's conversation with the controller: registration, heartbeats, metadata, changes of the ISR, shutdown.
//
// Modelled (BrokerLifecycleManager, AlterPartitionManager; with ZooKeeper the session of the broker): a registration
// that is repeated while it is refused; heartbeats that keep a session; metadata that arrives in order and may lag; a
// broker that hears nothing goes on as it was, it does not fence itself. Not modelled: the metadata log as the broker
// fetches it (it is pushed), several controllers.
#pragma once

#include <vector>

#include "models/kafka/protocol.hpp"
#include "models/kafka/topology.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class Broker;

class ControllerLink {
 public:
  explicit ControllerLink(Broker& broker);

  /// As the run begins.
  void registered_from_start(BrokerEpoch epoch) { epoch_ = epoch; }
  /// What the marker of the last clean shutdown says; 0: there was none.
  void previous_epoch(BrokerEpoch epoch) { previous_epoch_ = epoch; }
  /// 0 until registered.
  [[nodiscard]] BrokerEpoch epoch() const { return epoch_; }
  /// The link's fiber.
  void loop();
  /// The fiber of the connection for changes of the ISR: real brokers have one of its own, which heartbeats overtake.
  void alter_loop();
  /// Sends it if there is a connection; else the replica proposes again when there is one.
  void alter_partition(boost::intrusive_ptr<AlterPartitionRequest> request);
  /// Asks to be relieved of all leadership and waits until that is so, or for `patience`.
  void shut_down(sim::Duration patience);

 private:
  void talk(sim::Inbox& inbox);
  void register_broker();
  void send_heartbeat();
  void handle(const sim::Arrival& arrival);
  void send(const sim::ConnectionPtr& to, sim::MessageKind kind, boost::intrusive_ptr<Request> request);

  Broker& broker_;
  BrokerEpoch epoch_ = 0;
  BrokerEpoch previous_epoch_ = 0;
  sim::ConnectionPtr connection_;
  sim::ConnectionPtr alter_connection_;
  sim::Inbox* inbox_ = nullptr;
  sim::VirtualTime next_;          ///< heartbeat or attempt to register
  sim::VirtualTime answer_until_;  ///< else the connection is given up; kNever: nothing is outstanding
  bool wants_shutdown_ = false;
  bool relieved_ = false;
  sim::WaitQueue relief_;
  std::uint64_t correlations_ = 0;
};

}  // namespace noloss::models::kafka
