#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Questions that everybody asks, by name: each is one or two queries, written as people type them,
/// and how their answers are best shown.
namespace hansard::projections {

enum class Picture : std::uint8_t {
  none,
  bars,  ///< a bar beside each group
  lines  ///< a line over time for each group; the last dimension is a time
};
std::string_view to_word(Picture picture);

struct ReportSection {
  std::string_view title;
  std::string_view measures;  ///< as in the text of a query, like what follows
  std::string_view table = {};
  std::string_view by = {};
  std::string_view where = {};
  std::string_view order = {};
  std::uint64_t top = 0;  ///< 0: all
  bool compared = false;  ///< with the period before
  Picture picture = Picture::none;
  std::string_view pictured = {};  ///< the aggregate of the picture, `sum(cost)`
  /// Groups are models: each is shown with the size of its context window, where prices tell it.
  bool windows = false;
};

struct Report {
  std::string_view name;
  std::string_view question;
  std::span<const ReportSection> sections;
};

/// All of them, in the order in which they are listed.
std::span<const Report> reports();
/// nullptr when there is none of that name.
const Report* find_report(std::string_view name);

/// What its reader narrows a report to. Texts of a query's clauses.
struct ReportOptions {
  std::string period = "since 7d";   ///< `since 7d`, `from 2026-11-01 to 2026-11-08`, `last week`
  std::optional<std::string> where;  ///< further conditions
  std::optional<std::string> zone;   ///< an IANA name
  std::optional<std::uint64_t> as_of = {};  ///< a position
};

/// The section as the text of a query, whole: `hansard query` takes it. A zone's quotes and
/// backslashes are escaped; errors in the other options are found when the text is read.
std::string text_of(const ReportSection& section, const ReportOptions& options);

}  // namespace hansard::projections
