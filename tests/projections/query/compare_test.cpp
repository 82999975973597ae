#include "../recorder.h"
#include "projections/facts/calls.h"
#include "projections/query/json.h"
#include "projections/query/lines.h"
#include "projections/query/request.h"

namespace hansard::projections::query::test {
namespace {

using projections::test::Built;
using projections::test::keyed_hash;
using projections::test::Recorder;

core::Timestamp moment(std::string_view text) { return core::parse_time(text).value(); }

class Compared : public ::testing::Test {
 protected:
  void calls(std::string_view day, const std::string& model, int count, std::uint64_t input = 10) {
    for (int i = 0; i < count; ++i) {
      recorder_.occurring(moment(std::string(day) + "T12:00:00Z"));
      recorder_.answer("s1", projections::test::response("m" + std::to_string(++id_), "x", model,
                                                         projections::test::tokens(input, 1)));
    }
  }
  core::Result<Answer> answer(const std::string& text) {
    auto request = parse_request(R"({"text":")" + text + "\"}", moment("2026-11-18T12:00:00Z"));
    if (!request) return request.error();
    request->query.project = support::project("default");
    const Built built(recorder_.log(), facts::CallsView(7));
    return execute(built.model(), keyed_hash(), request->query);
  }
  /// `key now/before`, group by group.
  std::string ask(const std::string& text) {
    const auto found = answer(text);
    if (!found) return found.error().field;
    std::string out;
    const auto shown = [](const Cell& cell) {
      return cell.known ? to_text(cell.integer) : std::string("-");
    };
    for (const Group& group : found->groups) {
      for (const Key& key : group.keys) out += key.text.value_or("null") + " ";
      out += shown(group.cells[0]) + "/" + shown(group.earlier.at(0)) + "; ";
    }
    return out;
  }
  Recorder recorder_;
  int id_ = 0;
};

TEST_F(Compared, GroupsOfEitherPeriodStandBesideEachOther) {
  calls("2026-11-09", "old", 3);
  calls("2026-11-10", "both", 2);
  calls("2026-11-16", "both", 4);
  calls("2026-11-17", "new", 1);
  EXPECT_EQ(ask("calls by model from 2026-11-16 to 2026-11-23 compare previous"),
            "both 4/2; new 1/0; old 0/3; ");
  EXPECT_EQ(ask("max(input) by model from 2026-11-16 to 2026-11-23 compare previous"),
            "both 10/10; new 10/-; old -/10; ");
  EXPECT_EQ(ask("calls by model from 2026-11-16 to 2026-11-23 compare previous top 1"),
            "both 4/2; ");
  EXPECT_EQ(ask("calls by model from 2026-11-16 to 2026-11-23 compare previous having calls > 0"),
            "both 4/2; new 1/0; ");
  EXPECT_EQ(ask("calls from 2026-11-16 to 2026-11-23 compare previous"), "5/5; ");
}

TEST_F(Compared, DaysGoWithTheSameDayOfThePeriodBefore) {
  calls("2026-11-09", "a", 1);
  calls("2026-11-11", "a", 2);
  calls("2026-11-16", "a", 3);
  EXPECT_EQ(ask("calls by day from 2026-11-16 to 2026-11-23 compare previous"),
            "2026-11-16 3/1; 2026-11-18 0/2; ");
}

TEST_F(Compared, MonthsAreComparedWithMonths) {
  calls("2026-09-30", "a", 1);
  calls("2026-10-01", "a", 2);
  calls("2026-10-31", "a", 4);
  calls("2026-11-01", "a", 8);
  EXPECT_EQ(ask("calls from 2026-11-01 to 2026-12-01 compare previous"), "8/6; ");
  EXPECT_EQ(ask("calls by month from 2026-10-01 to 2026-12-01 compare previous"),
            "2026-10 6/0; 2026-11 8/1; ");
}

TEST_F(Compared, AnOpenPeriodEndsNowAndIsComparedWithAsLongBefore) {
  calls("2026-11-15", "a", 1);
  calls("2026-11-17", "a", 2);
  const auto found = answer("calls since 2d compare previous");
  ASSERT_TRUE(found);
  EXPECT_EQ(core::format_time(*found->earlier->from), "2026-11-14T12:00:00.000000Z");
  EXPECT_EQ(found->earlier->to, found->from);
  EXPECT_EQ(ask("calls since 2d compare previous"), "2/1; ");
}

TEST_F(Compared, TheChangeIsInPerCent) {
  calls("2026-11-10", "a", 2);
  calls("2026-11-16", "a", 3);
  calls("2026-11-17", "b", 1);
  const auto found = answer("calls by model from 2026-11-16 to 2026-11-23 compare previous");
  ASSERT_TRUE(found);
  EXPECT_EQ(events::dump(to_json(*found, found->groups[0])),
            R"q({"model":"a","sum(calls)":3,"previous":{"sum(calls)":2},)q"
            R"q("change_percent":{"sum(calls)":50}})q");
  EXPECT_NE(events::dump(head_to_json(*found))
                .find(R"q("previous":{"from":"2026-11-09T00:00:00.000000Z",)q"),
            std::string::npos);
  EXPECT_EQ(to_csv(*found),
            "model,sum(calls),previous sum(calls),change_percent sum(calls)\r\n"
            "a,3,2,50\r\nb,1,0,\r\n");
}

TEST_F(Compared, ABeginningIsNeeded) {
  EXPECT_EQ(ask("calls compare previous"), "compare");
  EXPECT_EQ(ask("calls to 2026-11-01 compare previous"), "compare");
}

}  // namespace
}  // namespace hansard::projections::query::test
