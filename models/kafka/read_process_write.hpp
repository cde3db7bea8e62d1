// An application that reads, processes and sends on to another topic, with a producer of its own in the consumer's
// process.
//
// Modelled, as the client's documentation tells an application to write it: without transactions each message is sent
// and confirmed before its offset is committed; with them whatever one poll has returned is one transaction: begin,
// send, sendOffsetsToTransaction with the position behind each partition's last record, commit. After an error it
// aborts and leaves out what is left of the poll; then it seeks to the committed positions, or goes on from where the
// consumer is, which is behind what was aborted. A call that timed out is made again; after a fatal error the process
// ends, to be started again by whoever looks after it, and begins with initTransactions. A record keeps its partition.
//
// Volatile, lost on kill: everything here.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/application/forwarder.hpp"
#include "models/kafka/producer.hpp"
#include "models/kafka/transaction_manager.hpp"
#include "models/setup.hpp"
#include "sim/process.hpp"

namespace noloss::models::kafka {

class Consumer;

class ReadProcessWrite final : public Forwarder {
 public:
  /// To the topic `to`.
  ReadProcessWrite(sim::Process& process, const Topology& topology, std::uint32_t to, const ConsumersSetup& setup,
                   Consumer& consumer);

  /// Before the first poll; with transactions it waits until the producer has its id.
  void start();
  bool forward(const MessagePtr& message) override;
  [[nodiscard]] bool transactional() const { return setup_.transaction; }
  /// The application is done with the record before this position. Ends the transaction with the last one of a poll.
  void consumed(const CommittedOffset& offset);
  /// No transaction is open.
  [[nodiscard]] bool idle() const { return !open_; }

 private:
  void begin();
  void end();
  void abort();
  [[nodiscard]] TxnAnswer send_offsets();
  [[nodiscard]] std::vector<CommittedOffset> consumed_offsets() const;

  sim::Process& process_;
  const ForwardSetup& setup_;
  Consumer& consumer_;
  Producer producer_;
  SendingForwarder sending_;
  bool open_ = false;
  bool send_failed_ = false;
  std::map<PartitionIndex, CommittedOffset> consumed_;  ///< in the transaction
};

}  // namespace noloss::models::kafka
