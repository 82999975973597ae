#include <algorithm>
#include <array>
#include <charconv>

#include "projections/search.h"

namespace hansard::projections {
namespace {

using events::Json;

constexpr std::array<std::string_view, 7> kKinds{
    "message", "answer", "failed_answer", "system", "tool_call", "tool_result", "tool_error"};
constexpr std::array<std::string_view, 7> kRoles{"system",    "developer", "user", "agent",
                                                 "assistant", "tool",      "other"};

template <class E, std::size_t N>
core::Result<E> parse_word(std::string_view word, std::string_view field,
                           const std::array<std::string_view, N>& words) {
  const auto* found = std::find(words.begin(), words.end(), word);
  if (found != words.end()) return static_cast<E>(found - words.begin());
  std::string known;
  for (const std::string_view each : words) {
    known.append(known.empty() ? "" : ", ").append(each);
  }
  return events::bad_field(field, "expected one of " + known);
}

void add_text(Json& to, std::string_view key, const std::optional<std::string>& text) {
  if (text) to.add(std::string(key), *text);
}

/// Pieces in order; those that matched say so. Offsets would count in bytes, which not every reader
/// of JSON can use.
Json to_json(const SearchSnippet& snippet) {
  Json pieces = Json::Array{};
  const auto add = [&](std::size_t begin, std::size_t end, bool matched) {
    if (begin == end) return;
    Json piece;
    piece.add("text", snippet.text.substr(begin, end - begin));
    if (matched) piece.add("match", true);
    pieces.push(std::move(piece));
  };
  std::size_t at = 0;
  for (const auto& [begin, end] : snippet.matches) {
    add(at, begin, false);
    add(begin, end, true);
    at = end;
  }
  add(at, snippet.text.size(), false);
  return pieces;
}

Json to_json(const SearchHit& hit) {
  Json out;
  out.add("session_id", hit.session_id);
  out.add("stream", hit.stream.text());
  add_text(out, "user", hit.user);
  add_text(out, "agent", hit.agent);
  out.add("kind", to_word(hit.kind));
  out.add("role", to_word(hit.role));
  if (!hit.message_id.empty()) out.add("message_id", hit.message_id);
  add_text(out, "tool", hit.tool);
  add_text(out, "provider", hit.provider);
  add_text(out, "model", hit.model);
  out.add("snippet", to_json(hit.snippet));
  if (hit.snippet.cut_before) out.add("cut_before", true);
  if (hit.snippet.cut_after) out.add("cut_after", true);
  out.add("place", hit.place);
  out.add("places", hit.places);
  out.add("score", Json::number(hit.score));
  out.add("at", core::format_time(hit.at));
  out.add("recorded_at", core::format_time(hit.recorded_at));
  if (hit.occurred_at) out.add("occurred_at", core::format_time(*hit.occurred_at));
  out.add("version", hit.version.value);
  out.add("position", hit.position.value);
  out.add("event_id", core::to_string(hit.event_id));
  return out;
}

/// All of `text` as a number.
bool read_digits(std::string_view text, std::uint64_t& value) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string_view to_word(SearchKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view to_word(SearchRole role) { return kRoles.at(static_cast<std::size_t>(role)); }

core::Result<SearchKind> parse_search_kind(std::string_view word) {
  return parse_word<SearchKind>(word, "kind", kKinds);
}
core::Result<SearchRole> parse_search_role(std::string_view word) {
  return parse_word<SearchRole>(word, "role", kRoles);
}

Json to_json(const SearchAnswer& answer) {
  Json out;
  Json hits = Json::Array{};
  for (const SearchHit& hit : answer.hits) hits.push(to_json(hit));
  out.add("hits", std::move(hits));
  out.add("matched", answer.matched);
  if (answer.more) out.add("more", true);
  if (const auto next = next_cursor(answer)) out.add("next", *next);
  out.add("checkpoint", answer.position.value);
  return out;
}

std::optional<std::string> next_cursor(const SearchAnswer& answer) {
  if (!answer.next_offset) return std::nullopt;
  return std::to_string(answer.below.value) + "-" + std::to_string(*answer.next_offset);
}

core::Status apply_cursor(std::string_view cursor, SearchRequest& request) {
  const std::size_t dash = cursor.find('-');
  std::uint64_t below = 0;
  std::uint64_t offset = 0;
  if (dash == std::string_view::npos || !read_digits(cursor.substr(0, dash), below) ||
      !read_digits(cursor.substr(dash + 1), offset) || offset > kSearchOffsetMax) {
    return events::bad_field("cursor", "expected the `next` of an answer");
  }
  request.below = core::Position{below};
  request.offset = static_cast<std::size_t>(offset);
  return core::Ok{};
}

}  // namespace hansard::projections
