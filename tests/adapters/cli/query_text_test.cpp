#include "text/query_text.h"

#include <gtest/gtest.h>

namespace {

using namespace hansard::cli;
using hansard::events::Json;
using hansard::projections::query::TextError;

std::string shown(const std::string& aggregate, const char* number) {
  const Json value(Json::Number{number});
  return shown_value(aggregate, &value);
}

TEST(QueryText, MarksStandUnderTheWord) {
  EXPECT_EQ(pointed("calls by modle", TextError{10, 5, ""}),
            "  calls by modle\n           ^^^^^\n");
  EXPECT_EQ(pointed("calls", TextError{6, 1, ""}), "  calls\n       ^\n");
  EXPECT_EQ(pointed("calls\nby f\xc3\xbcr x", TextError{14, 1, ""}),
            "  by f\xc3\xbcr x\n         ^\n");
  EXPECT_EQ(pointed("", TextError{1, 1, ""}), "  \n  ^\n");
}

TEST(QueryText, ValuesHaveTheirUnits) {
  EXPECT_EQ(shown("sum(tokens)", "13835058055282163712"), "13,835,058,055,282,163,712");
  EXPECT_EQ(shown("sum(cost)", "54399000000"), "$0.0544");
  EXPECT_EQ(shown("sum(cost)", "1234567890123456"), "$1,234.57");
  EXPECT_EQ(shown("count(cost)", "1200"), "1,200");
  EXPECT_EQ(shown("p95(latency_us)", "1400000"), "1.4 s");
  EXPECT_EQ(shown("avg(ttft_us)", "312400.5"), "312 ms");
  EXPECT_EQ(shown("avg(tokens)", "1234.56"), "1,234.6");
  EXPECT_EQ(shown("avg(value)", "0.75"), "0.750");
  EXPECT_EQ(shown_value("sum(tokens)", nullptr), "-");
}

TEST(QueryText, AComparisonHasTheChange) {
  const auto answer = hansard::events::parse_json(
      R"q({"group_by":["user"],"measures":["sum(calls)"],"total_groups":3,"zone":"Europe/Berlin",)q"
      R"q("from":"2026-11-16T00:00:00Z","to":"2026-11-23T00:00:00Z","calls_estimated":1200,)q"
      R"q("previous":{"from":"2026-11-09T00:00:00Z","to":"2026-11-16T00:00:00Z"},)q"
      R"q("as_of":{"position":12},"groups":[{"user":"ada","sum(calls)":3,)q"
      R"q("previous":{"sum(calls)":2},"change_percent":{"sum(calls)":50}},)q"
      R"q({"user":"erased","sum(calls)":1,"previous":{"sum(calls)":0},)q"
      R"q("change_percent":{"sum(calls)":null},"hashes":{"user":"0123456789"},"erased":["user"]}]})q");
  ASSERT_TRUE(answer);
  const std::string table = query_table(*answer, 0);
  EXPECT_NE(table.find("+50.0 %"), std::string::npos) << table;
  EXPECT_NE(table.find("erased 01234567"), std::string::npos) << table;
  EXPECT_EQ(query_remarks(*answer),
            "2 of 3 groups\n1,200 calls have estimated tokens\n"
            "from 2026-11-16 00:00 UTC to 2026-11-23 00:00 UTC\n"
            "before: from 2026-11-09 00:00 UTC to 2026-11-16 00:00 UTC\n"
            "as of position 12, in Europe/Berlin\n");
}

}  // namespace
