#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/position.h"
#include "core/time.h"
#include "events/pricing/entry.h"

namespace hansard::events::pricing {

/// The project whose prices hold for all: those of the log.
inline constexpr std::string_view kSharedPrices = "_log";

/// An entry together with where it comes from. Immutable.
struct PublishedPrice {
  core::Position position;  ///< of the event that published it
  std::uint32_t index = 0;  ///< in that event's `entries`
  std::string book;         ///< `default`
  std::string version;
  std::optional<core::Timestamp> collected_at;  ///< when the prices were looked up
  PriceEntry entry;
  /// Names this price for ever: `<position>/<index>`.
  [[nodiscard]] std::string id() const;
};

/// What led to a price. There is no other way: a name that merely resembles another has none.
enum class MatchKind : std::uint8_t {
  exact,              ///< this model at this provider
  provider_prefixed,  ///< the model's name says whose it is: `gemini/gemini-2.5-pro`
  date_stripped,      ///< without the date at its end: `-2025-08-07`, `-20250807`, `@20250807`
  pattern             ///< by how the name begins: `ft:gpt-4o-2024-08-06:*`
};
std::string_view to_word(MatchKind kind);

struct Match {
  std::shared_ptr<const PublishedPrice> price;  ///< null: no price is known
  MatchKind kind = MatchKind::exact;
  /// Another's list price: the call names no provider or one that no book knows, and the model's
  /// maker is meant; or a router that passes prices on.
  bool provider_assumed = false;
  bool of_project = false;  ///< an override, not a shared price

  explicit operator bool() const { return price != nullptr; }
  /// The price was looked up after the call and nobody said since when it holds.
  [[nodiscard]] bool backdated(core::Timestamp occurred_at) const;
  bool operator==(const Match&) const = default;
};

/// All prices that one (project, provider, model) had in its life, by when they took effect. A
/// value of its own: stays valid when the book grows or goes.
class Quote {
 public:
  struct Step {
    core::Timestamp from;
    Match match;  ///< empty from a withdrawal on
  };
  explicit Quote(std::vector<Step> steps) : steps_(std::move(steps)) {}
  /// The price in force at `occurred_at`; an empty match where there is none. O(log steps).
  [[nodiscard]] const Match& at(core::Timestamp occurred_at) const;
  /// Rising; empty when no price was ever known.
  [[nodiscard]] std::span<const Step> steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
};

/// Every price ever published, shared ones and those of projects. Copying is cheap (entries are
/// shared), so a reader keeps a copy while the writer goes on.
/// Threads: caller synchronises; const members are safe together.
class PriceBook {
 public:
  static constexpr core::Position kAll{std::numeric_limits<std::uint64_t>::max()};

  /// Where the entries of one event come from.
  struct Source {
    core::Position position;
    std::string book;
    std::string version;
    std::optional<core::Timestamp> effective_from;  ///< of entries that say none themselves
    std::optional<core::Timestamp> collected_at;
  };
  /// Adds the entries of one event. Events may come in any order and twice (then nothing changes).
  /// @param project of the event's stream; `_log` for everybody
  void publish(std::string_view project, const Source& source, std::vector<PriceEntry> entries);

  /// The prices of calls of `model` by `provider` (either may be unknown: empty) in `project`, as
  /// published before `end`. The project's own prices come before the shared ones. Within each:
  /// exact name, provider named in the model's name, either without a date, longest pattern. For
  /// one key the latest `effective_from` not after the call counts, and of equal ones the one
  /// published last.
  /// Cost: some map lookups, microseconds; ask once per distinct (provider, model), not per call.
  [[nodiscard]] Quote quote(std::string_view project, std::string_view provider,
                            std::string_view model, core::Position end = kAll) const;

  /// What is in force at `at`, one per key, by provider and model: shared ones and `project`'s own
  /// (which replace shared ones of the same key).
  [[nodiscard]] std::vector<std::shared_ptr<const PublishedPrice>> list(
      std::string_view project, core::Timestamp at, core::Position end = kAll) const;

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  using Published = std::shared_ptr<const PublishedPrice>;
  using Versions = std::vector<Published>;          ///< of one key, as they came
  using Key = std::pair<std::string, std::string>;  ///< provider or empty, model
  struct Shelf {
    std::map<Key, Versions> exact;
    std::map<Key, Versions> patterns;                   ///< the model without its `*`
    std::map<std::string, Versions, std::less<>> home;  ///< by model: entries of makers
    std::set<std::string, std::less<>> providers;
  };
  struct Slot;
  struct Asked;

  static const Published* in_force(const Versions& versions, core::Timestamp at,
                                   core::Position end);
  static void collect(const Shelf& shelf, const Asked& asked, std::vector<Slot>& slots);
  static void collect_named(const Shelf& shelf, const Asked& asked, std::string_view name,
                            bool stripped, std::vector<Slot>& slots);
  static void collect_patterns(const Shelf& shelf, const Asked& asked, std::vector<Slot>& slots);
  [[nodiscard]] bool knows(std::string_view project, std::string_view provider) const;

  std::map<std::string, Shelf, std::less<>> shelves_;  ///< by project
  std::size_t size_ = 0;
};

/// `name` without a date at its end, or nothing when there is none.
std::optional<std::string_view> without_date(std::string_view name);

}  // namespace hansard::events::pricing
