#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "events/session/commands.h"
#include "importers/reader.h"

namespace hansard::importers {

/// A piece on its way into the log.
struct ImportItem : Piece {
  /// For a piece that continues: how many sessions of its name were found to be other conversations
  /// when the piece before it was taken (`Imported::alike`).
  std::uint64_t alike = 0;
};

/// What became of one item.
struct Imported {
  std::uint64_t line = 0;
  std::string session_id;
  std::uint64_t alike = 0;       ///< sessions of this name that are other conversations
  std::size_t new_events = 0;    ///< appended now
  std::size_t known_events = 0;  ///< stored by an earlier import
  std::optional<core::Error> error = std::nullopt;  ///< why it was not, or not wholly, recorded
};

/// Records conversations. Each message keeps its event id over all imports, so a file taken again
/// adds nothing and a grown one its new part only. A stored session that says something else under
/// the same messages is another conversation: the piece then goes to `<id>~1`, `<id>~2`, ..., and
/// so does what continues it.
///
/// Pieces of one name, and those of sessions forked from each other (`<name>~...`), are taken one
/// after another, all others side by side. When one fails, those
/// that continue it fail with it: a conversation has no holes.
/// Threads: `take` may be called concurrently.
class Importer {
 public:
  /// Gives one command to the session's command loop with `Known::skip`; calls back once.
  using Submit = std::function<void(core::StreamId, events::SessionCommand, core::AppendDone)>;

  static constexpr std::size_t kAlikeMax = 1000;  ///< sessions tried for one piece
  static constexpr std::size_t kStepsPerAppend = 256;

  /// `keyed_hash` outlives the importer, and the importer every call of `take` until its `done`.
  /// @param draw_salt 32 random bytes.
  Importer(core::ProjectId project, const core::KeyedHash& keyed_hash, Submit submit,
           std::function<core::Hash()> draw_salt);

  /// Takes a batch. `done` gets one result per item, in order, once, on a thread of the log or of
  /// the command loop, or before `take` returns.
  void take(std::vector<ImportItem> items, std::function<void(std::vector<Imported>)> done) const;

 private:
  struct Batch;
  struct Work;
  void next_of_group(std::shared_ptr<Batch> batch, std::size_t group, std::size_t member) const;
  void next_append(std::shared_ptr<Batch> batch, std::shared_ptr<Work> work) const;
  void appended(const std::shared_ptr<Batch>& batch, const std::shared_ptr<Work>& work,
                core::Result<core::Receipt> receipt) const;

  /// The source's own name, or the one that only the store key can give.
  [[nodiscard]] std::string name_of(const SessionName& session) const;

  core::ProjectId project_;
  const core::KeyedHash& keyed_hash_;
  Submit submit_;
  std::function<core::Hash()> draw_salt_;
};

}  // namespace hansard::importers
