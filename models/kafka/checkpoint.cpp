#include "models/kafka/checkpoint.hpp"

#include <utility>

#include "sim/machine.hpp"
#include "sim/simulation.hpp"

namespace noloss::models::kafka {
namespace {

constexpr std::int64_t kBytes = 128;  // within one sector: atomic

struct Stored final : Record {
  Checkpoint::Values values;
};

}  // namespace

Checkpoint::Checkpoint(sim::Process& process, std::string name)
    : process_(process), name_(std::move(name)), turn_(process.simulation().scheduler()) {}

std::optional<Checkpoint::Values> Checkpoint::read() const {
  sim::File* file = process_.machine().disk().find(name_);
  if (file == nullptr) return std::nullopt;
  const auto content = file->read_all();
  if (content.empty() || content.front().state != sim::RecordState::intact) return std::nullopt;
  return static_cast<const Stored&>(*content.front().payload).values;
}

sim::IoResult Checkpoint::write(Values values) {
  while (writing_) turn_.wait();
  if (written_ == values) return sim::IoResult::ok;
  writing_ = true;
  const sim::IoResult result = replace(values);
  writing_ = false;
  turn_.notify_one();
  if (result == sim::IoResult::ok) written_ = std::move(values);
  return result;
}

sim::IoResult Checkpoint::replace(const Values& values) {
  sim::Disk& disk = process_.machine().disk();
  const std::string temporary = name_ + ".tmp";
  auto* stored = new Stored;
  const sim::PayloadPtr payload{stored};
  stored->values = values;
  sim::File& file = disk.create(temporary, sim::FileClass::metadata);
  sim::IoResult result = file.write(0, kBytes, payload);
  if (result == sim::IoResult::ok) result = file.sync();
  if (result == sim::IoResult::ok) result = disk.rename(temporary, name_);
  if (result == sim::IoResult::ok) result = disk.sync_directory();
  return result;
}

sim::IoResult Checkpoint::remove() {
  sim::Disk& disk = process_.machine().disk();
  written_.reset();
  if (disk.find(name_) == nullptr) return sim::IoResult::ok;
  const sim::IoResult result = disk.unlink(name_);
  return result == sim::IoResult::ok ? disk.sync_directory() : result;
}

}  // namespace noloss::models::kafka
