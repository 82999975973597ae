#include "snippet.h"

#include <algorithm>
#include <set>

#include "unicode.h"

namespace hansard::search {
namespace {

/// How far a cut may move to fall between words.
constexpr std::size_t kWordCutMax = 24;
/// Matches looked at when choosing where to cut.
constexpr std::size_t kCandidatesMax = 256;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// From which match on the most different terms stand within a snippet's length; the first of
/// equals.
std::size_t best_start(const std::vector<ByteRange>& ranges) {
  std::size_t best = 0;
  std::size_t best_terms = 0;
  for (std::size_t i = 0; i < std::min(ranges.size(), kCandidatesMax); ++i) {
    std::set<std::size_t> terms;
    for (std::size_t j = i; j < ranges.size(); ++j) {
      if (ranges[j].end > ranges[i].begin + kSnippetBytes * 3 / 4) break;
      terms.insert(ranges[j].term);
    }
    if (terms.size() > best_terms) {
      best = i;
      best_terms = terms.size();
    }
  }
  return best;
}

/// Moves a cut to just behind a blank, backwards for an end and forwards for a beginning.
std::size_t soft_begin(std::string_view text, std::size_t at, std::size_t limit) {
  if (at == 0) return 0;
  for (std::size_t i = at; i < std::min(limit, at + kWordCutMax); ++i) {
    if (is_blank(text[i - 1])) return i;
  }
  return character_boundary(text, at);
}
std::size_t soft_end(std::string_view text, std::size_t at, std::size_t limit) {
  if (at >= text.size()) return text.size();
  for (std::size_t i = at; i > limit && i + kWordCutMax > at; --i) {
    if (is_blank(text[i])) return i;
  }
  return character_boundary(text, at);
}

Window window_of(std::string_view text, const std::vector<ByteRange>& ranges) {
  if (ranges.empty()) return {0, soft_end(text, kSnippetBytes, 0)};
  const ByteRange& first = ranges[best_start(ranges)];
  const std::size_t length = first.end - first.begin;
  // A quarter in front of the match, the rest behind.
  const std::size_t around = length < kSnippetBytes ? kSnippetBytes - length : 0;
  const std::size_t front = std::min(first.begin, around / 4);
  const std::size_t begin = soft_begin(text, first.begin - front, first.begin);
  const std::size_t shown = std::min(length, 2 * kSnippetBytes);
  const std::size_t end =
      soft_end(text, first.begin + shown + (around - front), first.begin + shown);
  return {begin, std::max(begin, end)};
}

}  // namespace

projections::SearchSnippet cut_snippet(std::string_view text, const Match& match) {
  // Terms may overlap (a word and a phrase with it): what is shown is disjoint.
  std::vector<ByteRange> ranges = match.ranges;
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  const Window window = window_of(text, ranges);

  projections::SearchSnippet snippet;
  snippet.text = text.substr(window.begin, window.end - window.begin);
  snippet.cut_before = window.begin > 0;
  snippet.cut_after = window.end < text.size();
  for (const ByteRange& range : ranges) {
    const std::size_t begin = std::max(range.begin, window.begin);
    const std::size_t end = std::min(range.end, window.end);
    if (begin >= end) continue;
    if (!snippet.matches.empty() && begin - window.begin <= snippet.matches.back().second) {
      auto& last = snippet.matches.back().second;
      last = std::max(last, end - window.begin);
    } else {
      snippet.matches.emplace_back(begin - window.begin, end - window.begin);
    }
  }
  return snippet;
}

}  // namespace hansard::search
