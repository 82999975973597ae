#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "events/json.h"
#include "rocksdb_store/store.h"
#include "rocksdb_store/verify.h"
#include "search/check.h"

namespace hansard::cli {

/// What comparing one view with a rebuild said.
struct ViewCheck {
  std::string name;
  core::Position checkpoint;
  std::uint64_t rows = 0;
  std::uint64_t differing = 0;
  std::string first;   ///< key of the first row that differs, readable
  std::string remark;  ///< why it was not compared; nothing is wrong with that
  std::string fault;   ///< why it cannot be compared
  [[nodiscard]] bool sound() const { return differing == 0 && fault.empty(); }
};

/// What to verify, and how.
struct VerifyPlan {
  unsigned threads = 1;
  std::optional<core::TreeHead> trusted;  ///< as in `rocks::VerifyOptions`, and so are the heads
  std::vector<core::TreeHead> heads;
  bool checkpoint = true;  ///< `<data>/checkpoint`, too
  bool views = true;
  bool texts = false;  ///< the index of texts, too; nobody else may have it open
  /// Of one rebuilt view, in memory; as many as there are threads are held at once.
  std::size_t view_bytes_max = 256U << 20;
};

/// How far it is.
struct VerifyStep {
  std::string_view stage;  ///< `events`, `texts`, or the name of a view
  std::uint64_t done = 0;  ///< positions
  std::uint64_t total = 0;
  std::uint64_t bytes = 0;  ///< of stored events, read so far; of the first stage only
};

/// Told now and then, one call at a time, on any thread; returns false to stop.
using VerifyWatch = std::function<bool(const VerifyStep& step)>;

struct Verification {
  rocks::VerifyReport log;
  std::string checkpoint_fault;  ///< why the directory's signed checkpoint is none; empty: it is
  std::vector<ViewCheck> views;
  std::optional<search::SearchCheck> texts;
  [[nodiscard]] bool sound() const;
};

/// Re-reads everything that `store` holds, while it serves or not: the log (`RocksStore::verify`),
/// with the checkpoint that the directory has; then each view beside a fold of the log up to where
/// the view stands, and the index of texts. Both are made of events, so they are left alone where
/// events are lost. New threads have the priority of the caller.
/// Errors: unavailable, cancelled (by `watch`); damage is in what is returned.
core::Result<Verification> verify_all(rocks::RocksStore& store, const core::KeyedHash& keyed_hash,
                                      const VerifyPlan& plan, const VerifyWatch& watch);

/// What `hansard verify --json` prints and the server tells.
events::Json to_json(const Verification& found);

/// The same for people: lines, the last of them `sound` or `NOT SOUND`.
std::string verification_text(const events::Json& report);

}  // namespace hansard::cli
