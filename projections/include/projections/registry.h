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

}  // namespace hansard::projections
