// A few exchanges of each API, cut everywhere: what recordings_real_test.cpp does with all those at
// hand.

#include "recordings.h"
#include "events/dialects/apis.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

class SmallRecordingsTest : public RecordingsTest {};

TEST_F(SmallRecordingsTest, StreamsOfEachApiAreServedAndHadAgainHoweverTheyAreCut) {
  for (const SampleStream& sample : sample_streams()) {
    Recording recording;
    recording.where = sample.target;
    recording.target = sample.target;
    recording.request = sample.request;
    recording.content_type = "text/event-stream";
    recording.answer = sample.bytes();
    for (std::uint64_t seed = 0; seed < 20; ++seed) serve(recording, seed);
  }
  EXPECT_EQ(coverage_.answers, coverage_.calls);
  EXPECT_EQ(coverage_.whole_answers, 0U);
}

TEST_F(SmallRecordingsTest, BodiesAndErrorsAreServedAndHadAgain) {
  Recording recording;
  recording.where = "a body";
  recording.target = kChat;
  recording.request = plain_request();
  recording.content_type = "application/json";
  recording.answer = plain_answer();
  serve(recording);
  recording.where = "an error";
  recording.status = 400;
  recording.answer = R"({"error":{"message":"no","type":"invalid_request_error"}})";
  serve(recording);
  recording.where = "vectors";
  recording.target = "/v1/embeddings";
  recording.status = 200;
  recording.request = R"({"model":"e","input":"one"})";
  recording.answer =
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1]}],)"
      R"("model":"e","usage":{"prompt_tokens":1,"total_tokens":1}})";
  serve(recording);
  EXPECT_EQ(coverage_.answers, 2U);
  EXPECT_EQ(coverage_.failures, 1U);
}

}  // namespace
}  // namespace hansard::gateway::testing
