#include "log_state.h"
#include "reading.h"
#include "status.h"
#include "verify_parts.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Position;
using core::Status;

/// Calls `entry(key)` for each key of a family.
template <class Entry>
Status each_key(const Database& database, Family family, FaultLog& faults, const Entry& entry) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> entries(
      database.db().NewIterator(options, database[family]));
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
    if (database.closing()) {
      return Error{Errc::unavailable, "the store is being closed or reopened"};
    }
    entry(entries->key().ToStringView());
  }
  if (entries->status().ok()) return core::Ok{};
  auto error = translate(entries->status(), std::string("reading the family ") +
                                                kFamilyNames[static_cast<std::size_t>(family)]);
  if (error.code != Errc::corruption) return error;
  faults.other(Position{0}, error.message);
  return core::Ok{};
}

/// Tiles of events that are not there. Those that are were compared with their events.
Status check_tiles(const Database& database, FaultLog& faults) {
  std::optional<Position> named;
  bool malformed = false;
  auto read = each_key(database, Family::merkle, faults, [&](std::string_view key) {
    if (key.size() != 9) {
      malformed = true;
      return;
    }
    const unsigned bits = 8 * (static_cast<std::uint8_t>(key[0]) + 1U);
    const std::uint64_t tile = get_be64(key, 1);
    const bool possible = bits < 64 && tile < (std::uint64_t{1} << (64 - bits)) - 1;
    const Position end{possible ? (tile + 1) << bits : ~std::uint64_t{0}};
    named = std::max(named.value_or(end), end);
  });
  if (!read) return read;
  if (malformed) faults.tree(Position{0}, "a key of the Merkle tiles is malformed");
  // Read afterwards: what was appended meanwhile is there.
  const auto end = stored_end(database);
  if (!end) return end.error();
  if (named && *named > *end) {
    faults.tree(*end, "a Merkle tile stands for events behind the end of the log");
  }
  return core::Ok{};
}

bool is_ours(std::string_view meta_key) {
  return meta_key == kMetaFormat || meta_key == kMetaLogId || meta_key == kMetaKeyCheck ||
         meta_key.starts_with(kMetaActiveView);
}

}  // namespace

Status verify_leftovers(const Database& database, FaultLog& faults) {
  if (auto checked = check_tiles(database, faults); !checked) return checked;
  return each_key(database, Family::meta, faults, [&](std::string_view key) {
    if (!is_ours(key)) faults.other(Position{0}, "the family meta has an entry of nobody's");
  });
}

}  // namespace hansard::rocks
