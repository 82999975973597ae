#include "projections/query/zone.h"

#include "../recorder.h"
#include "projections/facts/calls.h"
#include "projections/query/json.h"

namespace hansard::projections::query::test {
namespace {

using projections::test::Built;
using projections::test::keyed_hash;
using projections::test::Recorder;

core::Timestamp at(std::string_view text) { return core::parse_time(text).value(); }

std::string start_of(const char* zone, const char* noon) {
  const Zone named = Zone::named(zone).value();
  return core::format_time(named.start_of(named.day_of(at(noon)))).substr(0, 16);
}

TEST(Zone, DaysBeginWhereClocksShowMidnight) {
  EXPECT_EQ(start_of("UTC", "2026-11-21T12:00:00Z"), "2026-11-21T00:00");
  EXPECT_EQ(start_of("Europe/Berlin", "2026-11-21T12:00:00Z"), "2026-11-20T23:00");
  EXPECT_EQ(start_of("Europe/Berlin", "2026-07-01T12:00:00Z"), "2026-06-30T22:00");
  EXPECT_EQ(start_of("Asia/Kathmandu", "2026-11-21T12:00:00Z"), "2026-11-20T18:15");
  // Clocks there go from 24:00 to 01:00, so the day begins at one.
  EXPECT_EQ(start_of("America/Santiago", "2024-09-08T12:00:00Z"), "2024-09-08T04:00");
  EXPECT_EQ(start_of("Europe/Berlin", "1850-01-01T12:00:00Z").substr(0, 10), "1849-12-31");
  EXPECT_EQ(start_of("Europe/Berlin", "9000-01-01T12:00:00Z").substr(0, 10), "8999-12-31");
}

TEST(Zone, OneThatDoesNotExistIsRefusedByName) {
  for (const char* name : {"Mars/Olympus", "", "../../etc/passwd", "Europe/Berlin "}) {
    const auto zone = Zone::named(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(zone.error().field, "zone");
  }
  EXPECT_NE(Zone::named("Mars/Olympus").error().message.find("\"Mars/Olympus\""),
            std::string::npos);
}

/// Groups as `key=calls` of calls at every half hour from `from` on.
class Zoned : public ::testing::Test {
 protected:
  void half_hours(std::string_view from, int count) {
    for (int i = 0; i < count; ++i) {
      recorder_.occurring(at(from) + std::chrono::minutes(30 * i));
      recorder_.answer("s1", projections::test::response("m" + std::to_string(++id_), "x"));
    }
  }
  std::string ask(const std::string& query) {
    auto read = parse_query(query);
    if (!read) return read.error().field;
    read->project = support::project("default");
    const Built built(recorder_.log(), facts::CallsView(7));
    const auto answer = execute(built.model(), keyed_hash(), *read);
    if (!answer) return answer.error().field;
    std::string out;
    for (const Group& group : answer->groups) {
      for (const Key& key : group.keys) out += key.text.value_or("null") + "=";
      out += std::to_string(group.calls) + " ";
    }
    return out;
  }
  Recorder recorder_;
  int id_ = 0;
};

TEST_F(Zoned, DaysHave23And25Hours) {
  half_hours("2026-03-27T23:00:00Z", 48 * 3);
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["day"],"zone":"Europe/Berlin"})"),
            "2026-03-28=48 2026-03-29=46 2026-03-30=48 2026-03-31=2 ");
  half_hours("2026-10-23T22:00:00Z", 48 * 3);
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["day"],"zone":"Europe/Berlin",)"
                R"("from":"2026-10-24","to":"2026-10-26"})"),
            "2026-10-24=48 2026-10-25=50 ");
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["month"],"zone":"Europe/Berlin"})"),
            "2026-03=144 2026-10=144 ");
}

TEST_F(Zoned, AnHourThatClocksShowTwiceIsTwoHours) {
  half_hours("2026-10-25T00:00:00Z", 6);
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["hour"],"zone":"Europe/Berlin"})"),
            "2026-10-25T02:00:00+02:00=2 2026-10-25T02:00:00+01:00=2 "
            "2026-10-25T03:00:00+01:00=2 ");
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["minute"],"zone":"Asia/Kathmandu",)"
                R"("from":"2026-10-25T00:00:00Z","to":"2026-10-25T01:00:00Z"})"),
            "2026-10-25T05:45:00+05:45=1 2026-10-25T06:15:00+05:45=1 ");
}

TEST_F(Zoned, WeeksBeginOnTheZonesMonday) {
  half_hours("2026-11-15T22:30:00Z", 2);  // a Sunday, and in Berlin then a Monday
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["week"],"zone":"Europe/Berlin"})"),
            "2026-11-09=1 2026-11-16=1 ");
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["week"]})"), "2026-11-09=2 ");
}

TEST_F(Zoned, FromAndToAreItsDays) {
  half_hours("2026-11-20T22:30:00Z", 4);
  EXPECT_EQ(ask(R"({"measures":["calls"],"from":"2026-11-21","zone":"Europe/Berlin"})"), "3 ");
  EXPECT_EQ(ask(R"({"measures":["calls"],"to":"2026-11-21","zone":"Europe/Berlin"})"), "1 ");
  EXPECT_EQ(ask(R"({"measures":["calls"],"zone":"Berlin"})"), "zone");
}

TEST_F(Zoned, ACallOfLastMarchImportedTodayIsInMarch) {
  half_hours("2024-03-05T10:00:00Z", 1);  // the recorder's clock shows October
  EXPECT_EQ(ask(R"({"measures":["calls"],"group_by":["month"]})"), "2024-03=1 ");
}

}  // namespace
}  // namespace hansard::projections::query::test
