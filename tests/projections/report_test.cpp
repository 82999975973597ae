#include "projections/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "projections/query/names.h"
#include "projections/query/text.h"
#include "support/events.h"

namespace hansard::projections {
namespace {

constexpr core::Timestamp kNow{std::chrono::microseconds(1'795'000'000'000'000)};

query::Request read(const ReportSection& section, const ReportOptions& options = {}) {
  const std::string text = text_of(section, options);
  auto request = query::parse_text(text, kNow);
  EXPECT_TRUE(request) << text << "\n" << (request ? "" : request.error().message);
  return request ? *std::move(request) : query::Request{};
}

TEST(Report, EverySectionIsAQueryThatPeopleCanType) {
  for (const Report& report : reports()) {
    EXPECT_FALSE(report.sections.empty()) << report.name;
    for (const ReportSection& section : report.sections) {
      const query::Request request = read(section);
      EXPECT_TRUE(request.query.from) << report.name;
      const auto& measures = request.query.aggregates;
      if (section.picture == Picture::none) continue;
      EXPECT_TRUE(
          std::any_of(measures.begin(), measures.end(),
                      [&](const auto& each) { return query::to_text(each) == section.pictured; }))
          << report.name << ": " << section.pictured;
      if (section.picture != Picture::lines) continue;
      ASSERT_FALSE(request.query.group_by.empty());
      EXPECT_TRUE(query::is_time(request.query.group_by.back().dimension)) << report.name;
    }
  }
}

TEST(Report, IsNarrowedByItsReader) {
  const ReportSection& section = find_report("latency")->sections[0];
  const ReportOptions options{.period = "from 2026-11-01 to 2026-11-08",
                              .where = "user = 'Ada \"A\"' and tag:team = support",
                              .zone = "Europe/Berlin"};
  const query::Request request = read(section, options);
  EXPECT_EQ(request.query.where.size(), read(section).query.where.size() + 2);
  // Midnight of Berlin in November.
  EXPECT_EQ(core::format_time(*request.query.from), "2026-10-31T23:00:00.000000Z");
  // One without conditions of its own.
  EXPECT_EQ(read(find_report("users")->sections[0], options).query.where.size(), 2U);
}

TEST(Report, HasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const Report& report : reports()) {
    EXPECT_TRUE(names.insert(report.name).second);
    EXPECT_EQ(find_report(report.name), &report);
  }
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(find_report("nothing"), nullptr);
}

}  // namespace
}  // namespace hansard::projections
