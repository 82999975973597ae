// Keys go where they belong, and are in no event.

#include <string>
#include <vector>

#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

class SecretsTest : public GatewayTest {};

TEST_F(SecretsTest, KeysOfClientsGoOnAndAreInNoEvent) {
  const std::string chat = "sk-planted-0123456789abcdef";
  const std::string other = "sk-ant-planted-fedcba9876543210";
  const std::vector<core::HttpField> fields{{"Authorization", "Bearer " + chat},
                                            {"x-api-key", other}};
  exchange(kChat, parsed(plain_request()), plain_answer(), fields);
  EXPECT_EQ(upstream().sent.fields.front().value, "Bearer " + chat);
  EXPECT_EQ(upstream().sent.fields[1].value, other);
  // Some hosts say in their errors which key they were given.
  exchange(kChat, parsed(plain_request()),
           R"({"error":{"message":"Incorrect API key: )" + chat + R"(","type":"auth"}})", fields,
           401);
  exchange(kChat, parsed(plain_request()), "wrong key: " + other, fields, 403);
  exchange(kMessages, parsed(message_stream().request),
           sse("error", R"({"type":"error","error":{"type":"x","message":")" + other + "\"}}"),
           fields);
  EXPECT_EQ(recorded_of<events::ResponseFailed>().size(), 3U);
  const std::string raw = raw_log();
  EXPECT_EQ(raw.find(chat), std::string::npos);
  EXPECT_EQ(raw.find(other), std::string::npos);
  EXPECT_NE(raw.find("Incorrect API key: "), std::string::npos);
}

TEST_F(SecretsTest, KeysOfOursNeverGoOn) {
  const std::string key = "hsd_planted0123456789";
  for (const core::HttpField& field :
       std::vector<core::HttpField>{{"Authorization", "Bearer " + key},
                                    {"authorization", "bearer  " + key},
                                    {"X-Api-Key", key},
                                    {"api-key", key},
                                    {"x-goog-api-key", key},
                                    {"Hansard-Key", key},
                                    {"Hansard-User", key}}) {
    Client& client = send(kChat, plain_request(), {field, {"X-Kept", "kept"}});
    bool kept = false;
    for (const core::HttpField& sent : upstream().sent.fields) {
      EXPECT_EQ(sent.value.find(key), std::string::npos) << field.name;
      kept = kept || sent.name == "X-Kept";
    }
    EXPECT_TRUE(kept);
    client.leave();
  }
}

TEST_F(SecretsTest, NothingOfTheConnectionAndNothingOfOursGoesOn) {
  send(kChat, plain_request(),
       {{"Host", "localhost"},
        {"Connection", "close"},
        {"Content-Length", "7"},
        {"Hansard-Session", "s1"},
        {"hansard-tag-team", "blue"},
        {"Accept-Encoding", "gzip, br"},
        {"OpenAI-Beta", "x"}});
  std::vector<std::string> names;
  for (const core::HttpField& field : upstream().sent.fields) {
    names.push_back(field.name);
    if (field.name == "Accept-Encoding") {
      EXPECT_EQ(field.value, "gzip") << "what can be read while it passes";
    }
  }
  EXPECT_EQ(names, (std::vector<std::string>{"OpenAI-Beta", "Accept-Encoding"}));
}

}  // namespace
}  // namespace hansard::gateway::testing
