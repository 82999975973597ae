// A call names a prompt: what it is rendered to goes first, and the record says which it was.

#include <string>
#include <utility>

#include "named_rig.h"

namespace hansard::gateway::testing {
namespace {

using events::PromptRole;
using events::ResponseFailed;
using events::ResponseRequested;

constexpr const char* kAnthropicAnswer = R"({"id":"msg_1","type":"message","role":"assistant",
    "model":"claude-x","content":[{"type":"text","text":"Ho"}],"stop_reason":"end_turn",
    "stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":4}})";

class NamedPrompts : public NamedTest {
 protected:
  NamedPrompts() {
    store("greeting", "1", {{PromptRole::system, "Greet {{ who }} briefly."}});
    store(
        "greeting", "2",
        {{PromptRole::system, "Greet {{ who }} at length."}, {PromptRole::user, "I am {{ who }}."}},
        {{"ping", "pong"}});
    label("greeting", "production", "1");
    label("greeting", "staging", "2");
  }
  using Header = std::vector<core::HttpField>;
  static Header naming(const std::string& prompt, const std::string& variables = "") {
    Header fields{{"Hansard-Prompt", prompt}};
    if (!variables.empty()) fields.push_back({"hansard-variables", variables});
    return fields;
  }
  static Json chat(const std::string& messages) {
    return parsed(R"({"model":"gpt-x","messages":)" + messages + "}");
  }
  /// The call is refused before anybody is asked.
  Client& refused(Header fields, int status, const std::string& says,
                  const std::string& target = kChat, const std::string& body = plain_request()) {
    Client& client = send(target, body, std::move(fields));
    EXPECT_TRUE(provider_.calls.empty());
    EXPECT_EQ(client.status, status) << client.received;
    EXPECT_NE(client.received.find(says), std::string::npos) << client.received;
    EXPECT_TRUE(client.over);
    return client;
  }
  void expect_rebuilt(const std::string& body) {
    const auto asked = last_request();
    for (const Recorded& each : recorded()) {
      const auto* request = std::get_if<ResponseRequested>(&each.event);
      if (request == nullptr || request->call_id != asked.call_id) continue;
      const auto both = rebuilt(each.session, asked.call_id, asked.attempt);
      ASSERT_TRUE(both.request);
      EXPECT_TRUE(same_tree(*both.request, parsed(body))) << dump(*both.request) << "\n" << body;
    }
    EXPECT_EQ(asked.extra->find("messages"), nullptr) << "kept whole: " << dump(*asked.extra);
  }
};

TEST_F(NamedPrompts, RenderedMessagesComeFirstAndTheRequestSaysWhichPromptItWas) {
  exchange(kChat, parsed(plain_request()), plain_answer(), naming("greeting", R"({"who":"Ann"})"));
  EXPECT_EQ(sent_body(),
            R"({"model":"gpt-x","messages":[{"role":"system","content":"Greet Ann briefly."},)"
            R"({"role":"user","content":"Hi"}]})");
  for (const core::HttpField& field : upstream().sent.fields) {
    EXPECT_FALSE(field.name.starts_with("Hansard") || field.name.starts_with("hansard"));
  }
  const ResponseRequested asked = last_request();
  ASSERT_TRUE(asked.prompt);
  EXPECT_EQ(asked.prompt->name, "greeting");
  EXPECT_EQ(asked.prompt->version->text, "1");
  EXPECT_EQ(asked.prompt->label, "production");
  EXPECT_EQ(dump(*asked.variables), R"({"who":"Ann"})");
  EXPECT_FALSE(asked.variant);
  EXPECT_EQ(story(sessions().back()), "csmqr");
  expect_rebuilt(sent_body());
}

TEST_F(NamedPrompts, AVersionOrALabelMayBeNamed) {
  send(kChat, plain_request(), naming("greeting@2", R"({"who":"Ann"})"));
  upstream().head(200);
  EXPECT_EQ(last_request().prompt->version->text, "2");
  EXPECT_FALSE(last_request().prompt->label);
  send(kChat, plain_request(), naming("greeting@staging", R"({"who":"Ann"})"));
  upstream().head(200);
  EXPECT_EQ(last_request().prompt->version->text, "2");
  EXPECT_EQ(last_request().prompt->label, "staging");
}

TEST_F(NamedPrompts, TheClientNeedNotSayAnythingItself) {
  for (const std::string body : {R"({"model":"gpt-x"})", R"({"model":"gpt-x","messages":[]})",
                                 R"({"model":"gpt-x","messages":null})"}) {
    exchange(kChat, parsed(body), plain_answer(), naming("greeting@2", R"({"who":"Ann"})"));
    EXPECT_EQ(sent_json().find("messages")->if_array()->size(), 4U) << sent_body();
  }
  exchange(kMessages, parsed(R"({"model":"claude-x","max_tokens":9})"), kAnthropicAnswer,
           naming("greeting@2", R"({"who":"Ann"})"));
  EXPECT_EQ(sent_json().find("messages")->if_array()->size(), 3U) << sent_body();
  expect_rebuilt(sent_body());
}

TEST_F(NamedPrompts, SystemTextStandsWhereTheApiWantsIt) {
  exchange(kMessages,
           parsed(R"({"model":"claude-x","max_tokens":9,"system":"Be kind.",)"
                  R"("messages":[{"role":"user","content":"Hi"}]})"),
           kAnthropicAnswer, naming("greeting@2", R"({"who":"Ann"})"));
  EXPECT_EQ(*sent_json().find("system")->if_string(), "Greet Ann at length.\n\nBe kind.");
  EXPECT_EQ(
      dump(*sent_json().find("messages")),
      R"([{"role":"user","content":"ping"},{"role":"assistant","content":)"
      R"([{"type":"text","text":"pong"}]},{"role":"user","content":"I am Ann."},{"role":"user","content":"Hi"}])");
  expect_rebuilt(sent_body());

  send(kMessages,
       R"({"model":"claude-x","max_tokens":9,"system":[{"type":"text","text":"Be kind."}],)"
       R"("messages":[{"role":"user","content":"Hi"}]})",
       naming("greeting", R"({"who":"Ann"})"));
  EXPECT_EQ(dump(*sent_json().find("system")),
            R"([{"type":"text","text":"Greet Ann briefly."},{"type":"text","text":"Be kind."}])");

  send(kResponses, R"({"model":"gpt-x","input":"Hi"})", naming("greeting", R"({"who":"Ann"})"));
  EXPECT_EQ(*sent_json().find("instructions")->if_string(), "Greet Ann briefly.");
  EXPECT_EQ(dump(*sent_json().find("input")), R"("Hi")");

  send(kOllama, R"({"model":"llama","messages":[{"role":"user","content":"Hi"}]})",
       naming("greeting", R"({"who":"Ann"})"));
  EXPECT_EQ(dump(*sent_json().find("messages")),
            R"([{"role":"system","content":"Greet Ann briefly."},{"role":"user","content":"Hi"}])");

  send("/api/generate", R"({"model":"llama","prompt":"Hi"})",
       naming("greeting", R"({"who":"Ann"})"));
  EXPECT_EQ(*sent_json().find("system")->if_string(), "Greet Ann briefly.");
  EXPECT_EQ(*sent_json().find("prompt")->if_string(), "Hi");
}

TEST_F(NamedPrompts, ACallThatGoesOnFromAKeptAnswerDoesNotRepeatTheExamples) {
  send(kResponses, R"({"model":"gpt-x","previous_response_id":"resp_1","input":"Hi"})",
       naming("greeting@2", R"({"who":"Ann"})"));
  EXPECT_EQ(sent_body().find("ping"), std::string::npos) << sent_body();
  EXPECT_EQ(*sent_json().find("instructions")->if_string(), "Greet Ann at length.");
}

TEST_F(NamedPrompts, AFollowUpCallGoesOnInItsConversation) {
  for (const std::string prompt : {"greeting@1", "greeting@2"}) {
    const auto names = naming(prompt, R"({"who":"Ann"})");
    const std::string first = R"({"role":"user","content":"Hi from )" + prompt + R"("})";
    exchange(kChat, chat("[" + first + "]"), plain_answer(), names);
    const std::size_t begun = sessions().size();
    exchange(kChat,
             chat("[" + first +
                  R"(,{"role":"assistant","content":"Ho"},)"
                  R"({"role":"user","content":"And now?"}])"),
             plain_answer(), names);
    EXPECT_EQ(sessions().size(), begun) << prompt;
    EXPECT_EQ(story(sessions().back()), prompt == "greeting@1" ? "csmqrmqr" : "csmmqrmqr")
        << "what the prompt says is recorded once";
    expect_rebuilt(sent_body());
  }
}

TEST_F(NamedPrompts, ExamplesOfAPromptJoinNoConversations) {
  const auto names = naming("greeting@2", R"({"who":"Ann"})");
  exchange(kChat, chat(R"([{"role":"user","content":"One"}])"), plain_answer(), names);
  exchange(kChat, chat(R"([{"role":"user","content":"Two"}])"), plain_answer(), names);
  ASSERT_EQ(recorded_of<events::SessionCreated>().size(), 2U);
  EXPECT_TRUE(recorded_of<events::SessionForked>().empty());
}

TEST_F(NamedPrompts, TheBodyMayNameItToo) {
  exchange(kChat,
           parsed(R"({"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"hansard":)"
                  R"({"prompt":"greeting@1","variables":{"who":"Bob"},"user":"u1","session":"s1",)"
                  R"("agent":"a1"}})"),
           plain_answer());
  EXPECT_EQ(sent_body().find("hansard"), std::string::npos) << sent_body();
  EXPECT_NE(sent_body().find("Greet Bob briefly."), std::string::npos);
  EXPECT_EQ(sessions().back(), "s1");
  const auto created = recorded_of<events::SessionCreated>();
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].user, "u1");
  EXPECT_EQ(created[0].agent, "a1");
  EXPECT_EQ(last_request().parameters->find("hansard"), nullptr);
}

TEST_F(NamedPrompts, WhatTheHeaderSaysCounts) {
  send(kChat,
       R"({"model":"gpt-x","messages":[],"hansard":{"prompt":"none@7","user":"u1",)"
       R"("variables":{"who":"Bob"}}})",
       {{"Hansard-Prompt", "greeting"}, {"Hansard-User", "u2"}});
  EXPECT_NE(sent_body().find("Greet Bob briefly."), std::string::npos) << sent_body();
  EXPECT_EQ(recorded_of<events::SessionCreated>()[0].user, "u2");
}

TEST_F(NamedPrompts, AWordInABodyIsNoMemberOfIt) {
  const std::string body =
      R"({ "model":"gpt-x", "messages":[{"role":"user","content":"\"hansard\" \"hansard\""}],)"
      R"("metadata":{"hansard":"x"} })";
  send(kChat, body);
  EXPECT_EQ(sent_body(), body) << "byte for byte";
}

TEST_F(NamedPrompts, WhatCannotBeHadIsRefusedBeforeAnybodyIsAsked) {
  refused(naming("farewell"), 404, "there is no prompt 'farewell'");
  refused(naming("greeting@9"), 404, "'greeting' has no version or label '9'");
  refused(naming("gre eting"), 400, "1 to 100 of A-Z");
  refused(naming(""), 400, "Hansard-Prompt: names no prompt");
  refused(naming("greeting@"), 400, "expected a version or a label");
  refused(naming("greeting"), 400, "who");
  refused(naming("greeting", R"({"who":"Ann","whom":"Bob"})"), 400, "whom");
  refused(naming("greeting", R"({"who":)"), 400, "Hansard-Variables: is no JSON");
  refused(naming("greeting", R"(["Ann"])"), 400, "expected a JSON object");
  refused({{"Hansard-Variables", "{}"}}, 400, "neither a prompt nor an experiment is named");
  refused({{"Hansard-Experiment", "none"}}, 404, "there is no experiment 'none'");
  refused(naming("greeting", R"({"who":"Ann"})"), 400, "takes no prompt", "/v1/embeddings",
          R"({"model":"e","input":"x"})");
  refused(naming("greeting", R"({"who":"Ann"})"), 400, "APIs that are known", "/v1/other", "{}");
  refused({}, 400, "hansard.promt: is not known", kChat,
          R"({"model":"gpt-x","messages":[],"hansard":{"promt":"greeting"}})");
  refused({}, 400, "hansard.prompt: expected a text", kChat,
          R"({"model":"gpt-x","messages":[],"hansard":{"prompt":7}})");
  refused({}, 400, "hansard: expected an object", kChat,
          R"({"model":"gpt-x","messages":[],"hansard":"greeting"})");
}

TEST_F(NamedPrompts, ARefusalIsOnRecordAndInTheWordsOfTheApi) {
  Client& client = refused(naming("farewell"), 404, "", kMessages,
                           R"({"model":"claude-x","max_tokens":9,)"
                           R"("messages":[{"role":"user","content":"Hi"}]})");
  EXPECT_EQ(*parsed(client.received).find("error")->find("type")->if_string(), "not_found_error");
  EXPECT_EQ(decision("prompt"), "refused");
  EXPECT_FALSE(last_request().provider);
  const auto failed = recorded_of<ResponseFailed>();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].reason, events::FailureReason::stopped);
  EXPECT_EQ(failed[0].status, 404U);
}

TEST_F(NamedPrompts, CallsThatNobodyRecordsAreRenderedToo) {
  GatewayOptions options;
  options.recording = Recording::off;
  restart(options);
  exchange(kChat, parsed(plain_request()), plain_answer(), naming("greeting", R"({"who":"Ann"})"));
  EXPECT_NE(sent_body().find("Greet Ann briefly."), std::string::npos);
  EXPECT_TRUE(recorded_of<ResponseRequested>().empty());
}

TEST_F(NamedPrompts, AClientThatLeavesBeforeThePromptIsReadAsksNobody) {
  holds_posts_ = true;
  Client& client = send(kChat, plain_request(), naming("greeting", R"({"who":"Ann"})"));
  client.leave();
  holds_posts_ = false;
  run_posted();
  EXPECT_TRUE(provider_.calls.empty());
  EXPECT_EQ(client.told, 0);
}

}  // namespace
}  // namespace hansard::gateway::testing
