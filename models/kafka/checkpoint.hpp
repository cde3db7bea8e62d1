// A small file of numbers by partition that is replaced as a whole: recovery points, high watermarks, the marker of a
// clean shutdown. Modelled (CheckpointFile): written beside the old one, fsynced, renamed, the directory fsynced.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "models/kafka/protocol.hpp"
#include "sim/disk.hpp"
#include "sim/process.hpp"
#include "sim/wait_queue.hpp"

namespace noloss::models::kafka {

class Checkpoint {
 public:
  using Values = std::map<PartitionIndex, std::int64_t>;

  Checkpoint(sim::Process& process, std::string name);

  /// Empty: there is no file, or it cannot be read. May wait for the device.
  [[nodiscard]] std::optional<Values> read() const;
  /// Waits, also for other writers. Does nothing if the file says so already.
  [[nodiscard]] sim::IoResult write(Values values);
  /// Waits until the file is gone for good.
  [[nodiscard]] sim::IoResult remove();

 private:
  [[nodiscard]] sim::IoResult replace(const Values& values);

  sim::Process& process_;
  std::string name_;
  std::optional<Values> written_;
  bool writing_ = false;
  sim::WaitQueue turn_;
};

}  // namespace noloss::models::kafka
