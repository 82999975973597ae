#include "projections/registry.h"

#include "projections/sessions.h"
#include "projections/usage.h"

namespace hansard::projections {

std::vector<std::unique_ptr<core::Projection>> all() {
  std::vector<std::unique_ptr<core::Projection>> list;
  list.push_back(std::make_unique<Sessions>());
  list.push_back(std::make_unique<UsageView>());
  return list;
}

}  // namespace hansard::projections
