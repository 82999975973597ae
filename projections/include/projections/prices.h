#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "events/pricing/book.h"

namespace hansard::projections {

/// One version of one book, as somebody published it, in one event or several.
struct PublishedBook {
  std::string project;  ///< `_log`: for everybody
  std::string book;
  std::string version;
  std::string provenance;
  std::optional<core::Timestamp> effective_from;  ///< of entries that say none themselves
  std::optional<core::Timestamp> collected_at;
  core::Timestamp recorded_at;  ///< of the first part
  core::Position first;         ///< of the first part's event
  core::Position last;          ///< of the latest part's
  std::uint32_t parts = 0;      ///< on record so far
  std::uint32_t parts_whole = 1;
  std::uint64_t entries = 0;
};

/// Every price on record that a project may meet. A value; immutable once shared.
struct Prices {
  events::pricing::PriceBook book;
  std::vector<PublishedBook> books;  ///< in the order of recording; of the log's and all projects
                                     ///< read so far

  /// What `project` asked, as published before `end`: the log's books and its own.
  [[nodiscard]] std::vector<PublishedBook> books_of(
      std::string_view project, core::Position end = events::pricing::PriceBook::kAll) const;
};

/// Keeps the price book that the `system` streams of the log tell: folded when first asked for,
/// and from then on only what is new.
/// Threads: safe to call concurrently.
class PriceReader {
 public:
  /// `log` outlives this.
  explicit PriceReader(const core::EventLog& log) : log_(log) {}

  /// All prices that hold in `project`, as of the log's end. Stays valid for ever.
  /// Cost: two point reads when nothing is new; else the new events of the two streams. The first
  /// time some milliseconds per book.
  /// Errors: those of reading the log; unsupported (prices that a newer program wrote), corruption.
  core::Result<std::shared_ptr<const Prices>> read(const core::ProjectId& project);

 private:
  core::Status catch_up(const core::ProjectId& project, std::shared_ptr<Prices>& changed);

  const core::EventLog& log_;
  std::mutex mutex_;
  std::shared_ptr<const Prices> prices_ = std::make_shared<const Prices>();
  /// Where to go on reading; of projects that have a `system` stream.
  std::map<std::string, core::Version, std::less<>> next_;
};

}  // namespace hansard::projections
