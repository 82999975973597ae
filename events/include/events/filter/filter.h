#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "core/result.h"
#include "events/assignment/decider.h"
#include "events/filter/detect.h"
#include "events/filter/path.h"
#include "events/session/commands.h"

namespace hansard::events {

/// One rule of one's own. `pattern`, or `path`, or both; then the pattern counts at the path only.
struct FilterRule {
  std::string name;                    ///< `[a-z0-9_-]{1,32}`; stands in what it puts in place
  std::optional<std::string> pattern;  ///< RE2 (pattern.h); each match is taken out
  std::optional<std::string> path;     ///< path.h; without a pattern the whole value is taken out
  std::optional<std::string> project;  ///< absent: in all
};

struct FilterSettings {
  std::vector<std::string> detect;  ///< `email`, `phone`, `card`, `key`
  std::vector<FilterRule> rules;
};

inline constexpr std::size_t kFilterRulesMax = 64;

/// Takes out of commands what is not to be recorded, before they are decided on.
///
///   content  each hit becomes `[removed:<rule>]`; in members of JSON, in JSON within texts, and in
///            the keys of members (there as a pseudonym)
///   facts    ids and names that clients choose are searched for addresses and keys only, since a
///            long number is no phone there: the whole one becomes a pseudonym (ids.h), everywhere
///            the same, so what refers to it still does. So do members called `id` or `..._id`.
///   users, values of tags, units   become pseudonyms; their keyed hashes stay those of the
///            originals, so asking for a user finds them
///   sessions a session's id and those of its parent and forks become what names their streams
///
/// Beside it stands what was taken out (`filtered`: rule -> count), counted by what stands in the
/// event: filtering again changes nothing. Immutable apart from its counters; thread-safe.
class Filter {
 public:
  /// @param keyed_hash  outlives this
  /// Errors: invalid_argument (`field` as in `[filter]`: `detect[0]`, `rules[2].pattern`).
  static core::Result<std::unique_ptr<const Filter>> make(const FilterSettings& settings,
                                                          const core::KeyedHash& keyed_hash);
  ~Filter();

  /// False: nothing is looked for, and nothing below changes anything or costs anything.
  [[nodiscard]] bool on() const;
  /// Has rules of one's own with a path: what they change depends on the event.
  [[nodiscard]] bool has_paths() const;

  void apply(const core::ProjectId& project, SessionCommand& command) const;
  void apply(const core::ProjectId& project, SessionStep& step) const;
  void apply(const core::ProjectId& project, AssignmentCommand& command) const;
  /// A record that was put together elsewhere. Of prompts, experiments and the system nothing is
  /// taken out: they are no recordings.
  /// Errors: invalid_argument (the name of its stream or type, which cannot be changed, holds what
  /// is to be taken out; `field` begins with `path`).
  core::Status apply(const core::ProjectId& project, core::NewEvent& record,
                     std::string_view path) const;
  /// A document, before anything is read of it; rules with a path are not asked.
  /// @return whether it was changed
  bool clean(const core::ProjectId& project, Json& document) const;

  /// How often each rule took something out since the start, in the order of the settings.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> counts() const;

 private:
  struct Parts;
  class Walk;
  explicit Filter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hansard::events
