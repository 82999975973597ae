#include "events/audit/note_list.h"

#include "events/audit/note.h"

namespace hansard::events::audit {

std::optional<std::string_view> take_note(std::string_view& text, bool ended) {
  while (text.starts_with('\n')) text.remove_prefix(1);
  const auto take = [&text](std::size_t bytes) {
    const std::string_view note = text.substr(0, bytes);
    text.remove_prefix(bytes);
    return note;
  };
  bool signed_above = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool signature = rest.starts_with(kSignatureMark);
    const bool told = ended || !kSignatureMark.starts_with(rest);
    if (signed_above && !signature && told) return take(at);
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    signed_above = signature;
    at += end + 1;
  }
  if (signed_above && ended) return take(text.size());
  return std::nullopt;
}

NoteList split_notes(std::string_view text) {
  NoteList list;
  while (const auto note = take_note(text, true)) list.notes.push_back(*note);
  list.cut_off = text;
  return list;
}

}  // namespace hansard::events::audit
