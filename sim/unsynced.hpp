// What of a disk is not durable yet, item by item, so that a plan can say exactly what survives a power loss.
//
// A page that a sync or the kernel's writeback has in flight counts; what the device's write cache holds after a lie
// does not, since a power loss takes that for certain. Pages survive as a whole here: torn ones are the business of
// Unsynced::any_subset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace noloss::sim {

struct UnsyncedItem {
  enum class Kind : std::uint8_t {
    page,        ///< `number`: which page of the file, from 0
    truncation,  ///< the last one to survive counts: those before it do too
    name,        ///< a change of the directory: the how manieth of that name, from 0
  };
  std::string file;  ///< the name that the file was created with; of Kind::name: the name
  Kind kind = Kind::page;
  std::uint64_t number = 0;

  friend bool operator==(const UnsyncedItem&, const UnsyncedItem&) = default;
};

/// "broker-1 log-0 page 3".
[[nodiscard]] std::string to_text(std::string_view node, const UnsyncedItem& item);

struct NodeItem {
  std::string node;
  UnsyncedItem item;
};
/// Empty if the text is not of that form.
[[nodiscard]] std::optional<NodeItem> parse_unsynced(std::string_view text);

}  // namespace noloss::sim
