// What an application does around a producer that has a transactional id.
//
// Modelled, as the client's documentation tells an application to write it: begin, send N messages, commit; after an
// error abort, and do the same messages again in another transaction, or give them up; call again what timed out; after
// a fatal error close the producer and end, to be started again by whoever looks after it. An application may also
// abort transactions for reasons of its own (`transaction.aborts`), whose messages it then does not want stored.
// A message counts as confirmed once commitTransaction has returned.
//
// Volatile, lost on kill: everything here.
#pragma once

#include <vector>

#include "models/application/client.hpp"
#include "models/application/producer.hpp"
#include "models/history.hpp"
#include "models/kafka/transaction_manager.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class TransactionalApplication final : public ProducerClient {
 public:
  /// `records`: the client's own send.
  TransactionalApplication(sim::Process& process, ProducerClient& records, TransactionManager& transactions,
                           const ProducersSetup& setup, const ProducerState& state, History& history);

  [[nodiscard]] std::uint32_t partitions() const override { return records_.partitions(); }
  /// Waits for the transaction's end if the message is its last one.
  void send(MessagePtr message, SendMode mode, Done done) override;
  [[nodiscard]] sim::Duration retry_backoff() const override { return records_.retry_backoff(); }

 private:
  struct Sent {
    MessagePtr message;
    Done done;
  };
  /// One transaction at a time, as there is one producer.
  class Turn;

  void initialise();
  void append(const MessagePtr& message);
  /// No message of this part of the workload is to come.
  [[nodiscard]] bool last() const;
  void finish();
  [[nodiscard]] TxnAnswer commit();
  [[nodiscard]] TxnAnswer abort();
  void settle(Outcome outcome);
  template <class Act>
  void each_message(Act&& act);

  sim::Process& process_;
  ProducerClient& records_;
  TransactionManager& transactions_;
  const ProducersSetup& setup_;
  const ProducerState& state_;
  History& history_;
  std::vector<Sent> sent_;    ///< of the transaction
  bool send_failed_ = false;  ///< a message of it
  bool initialised_ = false;
  bool busy_ = false;
  sim::WaitQueue turn_;
};

}  // namespace noloss::models::kafka
