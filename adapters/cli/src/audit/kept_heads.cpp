#include "audit/kept_heads.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "events/audit/note.h"
#include "text/hex.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
namespace audit = events::audit;

constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";

/// The first note of `text`, up to the line behind its signatures; nothing when it has no end.
std::optional<std::string_view> first_note(std::string_view text) {
  bool signed_ = false;
  for (std::size_t at = 0; at < text.size();) {
    const bool signature = text.substr(at).starts_with(kSignatureMark);
    if (signed_ && !signature) return text.substr(0, at);
    signed_ = signed_ || signature;
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return std::nullopt;
    at = end + 1;
  }
  return signed_ ? std::optional(text) : std::nullopt;
}

Result<std::string> read_text(const std::string& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) return Error{Errc::not_found, file + ": " + error.message()};
  if (bytes > kKeptNotesBytesMax) {
    return Error{Errc::too_large,
                 file + " is larger than " + std::to_string(kKeptNotesBytesMax >> 20) + " MiB"};
  }
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return Error{Errc::unavailable, file + " cannot be read"};
  return text;
}

Result<core::TreeHead> head_of(std::string_view text, const std::optional<core::Uuid>& log_id) {
  const auto note = audit::parse_note(text);
  if (!note) return note.error();
  const auto checkpoint = audit::parse_checkpoint(note->text);
  if (!checkpoint) return checkpoint.error();
  if (log_id) {
    std::string ours = audit::origin_of(*log_id, 1);
    ours.pop_back();  // of any epoch
    if (!checkpoint->origin.starts_with(ours)) {
      return Error{Errc::invalid_argument,
                   "it is of " + checkpoint->origin + ", not of this log (" + ours + "...)"};
    }
  }
  return checkpoint->tree;
}

}  // namespace

Result<std::vector<core::TreeHead>> read_kept_heads(const std::string& file,
                                                    const std::optional<core::Uuid>& log_id) {
  const auto text = read_text(file);
  if (!text) return text.error();
  std::vector<core::TreeHead> heads;
  std::string_view rest = *text;
  while (true) {
    while (rest.starts_with('\n')) rest.remove_prefix(1);
    const auto note = first_note(rest);
    if (!note) break;
    rest.remove_prefix(note->size());
    const auto head = head_of(*note, log_id);
    if (!head) {
      return Error{head.error().code, file + ", note " + std::to_string(heads.size() + 1) + ": " +
                                          head.error().message};
    }
    heads.push_back(*head);
  }
  if (heads.empty()) return Error{Errc::invalid_argument, file + " holds no signed note"};
  return heads;
}

Result<core::TreeHead> parse_head(std::string_view text) {
  const std::size_t colon = text.find(':');
  core::TreeHead head;
  const char* const end = text.data() + std::min(colon, text.size());
  const auto size = std::from_chars(text.data(), end, head.size);
  const auto root =
      colon == std::string_view::npos ? std::nullopt : parse_hex(text.substr(colon + 1));
  if (size.ec != std::errc{} || size.ptr != end || !root || root->size() != head.root.size()) {
    return Error{Errc::invalid_argument,
                 std::string(text) + ": expected SIZE:ROOT, the root as 64 hex digits"};
  }
  std::copy(root->begin(), root->end(), head.root.begin());
  return head;
}

}  // namespace hansard::cli
