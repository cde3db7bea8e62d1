// The producer's process: an AMQP publisher and the application around it.
//
// Modelled: the outstanding set of publisher confirms, which the application must keep since the client neither
// buffers nor republishes; an error at once while the connection is down; basic.return before the ack; tx mode with
// a commit each `transaction.size` messages, or after a pause; a limit on how long a confirm is waited for. As the
// Java client does, it goes on writing while the broker reads nothing (connection.blocked). Not modelled: several
// channels, a socket that is full.
//
// volatile, lost on kill: everything here. durable: ProducerState.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/application/producer.hpp"
#include "models/rabbitmq/client.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::rabbitmq {

class Producer final : public sim::Program, public ProducerClient, private ClientHandler {
 public:
  Producer(sim::Process& process, const Topology& topology, QueueId queue, const ProducersSetup& setup,
           const SequenceCheckSetup& check, ProducerState& state, History& history);

  void run() override { application_.run(); }
  void stop() override { application_.close(); }

  [[nodiscard]] std::uint32_t partitions() const override { return 1; }
  void send(MessagePtr message, SendMode mode, Done done) override;
  [[nodiscard]] sim::Duration retry_backoff() const override;

 private:
  struct Outstanding {
    Done done;
    sim::VirtualTime deadline = sim::kNever;
    bool returned = false;
  };

  void connected() override;
  void received(const sim::Arrival& arrival) override;
  void disconnected() override;
  void publish(const MessagePtr& message);
  void settle(const BasicConfirm& confirm, Outcome outcome);
  void wait_for_confirms();
  void join_transaction(Done done);
  void commit();
  void commit_leftovers();

  sim::Process& process_;
  History& history_;
  Route route_;
  sim::Duration expiration_;
  bool confirms_;
  bool mandatory_;
  bool persistent_;
  bool transactional_;
  std::size_t transaction_size_;
  sim::Duration confirm_timeout_;
  bool ready_ = false;  ///< connected for the first time in this life
  PublishSeq next_seq_ = 1;
  std::map<PublishSeq, Outstanding> outstanding_;
  std::vector<Done> transaction_;             ///< published, not committed
  std::vector<Done> committing_;              ///< tx.commit sent
  sim::VirtualTime leftovers_ = sim::kNever;  ///< when the application commits what it has
  sim::WaitQueue changed_;
  Client client_;
  ProducerApplication application_;
};

}  // namespace noloss::models::rabbitmq
