// The Runner as a campaign sees it.
#include "harness/campaign/campaign.hpp"
#include "harness/explain/explain.hpp"

namespace noloss::harness {
namespace {

class RealPort : public RunPort {
 public:
  RunResult run(const RunRequest& request) override { return runner_.run(request); }
  ReplayReport replay(const RunRequest& request) override { return runner_.replay(request); }
  std::string first_difference(const ReplayReport& one, const ReplayReport& other, const Scenario& scenario) override {
    return harness::first_difference(one, other, scenario);
  }
  std::shared_ptr<const PlanSpace> explore(const RunRequest& request, const std::vector<sim::Action>& kinds,
                                           const SearchScope& scope,
                                           const std::function<bool(std::uint64_t)>& go_on) override {
    return runner_.explore(request, kinds, scope, go_on);
  }

 private:
  Runner runner_;
};

class RealExplainer : public Explainer {
 public:
  std::string explain(const RunRequest& request, Guarantee guarantee, const std::string& about) override {
    return file_text(harness::explain(runner_, request, guarantee, about));
  }

 private:
  Runner runner_;
};

}  // namespace

CampaignServices real_services() {
  CampaignServices services;
  services.make_port = [] { return std::make_unique<RealPort>(); };
  services.make_explainer = [] { return std::make_unique<RealExplainer>(); };
  return services;
}

}  // namespace noloss::harness
