#pragma once

#include <string_view>

#include "core/result.h"

namespace rocksdb {
class Status;
}

namespace hansard::rocks {

/// The one place where RocksDB's outcomes become ours. `doing` says what failed: `reading position
/// 7`.
/// @pre !status.ok()
core::Error translate(const rocksdb::Status& status, std::string_view doing);

/// The same for a system call that left `errno_value`.
core::Error translate_errno(int errno_value, std::string_view doing);

}  // namespace hansard::rocks
