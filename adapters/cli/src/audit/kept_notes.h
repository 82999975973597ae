#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.h"
#include "core/merkle.h"
#include "core/result.h"
#include "core/signer.h"
#include "events/audit/note.h"

namespace hansard::cli {

struct KeptCheckpoint {
  events::audit::Note note;
  events::audit::Checkpoint checkpoint;
};

/// Who must have signed what is kept, and about what.
struct NoteTrust {
  std::optional<core::Uuid> log_id;   ///< the notes must be about it, in any epoch; none: any log
  std::vector<core::PublicKey> keys;  ///< one of them must have signed each; empty: none is known
};

/// A file of signed checkpoints, one after the other as copies are kept outside
/// (`[audit] checkpoint_to`): it grows for years, so it is read piece by piece, in memory that does
/// not grow with it. Confined to one thread.
class KeptNotes {
 public:
  /// Errors: not_found.
  static core::Result<KeptNotes> open(std::string file, NoteTrust trust);

  /// The next checkpoint; nothing at the end. Errors: invalid_argument (a note is malformed, of
  /// another log, or signed by no key of it: the file, its number in it, and why), unavailable.
  core::Result<std::optional<KeptCheckpoint>> next();
  /// Whole notes so far.
  [[nodiscard]] std::uint64_t notes() const { return notes_; }
  /// At the end: what was cut off while it was written, and left out.
  [[nodiscard]] std::size_t cut_off_bytes() const { return held_.size() - taken_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  KeptNotes(std::string file, NoteTrust trust)
      : file_(std::move(file)), trust_(std::move(trust)), in_(file_, std::ios::binary) {}
  [[nodiscard]] core::Error wrong(core::Errc code, const std::string& why) const;

  std::string file_;
  NoteTrust trust_;
  std::ifstream in_;
  std::string held_;       ///< read, and not let go of
  std::size_t taken_ = 0;  ///< of that, looked at
  std::uint64_t notes_ = 0;
};

/// The last checkpoint in such a file; an end that was cut off is left out, and told. Cost: only
/// the end of the file is read. Errors: not_found, unavailable, invalid_argument (it ends with
/// none, or with one that `trust` rejects).
core::Result<KeptCheckpoint> read_last_checkpoint(const std::string& file, const NoteTrust& trust);

/// Says on standard error that the end of a file was left out; nothing for 0 bytes.
void tell_cut_off(const std::string& file, std::size_t bytes);

/// `SIZE:ROOT`, the root in hex. Errors: invalid_argument.
core::Result<core::TreeHead> parse_head(std::string_view text);

}  // namespace hansard::cli
