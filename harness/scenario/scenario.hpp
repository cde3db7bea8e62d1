// A scenario file after reading: every value typed, every default filled in, the matrix expanded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/scenario/guarantee.hpp"
#include "models/setup.hpp"
#include "models/system.hpp"
#include "sim/fault/fault.hpp"

namespace noloss::harness {

struct Node;  // tree.hpp

/// Seeds first..last, both included; below 2^53, so that every tool that reads the CSV keeps them exact.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  [[nodiscard]] std::uint64_t size() const { return last - first + 1; }
  friend bool operator==(const SeedRange&, const SeedRange&) = default;
};

enum class OperationKind : std::uint8_t { start, leave, restart, set, create, remove, purge, add_partitions, elect };

/// What the target of an operation names; options: `set` has `values` in its place.
enum class OperationTarget : std::uint8_t { node, entity, options };
[[nodiscard]] constexpr OperationTarget target_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::start:
    case OperationKind::leave:
    case OperationKind::restart:
    case OperationKind::elect: return OperationTarget::node;
    case OperationKind::create:
    case OperationKind::remove:
    case OperationKind::purge:
    case OperationKind::add_partitions: return OperationTarget::entity;
    case OperationKind::set: break;
  }
  return OperationTarget::options;
}

/// What an administrator does; never drawn, never a fault.
struct Operation {
  sim::When at;
  OperationKind kind = OperationKind::start;
  std::string target;
  std::vector<models::OptionChange> changes;  ///< set
  std::uint32_t count = 0;                    ///< add_partitions
  bool unclean = false;                       ///< elect
  std::uint32_t line = 0;
};

/// One combination of the matrix.
struct Configuration {
  /// "c" and 8 hex digits of the hash of the parameters, so that it survives a reordered or longer matrix;
  /// "base" where the scenario has no matrix.
  std::string id = "base";
  /// Dotted path and value as written, in the order of the matrix.
  std::vector<std::pair<std::string, std::string>> parameters;

  models::Setup setup;
  sim::Duration duration = std::chrono::seconds{10};
  sim::Duration drain = std::chrono::seconds{60};
  std::vector<sim::Fault> faults;
  std::vector<Operation> operations;
  std::vector<Expectation> expectations;  ///< those whose `when` matches this combination
  std::vector<TotalBound> totals;
  std::vector<std::string> required_marks;
  /// The file as this combination reads it: every `--set` and the values of the matrix in their places, no `matrix`.
  std::shared_ptr<const Node> tree;
};

struct Scenario {
  std::string file;  ///< as the user named it
  std::string name;
  std::string about;
  std::vector<std::string> sources;
  std::vector<std::string> labels;
  const models::System* system = nullptr;
  std::string release;
  SeedRange seeds;
  std::vector<Configuration> configurations;  ///< in matrix order, `exclude` removed, `include` at the end
  std::uint64_t hash = 0;                     ///< XXH3 of the file's bytes and of every `--set`
};

}  // namespace noloss::harness
