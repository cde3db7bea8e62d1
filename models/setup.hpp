// What one run builds: the cluster, its topics, its clients and what the applications around the clients do.
// The scenario reader fills it, the seed fixes its ranges, the system builds it. Every default here is the
// contract's default. Units: nanoseconds, bytes, messages per second, millionths.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/option.hpp"
#include "sim/quantity.hpp"
#include "sim/setup.hpp"

namespace noloss::models {

using sim::Quantity;

struct BrokersSetup {
  std::uint32_t count = 1;
  std::vector<std::string> zones;  ///< round robin over the brokers; empty: no zones
  sim::DiskSetup disk;
  OptionValues config;
};

/// A topic, queue or stream.
struct EntitySetup {
  std::string name = "topic-1";
  std::uint32_t partitions = 1;
  std::uint32_t replicas = 1;
  std::vector<std::vector<std::uint32_t>> assignment;  ///< broker numbers (from 1) of each partition, leader first
  OptionValues config;
  bool exists = true;  ///< false: the operation `create` makes it
};

enum class SendMode : std::uint8_t { sync, async, oneway };
enum class OnError : std::uint8_t { retry, give_up, ignore };
enum class OnReturn : std::uint8_t { failed, republish, ignore };
enum class ProducerSource : std::uint8_t { memory, outbox };

/// One part of a workload; parts follow each other.
struct WorkloadPart {
  Quantity at{-1};  ///< start, ns; -1: when the part before has its outcomes (the first: at once)
  Quantity messages{50};
  Quantity rate{1000};  ///< messages per second and producer
  Quantity size{1024};  ///< bytes
  Quantity keys{0};     ///< 0: no keys, partitions round robin
};

struct SequenceCheckSetup {
  bool enabled = false;
  bool identity = true;
  bool per_partition = true;
  std::int64_t grace = 100;  ///< later messages before a gap is reported
  Quantity heartbeat{0};     ///< ns; 0: off
};

struct ProducersSetup {
  std::uint32_t count = 1;
  std::string to;                    ///< entity name; empty: the first
  std::vector<std::string> connect;  ///< broker names tried in this order; empty: all, by number
  OptionValues config;
  SendMode send = SendMode::sync;
  OnError on_error = OnError::retry;
  OnReturn on_return = OnReturn::failed;  ///< what becomes of a message that the broker had no route for
  std::uint32_t transaction_size = 1;     ///< messages of one transaction, where the client has transactions
  Quantity transaction_aborts{0};         ///< share of them that the application aborts for reasons of its own
  ProducerSource source = ProducerSource::memory;
  std::vector<WorkloadPart> workload{WorkloadPart{}};
};

enum class Acknowledge : std::uint8_t { after_processing, before_processing, automatic };
enum class OnFailure : std::uint8_t { retry, skip, crash, close };
enum class StoreKind : std::uint8_t { plain, idempotent };
enum class OnAbort : std::uint8_t { seek, go_on };

/// Read, process, write: the result of each message is sent on instead of stored. It is the same message, and has its
/// effect where the last consumer processes it.
struct ForwardSetup {
  bool enabled = false;
  std::string to;                    ///< entity name
  OptionValues config;               ///< of the producer inside; empty unless enabled
  bool transaction = false;          ///< the messages and the positions in the input are committed together
  OnAbort on_abort = OnAbort::seek;  ///< after an aborted transaction: back to what is committed, or on with the next
};

struct ConsumersSetup {
  std::uint32_t count = 1;
  std::string from;
  std::vector<std::string> connect;
  OptionValues config;
  Acknowledge acknowledge = Acknowledge::after_processing;
  Quantity processing_time{std::chrono::milliseconds{2}};
  Quantity processing_fails{0};  ///< share
  StoreKind store = StoreKind::plain;
  OnFailure on_failure = OnFailure::retry;
  std::uint32_t hand_off = 0;  ///< worker threads; 0: the polling thread processes
  SequenceCheckSetup sequence_check;
  ForwardSetup forward;
};

struct Setup {
  std::string release;  ///< one of the system's releases; empty where it has none
  BrokersSetup brokers;
  std::vector<EntitySetup> entities{EntitySetup{}};
  std::vector<ProducersSetup> producers{ProducersSetup{}};
  std::vector<ConsumersSetup> consumers{ConsumersSetup{}};
  sim::LatencySetup latency;
};

}  // namespace noloss::models
