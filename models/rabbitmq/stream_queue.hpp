// A stream's member on one node: its log, and the process that writes or replicates (osiris_writer, osiris_replica).
//
// Modelled: a writer that takes what has gathered in its mailbox as one chunk, sends it to the replicas that have
// attached, and confirms at the commit offset, which is what a majority of members, itself included, has written to the
// page cache; publishers' numbers by which it knows what it already has, read from the log when it starts; a replica
// that cuts its log off where it differs from the writer's, follows, acknowledges, and ends with its connection.
// Readers on the node see what is committed. Chunks of an earlier epoch commit by counting alone, as in the real
// writer. Source: osiris_writer.erl, osiris_replica.erl. Not modelled: a connection for replication beside the link
// between the nodes, credit of replicas, file handles.
//
// Invariant: a process acts for the epoch that it was started in, and never learns of another.
// volatile, lost on kill: everything but the log. durable: the log, as far as the kernel has written it back.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "models/rabbitmq/queue_process.hpp"
#include "models/rabbitmq/stream_protocol.hpp"
#include "models/rabbitmq/topology.hpp"

namespace noloss::models::rabbitmq {

class Broker;

class StreamQueue final : public QueueProcess {
 public:
  StreamQueue(Broker& broker, QueueId id);

  void loop() override;
  void recover() override;
  void close() override {}
  [[nodiscard]] Mailbox& mailbox() override { return mailbox_; }

  [[nodiscard]] bool leads() const override { return role_ == Role::writer; }
  [[nodiscard]] Epoch epoch() const override { return epoch_; }
  /// Consumers take nothing away: how far they are is theirs to know.
  [[nodiscard]] bool drained() const override { return true; }
  [[nodiscard]] bool waits_for_copies() const override { return committed_ < log_.tail().first; }
  [[nodiscard]] bool exists() const override { return member_; }
  [[nodiscard]] std::vector<MessageRef> messages() const override { return {}; }
  void describe(ReplicaState& replica) const override;

  // --- for channels and connections on this node, which read its files ---
  /// kNoProcess: none runs.
  [[nodiscard]] ProcessNumber process() const { return role_ == Role::none ? kNoProcess : process_; }
  [[nodiscard]] const StreamLog& log() const { return log_; }
  /// Behind the last record that may be read.
  [[nodiscard]] Offset readable_end() const { return log_.end_of(committed_); }
  void listen(const ChannelId& channel) { listeners_.insert(channel); }
  void unlisten(const ChannelId& channel) { listeners_.erase(channel); }

 private:
  enum class Role : std::uint8_t { none, writer, replica };
  struct Reader {
    ProcessNumber replica = kNoProcess;
    Offset next = 0;
    Offset told = kNoOffset;  ///< commit offset
  };
  struct Waiting {
    ChannelId channel;
    std::uint64_t value = 0;
    Offset chunk = 0;  ///< confirmed once this one is committed
  };

  void handle(const Letter& letter);
  void node_changed(const Letter& letter);
  void act(sim::NodeId coordinator, const CoordinatorEffect& effect);
  void answer(sim::NodeId coordinator, const CoordinatorEffect& effect, bool ok);
  void exit_process();
  void monitor(sim::NodeId from, const StreamMonitor& request);
  void tell_down(const ChannelId& channel, sim::NodeId coordinator, ProcessNumber process);
  void readable_changed();
  template <class Letter>
  void send(sim::NodeId to, sim::MessageKind kind, boost::intrusive_ptr<Letter> letter, std::int64_t bytes = 0);

  // stream_writer.cpp
  void start_writer(Epoch epoch);
  void for_writer(const Letter& letter);
  void write(const StreamWrite& request);
  void answer_query(const StreamQuery& query);
  void attach(sim::NodeId from, const StreamAttach& request);
  void finish_batch();
  void write_chunk();
  void advance_commit();
  void serve_readers();
  void send_chunks(sim::NodeId to, Reader& reader);

  // stream_replica.cpp
  void start_replica(sim::NodeId coordinator, const CoordinatorEffect& effect);
  void ask_for_overview();
  void overview_came(const StreamOverviewReply& reply);
  void chunks_came(const StreamChunks& letter);
  void replication_ends();

  Broker& broker_;
  QueueId id_;
  const QueueInfo& info_;
  Mailbox mailbox_;
  StreamLog log_;
  bool member_ = true;  ///< false: this node is another one than the stream knows by its name

  Role role_ = Role::none;
  ProcessNumber process_ = kNoProcess;
  Epoch epoch_ = 0;
  Offset committed_ = kNoOffset;  ///< first offset of the last committed chunk, as far as it is known here
  std::set<ChannelId> listeners_;
  std::set<ChannelId> channel_monitors_;
  std::set<sim::NodeId> coordinator_monitors_;

  // the writer
  std::vector<StreamRecordPtr> gathered_;
  StreamTracking tracking_;
  std::map<sim::NodeId, Offset> acknowledged_;  ///< by each replica: first offset of a chunk
  std::map<sim::NodeId, Reader> readers_;
  std::deque<Waiting> waiting_;

  // the replica
  sim::NodeId writer_ = sim::kNoNode;
  ProcessNumber writer_process_ = kNoProcess;
  bool attached_ = false;
  std::optional<std::pair<sim::NodeId, CoordinatorEffect>> starting_;  ///< who waits for the start
};

}  // namespace noloss::models::rabbitmq
