// What else is erased with a message.
#include <gtest/gtest.h>

#include "core/event_bytes.h"
#include "events/erasure/traces.h"
#include "support/events.h"

namespace hansard::events {
namespace {

class Stream {
 public:
  /// Appends an event and says whether it is concerned.
  bool has(std::string type, std::string facts, std::string content) {
    core::NewEvent record;
    record.stream = support::stream("session-s1");
    record.type = std::move(type);
    record.id = support::event_id(std::to_string(next_));
    record.facts = std::move(facts);
    record.content = std::move(content);
    core::seal(record, support::hasher());
    std::string bytes;
    core::encode_event(record, {}, {}, {{next_}, {next_}, support::at_us(1)}, bytes);
    ++next_;
    const auto owned = core::OwnedEvent::decode(std::move(bytes)).value();
    return traces.concerns(owned.event()).value();
  }
  MessageTraces traces{"m1"};

 private:
  std::uint64_t next_ = 0;
};

TEST(MessageTraces, AreTheMessageAndWhatQuotesItLater) {
  Stream stream;
  EXPECT_FALSE(stream.has("MessageSent", R"({"message_id":"m0"})",
                          R"({"parts":[{"type":"text","text":"my number is 555-0100"}]})"))
      << "what was said before is another message";
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m1"})",
                         R"({"parts":[{"type":"text","text":"my number is 555-0100"}]})"));
  EXPECT_EQ(stream.traces.found(), core::Version{1});
  EXPECT_FALSE(stream.has("MessageSent", R"({"message_id":"m2"})",
                          R"({"parts":[{"type":"text","text":"and who are you?"}]})"));
  EXPECT_TRUE(
      stream.has("ResponseReceived", R"({"message_id":"m3","call_id":"c1"})",
                 R"({"parts":[{"type":"text","text":"You said: my number is 555-0100."}]})"));
  EXPECT_TRUE(stream.has("ScoreRecorded", R"({"target_id":"m1"})", R"({"comment":"rude"})"));
}

TEST(MessageTraces, AreWhatHoldsThePastAsItWasSent) {
  Stream stream;
  EXPECT_FALSE(stream.has("ResponseRequested", R"({"call_id":"c0"})", R"({"extra":{"raw":"x"}})"));
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m1"})", R"({"parts":[]})"));
  EXPECT_TRUE(stream.has("ResponseRequested", R"({"call_id":"c1"})", R"({"extra":{"raw":"x"}})"));
  EXPECT_TRUE(stream.has("ContextOptimized", R"({"strategy":"summary"})", R"({"summary":"s"})"));
  EXPECT_TRUE(stream.has("RecordAttached", R"({"kind":"raw"})", R"({"record":{}})"));
  EXPECT_FALSE(stream.has("SessionEnded", R"({"reason":"done"})", R"({})"));
}

TEST(MessageTraces, OfAnAnswerAreItsToolsAndItsCall) {
  Stream stream;
  EXPECT_TRUE(stream.has("ResponseReceived", R"({"message_id":"m1","call_id":"c1"})",
                         R"({"parts":[{"type":"tool_call","tool_call_id":"t1","index":0}]})"));
  EXPECT_TRUE(stream.has("ToolCalled", R"({"message_id":"m1","index":0})",
                         R"({"arguments":{"q":"the secret street"}})"));
  EXPECT_TRUE(stream.has("ToolCompleted", R"({"message_id":"m1","index":0})",
                         R"({"output":"nobody lives there"})"));
  EXPECT_TRUE(stream.has("ResponseFailed", R"({"call_id":"c1"})", R"({"error":"cut"})"));
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m2"})",
                         R"({"parts":[{"type":"text","text":"so nobody lives there?"}]})"));
}

TEST(MessageTraces, ShortTextsCountWhole) {
  Stream stream;
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m1"})",
                         R"({"parts":[{"type":"text","text":"hi"}]})"));
  EXPECT_FALSE(stream.has("MessageSent", R"({"message_id":"m2"})",
                          R"({"parts":[{"type":"text","text":"this"}]})"));
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m3"})",
                         R"({"parts":[{"type":"text","text":"hi"}]})"));
}

TEST(MessageTraces, InAForkEverythingIsLater) {
  Stream stream;
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m1"})",
                         R"({"parts":[{"type":"text","text":"my number is 555-0100"}]})"));
  stream.traces.in_fork();
  EXPECT_FALSE(stream.has("MessageSent", R"({"message_id":"m1"})",
                          R"({"parts":[{"type":"text","text":"another m1"}]})"))
      << "ids are of one session";
  EXPECT_TRUE(stream.has("MessageSent", R"({"message_id":"m2"})",
                         R"({"parts":[{"type":"text","text":"again: my number is 555-0100"}]})"));
}

}  // namespace
}  // namespace hansard::events
