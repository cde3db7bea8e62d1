// The files of tests/golden, found from the place of this header.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace noloss::harness::testing {

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path{__FILE__}.parent_path().parent_path().parent_path() / "golden" / name;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream stream{path, std::ios::binary};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

/// NOLOSS_UPDATE_GOLDEN=1 rewrites what is expected; read the difference before it is committed.
inline bool update_golden() { return std::getenv("NOLOSS_UPDATE_GOLDEN") != nullptr; }

/// Names without ending of the .yaml files of a folder, sorted.
inline std::vector<std::string> yaml_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{golden(folder)}) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace noloss::harness::testing
