#include "filter/removed.h"

#include <algorithm>
#include <utility>

#include "events/filter/filter.h"
#include "events/session/ids.h"

namespace hansard::events::filter {
namespace {

bool is_rule_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

bool is_rule_name(std::string_view name) {
  return !name.empty() && name.size() <= kRuleNameBytesMax &&
         std::all_of(name.begin(), name.end(), is_rule_char);
}

std::string token(std::string_view rule) {
  std::string text(kToken);
  text += rule;
  return text + "]";
}

std::size_t token_end(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(kToken)) return at;
  std::size_t end = at + kToken.size();
  while (end < text.size() && is_rule_char(text[end])) ++end;
  const std::size_t size = end - at - kToken.size();
  return size > 0 && size <= kRuleNameBytesMax && end < text.size() && text[end] == ']' ? end + 1
                                                                                        : at;
}

bool is_token(std::string_view text) { return token_end(text, 0) == text.size(); }

bool meets_token(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t reach = kToken.size() + kRuleNameBytesMax;
  for (std::size_t at = begin > reach ? begin - reach : 0; at < end; ++at) {
    if (text[at] != '[') continue;
    if (token_end(text, at) > std::max(at, begin)) return true;
  }
  return false;
}

void RemovedCounts::count(std::string_view text) {
  count_pseudonym(text);
  for (std::size_t at = text.find(kToken); at != std::string_view::npos;
       at = text.find(kToken, at + 1)) {
    const std::size_t end = token_end(text, at);
    if (end == at) continue;
    add(text.substr(at + kToken.size(), end - 1 - at - kToken.size()));
  }
}

void RemovedCounts::count_pseudonym(std::string_view text) {
  if (!is_pseudonym(text)) return;
  constexpr std::size_t kBefore = 8;  // `removed-`
  constexpr std::size_t kAfter = 17;  // `-` and 16 digits
  add(text.substr(kBefore, text.size() - kBefore - kAfter));
}

std::optional<Json> RemovedCounts::take() {
  if (counts_.empty()) return std::nullopt;
  Json out = Json::Object{};
  for (const auto& [rule, count] : std::exchange(counts_, {})) out.add(rule, count);
  return out;
}

void RemovedCounts::add(std::string_view rule) {
  if (const auto found = counts_.find(rule); found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < 2 * kFilterRulesMax) {
    counts_.emplace(rule, 1);
  }
}

}  // namespace hansard::events::filter
