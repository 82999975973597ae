#include "events/pricing/entry.h"

#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

core::Error refused_entries(const std::string& json) {
  auto tree = parse_json(json);
  if (!tree) {
    ADD_FAILURE() << tree.error().message;
    return {};
  }
  auto entries = parse_price_entries(*tree, "entries");
  if (entries) {
    ADD_FAILURE() << "accepted: " << json;
    return {};
  }
  return std::move(entries.error());
}

void expect_refused_entry(const std::string& members, std::string_view field,
                          std::string_view reason) {
  const core::Error error =
      refused_entries(R"([{"model":"fine","prices":{"standard":{"input_text":1}}},)"
                      R"({"provider":"p","model":"m",)" +
                      members + "}]");
  EXPECT_EQ(error.code, core::Errc::invalid_argument);
  EXPECT_EQ(error.field, std::string("entries[1] (p/m)") + std::string(field)) << members;
  EXPECT_NE(error.message.find(reason), std::string::npos) << error.message;
}

TEST(PriceEntries, ReadBackAsTheyWereWritten) {
  const std::string text =
      R"({"provider":"openai","model":"gpt-x","home":true,)"
      R"("effective_from":"2026-08-01T00:00:00.000000Z","mode":"chat","input_max":272000,)"
      R"("output_max":128000,"retires":"2027-01-01","prices":{"standard":{"input_text":1250000,)"
      R"("input_cache_read":0,"output_text":10000000},"flex":{"input_text":625000}},)"
      R"("long":[{"above":272000,"prices":{"standard":{"input_text":2500000}}},)"
      R"({"from":500000,"prices":{"batch":{"output_text":1}}}],)"
      R"("regions":{"eu":1100},"units":{"web_search":10000000000}})";
  const auto entries = entries_of("[" + text + "]");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(dump(to_json(entries[0])), text);
  EXPECT_EQ(entries[0].name(), "openai/gpt-x");
  EXPECT_EQ(entries[0].price.long_context[1].edge, Edge::from);
  EXPECT_EQ(entries_of("[" + dump(to_json(entries[0])) + "]"), entries);
}

TEST(PriceEntries, WithBadPricesAreRefusedByName) {
  const char* at = ".prices.standard.input_text";
  expect_refused_entry(R"("prices":{"standard":{"input_text":-1}})", at, "negative");
  expect_refused_entry(R"("prices":{"standard":{"input_text":1.5}})", at, "whole number");
  expect_refused_entry(R"("prices":{"standard":{"input_text":1e3}})", at, "whole number");
  expect_refused_entry(R"("prices":{"standard":{"input_text":"1"}})", at, "whole number");
  expect_refused_entry(R"("prices":{"standard":{"input_text":null}})", at, "whole number");
  expect_refused_entry(R"("prices":{"standard":{"input_text":10000000001}})", at, "per million");
  expect_refused_entry(R"("prices":{"standard":{"input_text":1,"input_text":2}})", at, "repeated");
  expect_refused_entry(R"("prices":{"standard":{"tokens":1}})", ".prices.standard.tokens",
                       "no such class");
  expect_refused_entry(R"("prices":{"fastest":{"input_text":1}})", ".prices.fastest", "expected");
  expect_refused_entry(R"("prices":{"standard":{}})", ".prices.standard", "no price");
  expect_refused_entry(R"("prices":{})", "", "no price");
  expect_refused_entry(R"("units":{"web_search":-5})", ".units.web_search", "negative");
  expect_refused_entry(R"("units":{"walks":5})", ".units.walks", "no such unit");
}

TEST(PriceEntries, WithBadThresholdsAreRefusedByName) {
  const std::string ok = R"("prices":{"standard":{"input_text":1}})";
  expect_refused_entry(R"("long":[{"above":2,)" + ok + R"(},{"above":2,)" + ok + "}]", ".long[1]",
                       "overlaps");
  expect_refused_entry(R"("long":[{"above":2,)" + ok + R"(},{"from":1,)" + ok + "}]", ".long[1]",
                       "overlaps");
  expect_refused_entry(R"("long":[{"above":2,"from":3,)" + ok + "}]", ".long[0].from", "not both");
  expect_refused_entry(R"("long":[{)" + ok + "}]", ".long[0]", "required");
  expect_refused_entry(R"("long":[{"above":2}])", ".long[0]", "no price");
  expect_refused_entry(R"("long":[{"above":-2,)" + ok + "}]", ".long[0].above", "");
  expect_refused_entry(R"("long":[{"from":0,)" + ok + "}]", ".long[0].from", "1..");
  expect_refused_entry(R"("long":[{"above":18446744073709551615,)" + ok + "}]", ".long[0].above",
                       "1..");
  expect_refused_entry(ok + R"(,"regions":{"eu":0})", ".regions.eu", "thousand");
  expect_refused_entry(ok + R"(,"regions":{"eu":1.1})", ".regions.eu", "");
}

TEST(PriceEntries, WithOtherMistakesAreRefusedByName) {
  const std::string ok = R"("prices":{"standard":{"input_text":1}})";
  expect_refused_entry(ok + R"(,"colour":"red")", ".colour", "no such field");
  expect_refused_entry(ok + R"(,"model":"again")", ".model", "repeated");
  expect_refused_entry(ok + R"(,"effective_from":"soon")", ".effective_from", "time");
  expect_refused_entry(ok + R"(,"retires":"2026-13-01")", ".retires", "day");
  expect_refused_entry(ok + R"(,"withdrawn":true)", "", "withdrawn");
  EXPECT_EQ(refused_entries(R"([{"model":"a*b",)" + ok + "}]").field, "entries[0] (a*b).model");
  EXPECT_EQ(refused_entries(R"([{"model":"*",)" + ok + "}]").field, "entries[0] (*).model");
  EXPECT_EQ(refused_entries(R"([{"model":"a b",)" + ok + "}]").field, "entries[0] (a b).model");
  EXPECT_EQ(refused_entries("[{" + ok + "}]").field, "entries[0].model");
  EXPECT_EQ(refused_entries("[3]").field, "entries[0]");
  EXPECT_EQ(refused_entries("{}").field, "entries");
}

TEST(PriceEntries, ForOneModelFromOneMomentOverlap) {
  const std::string ok = R"("prices":{"standard":{"input_text":1}})";
  const std::string first = R"({"provider":"p","model":"m",)" + ok + "}";
  const core::Error error = refused_entries("[" + first + "," + first + "]");
  EXPECT_NE(error.message.find("entries[1] (p/m): overlaps entries[0]"), std::string::npos)
      << error.message;
  // From another moment on, at another provider, as a pattern: no overlap.
  EXPECT_EQ(
      entries_of("[" + first + R"(,{"model":"m",)" + ok + R"(},{"provider":"p","model":"m*",)" +
                 ok + R"(},{"provider":"p","model":"m","effective_from":"2026-01-01T00:00:00Z",)" +
                 ok + "}]")
          .size(),
      4U);
}

}  // namespace
}  // namespace hansard::events::pricing
