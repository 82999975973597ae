#pragma once

#include <memory>
#include <vector>

#include "core/hash.h"
#include "core/projection.h"

namespace hansard::projections {

/// Every projection of this build: what the runner keeps caught up, `verify` compares with a
/// rebuild and `hansard projections` lists. A new one is one header and one line in
/// `src/registry.cpp`; `projections/README.md` shows how. `keyed_hash` outlives them.
std::vector<std::unique_ptr<core::Projection>> all(const core::KeyedHash& keyed_hash);

/// Removes the rows of views that earlier versions had and this one does not (`usage`). A runner
/// leaves views that it does not know alone. Errors: the store's. Cost: the list of builds.
core::Status drop_retired(core::ReadModelStore& store);

}  // namespace hansard::projections
