#include "projections/conversation_index.h"

#include <algorithm>
#include <map>
#include <set>

#include "events/conversation/keys.h"
#include "projections/row.h"
#include "random_log.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

using events::Digest;

class ConversationIndexTest : public ::testing::Test {
 protected:
  void ask(const std::string& call, std::uint32_t attempt = 1) {
    events::ResponseRequested request;
    request.call_id = call;
    request.attempt = attempt;
    request.extra = events::parse_json(R"({"dialect":"openai.chat"})").value();
    request.request_hash = "00ff";  // by the gateway
    recorder.add("session-s1", request);
  }
  void answer(const std::string& call, std::uint32_t attempt = 1) {
    events::ResponseReceived event =
        response("m-" + call + "-" + std::to_string(attempt), "answer of " + call);
    event.call_id = call;
    if (attempt > 1) event.attempt = attempt;
    recorder.answer("s1", event);
  }
  void fail(const std::string& call, std::uint32_t attempt) {
    events::ResponseFailed event;
    event.call_id = call;
    event.attempt = attempt;
    recorder.add("session-s1", event);
  }
  /// What s1 says, utterance by utterance.
  std::vector<Digest> said() {
    events::Transcript transcript(digester);
    const events::SessionCodec codec;
    EXPECT_TRUE(recorder.log().read({}, [&](const core::RecordedEvent& event) {
      transcript.apply(codec.decode(event)->event, event.version, "s1");
      return true;
    }));
    std::vector<Digest> digests;
    for (const events::Utterance& each : transcript.utterances()) digests.push_back(each.digest);
    return digests;
  }
  std::vector<std::string> found(const Digest& key) {
    const Built built(recorder.log(), index);
    return find_conversations(built.model(), recorder.project(), key, 8).value();
  }
  std::vector<std::string> open() {
    const Built built(recorder.log(), index);
    std::vector<std::string> calls;
    const core::Position end{recorder.log().end()};
    const auto listed = open_calls(built.model(), end).value();
    for (const OpenCall& call : listed) {
      calls.push_back(call.session + " " + call.call_id + " " + std::to_string(call.attempt));
    }
    return calls;
  }

  Recorder recorder;
  const ConversationIndex index{keyed_hash()};
  const events::Digester digester{keyed_hash(), recorder.project()};
};

TEST_F(ConversationIndexTest, AnOpeningIsFoundUntilSomethingFollowsItsAnswer) {
  const std::vector<std::string> s1{"s1"};
  recorder.create("s1");
  recorder.say("s1", "m1", "a table for two");
  const Digest opening = events::history_key(digester, said());
  EXPECT_EQ(found(opening), s1);
  ask("c1");
  EXPECT_EQ(found(opening), s1);
  answer("c1");
  EXPECT_EQ(found(opening), s1) << "whoever did not receive the answer asks again";
  const Digest answered = events::history_key(digester, said());
  EXPECT_EQ(found(answered), s1);
  recorder.say("s1", "m2", "at eight");
  EXPECT_TRUE(found(opening).empty());
  EXPECT_EQ(found(answered), s1);
}

TEST_F(ConversationIndexTest, EachAttemptIsOpenUntilItsOwnOutcome) {
  const std::vector<std::string> none;
  recorder.create("s1");
  recorder.say("s1", "m1", "a table for two");
  ask("c1");
  EXPECT_EQ(open(), std::vector<std::string>{"s1 c1 1"});
  ask("c1", 2);
  EXPECT_EQ(open(), (std::vector<std::string>{"s1 c1 1", "s1 c1 2"}));
  answer("c1", 2);
  EXPECT_EQ(open(), std::vector<std::string>{"s1 c1 1"});
  fail("c1", 1);
  EXPECT_EQ(open(), none);
}

TEST_F(ConversationIndexTest, AnAnswerIsFoundForEverByTheNameThatCallsMayGiveIt) {
  recorder.create("s1");
  recorder.say("s1", "m1", "a table for two");
  for (const char* object : {"response", "chat.completion"}) {
    events::ResponseReceived event = response("m-"s + object, "done");
    event.extra = events::parse_json(R"({"body":{"id":"id-)"s + object + R"(","object":")" +
                                     object + R"("}})")
                      .value();
    recorder.answer("s1", event);
  }
  recorder.say("s1", "m2", "at eight");
  EXPECT_EQ(found(events::answer_key(digester, "id-response")), std::vector<std::string>{"s1"});
  EXPECT_TRUE(found(events::answer_key(digester, "id-chat.completion")).empty());
}

/// Rows as the version before wrote them: what is open is found, conversations are not.
class OlderIndex final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "conversation_index"; }
  [[nodiscard]] std::uint32_t version() const override { return 2; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override {
    if (event.position.value != 0) return core::Ok{};
    std::string value;
    row::Writer writer(value);
    writer.varint(0);
    writer.varint(3);
    batch.put("odefault\0s1\0c1"s, value);
    for (const char* kind : {"h", "p"}) {
      for (const char* session : {"s1", "s2"}) {
        batch.put("k" + std::string(16, '\0') + kind + session, {});
      }
    }
    return core::Ok{};
  }
};

TEST_F(ConversationIndexTest, AnOlderBuildThatStillAnswersIsNotMisread) {
  recorder.create("s1");
  const Built older(recorder.log(), OlderIndex{});
  const auto listed = open_calls(older.model(), core::Position{1}).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].session, "s1");
  EXPECT_EQ(listed[0].call_id, "c1");
  EXPECT_EQ(listed[0].attempt, 3U);
  EXPECT_TRUE(find_conversations(older.model(), recorder.project(), Digest{}, 8).value().empty());
}

class ConversationIndexProperty : public ::testing::TestWithParam<std::uint64_t> {};

/// What the gateway notes in memory is what the index finds after a restart, at any moment.
TEST_P(ConversationIndexProperty, EveryKeyOfAHeadFindsItsConversation) {
  RandomLog random(GetParam());
  random.grow(300);
  const events::SessionCodec codec;
  const ConversationIndex index(keyed_hash());
  std::map<std::string, events::Digester> digesters;
  std::map<std::pair<std::string, std::string>, events::Transcript> transcripts;
  // Their past is not all in their stream, or (as no decider writes) they began twice.
  std::set<std::pair<std::string, std::string>> cut;
  std::size_t compared = 0;
  EXPECT_TRUE(random.log().read({}, [&](const core::RecordedEvent& event) {
    if (!event.stream.starts_with("session-")) return true;
    const std::string project(event.project);
    const std::string session(event.stream.substr(8));
    const auto decoded = codec.decode(event);
    EXPECT_TRUE(decoded);
    if (!decoded) return false;
    const auto& digester =
        digesters.try_emplace(project, keyed_hash(), support::project(project)).first->second;
    auto& transcript = transcripts.try_emplace({project, session}, digester).first->second;
    transcript.apply(decoded->event, event.version, session);
    const auto* created = std::get_if<events::SessionCreated>(&decoded->event);
    if ((created != nullptr && (created->parent || event.version.value != 0)) ||
        std::holds_alternative<events::ContextOptimized>(decoded->event)) {
      cut.insert({project, session});
    }
    if (cut.contains({project, session})) return true;
    if (event.position.value % 7 != 0) return true;
    const PrefixLog then(random.log(), core::Position{event.position.value + 1});
    const Built built(then, index);
    for (const Digest& key : events::head_keys(digester, transcript)) {
      const auto sessions = find_conversations(built.model(), support::project(project), key, 64);
      EXPECT_TRUE(sessions);
      if (!sessions) return false;
      ++compared;
      EXPECT_EQ(std::count(sessions->begin(), sessions->end(), session), 1)
          << session << ": " << event.type << " at position " << event.position.value << ", seed "
          << GetParam();
    }
    return true;
  }));
  EXPECT_GT(compared, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConversationIndexProperty, ::testing::Range<std::uint64_t>(1, 17));

}  // namespace
}  // namespace hansard::projections::test
