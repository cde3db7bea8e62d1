// The person who changes a running cluster: commands for the controller, repeated until they are carried out.
//
// Modelled (kafka-configs, kafka-topics, kafka-delete-records): a command is one request; who gets no answer sends it
// again, so that a controller that is down or dies meanwhile delays it only. Not modelled: the network between the two.
//
// Belongs to the run, not to a node.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "models/option.hpp"

namespace noloss::models::kafka {

struct AdminCommand {
  enum class Kind : std::uint8_t { set, create, remove };

  Kind kind = Kind::set;
  std::uint32_t entity = 0;           ///< create, remove
  std::vector<OptionChange> changes;  ///< set
  std::uint32_t partitions = 0;       ///< create
  OptionValues config;                ///< create
};

class Administrator {
 public:
  void command(AdminCommand command) { waiting_.push_back(std::move(command)); }
  /// The command that waits longest; null: there is none.
  [[nodiscard]] const AdminCommand* next() const { return waiting_.empty() ? nullptr : &waiting_.front(); }
  /// The controller has carried that one out, and what it decided is durable.
  void done() { waiting_.pop_front(); }

 private:
  std::deque<AdminCommand> waiting_;
};

}  // namespace noloss::models::kafka
