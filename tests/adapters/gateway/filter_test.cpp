// What is not to be recorded goes out and comes back as it is, and is on no record.

#include <string>
#include <vector>

#include "rig.h"

namespace hansard::gateway::testing {
namespace {

constexpr std::string_view kSecret = "ann.secret@example.com";

class FilterTest : public GatewayTest {
 protected:
  void SetUp() override {
    auto filter = events::Filter::make({{"email", "key"}, {{"plan", "gold", "parts[*].text", {}}}},
                                       keyed_hash_);
    ASSERT_TRUE(filter) << filter.error().message;
    filter_ = *std::move(filter);
    // As after a start: every session may be the one, and what was said decides.
    find_sessions_ = [this](const core::ProjectId&, const events::Digest&, std::size_t) {
      return sessions();
    };
    restart();
  }
  /// Texts in turn of the user and the model; the last is what the model says.
  void say(std::vector<std::string> texts) {
    const std::string last = texts.back();
    texts.pop_back();
    Json::Array messages;
    for (const std::string& text : texts) {
      const char* role = messages.size() % 2 == 0 ? "user" : "assistant";
      messages.push_back(Json::Object{{"role", role}, {"content", text}});
    }
    const Json body =
        Json::Object{{"model", "gpt-x"}, {"user", kSecret}, {"messages", std::move(messages)}};
    const Json choice =
        Json::Object{{"index", 0},
                     {"message", Json::Object{{"role", "assistant"}, {"content", last}}},
                     {"finish_reason", "stop"}};
    const std::string answer = dump(Json::Object{{"id", "c1"},
                                                 {"object", "chat.completion"},
                                                 {"created", 1},
                                                 {"model", "gpt-x"},
                                                 {"choices", Json::Array{choice}}});
    Client& client = exchange("/v1/chat/completions", body, answer);
    EXPECT_EQ(client.received, answer) << "the client has its answer as it came";
    EXPECT_TRUE(events::same_tree(parsed(upstream().sent.body), body)) << "so has the provider";
  }
};

TEST_F(FilterTest, AConversationWithASecretGoesOnAsTheSameOne) {
  const std::string ask = "I am " + std::string(kSecret) + " with a gold card";
  const std::string reply = "Hello " + std::string(kSecret);
  say({ask, reply});
  say({ask, reply, "and now?", "Now gold."});
  ASSERT_EQ(sessions().size(), 1U);
  restart();
  say({ask, reply, "and now?", "Now gold.", "again", "Yes."});
  EXPECT_EQ(sessions().size(), 1U) << "after a restart, too";
  EXPECT_EQ(raw_log().find(kSecret), std::string::npos) << raw_log();
  const auto messages = recorded_of<events::MessageSent>();
  ASSERT_EQ(messages.size(), 3U) << "each is on record once";
  EXPECT_EQ(plain_text(messages[0].parts), "I am [removed:email] with a [removed:plan] card");
  ASSERT_TRUE(messages[0].filtered);
  EXPECT_EQ(dump(*messages[0].filtered), R"({"email":1,"plan":1})");
  const auto answers = recorded_of<events::ResponseReceived>();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(plain_text(answers[0].parts), "Hello [removed:email]");
  EXPECT_EQ(plain_text(answers[1].parts), "Now [removed:plan].");
}

}  // namespace
}  // namespace hansard::gateway::testing
