#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/json.h"

namespace hansard::scripted {

/// What is answered to whom, and how fast.
struct Rule {
  struct Call {
    std::string tool;
    events::Json arguments;  ///< an object
  };
  std::optional<std::string> when;  ///< stands in what was said last, in any case; absent: always
  std::string answer;               ///< `{said}` becomes what was said last
  std::vector<Call> tool_calls;
  int status = 200;                    ///< 400..599: an error that says `answer`
  std::chrono::milliseconds delay{0};  ///< before anything of an answer
  std::chrono::milliseconds pace{0};   ///< between two words of a streamed one
};

/// Rules in their order; the first that fits is followed. Immutable.
class Script {
 public:
  static constexpr std::size_t kBytesMax = 4U << 20;
  static constexpr std::size_t kRulesMax = 10'000;
  static constexpr std::chrono::milliseconds kTimeMax{600'000};  ///< of a delay or a pace

  /// One JSON object a line: {"when":"...", "answer":"...", "tool_calls":[{"name":"...",
  /// "arguments":{...}}], "status":429, "delay":"20ms", "pace":"15ms"}. Empty lines are passed
  /// over.
  /// @param name  of the file, for errors
  /// Errors: invalid_argument with `name:line`; too_large.
  static core::Result<Script> parse(std::string_view text, std::string_view name);
  /// Reads a file. Errors: not_found, unavailable; those of `parse`.
  static core::Result<Script> load(const std::string& path);
  /// For demonstrations: greets, calls a tool, streams, refuses; see `builtin.cpp`.
  static Script builtin();

  /// @param said  the text of the last message that is not the model's: of a user or a tool
  /// @return null where no rule fits
  [[nodiscard]] const Rule* choose(std::string_view said) const;

 private:
  std::vector<Rule> rules_;
};

}  // namespace hansard::scripted
