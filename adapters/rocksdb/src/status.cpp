#include "status.h"

#include <rocksdb/status.h>

#include <cerrno>
#include <system_error>

namespace hansard::rocks {
namespace {

using core::Errc;

Errc code_of(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return Errc::out_of_space;
  switch (status.code()) {
    case rocksdb::Status::kCorruption:
      return Errc::corruption;
    case rocksdb::Status::kInvalidArgument:
    case rocksdb::Status::kNotSupported:
    case rocksdb::Status::kNotFound:
    case rocksdb::Status::kMergeInProgress:
      return Errc::internal;  // we asked for something that makes no sense: a bug of ours
    default:
      return Errc::unavailable;
  }
}

}  // namespace

core::Error translate(const rocksdb::Status& status, std::string_view doing) {
  HANSARD_ASSERT(!status.ok(), "only failures become errors");
  return core::Error{code_of(status), std::string(doing) + ": " + status.ToString()};
}

core::Error translate_errno(int errno_value, std::string_view doing) {
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
  return core::Error{full ? Errc::out_of_space : Errc::unavailable,
                     std::string(doing) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace hansard::rocks
