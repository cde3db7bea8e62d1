#include "harness/scenario/reader.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "harness/scenario/decode_expect.hpp"
#include "harness/scenario/decode_faults.hpp"
#include "harness/scenario/decode_setup.hpp"
#include "harness/scenario/matrix.hpp"
#include "harness/scenario/suggest.hpp"
#include "harness/scenario/text_check.hpp"
#include "models/systems.hpp"

namespace noloss::harness {
namespace {

/// Sections of which a Setup is made, by the table's keys.
constexpr std::array<std::string_view, 5> kSetupKeys{"brokers", "topic", "producers", "consumers", "network"};
constexpr std::array<std::string_view, 4> kOtherKeys{"duration", "drain", "faults", "operations"};

class ScenarioReader {
 public:
  ScenarioReader(std::string_view file, std::string_view text, const ReadOptions& options)
      : file_(file), original_(text), text_(without_byte_order_mark(text)), options_(options), sources_(file, text_) {}

  ReadResult run() {
    read();
    ReadResult result;
    result.problems = problems_.sorted(sources_);
    if (result.problems.empty()) result.scenario = std::move(scenario_);
    return result;
  }

 private:
  void read() {
    root_ = parse_tree(text_, problems_);
    if (root_ == nullptr) return;
    if (!root_->is(NodeKind::mapping)) {
      problems_.add(root_->mark, fmt::format("a scenario is a mapping of keys to values, not {}", described(*root_)));
      return;
    }
    find_system(Report::no);
    for (const auto& [path, value] : options_.set) apply_set(path, value);
    find_system(Report::yes);
    const bool swept = root_->child("matrix") != nullptr;
    check_shape(*root_, Section::top, "", grammar_, swept ? Missing::ignored : Missing::reported, problems_);
    if (swept) check_required();
    if (grammar_.system == nullptr) return;
    head();
    configurations();
  }

  enum class Report : std::uint8_t { no, yes };

  /// The system and release decide which words hold; without them only the common shape is checked.
  void find_system(Report report) {
    const Node* name = root_->child("system");
    grammar_.system = nullptr;
    grammar_.options = {};
    if (name == nullptr || !name->is(NodeKind::scalar)) return;
    grammar_.system = models::system_named(name->text);
    if (grammar_.system == nullptr) {
      std::vector<std::string_view> known;
      for (const models::System* system : models::systems()) known.push_back(system->name());
      if (report == Report::yes) {
        problems_.add(name->mark, fmt::format("there is no system '{}'{}", shortened(name->text),
                                              did_you_mean(name->text, known, "there are")));
      }
      return;
    }
    grammar_.options = grammar_.system->options(find_release(report));
  }

  std::string_view find_release(Report report) {
    const auto known = grammar_.system->releases();
    const std::string_view newest = known.empty() ? std::string_view{} : known.back();
    scenario_.release = newest;
    const Node* node = root_->child("release");
    if (node == nullptr || !node->is(NodeKind::scalar)) return newest;
    for (const std::string_view release : known) {
      if (release != node->text) continue;
      scenario_.release = release;
      return release;
    }
    if (report == Report::yes) {
      problems_.add(node->mark, known.empty()
                                    ? fmt::format("the {} system has no releases", grammar_.system->name())
                                    : fmt::format("the {} system has no release '{}'; modelled are: {}",
                                                  grammar_.system->name(), shortened(node->text), listed(known)));
    }
    return newest;
  }

  void apply_set(const std::string& path, const std::string& value) {
    const std::uint32_t source = sources_.add_set(fmt::format("{}={}", path, value));
    const Mark mark{source, source, 1, static_cast<std::uint32_t>(std::max<std::size_t>(1, path.size()))};
    if (auto wrong = text_problem(path)) {
      problems_.add(mark, std::move(wrong->message));
      return;
    }
    PathResult resolved = resolve_path(*root_, path, grammar_);
    if (!resolved.error.empty()) {
      problems_.add(mark, std::move(resolved.error));
      return;
    }
    const Node* matrix = root_->child("matrix");
    if (matrix != nullptr && matrix->child(path) != nullptr) {
      problems_.add(mark,
                    fmt::format("'{0}' is a parameter of the matrix; select its value with '--only {0}=...'", path));
      return;
    }
    NodePtr node = parse_value(value, source, static_cast<std::uint32_t>(path.size() + 2), problems_);
    if (node != nullptr) root_ = with_value(root_, resolved.steps, std::move(node), mark);
  }

  /// With a matrix, what is missing in the file may come from a parameter; these cannot.
  void check_required() {
    if (const Node* expect = root_->child("expect")) {
      check_value(*expect, *find_field(Section::top, "expect", 0, nullptr), "expect", grammar_, Missing::reported,
                  problems_);
    }
    for (const Field& field : fields(Section::top)) {
      if (field.need == Need::required && root_->child(field.key) == nullptr) {
        problems_.add(root_->mark, fmt::format("'{}' is missing", field.key));
      }
    }
  }

  void head() {
    const View top{root_.get(), Section::top, "", grammar_, root_->mark};
    scenario_.file = file_;
    scenario_.name = top.text("name");
    if (scenario_.name.empty()) scenario_.name = std::filesystem::path{file_}.stem().string();
    scenario_.about = top.text("about");
    scenario_.sources = top.words("sources");
    scenario_.labels = top.words("labels");
    scenario_.system = grammar_.system;
    const sim::Quantity seeds = top.quantity("seeds");
    scenario_.seeds = {static_cast<std::uint64_t>(seeds.low), static_cast<std::uint64_t>(seeds.high)};
    scenario_.hash = hash();
  }

  [[nodiscard]] std::uint64_t hash() const {
    std::string all{original_};
    for (const auto& [path, value] : options_.set) all += fmt::format("\n--set {}={}", path, value);
    return XXH3_64bits(all.data(), all.size());
  }

  void configurations() {
    const Matrix matrix = expand_matrix(root_, grammar_, problems_);
    const View top{root_.get(), Section::top, "", grammar_, root_->mark};
    const std::vector<ExpectBlock> blocks = decode_expect(top, matrix, grammar_, problems_);
    const std::vector<std::string> marks = decode_require(top, grammar_, problems_);
    for (const Combination& combination : matrix.combinations) {
      if (problems_.full()) return;
      problems_.begin_configuration(combination.label());
      Configuration configuration = read_configuration(combination);
      configuration.required_marks = marks;
      apply_expect(blocks, combination, configuration, problems_);
      scenario_.configurations.push_back(std::move(configuration));
    }
    problems_.end_configurations();
  }

  bool check_keys(const Node& root, std::span<const std::string_view> keys) {
    bool sound = true;
    for (const std::string_view key : keys) {
      const Field& field = *find_field(Section::top, key, 0, nullptr);
      const std::string spelled{key_of(field, grammar_.system)};
      const Node* node = root.child(spelled);
      if (node != nullptr && !check_value(*node, field, spelled, grammar_, Missing::reported, problems_)) sound = false;
    }
    return sound;
  }

  /// A key that was meant as another one makes everything that depends on that one unknown.
  [[nodiscard]] bool keys_known(const Node& root) const {
    for (const Entry& entry : root.entries) {
      if (find_field(Section::top, entry.key, 0, grammar_.system) == nullptr) return false;
    }
    return true;
  }

  Configuration read_configuration(const Combination& combination) {
    const NodePtr& root = combination.tree;
    const bool sound = check_keys(*root, kSetupKeys) && keys_known(*root);
    check_keys(*root, kOtherKeys);
    const View top{root.get(), Section::top, "", grammar_, root->mark};
    Configuration configuration;
    configuration.id = combination.id;
    configuration.parameters = combination.parameters;
    configuration.setup = decode_setup(top, grammar_);
    configuration.setup.release = scenario_.release;
    if (sound) check_setup(top, *root, configuration.setup, grammar_, problems_);
    configuration.duration = top.duration("duration");
    configuration.drain = top.duration("drain");
    const Cast cast{*grammar_.system, configuration.setup, sound ? Counts::known : Counts::unknown};
    const Names names{cast, problems_};
    configuration.operations = decode_operations(top, root, grammar_, configuration.setup, names);
    configuration.faults = decode_faults(top, grammar_, names, end_of_disturbance(configuration));
    return configuration;
  }

  /// The disturb phase goes on while an operation is to come; unknown if one waits for a moment.
  static std::optional<sim::VirtualTime> end_of_disturbance(const Configuration& configuration) {
    sim::VirtualTime end = sim::kStart + configuration.duration;
    for (const Operation& operation : configuration.operations) {
      if (!operation.at.time) return std::nullopt;
      end = std::max(end, *operation.at.time);
    }
    return end;
  }

  std::string file_;
  std::string_view original_;
  std::string_view text_;
  const ReadOptions& options_;
  Sources sources_;
  Problems problems_;
  NodePtr root_;
  Grammar grammar_;
  Scenario scenario_;
};

}  // namespace

ReadResult read_scenario(std::string_view file, std::string_view text, const ReadOptions& options) {
  return ScenarioReader{file, text, options}.run();
}

ReadResult read_scenario_file(const std::string& file, const ReadOptions& options) {
  const auto unreadable = [&](std::string_view why) {
    return ReadResult{std::nullopt, {Problem{file, 1, 1, 1, fmt::format("cannot read the file: {}", why), {}}}};
  };
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) return unreadable("it is a folder");
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return unreadable(std::strerror(errno));
  std::string text(kMostBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return unreadable("reading failed");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return read_scenario(file, text, options);
}

}  // namespace noloss::harness
