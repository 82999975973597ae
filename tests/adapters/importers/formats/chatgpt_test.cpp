#include "formats/chatgpt.h"

#include <set>

#include "collect.h"
#include "events/session/step_body.h"
#include "support/golden.h"

namespace {

using namespace hansard;
using events::ForkSession;
using events::RecordResponse;
using events::SendMessage;
using importers::Piece;
using importers::test::read;
using importers::test::text_of;
using importers::test::Told;
using Texts = std::vector<std::string>;

Told chatgpt(std::string_view text) { return read(importers::chatgpt_reader, text); }
Told fixture() { return chatgpt(support::golden("import/chatgpt.json")); }

Told session(const Told& told, std::string_view name) {
  Told of;
  for (const Piece& piece : told.pieces) {
    if (piece.session.id == name) of.pieces.push_back(piece);
  }
  return of;
}

Texts said(const Told& told) {
  Texts texts;
  for (const Piece& piece : told.pieces) {
    for (const auto& step : piece.steps) {
      if (const auto* sent = std::get_if<SendMessage>(&step.step)) {
        const bool user = sent->role == events::Role::user;
        texts.push_back((user ? "user: " : "system: ") + text_of(sent->parts));
      } else if (const auto* answer = std::get_if<RecordResponse>(&step.step)) {
        texts.push_back("answer: " + text_of(answer->parts));
      }
    }
  }
  return texts;
}

std::string node(std::string_view id, std::string_view parent, std::string_view children,
                 std::string_view role, std::string_view content) {
  return "\"" + std::string(id) + R"(":{"id":")" + std::string(id) + R"(","parent":)" +
         std::string(parent) + R"(,"children":[)" + std::string(children) +
         R"(],"message":{"id":"m","author":{"role":")" + std::string(role) + R"("},"content":)" +
         std::string(content) + "}}";
}
std::string conversation(std::string_view nodes, std::string_view current = "a") {
  return R"([{"conversation_id":"c","current_node":")" + std::string(current) + R"(","mapping":{)" +
         std::string(nodes) + "}}]";
}
constexpr std::string_view kHi = R"({"content_type":"text","parts":["hi"]})";

TEST(ChatGpt, TheFirstChildOfANodeGoesOnAndOthersAreBranches) {
  const Told told = fixture();
  EXPECT_TRUE(told.failed.empty());
  EXPECT_EQ(said(session(told, "conv-1")),
            (Texts{"system: ", "user: What is 6 times 7?", "answer: 41"}));
  EXPECT_EQ(said(session(told, "conv-1~a2")), (Texts{"answer: 42", "user: Count the dots.",
                                                     "answer: ", "answer: ", "answer: Four."}));
  EXPECT_EQ(said(session(told, "conv-1~u3")), (Texts{"user: What is 6 + 7?", "answer: 13"}));
  EXPECT_EQ(said(session(told, "conv-2")), Texts{"user: hello"});
}

TEST(ChatGpt, ABranchLeavesAtTheMessageBeforeItForItsReason) {
  const auto forks = fixture().steps<ForkSession>();
  ASSERT_EQ(forks.size(), 2U);
  EXPECT_EQ(forks[0].child, "conv-1~u3");
  EXPECT_EQ(forks[0].at_message, "s1");
  EXPECT_EQ(forks[0].reason, events::ForkReason::edit);
  EXPECT_EQ(forks[1].child, "conv-1~a2");
  EXPECT_EQ(forks[1].at_message, "u1");
  EXPECT_EQ(forks[1].reason, events::ForkReason::retry);
}

TEST(ChatGpt, AForkIsToldBeforeWhatIsSaidInIt) {
  std::set<std::string> known{"conv-1", "conv-2"};
  const Told told = fixture();
  for (const Piece& piece : told.pieces) {
    EXPECT_EQ(known.count(piece.session.id), 1U) << piece.session.id;
    for (const auto& step : piece.steps) {
      if (const auto* fork = std::get_if<ForkSession>(&step.step)) known.insert(fork->child);
    }
  }
}

TEST(ChatGpt, SettingsNameTheSessionOfTheCurrentNode) {
  const Told told = fixture();
  const auto settings = told.steps<events::ConfigureSession>();
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_EQ(dump(*settings[0].settings->find("current_session")), R"("conv-1~a2")");
  EXPECT_EQ(dump(*settings[0].settings->find("is_archived")), "false");
  EXPECT_EQ(settings[0].model, "gpt-4o");
  EXPECT_EQ(told.pieces.at(0).create.title, "Sums");
  EXPECT_FALSE(session(told, "conv-2").pieces.at(0).create.title);
}

TEST(ChatGpt, AnswersHaveModelTimeAndReasonAndNoUsage) {
  const auto answers = session(fixture(), "conv-1~a2").steps<RecordResponse>();
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].message_id, "a2");
  EXPECT_EQ(answers[0].model, "gpt-4o");
  EXPECT_EQ(answers[0].finish_reason, events::FinishReason::stop);
  EXPECT_EQ(answers[3].finish_reason, events::FinishReason::cancelled);
  for (const auto& each : answers) EXPECT_FALSE(each.usage);
  const Told main = session(fixture(), "conv-1");
  EXPECT_FALSE(main.pieces.at(0).steps.at(1).occurred_at) << "the system message has no time";
  EXPECT_TRUE(main.pieces.at(0).steps.back().occurred_at);
}

TEST(ChatGpt, ThoughtsAndPicturesAreParts) {
  const Told told = session(fixture(), "conv-1~a2");
  const auto thoughts = told.steps<RecordResponse>().at(1).parts;
  ASSERT_EQ(thoughts.size(), 1U);
  EXPECT_EQ(thoughts[0].kind(), "thinking");
  EXPECT_EQ(thoughts[0].text(), "I count them.");
  const auto picture = told.steps<SendMessage>().at(0).parts;
  ASSERT_EQ(picture.size(), 2U);
  EXPECT_EQ(picture[0].kind(), "image");
  EXPECT_EQ(dump(*picture[0].json.find("url")), R"("file-service://file-1")");
}

TEST(ChatGpt, AMessageToAToolIsACallAndTheToolsMessageItsResult) {
  const Told told = fixture();
  const auto calls = told.steps<events::CallTool>();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].tool, "python");
  EXPECT_EQ(dump(calls[0].arguments), R"j("print(4)")j");
  const auto results = told.steps<events::CompleteTool>();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].message_id, "c1");
  EXPECT_EQ(dump(results[0].output), R"("4\n")");
  EXPECT_FALSE(results[1].message_id) << "nobody called the browser";
  EXPECT_EQ(results[1].result_id, "r2");
}

TEST(ChatGpt, WhatIsNotKnownIsAttached) {
  const Told told = fixture();
  EXPECT_EQ(told.attached_at(), Texts{"mapping.k1"});
  EXPECT_EQ(told.attached_because(), Texts{"content of kind reasoning_recap is not known"});
  const Told odd = chatgpt(
      conversation(node("a", "null", "", "user", R"({"content_type":"hologram","rays":[1]})")));
  EXPECT_EQ(odd.attached_at(), Texts{"mapping.a"});
  EXPECT_TRUE(odd.failed.empty());
}

TEST(ChatGpt, ALaterBranchAddsToWhatWasTold) {
  const std::string early = conversation(node("u", "null", "\"a\"", "user", kHi) + "," +
                                         node("a", "\"u\"", "", "assistant", kHi));
  const std::string later = conversation(node("u", "null", "\"a\",\"b\"", "user", kHi) + "," +
                                             node("a", "\"u\"", "", "assistant", kHi) + "," +
                                             node("b", "\"u\"", "", "assistant", kHi),
                                         "b");
  const auto steps_of = [](const Told& told) {
    std::multiset<std::string> all;
    for (const Piece& piece : told.pieces) {
      for (const auto& step : piece.steps) {
        if (std::holds_alternative<events::ConfigureSession>(step.step)) continue;
        std::visit(
            [&](const auto& each) {
              all.insert(piece.session.id + events::write_step({each, std::nullopt, true}).body);
            },
            step.step);
      }
    }
    return all;
  };
  const auto before = steps_of(chatgpt(early));
  const auto after = steps_of(chatgpt(later));
  EXPECT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end()));
  EXPECT_EQ(after.size(), before.size() + 2) << "the fork and its answer";
}

TEST(ChatGpt, AChildCountsWhereItsParentDoesNotListIt) {
  const Told told = chatgpt(conversation(node("u", "null", "", "user", kHi) + "," +
                                         node("a", "\"u\"", "\"x\"", "assistant", kHi)));
  EXPECT_EQ(said(told), (Texts{"user: hi", "answer: hi"}));
}

TEST(ChatGpt, NodesInARingAreAttachedAndTheRestIsTold) {
  const Told told = chatgpt(conversation(node("u", "null", "", "user", kHi) + "," +
                                         node("x", "\"y\"", "\"y\"", "user", kHi) + "," +
                                         node("y", "\"x\"", "\"x\"", "user", kHi)));
  EXPECT_EQ(said(told), Texts{"user: hi"});
  EXPECT_EQ(told.attached_at(), (Texts{"mapping.x", "mapping.y"}));
}

TEST(ChatGpt, AConversationWithoutNodesIsToldAsFailed) {
  const Told told = chatgpt(R"([{"id":"c","mapping":7},{"id":"d","mapping":{}}])");
  EXPECT_EQ(told.failed.size(), 1U);
  EXPECT_EQ(told.failed.at(0).second.field, "mapping");
}

TEST(ChatGpt, ALongConversationIsToldInPieces) {
  std::string nodes = node("n0", "null", "", "user", kHi);
  for (int i = 1; i < 2000; ++i) {
    nodes +=
        "," + node("n" + std::to_string(i), "\"n" + std::to_string(i - 1) + "\"", "", "user", kHi);
  }
  const Told told = chatgpt(conversation(nodes, "n1999"));
  EXPECT_GT(told.pieces.size(), 4U);
  EXPECT_EQ(told.steps<SendMessage>().size(), 2000U);
}

/// The fixture, with this beside it.
Told with_feedback(const std::string& feedback) {
  return read(importers::chatgpt_reader, support::golden("import/chatgpt.json"),
              [feedback](std::string_view name) -> std::optional<std::string> {
                EXPECT_EQ(name, "message_feedback.json");
                return feedback;
              });
}
std::string thumbs(std::string_view message, std::string_view rating, std::string_view more = "",
                   std::string_view conversation = "conv-1") {
  return R"({"message_id":")" + std::string(message) + R"(","conversation_id":")" +
         std::string(conversation) + R"(","user_id":"user-1","rating":")" + std::string(rating) +
         "\"" + std::string(more) + "}";
}

TEST(ChatGpt, ThumbsAreScoresOfTheirMessagesInTheSessionThatHoldsThem) {
  const Told told = with_feedback(
      "[" +
      thumbs("a1", "thumbsDown", R"(,"content":"{\"tags\":[\"false\"],\"text\":\"It is 42\"}")") +
      "," + thumbs("a2", "thumbs_up", R"(,"create_time":"2026-02-03T04:05:06Z")") + "," +
      thumbs("a1", "thumbs_up", "", "another") + "]");
  EXPECT_TRUE(told.failed.empty());
  const auto scores = told.steps<events::RecordScore>();
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].target_id, "a1");
  EXPECT_EQ(scores[0].target_kind, events::TargetKind::message);
  EXPECT_EQ(scores[0].name, "thumbs");
  EXPECT_EQ(dump(scores[0].value), "false");
  EXPECT_EQ(scores[0].evaluator, "user");
  EXPECT_EQ(scores[0].comment, "It is 42");
  EXPECT_EQ(dump(*scores[0].metadata->find("user_id")), R"("user-1")");
  const Told branch = session(told, "conv-1~a2");
  ASSERT_EQ(branch.steps<events::RecordScore>().size(), 1U) << "the second is of a branch";
  EXPECT_EQ(branch.steps<events::RecordScore>()[0].target_id, "a2");
  EXPECT_EQ(dump(branch.steps<events::RecordScore>()[0].value), "true");
  bool timed = false;
  for (const auto& step : branch.pieces[0].steps) {
    const bool score = std::holds_alternative<events::RecordScore>(step.step);
    timed = timed || (score && step.occurred_at.has_value());
  }
  EXPECT_TRUE(timed);
}

TEST(ChatGpt, ThumbsThatSayNothingOrOfNothingAreAttached) {
  const Told told =
      with_feedback("[" + thumbs("nobody", "thumbs_up") + "," + thumbs("a1", "") + "]");
  EXPECT_TRUE(told.steps<events::RecordScore>().empty());
  std::size_t attached = 0;
  for (const auto& each : told.steps<events::AttachRecord>()) {
    attached += each.kind == "chatgpt.feedback" ? 1 : 0;
  }
  EXPECT_EQ(attached, 2U);
}

TEST(ChatGpt, BrokenFeedbackIsToldAndCostsNoConversation) {
  for (const char* broken : {"{", "{}", "[1]"}) {
    const Told told = with_feedback(broken);
    ASSERT_EQ(told.failed.size(), 1U) << broken;
    EXPECT_NE(told.failed[0].second.message.find("message_feedback.json"), std::string::npos);
    EXPECT_EQ(told.pieces.size(), fixture().pieces.size());
  }
}

}  // namespace
