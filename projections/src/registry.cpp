#include "projections/registry.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "projections/conversation_index.h"
#include "projections/experiment_directory.h"
#include "projections/facts/calls.h"
#include "projections/facts/observations.h"
#include "projections/facts/optimisations.h"
#include "projections/facts/scores.h"
#include "projections/facts/tool_calls.h"
#include "projections/gateway_calls.h"
#include "projections/prompt_directory.h"
#include "projections/sessions.h"

namespace hansard::projections {
namespace {

/// Views of earlier versions that other views answer for now.
constexpr std::array<std::string_view, 1> kRetired{"usage"};
constexpr std::uint32_t kNeverBuilt = 0xffffffff;

}  // namespace

std::vector<std::unique_ptr<core::Projection>> all(const core::KeyedHash& keyed_hash) {
  std::vector<std::unique_ptr<core::Projection>> list;
  list.push_back(std::make_unique<Sessions>());
  list.push_back(std::make_unique<ConversationIndex>(keyed_hash));
  list.push_back(std::make_unique<GatewayCalls>());
  list.push_back(std::make_unique<Prompts>());
  list.push_back(std::make_unique<facts::CallsView>());
  list.push_back(std::make_unique<facts::ToolCallsView>());
  list.push_back(std::make_unique<facts::ScoresView>());
  list.push_back(std::make_unique<facts::OptimisationsView>());
  list.push_back(std::make_unique<Experiments>());
  list.push_back(std::make_unique<facts::ObservationsView>());
  return list;
}

core::Status drop_retired(core::ReadModelStore& store) {
  const auto builds = store.builds();
  if (!builds) return builds.error();
  for (const core::ViewId& build : *builds) {
    if (std::find(kRetired.begin(), kRetired.end(), build.name) == kRetired.end()) continue;
    const auto active = store.active(build.name);
    if (!active) return active.error();
    if (*active == build) {
      // A build that answers cannot be dropped: the name is given to one that will never be.
      if (auto s = store.activate({build.name, kNeverBuilt, 0}); !s) return s;
    }
    if (auto s = store.drop(build); !s) return s;
  }
  return core::Ok{};
}

}  // namespace hansard::projections
