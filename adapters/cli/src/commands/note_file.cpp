#include "commands/note_file.h"

#include <algorithm>
#include <fstream>
#include <utility>

namespace hansard::cli {

namespace audit = events::audit;
using core::Errc;
using core::Error;

core::Result<KeptCheckpoint> read_checkpoint_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return Error{Errc::not_found, file + " cannot be read"};
  // Such files grow by a note at a time: only the end counts.
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(0, in.tellg()));
  const std::uint64_t wanted = std::min<std::uint64_t>(size, 2 * audit::kMaxNoteBytes);
  in.seekg(static_cast<std::streamoff>(size - wanted));
  std::string text(wanted, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && !text.empty()) return Error{Errc::unavailable, file + " cannot be read"};
  const auto notes = audit::split_notes(text);
  auto note = audit::parse_note(notes.empty() ? std::string_view() : notes.back());
  if (!note) return Error{Errc::invalid_argument, file + ": " + note.error().message};
  auto checkpoint = audit::parse_checkpoint(note->text);
  if (!checkpoint) return Error{Errc::invalid_argument, file + ": " + checkpoint.error().message};
  return KeptCheckpoint{*std::move(note), *std::move(checkpoint)};
}

}  // namespace hansard::cli
