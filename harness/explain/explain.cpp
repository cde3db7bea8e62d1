#include "harness/explain/explain.hpp"

#include <fmt/format.h>

namespace noloss::harness {
namespace {

constexpr std::string_view kRemedy = "# remedy: ";
constexpr std::string_view kNeeded = "# needed: ";

std::string line_after(std::string_view text, std::string_view mark) {
  const std::size_t begin = text.find(mark);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + mark.size());
  return std::string{text.substr(0, text.find('\n'))};
}

}  // namespace

Explained explain(Runner& runner, const RunRequest& request, Guarantee guarantee, std::string_view about) {
  Witness witness(*request.scenario, *request.configuration, runner.replay(request).plan, request.seed, guarantee);
  witness.about = about;
  Explained explained{shrink(witness, runner), {}};
  explained.counterfactuals = counterfactuals(explained.shrunk.witness, runner);
  return explained;
}

std::string file_text(const Explained& explained) {
  return fmt::format("{}{}\n{}{}\n{}", kRemedy, explained.counterfactuals.remedy_text(), kNeeded,
                     explained.counterfactuals.needed_text(), explained.shrunk.witness.text());
}

Remarks read_remarks(std::string_view file_text) {
  return {line_after(file_text, kRemedy), line_after(file_text, kNeeded)};
}

}  // namespace noloss::harness
