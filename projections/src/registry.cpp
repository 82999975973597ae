#include "projections/registry.h"

#include "projections/conversation_index.h"
#include "projections/facts/calls.h"
#include "projections/facts/optimisations.h"
#include "projections/facts/scores.h"
#include "projections/facts/tool_calls.h"
#include "projections/gateway_calls.h"
#include "projections/sessions.h"
#include "projections/usage.h"

namespace hansard::projections {

std::vector<std::unique_ptr<core::Projection>> all(const core::KeyedHash& keyed_hash) {
  std::vector<std::unique_ptr<core::Projection>> list;
  list.push_back(std::make_unique<Sessions>());
  list.push_back(std::make_unique<UsageView>());
  list.push_back(std::make_unique<ConversationIndex>(keyed_hash));
  list.push_back(std::make_unique<GatewayCalls>());
  list.push_back(std::make_unique<facts::CallsView>());
  list.push_back(std::make_unique<facts::ToolCallsView>());
  list.push_back(std::make_unique<facts::ScoresView>());
  list.push_back(std::make_unique<facts::OptimisationsView>());
  return list;
}

}  // namespace hansard::projections
