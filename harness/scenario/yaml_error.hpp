// What yaml-cpp says about text that is no YAML, in words that tell a user what to change.
#pragma once

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>

#include <string>
#include <string_view>
#include <vector>

namespace noloss::harness {

struct YamlError {
  YAML::Mark mark;
  std::string message;
};

[[nodiscard]] YamlError explain(const YAML::Exception& error, const std::vector<std::string_view>& lines);

}  // namespace noloss::harness
