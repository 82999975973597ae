#include "importers/importer.h"

#include "importing.h"

namespace {

using namespace hansard;
using importers::Imported;
using importers::ImportItem;
using importers::test::golden;
using importers::test::Importing;
using importers::test::items_of;

using Types = std::vector<std::string>;

TEST_F(Importing, EachShapeOfFileIsRead) {
  for (const char* file : {"list.json", "wrapped.jsonl", "tau.jsonl"}) {
    EXPECT_GT(fresh(take(file)), 0U) << file;
  }
  EXPECT_EQ(types("chat-77"), (Types{"SessionCreated", "MessageSent", "ResponseReceived"}));
}

TEST_F(Importing, ToolsAreCalledAndReturnInOrder) {
  const auto results = take("wrapped.jsonl");
  EXPECT_EQ(types(results[0].session_id),
            (Types{"SessionCreated", "SessionConfigured", "MessageSent", "ResponseReceived",
                   "ToolCalled", "ToolCompleted", "ResponseReceived"}));
}

TEST_F(Importing, TheSameFileAgainAddsNothing) {
  for (const char* file : {"list.json", "wrapped.jsonl", "tau.jsonl"}) take(file);
  const core::Position end = log_.end();
  for (const char* file : {"tau.jsonl", "list.json", "wrapped.jsonl"}) {
    for (const Imported& result : take(file)) {
      EXPECT_EQ(result.new_events, 0U);
      EXPECT_GT(result.known_events, 0U);
    }
  }
  EXPECT_EQ(log_.end(), end);
}

TEST_F(Importing, AGrownFileAddsItsNewPartOnly) {
  auto items = items_of(golden("list.json"));
  take(items);
  events::SendMessage more_said;
  more_said.message_id = "m" + std::to_string(items[0].steps.size());
  more_said.role = events::Role::user;
  more_said.parts = {events::Part::make_text("And Linz?")};
  items[0].steps.push_back({more_said, std::nullopt, false});
  auto more = items_of(golden("wrapped.jsonl"));
  items.insert(items.end(), more.begin(), more.end());
  const auto results = take(items);
  EXPECT_EQ(results[0].new_events, 1U);
  EXPECT_EQ(results[0].known_events, 3U);
  EXPECT_EQ(results[1].known_events, 0U);
}

TEST_F(Importing, AnEarlierStateOfAConversationAddsNothing) {
  auto items = items_of(golden("list.json"));
  take(items);
  items[0].steps.pop_back();
  EXPECT_EQ(fresh(take(items)), 0U);
}

TEST_F(Importing, ConversationsThatBeginAlikeStayApart) {
  const std::string lines =
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hello\"}]\n"
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hey\"}]\n"
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"yo\"}]\n";
  const auto results = take(items_of(lines));
  EXPECT_EQ(fresh(results), 9U);
  EXPECT_EQ(results[1].session_id, results[0].session_id + "~1");
  EXPECT_EQ(results[2].session_id, results[0].session_id + "~2");
  const auto again = take(items_of(lines));
  EXPECT_EQ(fresh(again), 0U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(again[i].session_id, results[i].session_id);
}

TEST_F(Importing, EqualConversationsOfOneFileAreTwoAndStayTwo) {
  const std::string lines =
      "[{\"role\":\"user\",\"content\":\"hi\"}]\n[{\"role\":\"user\",\"content\":\"hi\"}]\n";
  EXPECT_EQ(fresh(take(items_of(lines))), 4U);
  EXPECT_EQ(fresh(take(items_of(lines))), 0U);
}

TEST_F(Importing, OneIdInTwoFilesIsOneConversation) {
  const std::string line = R"({"id":"a","messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(fresh(take(items_of(line))), 2U);
  EXPECT_EQ(fresh(take(items_of(R"({"other":1,)" + line.substr(1)))), 0U);
}

TEST_F(Importing, OneIdWithOtherWordsIsAnother) {
  take(items_of(R"({"id":"a","messages":[{"role":"user","content":"hi"}]})"));
  const auto results = take(items_of(R"({"id":"a","messages":[{"role":"user","content":"ho"}]})"));
  EXPECT_EQ(results[0].session_id, "a~1");
  EXPECT_EQ(types("a~1"), (Types{"SessionCreated", "MessageSent"}));
}

TEST_F(Importing, ADamagedFileLosesOnlyWhatIsDamaged) {
  std::vector<std::uint64_t> problems;
  const auto results = take(items_of(golden("damaged.jsonl"), &problems));
  EXPECT_EQ(problems, (std::vector<std::uint64_t>{2, 3, 4, 6}));
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].session_id, "good-1");
  EXPECT_EQ(results[2].session_id, "good-2");
  EXPECT_EQ(types("good-2").size(), 2U);
}

TEST_F(Importing, ALongConversationIsOneWhateverTheNumberOfAppends) {
  std::string text = "{\"id\":\"long\",\"messages\":[";
  for (std::size_t i = 0; i < 3 * importers::Importer::kStepsPerAppend; ++i) {
    text += (i == 0 ? "" : ",") + std::string(R"({"role":"user","content":"line )") +
            std::to_string(i) + "\"}";
  }
  text += "]}";
  EXPECT_EQ(fresh(take(items_of(text))), 3 * importers::Importer::kStepsPerAppend + 1);
  EXPECT_EQ(fresh(take(items_of(text))), 0U);
}

/// `steps` of one conversation in pieces of one step.
std::vector<ImportItem> in_pieces(const std::string& text) {
  const ImportItem whole = items_of(text).front();
  std::vector<ImportItem> pieces;
  for (const events::RecordedStep& step : whole.steps) {
    ImportItem piece = whole;
    piece.steps = {step};
    piece.continues = !pieces.empty();
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

TEST_F(Importing, PiecesOfAConversationFollowItsFirst) {
  const std::string said = R"({"id":"a","messages":[{"role":"user","content":"hi"},)";
  take(items_of(said + R"({"role":"assistant","content":"hello"}]})"));
  const std::string other = R"({"id":"a","messages":[{"role":"user","content":"ho"},)"
                            R"({"role":"assistant","content":"hello"}]})";
  const auto results = take(in_pieces(other));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(fresh(results), 3U);
  EXPECT_EQ(results[1].session_id, "a~1") << "the second piece alone would fit the first session";
  EXPECT_EQ(results[1].alike, 1U);

  // The same, when the second piece comes with the next batch.
  std::vector<ImportItem> pieces = in_pieces(other);
  pieces[1].alike = take({pieces[0]})[0].alike;
  EXPECT_EQ(take({pieces[1]})[0].session_id, "a~1");
}

TEST_F(Importing, APieceFailsWithTheOneItContinues) {
  std::vector<ImportItem> pieces = in_pieces(
      R"({"id":"a","messages":[{"role":"user","content":"hi"},{"role":"user","content":"ho"}]})");
  std::get<events::SendMessage>(pieces[0].steps[0].step).message_id.clear();
  const auto results = take(pieces);
  ASSERT_TRUE(results[0].error);
  ASSERT_TRUE(results[1].error);
  EXPECT_EQ(results[1].error->message, results[0].error->message);
  EXPECT_TRUE(types("a").empty()) << "a conversation has no holes";
}

TEST_F(Importing, AnEmptyBatchIsAnsweredToo) {
  EXPECT_TRUE(take(std::vector<ImportItem>{}).empty());
}

}  // namespace
