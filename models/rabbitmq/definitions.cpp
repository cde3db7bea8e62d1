#include "models/rabbitmq/definitions.hpp"

#include <fmt/core.h>

#include <utility>

#include "models/rabbitmq/broker.hpp"
#include "sim/machine.hpp"

namespace noloss::models::rabbitmq {
namespace {

constexpr std::int64_t kDefinitionBytes = 512;

struct DefinitionRecord final : Record {
  QueueDefinition definition;
};

std::string file_name(QueueId queue) { return fmt::format("queue-{}.definition", queue + 1); }

}  // namespace

Definitions::Definitions(Broker& broker) : broker_(broker) {
  for (const QueueInfo& queue : broker.topology().queues) {
    QueueDefinition& definition = known_.emplace_back();
    definition.exists = queue.exists_at_start;
    definition.policy = queue;
  }
}

void Definitions::recover() {
  for (QueueId queue = 0; queue < known_.size(); ++queue) {
    sim::File* const file = broker_.process().machine().disk().find(file_name(queue));
    if (file == nullptr) continue;
    for (const sim::StoredRecord& stored : file->read_all()) {
      if (stored.state != sim::RecordState::intact) continue;
      known_[queue] = static_cast<const DefinitionRecord&>(*stored.payload).definition;
    }
    if (known_[queue].version > 0) broker_.redefined(letter(queue), /*anew=*/false);
  }
}

boost::intrusive_ptr<DefinitionLetter> Definitions::letter(QueueId queue) const {
  boost::intrusive_ptr<DefinitionLetter> letter{new DefinitionLetter};
  letter->queue = queue;
  letter->definition = known_[queue];
  return letter;
}

void Definitions::persist(QueueId queue) {
  auto* record = new DefinitionRecord;
  const sim::PayloadPtr payload{record};
  record->definition = known_[queue];
  sim::File& file = broker_.process().machine().disk().create(file_name(queue), sim::FileClass::metadata);
  const bool written = file.write(0, kDefinitionBytes, payload) == sim::IoResult::ok;
  if (!written || file.sync() != sim::IoResult::ok) broker_.process().crash();
}

// --- changes ---

void Definitions::ask(DefinitionCommand command) {
  commands_.push_back(std::move(command));
  broker_.inbox().interrupt();
}

void Definitions::run_commands() {
  while (!commands_.empty()) {
    const DefinitionCommand command = std::move(commands_.front());
    commands_.pop_front();
    run(command);
  }
}

void Definitions::run(const DefinitionCommand& command) {
  using enum DefinitionCommand::What;
  QueueDefinition definition = known_[command.queue];
  switch (command.what) {
    case declare:
      if (definition.exists) return;
      definition.exists = true;
      ++definition.incarnation;
      break;
    case remove:
    case expire:
      if (!definition.exists) return;
      definition.exists = false;
      definition.removed_by = command.what == expire ? "x-expires" : "queue deleted";
      break;
    case apply_policy: definition.policy = command.policy; break;
    case purge:
      if (definition.exists) broker_.purge(command.queue);
      return;
  }
  ++definition.version;
  change(command.queue, std::move(definition));
  for (const sim::NodeId peer : broker_.topology().brokers) {
    if (peer != broker_.node()) broker_.tell_node(peer, events().queue_definition, letter(command.queue));
  }
}

void Definitions::change(QueueId queue, QueueDefinition definition) {
  const bool anew = definition.incarnation != known_[queue].incarnation || !definition.exists;
  known_[queue] = std::move(definition);
  broker_.redefined(letter(queue), anew);
  persist(queue);
}

// --- other nodes ---

void Definitions::told(sim::NodeId peer, const DefinitionLetter& letter) {
  // Each side of a partition has definitions of its own, until one of them has started again.
  if (letter.definition.version <= known_[letter.queue].version || broker_.partitioned_from(peer)) return;
  change(letter.queue, letter.definition);
}

void Definitions::node_up(sim::NodeId peer) {
  for (QueueId queue = 0; queue < known_.size(); ++queue) {
    if (known_[queue].version > 0) broker_.tell_node(peer, events().queue_definition, letter(queue));
  }
}

}  // namespace noloss::models::rabbitmq
