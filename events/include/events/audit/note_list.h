#pragma once

#include <optional>
#include <string_view>
#include <vector>

/// Notes in a file into which they were written one after the other, as copies of checkpoints are.
///
/// A note is whole where a line of signature, its newline included, is followed by a line that is
/// none, or by the end of the file. What stands behind the last whole note was cut off while it was
/// written (a crash, a full disk): it is told as such, and never taken for a note. Only an end can
/// be cut off: with another note behind it, it is read as the beginning of that one, which then
/// says nothing that anybody understands. Empty lines in front of a note say nothing. Pure.
namespace hansard::events::audit {

/// Takes the first whole note off `text`, and the empty lines in front of it; nothing when there is
/// none, and `text` is then what was cut off, or the beginning of a note.
/// @param ended  the file ends where `text` does. If not, a note counts only once what follows its
///   signatures is seen, so that a file can be read piece by piece.
/// @return a part of what `text` was
std::optional<std::string_view> take_note(std::string_view& text, bool ended);

/// A whole file, or the end of one.
struct NoteList {
  std::vector<std::string_view> notes;
  std::string_view cut_off;  ///< behind the last one; empty: the file ends with a note
};
NoteList split_notes(std::string_view text);

}  // namespace hansard::events::audit
