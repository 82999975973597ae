#pragma once

#include <functional>
#include <string>

#include "core/result.h"

namespace hansard::search {

/// Whether somebody may be writing the database meanwhile.
enum class InUse : bool { no, yes };

/// Copies the search database at `from` to `to`, as of one moment, as one file. The copy lags the
/// log as the original does; it is not synced. Blocks; whoever searches or indexes goes on.
/// @param in_use  no: neither `from` nor what lies beside it is written, not even a lock
/// @param go_on   asked now and then; false ends it. May be empty.
/// Errors: not_found (there is no database), out_of_space, unavailable, corruption, cancelled.
core::Status copy_database(const std::string& from, const std::string& to, InUse in_use,
                           const std::function<bool()>& go_on);

}  // namespace hansard::search
