#include "dialects/cadence.h"

#include <algorithm>

namespace hansard::events {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
constexpr unsigned kBits = 5;
constexpr std::uint64_t kBase = 1U << kBits;

bool inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void set_ends(Deltas& deltas, std::span<const std::size_t> ends) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    deltas[i].bytes = ends[i] - from;
    from = ends[i];
  }
}

}  // namespace

void put_number(std::uint64_t value, std::string& out) {
  while (value >= kBase) {
    out.push_back(kDigits[kBase + value % kBase]);
    value /= kBase;
  }
  out.push_back(kDigits[value]);
}

void put_deltas(std::span<const Delta> deltas, std::uint64_t from_ms, std::string& out) {
  for (const Delta& each : deltas) {
    const std::uint64_t at = std::max(each.at_ms, from_ms);
    put_number(at - from_ms, out);
    put_number(each.bytes, out);
    from_ms = at;
  }
}

std::optional<std::uint64_t> NumberReader::next() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < text_.size() && i * kBits < 60; ++i) {
    const auto digit = kDigits.find(text_[i]);
    if (digit == std::string_view::npos) break;
    value |= (digit % kBase) << (i * kBits);
    if (digit >= kBase) continue;
    text_.remove_prefix(i + 1);
    return value;
  }
  text_ = {};
  return std::nullopt;
}

Deltas NumberReader::deltas(std::uint64_t from_ms) {
  Deltas all;
  while (const auto gap = next()) {
    const auto bytes = next();
    if (!bytes) break;
    from_ms += *gap;
    all.push_back({from_ms, static_cast<std::size_t>(*bytes)});
  }
  return all;
}

std::vector<std::size_t> cut(std::string_view text, std::span<const Delta> deltas) {
  std::vector<std::size_t> ends;
  ends.reserve(deltas.size());
  std::size_t at = 0;
  for (const Delta& each : deltas) {
    at += std::min(each.bytes, text.size() - at);
    while (inside_character(text, at)) ++at;
    ends.push_back(at);
  }
  if (!ends.empty()) ends.back() = text.size();
  return ends;
}

void fit(Deltas& deltas, std::string_view text) { set_ends(deltas, cut(text, deltas)); }

void fit_json(Deltas& deltas, std::string_view original, std::string_view compact) {
  std::vector<std::size_t> ends;
  std::size_t from = 0;  // in the original
  std::size_t to = 0;    // in the compact text
  std::size_t end = 0;
  bool quoted = false;
  bool escaped = false;
  bool same = true;
  for (const Delta& each : deltas) {
    end = std::min(end + each.bytes, original.size());
    while (same && from < end) {
      const char c = original[from];
      if (!quoted && is_space(c)) {
        ++from;
        continue;
      }
      same = to < compact.size() && compact[to] == c;
      if (!same) break;
      if (c == '"' && !escaped) quoted = !quoted;
      escaped = quoted && c == '\\' && !escaped;
      ++from;
      ++to;
    }
    std::size_t at = to;
    if (!same) {  // written with other escapes: in proportion
      at += (end - from) * (compact.size() - to) / (original.size() - from);
      while (inside_character(compact, at)) ++at;
    }
    ends.push_back(at);
  }
  if (!ends.empty()) ends.back() = compact.size();
  set_ends(deltas, ends);
}

}  // namespace hansard::events
