#include "projections/rows.h"

#include <set>

#include "projections/registry.h"
#include "projections/row.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

TEST(Rows, EveryByteStringSurvivesBeingReadable) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& bytes : {all, "plain"s, "é\xc3"s, "\\x41"s, "\xed\xa0\x80"s, "\xc0\x80"s,
                                   "\xf4\x90\x80\x80"s, "\xe2\x82"s, ""s}) {
    EXPECT_EQ(unreadable(readable(bytes)).value(), bytes);
  }
  EXPECT_EQ(readable("caf\xc3\xa9 \\ \n\x01"), "café \\\\ \\x0a\\x01");
  for (const auto* text : {"\\", "\\x4", "\\xzz", "\\n", "\\xAB"}) {
    EXPECT_FALSE(unreadable(text)) << text;
  }
}

TEST(Rows, EveryRegisteredProjectionCanBeWalkedRowByRow) {
  Recorder recorder;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "s" + std::to_string(i);
    recorder.create(name, "user" + std::to_string(i));
    events::ResponseRequested request;
    request.call_id = "call-m";
    request.request_hash = "hash";
    recorder.add("session-" + name, request);
    recorder.answer(name, response("m", "hi"));
  }
  recorder.add_raw("prompt-p", "PromptVersionStored", R"({"version":1,"kind":"text"})",
                   R"({"messages":[{"role":"user","content":"hi"}]})");
  recorder.add_raw("experiment-e", "ExperimentCreated",
                   R"({"unit":"user","variants":[{"name":"a","share":10000}],"seed":"s",)"
                   R"("coverage":10000,"metric":{"name":"thumbs","source":"score",)"
                   R"("goal":"increase","aggregate":"mean","missing":"left_out"},)"
                   R"("minimum_sample":200,"alpha":0.05})");
  std::set<std::string_view> names;
  const auto projections = all(test::keyed_hash());
  for (const auto& projection : projections) {
    EXPECT_TRUE(names.insert(projection->name()).second) << "two called " << projection->name();
    const Built built(recorder.log(), *projection);
    std::size_t rows = 0;
    std::string cursor;
    while (true) {
      const auto page = read_rows(built.model(), {}, cursor, 7);
      ASSERT_TRUE(page);
      rows += page->rows.size();
      if (!page->next) break;
      cursor = *page->next;
    }
    EXPECT_EQ(rows, built.rows().size()) << projection->name();
    EXPECT_GT(rows, 0U) << projection->name();
  }
}

TEST(Rows, APrefixNarrowsAndBadInputNamesTheField) {
  Recorder recorder;
  recorder.create("s1");
  recorder.create("s2");
  const auto projections = all(test::keyed_hash());
  const Built built(recorder.log(), *projections.front());
  EXPECT_EQ(read_rows(built.model(), "sdefault\\x00s2", {}, 10)->rows.size(), 1U);
  EXPECT_EQ(read_rows(built.model(), "\\q", {}, 10).error().field, "prefix");
  EXPECT_EQ(read_rows(built.model(), {}, "\\q", 10).error().field, "cursor");
  EXPECT_EQ(read_rows(built.model(), {}, {}, 0).error().field, "limit");
  EXPECT_EQ(read_rows(built.model(), {}, {}, kRowPageMax + 1).error().field, "limit");
}

TEST(Rows, ARowThatIsNewAndErasedAgainInOneBatchIsNotWritten) {
  const auto store = core::make_in_memory_read_model_store();
  const core::ViewId view{"view", 1, 0};
  ASSERT_TRUE(store->commit(view, {{"stored", "1"}}, core::Position{1}));
  const auto base = store->open(view).value();
  core::ReadModelBatch batch(*base);
  batch.put_new("passing", "x");
  batch.erase("passing");
  EXPECT_EQ(batch.get("missing"), nullptr);
  batch.put("missing", "x");
  batch.erase("missing");
  batch.erase("stored");
  batch.put_new("stored", "2");
  batch.erase("stored");
  batch.put_new("kept", "y");
  const std::vector<core::RowWrite> expected{{"kept", "y"}, {"stored", std::nullopt}};
  EXPECT_EQ(batch.take(), expected);
  EXPECT_EQ(batch.row_bytes(), 0U);
}

TEST(RowCodec, WhatIsWrittenIsReadAndNothingElse) {
  std::string bytes;
  row::Writer to(bytes);
  const std::vector<std::uint64_t> numbers{
      0, 1, 127, 128, 300, std::uint64_t{1} << 63, ~std::uint64_t{0}};
  for (const auto number : numbers) to.varint(number);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    to.signed_varint(number);
  }
  to.optional_text(std::nullopt);
  to.optional_text("");
  to.optional_text("text");
  to.name("name");
  to.big_endian_32(0x01020304);
  to.big_endian_64(42);

  row::Reader in(bytes);
  for (const auto number : numbers) EXPECT_EQ(in.varint(), number);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(in.signed_varint(), number);
  }
  EXPECT_FALSE(in.optional_text());
  EXPECT_EQ(in.optional_text(), "");
  EXPECT_EQ(in.optional_text(), "text");
  EXPECT_EQ(in.name(), "name");
  EXPECT_EQ(in.big_endian_32(), 0x01020304U);
  EXPECT_EQ(in.big_endian_64(), 42U);
  EXPECT_TRUE(in.done());
  in.byte();
  EXPECT_FALSE(in.ok());

  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    row::Reader part(std::string_view(bytes).substr(0, cut));
    for (std::size_t i = 0; i < numbers.size() + 4; ++i) part.varint();
    for (int i = 0; i < 3; ++i) part.optional_text();
    part.name();
    part.big_endian_32();
    part.big_endian_64();
    EXPECT_FALSE(part.ok()) << cut;
  }
}

}  // namespace
}  // namespace hansard::projections::test
