// What an entry of a Raft log carries, as far as Raft and the write-ahead log look at it.
#pragma once

#include <cstdint>

#include "models/rabbitmq/protocol.hpp"
#include "sim/payload.hpp"
#include "sim/time.hpp"

namespace noloss::models::rabbitmq {

/// Base of every state machine's commands.
struct LogCommand : sim::Payload {
  std::uint64_t number = 0;  ///< distinct for each command of the run
  sim::VirtualTime at{};     ///< the leader's clock when it appended the command
  ContentPtr content;        ///< null: no message
};
using LogCommandPtr = boost::intrusive_ptr<const LogCommand>;

}  // namespace noloss::models::rabbitmq
