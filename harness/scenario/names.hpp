// Reads the values that name nodes and moments, and reports those that a configuration does not have.
#pragma once

#include <optional>
#include <string>

#include "harness/scenario/cast.hpp"
#include "harness/scenario/moment.hpp"
#include "harness/scenario/view.hpp"

namespace noloss::harness {

struct LinkNames {
  std::string from;
  std::string to;
};

class Names {
 public:
  Names(const Cast& cast, Problems& problems) : cast_(cast), problems_(problems) {}

  /// `at`; unplaced where it is missing or was refused.
  [[nodiscard]] sim::When when(const View& view, std::string_view key) const;
  /// `until`; nothing where it is missing or was refused.
  [[nodiscard]] std::optional<sim::MomentRef> moment(const View& view, std::string_view key) const;
  /// A node's or role's name. `who` is unknown after a problem.
  Who name(const Node& node, Place place) const;
  /// "A -> B".
  [[nodiscard]] std::optional<LinkNames> link(const Node& node) const;

  [[nodiscard]] const Cast& cast() const { return cast_; }
  [[nodiscard]] Problems& problems() const { return problems_; }

 private:
  void check_moment(const Node& node, const sim::MomentRef& moment, Part name, Part event) const;
  Who part(const Node& node, std::string_view name, Part part, Place place) const;

  const Cast& cast_;
  Problems& problems_;
};

}  // namespace noloss::harness
