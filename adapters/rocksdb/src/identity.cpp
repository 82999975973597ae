#include "identity.h"

#include <rocksdb/write_batch.h>

#include "reading.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;

std::string_view bytes_of(const core::Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

core::Status write_identity(const Database& database, const DataDirectory& directory,
                            const core::Hasher& hasher) {
  rocksdb::ColumnFamilyHandle* const meta = database[Family::meta];
  std::string format;
  put_be32(format, kFormatVersion);
  const core::Hash check = key_check(hasher, directory.store_key(), directory.log_id());
  rocksdb::WriteBatch batch;
  const bool added = batch.Put(meta, kMetaFormat, format).ok() &&
                     batch.Put(meta, kMetaLogId, bytes_of(directory.log_id())).ok() &&
                     batch.Put(meta, kMetaKeyCheck, core::as_bytes(check)).ok();
  HANSARD_ASSERT(added, "a batch without a size limit takes every key");
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = database.db().Write(options, &batch);
  if (!status.ok()) return translate(status, "creating the log");
  return core::Ok{};
}

core::Status check_equal(const Database& database, std::string_view key, std::string_view expected,
                         const std::string& file) {
  const auto stored = database.get(Family::meta, key, "reading " + std::string(key));
  if (!stored) return stored.error();
  if (*stored && **stored == expected) return core::Ok{};
  return Error{Errc::corruption,
               file + " does not belong to this log; put back the file that does"};
}

}  // namespace

core::Hash key_check(const core::Hasher& hasher, const core::Hash& store_key,
                     const core::Uuid& log_id) {
  return hasher.hmac_sha256(core::as_bytes(store_key), {"hansard key check 1", bytes_of(log_id)});
}

core::Status check_identity(const Database& database, const DataDirectory& directory,
                            const core::Hasher& hasher, bool read_only) {
  const auto format = database.get(Family::meta, kMetaFormat, "reading the format version");
  if (!format) return format.error();
  if (!*format) {
    const auto end = stored_end(database);
    if (!end) return end.error();
    if (end->value != 0) return Error{Errc::corruption, "the log has events but no format version"};
    if (read_only) return Error{Errc::not_found, "the log was never finished being created"};
    return write_identity(database, directory, hasher);
  }
  if ((*format)->size() != 4 || get_be32(**format) != kFormatVersion) {
    const std::string found =
        (*format)->size() == 4 ? std::to_string(get_be32(**format)) : "unreadable";
    return Error{Errc::unsupported, "the data directory has format " + found +
                                        ", this program knows format " +
                                        std::to_string(kFormatVersion)};
  }
  const auto keys = directory.path() / "keys";
  if (auto same = check_equal(database, kMetaLogId, bytes_of(directory.log_id()),
                              (keys / "log.id").string());
      !same) {
    return same;
  }
  const core::Hash check = key_check(hasher, directory.store_key(), directory.log_id());
  return check_equal(database, kMetaKeyCheck, core::as_bytes(check), (keys / "store.key").string());
}

}  // namespace hansard::rocks
