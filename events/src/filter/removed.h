#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "events/json.h"

/// What the filter puts in place of what it takes out of a text, `[removed:<rule>]`, and how often
/// each rule stands in an event. Pure.
namespace hansard::events::filter {

inline constexpr std::string_view kToken = "[removed:";
inline constexpr std::size_t kRuleNameBytesMax = 32;

/// `[a-z0-9_-]{1,32}`.
bool is_rule_name(std::string_view name);

/// What stands in place of something that `rule` took out.
std::string token(std::string_view rule);
/// The end of such a token, if one begins at `at`; otherwise `at`.
std::size_t token_end(std::string_view text, std::size_t at);
/// The text is one token and nothing else.
bool is_token(std::string_view text);
/// A token reaches into `[begin, end)` of `text`, so that taking this out would take out part of
/// it.
bool meets_token(std::string_view text, std::size_t begin, std::size_t end);

/// How often each rule stands in what was looked at: tokens, and pseudonyms (`ids.h`), which name
/// theirs, too. Bounded, whatever a text says.
class RemovedCounts {
 public:
  /// Every token in `text`; or its rule, where it is a pseudonym.
  void count(std::string_view text);
  void count_pseudonym(std::string_view text);
  /// `{rule: count}`, as an event says it, and nothing is counted afterwards; nothing where there
  /// was none.
  std::optional<Json> take();

 private:
  void add(std::string_view rule);
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace hansard::events::filter
