#include "harness/explain/explain.hpp"

#include <fmt/format.h>

namespace noloss::harness {
namespace {

constexpr std::string_view kRemedy = "# remedy: ";
constexpr std::string_view kNeeded = "# needed: ";
constexpr std::string_view kCertain = "# certain from: ";

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
  Explained explained{shrink(witness, runner), {}, {}};
  const Witness& small = explained.shrunk.witness;
  explained.counterfactuals = counterfactuals(small, runner);
  // In a small run a fault is easily missed by chance: a remedy must help in the whole one too.
  std::erase_if(explained.counterfactuals.remedies,
                [&](const Remedy& remedy) { return !saves(remedy, witness, runner); });
  if (const std::optional<Witness::Read> file = small.read()) {
    for (const Biography& biography : runner.replay(file->request()).biographies) {
      if (biography.guarantee == guarantee && explained.certain_from.empty()) {
        explained.certain_from = biography.certain_from;
      }
    }
  }
  return explained;
}

std::string file_text(const Explained& explained) {
  std::string text = fmt::format("{}{}\n{}{}\n", kRemedy, explained.counterfactuals.remedy_text(), kNeeded,
                                 explained.counterfactuals.needed_text());
  if (!explained.certain_from.empty()) text += fmt::format("{}{}\n", kCertain, explained.certain_from);
  return text + explained.shrunk.witness.text();
}

Remarks read_remarks(std::string_view file_text) {
  return {line_after(file_text, kRemedy), line_after(file_text, kNeeded), line_after(file_text, kCertain)};
}

}  // namespace noloss::harness
