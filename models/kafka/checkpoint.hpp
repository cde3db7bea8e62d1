// A small file of numbers by partition that is replaced as a whole: recovery points, high watermarks, the marker of a
// clean shutdown. Modelled (CheckpointFile): written beside the old one, fsynced, renamed, the directory fsynced.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "models/kafka/protocol.hpp"
#include "sim/disk.hpp"
#include "sim/process.hpp"

namespace noloss::models::kafka {

class Checkpoint {
 public:
  using Values = std::map<PartitionIndex, std::int64_t>;

  Checkpoint(sim::Process& process, std::string name) : process_(process), name_(std::move(name)) {}

  /// Empty: there is no file, or it cannot be read. May wait for the device.
  [[nodiscard]] std::optional<Values> read() const;
  /// Waits. Does nothing if the file says so already.
  [[nodiscard]] sim::IoResult write(Values values);
  /// Waits until the file is gone for good.
  [[nodiscard]] sim::IoResult remove();

 private:
  sim::Process& process_;
  std::string name_;
  std::optional<Values> written_;
};

}  // namespace noloss::models::kafka
