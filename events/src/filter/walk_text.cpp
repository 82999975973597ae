// Within one text: what is found there, and what stands in its place.
#include <algorithm>

#include "filter/walk.h"

namespace hansard::events {

namespace {

/// Of one pattern in one text; what follows is taken out whole.
constexpr std::size_t kMatchesMax = 10'000;
/// What was taken out may bring others to light; texts settle in two.
constexpr int kRoundsMax = 8;

/// A member with such a name holds an identifier.
bool names_id(std::string_view name) {
  return name == "id" || name.ends_with("_id") || name.ends_with("Id");
}

bool looks_like_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace

bool Filter::Walk::text(std::string& text, std::string_view name, const Paths& at) {
  if (const auto rule = reached(at)) {
    if (filter::is_token(text)) {
      counts_.count(text);
      return false;
    }
    note(*rule);
    text = token_of(*rule);
    counts_.count(text);
    return true;
  }
  if (names_id(name) && id_only(text, at)) return id(text);
  bool changed = false;
  for (int round = 0; round < kRoundsMax; ++round) {
    std::vector<Span> spans = spans_in(text, name, at);
    const bool further = std::any_of(at.begin(), at.end(), [](auto s) { return s != 0; });
    if (looks_like_json(text) &&
        (!spans.empty() || further || text.find("\\u") != std::string::npos)) {
      // Members are told apart only when it is read, and characters that are escaped seen. What
      // the detectors see between members is none of theirs: the text stays JSON.
      if (auto parsed = parse_json(text)) {
        changed = json_within(*parsed, text, at) || changed;
        spans = spans_in(text, name, at, false);
      }
    }
    if (spans.empty()) break;
    replace(text, spans);
    changed = true;
  }
  counts_.count(text);
  return changed;
}

bool Filter::Walk::id_only(std::string_view text, const Paths& at) const {
  if (is_odd(text)) return true;
  for (const auto* own : plain_) {
    if (own->pattern->found_in(text)) return false;
  }
  return std::all_of(at.begin(), at.end(), [](auto s) { return s == 0; });
}

bool Filter::Walk::json_within(Json& parsed, std::string& text, const Paths& at) {
  // Counted once, when the text is.
  const filter::RemovedCounts before = counts_;
  const bool changed = tree(parsed, {}, at);
  counts_ = before;
  if (changed) text = dump(parsed);
  return changed;
}

std::vector<Filter::Walk::Span> Filter::Walk::spans_in(std::string_view text, std::string_view name,
                                                       const Paths& at, bool detects) const {
  std::vector<Span> spans;
  if (detects && parts_.detectors.bits != 0 && !names_id(name)) {
    for (const Hit& hit : detect(text, parts_.detectors, name)) {
      spans.push_back({hit.begin, hit.end, parts_.rule_of(hit.what)});
    }
  }
  for (const auto* own : plain_) matches(*own, text, spans);
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (placed_[i]->pattern && placed_[i]->path->reached(at[i])) matches(*placed_[i], text, spans);
  }
  if (spans.empty()) return spans;
  // Nothing is taken out twice.
  std::erase_if(spans,
                [&](const Span& span) { return filter::meets_token(text, span.begin, span.end); });
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::size_t kept = 0;
  for (const Span& span : spans) {
    if (kept > 0 && span.begin < spans[kept - 1].end) {
      spans[kept - 1].end = std::max(spans[kept - 1].end, span.end);
    } else {
      spans[kept++] = span;
    }
  }
  spans.resize(kept);
  return spans;
}

void Filter::Walk::matches(const Parts::Own& own, std::string_view text, std::vector<Span>& spans) {
  std::size_t from = 0;
  for (std::size_t found = 0; from < text.size(); ++found) {
    const auto match = own.pattern->find(text, from);
    if (!match) return;
    if (found == kMatchesMax) {
      spans.push_back({match->first, text.size(), own.rule});
      return;
    }
    if (match->second > match->first) spans.push_back({match->first, match->second, own.rule});
    from = std::max(match->second, match->first + 1);
  }
}

void Filter::Walk::replace(std::string& text, const std::vector<Span>& spans) {
  std::string out;
  out.reserve(text.size());
  std::size_t from = 0;
  for (const Span& span : spans) {
    out.append(text, from, span.begin - from);
    out += token_of(span.rule);
    note(span.rule);
    from = span.end;
  }
  out.append(text, from);
  text = std::move(out);
}

}  // namespace hansard::events
