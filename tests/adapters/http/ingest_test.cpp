#include <thread>

#include "engine_server.h"

namespace hansard::http::testing {
namespace {

using core::Errc;
using events::Json;

constexpr std::string_view kNdjson = "Content-Type: application/x-ndjson\r\n";

std::string create(const std::string& session) {
  return R"({"post":"/v1/sessions","body":{"session_id":")" + session + "\"}}\n";
}

std::string say(const std::string& session, const std::string& id, const std::string& text = "hi") {
  return R"({"post":"/v1/sessions/)" + session + R"(/messages","body":{"message_id":")" + id +
         R"(","role":"user","parts":[{"type":"text","text":")" + text + "\"}]}}\n";
}

/// `count` messages of one session, in their order.
std::string talk(const std::string& session, int count) {
  std::string lines = create(session);
  for (int i = 0; i < count; ++i) lines += say(session, "m" + std::to_string(i));
  return lines;
}

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

class Ingest : public EngineServer {
 protected:
  static std::string head(std::string_view target, std::string_view more) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
           std::string(kNdjson) + std::string(more) + "\r\n";
  }
  static std::string chunked_head(std::string_view target = "/v1/ingest") {
    return head(target, "Transfer-Encoding: chunked\r\n");
  }
  static std::string whole(std::string_view lines, std::string_view target = "/v1/ingest",
                           std::string_view more = "") {
    return head(target,
                "Content-Length: " + std::to_string(lines.size()) + "\r\n" + std::string(more)) +
           std::string(lines);
  }
  Answer ingest(std::string_view lines, std::string_view target = "/v1/ingest",
                std::string_view more = "") {
    RawClient client(port());
    client.send(whole(lines, target, more));
    return promised("post", target, client.read_answer());
  }
  /// The answer to what was sent by hand.
  Answer ingested(RawClient& client) {
    return promised("post", "/v1/ingest", client.read_answer());
  }
  /// One line of the results, as it comes.
  std::string result(RawClient& client) {
    std::string text = client.read_until("}\n");
    const std::string line =
        text.substr(std::min(text.find('{'), text.size()));  // behind its chunk
    const auto broken = ApiContract::served_by(port()).broken("post", "/v1/ingest", 200,
                                                              "application/x-ndjson", line);
    EXPECT_FALSE(broken) << broken.value_or("") << "\n" << line;
    return line;
  }
  void expect_counts(const Answer& answer, std::uint64_t accepted, std::uint64_t duplicates,
                     std::uint64_t failed) {
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json report = json(answer);
    EXPECT_EQ(number(report, "lines"), accepted + duplicates + failed) << answer.body;
    EXPECT_EQ(number(report, "accepted"), accepted) << answer.body;
    EXPECT_EQ(number(report, "duplicates"), duplicates) << answer.body;
    EXPECT_EQ(number(report, "failed"), failed) << answer.body;
  }
  /// The message ids of a session, in the order of its stream.
  std::vector<std::string> messages(const std::string& session) {
    const Answer answer = get("/v1/sessions/" + session + "/events?limit=1000&type=MessageSent");
    std::vector<std::string> ids;
    const Json page = json(answer);
    const Json* events = page.find("events");
    if (events == nullptr) return ids;
    for (const Json& event : *events->if_array())
      ids.push_back(text(*event.find("facts"), "message_id"));
    return ids;
  }
  static std::vector<std::string> ids(int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back("m" + std::to_string(i));
    return out;
  }
};

TEST_F(Ingest, RecordsEachLineAsTheRequestItStandsFor) {
  const std::string lines =
      create("a") + say("a", "m0") +
      R"({"post":"/v1/append","body":{"records":[{"stream":"custom-x","type":"Noted","facts":{}}]}})"
      "\n\r\n" +
      create("b");
  const Answer answer = ingest(lines);
  expect_counts(answer, 4, 0, 0);
  EXPECT_EQ(number(json(answer), "position"), 3U);
  EXPECT_EQ(number(json(answer), "at_least"), 4U);
  EXPECT_EQ(get("/v1/sessions/a/history").status, 200);
  EXPECT_EQ(get("/v1/sessions/b").status, 200);
}

TEST_F(Ingest, KeepsTheOrderOfEachSessionWithManySideBySide) {
  std::string lines;
  for (const char* session : {"a", "b", "c"}) lines += create(session);
  for (int i = 0; i < 200; ++i) {
    for (const char* session : {"a", "b", "c"}) lines += say(session, "m" + std::to_string(i));
  }
  expect_counts(ingest(lines), 603, 0, 0);
  for (const char* session : {"a", "b", "c"}) EXPECT_EQ(messages(session), ids(200)) << session;
}

TEST_F(Ingest, AForkAndWhatIsSaidInItKeepTheirOrder) {
  const std::string fork =
      R"({"post":"/v1/sessions/a/fork","body":{"child":"b","at_version":1,"reason":"edit"}})"
      "\n";
  expect_counts(ingest(talk("a", 2) + fork + say("b", "m0")), 5, 0, 0);
}

TEST_F(Ingest, RawRecordsAndCommandsOfOneSessionKeepTheirOrder) {
  const std::string raw =
      R"({"post":"/v1/append","body":{"records":[{"stream":"session-a","type":"SessionCreated",)"
      R"("facts":{}}]}})"
      "\n";
  const Answer answer = ingest(raw + say("a", "m0") + say("a", "m1"));
  expect_counts(answer, 3, 0, 0);
  EXPECT_EQ(messages("a"), ids(2));
}

TEST_F(Ingest, ABadLineCostsOnlyItselfAndIsNamed) {
  limit("line_bytes", 2048);
  start();
  const std::string lines = create("a") + "no json\n" + say("a", "m0") +
                            R"({"post":"/v1/nowhere","body":{}})"
                            "\n" +
                            R"({"post":"/v1/sessions/a/messages","body":{"message_id":"x"}})"
                            "\n" +
                            say("missing", "m0") + say("a", "long", std::string(3000, 'x')) +
                            R"({"post":"/v1/sessions","bodie":{}})"
                            "\n" +
                            say("a", "m1");
  const Answer answer = ingest(lines);
  expect_counts(answer, 3, 0, 6);
  const Json report = json(answer);
  const Json::Array& errors = *report.find("errors")->if_array();
  ASSERT_EQ(errors.size(), 6U);
  const struct {
    std::uint64_t line;
    std::string code;
    std::string field;
  } expected[] = {{2, "invalid_argument", ""},
                  {4, "invalid_argument", "post"},
                  {5, "invalid_argument", "role"},
                  {6, "not_found", ""},
                  {7, "too_large", ""},
                  {8, "invalid_argument", "bodie"}};
  for (std::size_t i = 0; i < errors.size(); ++i) {
    EXPECT_EQ(number(errors[i], "line"), expected[i].line);
    EXPECT_EQ(text(errors[i], "code"), expected[i].code) << answer.body;
    EXPECT_EQ(text(errors[i], "field"), expected[i].field) << answer.body;
    EXPECT_NE(text(errors[i], "detail"), "");
  }
  EXPECT_EQ(messages("a"), ids(2));
}

TEST_F(Ingest, ARecordingIsTakenAsItWasAndNotJudged) {
  constexpr std::string_view kRecording = "/v1/ingest?as=recording";
  const std::string lines =
      say("a", "m0") +
      R"({"post":"/v1/sessions/a/tool-results","body":{"tool_call_id":"t","result_id":"r",)"
      R"("output":"42"}})"
      "\n";
  expect_counts(ingest(lines), 0, 0, 2);  // as commands: there is no such session, nor such a call
  expect_counts(ingest(lines, kRecording), 2, 0, 0);
  expect_counts(ingest(lines, kRecording), 0, 2, 0);
  const std::string end = R"({"post":"/v1/sessions/a/end"})"
                          "\n";
  expect_counts(ingest(end + say("a", "m1"), kRecording), 2, 0, 0);
  std::vector<std::string> types;
  const Json page = json(get("/v1/sessions/a/events"));
  for (const Json& event : *page.find("events")->if_array()) {
    types.push_back(text(event, "type"));
    EXPECT_EQ(event.find("occurred_at"), nullptr) << "a time that nobody said";
  }
  EXPECT_EQ(types, (std::vector<std::string>{"SessionCreated", "MessageSent", "ToolCompleted",
                                             "SessionEnded", "SessionReopened", "MessageSent"}));
  EXPECT_EQ(ingest(lines, "/v1/ingest?as=telegram").status, 400);
}

TEST_F(Ingest, ListsTheFirstErrorsAndCountsTheRest) {
  std::string lines;
  for (int i = 0; i < 150; ++i) lines += "{}\n";
  const Answer answer = ingest(lines);
  expect_counts(answer, 0, 0, 150);
  EXPECT_EQ(json(answer).find("errors")->if_array()->size(), 100U);
  EXPECT_EQ(number(json(answer), "errors_left_out"), 50U);
}

TEST_F(Ingest, ARepeatedUploadAnswersDuplicates) {
  expect_counts(ingest(talk("a", 50)), 51, 0, 0);
  expect_counts(ingest(talk("a", 60)), 10, 51, 0);
}

TEST_F(Ingest, AKeyOfItsOwnMakesALineWithoutNaturalIdRepeatable) {
  const std::string config =
      R"({"post":"/v1/sessions/a/config","body":{"model":"gpt-4o"},"idempotency_key":"k1"})"
      "\n";
  expect_counts(ingest(create("a") + config), 2, 0, 0);
  expect_counts(ingest(create("a") + config), 0, 2, 0);
}

TEST_F(Ingest, TakesABodyFarBeyondTheLimitOfOthersAndKeepsTheConnection) {
  limit("body_bytes", 1024);
  start();
  RawClient client(port());
  client.send(whole(talk("a", 3000)));
  expect_counts(ingested(client), 3001, 0, 0);
  client.send(get_bytes("/healthz"));
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(Ingest, LinesMayBeCutAnywhereByChunks) {
  RawClient client(port());
  client.send(chunked_head());
  const std::string lines = talk("a", 5);
  for (const char byte : lines) client.send(chunk(std::string(1, byte)));
  client.send("0\r\n\r\n");
  expect_counts(ingested(client), 6, 0, 0);
  EXPECT_EQ(messages("a"), ids(5));
}

TEST_F(Ingest, ACutBodyRecordsItsCompleteLinesAndARetryAnswersDuplicates) {
  {
    RawClient client(port());
    client.send(chunked_head());
    client.send(chunk(talk("a", 20)));
    client.send(chunk(say("a", "m20").substr(0, 30)));
    client.reset();
  }
  // The last complete line shows that the others, before it in the session, are there.
  std::vector<std::string> seen;
  for (int i = 0; i < 2000 && seen != ids(20); ++i) seen = messages("a");
  EXPECT_EQ(seen, ids(20));
  expect_counts(ingest(talk("a", 21)), 1, 21, 0);
}

TEST_F(Ingest, ABodyThatEndsEarlyIsToldHowFarItCame) {
  RawClient client(port());
  client.send(chunked_head());
  client.send(chunk(talk("a", 3)));
  client.shutdown_send();
  const Answer answer = ingested(client);
  EXPECT_TRUE(answer.says("4 lines came before, 4 of them are recorded")) << answer.body;
}

TEST_F(Ingest, AStalledBodyIsToldItsLimitAndHowFarItCame) {
  limit("body_stall_ms", 50);
  start();
  RawClient client(port());
  client.send(chunked_head());
  client.send(chunk(talk("a", 3)));
  const Answer answer = ingested(client);
  expect_problem(answer, 408, Errc::timed_out, "", "4 lines came before");
  EXPECT_TRUE(answer.says("body_stall_ms"));
  EXPECT_TRUE(client.closed());
  expect_serving();
}

TEST_F(Ingest, StreamedResultsComeInLineOrderWhileTheBodyIsStillBeingSent) {
  RawClient client(port());
  client.send(chunked_head("/v1/ingest?results=stream"));
  client.send(chunk(create("a")));
  EXPECT_NE(client.read_until("\r\n\r\n").find("200 OK"), std::string::npos);
  EXPECT_NE(result(client).find(R"({"line":1,"position":0,"version":0)"), std::string::npos);
  client.send(chunk("nonsense\n" + say("a", "m0")));
  EXPECT_NE(result(client).find(R"({"line":2,"error":{"code":"invalid_argument")"),
            std::string::npos);
  EXPECT_NE(result(client).find(R"({"line":3,"position":1,"version":1)"), std::string::npos);
  client.send("0\r\n\r\n");
  EXPECT_NE(client.read_until("0\r\n\r\n").find(R"("lines":3,"accepted":2)"), std::string::npos);
  client.send(get_bytes("/healthz"));
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(Ingest, AClientThatDoesNotReadItsResultsIsMadeToWaitAndLosesNothing) {
  RawClient client(port());
  client.receive_buffer(16384);
  const std::string lines = talk("a", 4000);
  std::thread sender([&] { client.send(whole(lines, "/v1/ingest?results=stream")); });
  const Answer answer = ingested(client);
  sender.join();
  EXPECT_TRUE(answer.whole);
  std::uint64_t line = 0;
  std::size_t from = 0;
  for (std::size_t end = answer.body.find('\n'); end != std::string::npos;
       end = answer.body.find('\n', from)) {
    const std::string prefix = "{\"line\":" + std::to_string(++line) + ",";
    if (line <= 4001) {
      ASSERT_EQ(answer.body.compare(from, prefix.size(), prefix), 0) << line;
    }
    from = end + 1;
  }
  EXPECT_EQ(line, 4002U);
}

TEST_F(Ingest, RefusesWhatItCannotTake) {
  expect_problem(ingest("", "/v1/ingest?results=later"), 400, Errc::invalid_argument, "results");
  expect_problem(ingest("", "/v1/ingest", "Hansard-Expected-Version: 1\r\n"), 400,
                 Errc::invalid_argument, "Hansard-Expected-Version");
  RawClient form(port());
  form.send(
      "POST /v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      "Content-Length: 3\r\n\r\n{}\n");
  EXPECT_EQ(form.read_answer().status, 415);
  expect_counts(ingest(""), 0, 0, 0);
}

TEST_F(Ingest, HoldsABoundedPartOfTheBodyInMemory) {
  limit("bodies_bytes", 1U << 20);
  limit("line_bytes", 8U << 20);
  start();
  const Answer answer = ingest(create("a") + say("a", "m0", std::string(4U << 20, 'x')));
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_TRUE(answer.says("bodies_bytes"));
  EXPECT_TRUE(answer.says("1 lines came before"));
  // What was held is given back.
  expect_counts(ingest(talk("b", 10)), 11, 0, 0);
}

TEST_F(Ingest, StopsWithTheServer) {
  RawClient client(port());
  client.send(chunked_head());
  client.send(chunk(talk("a", 3)));
  for (int i = 0; i < 2000 && messages("a") != ids(3); ++i) {
  }
  std::thread stopper([&] { server_->stop(); });
  const Answer answer = ingested(client);
  stopper.join();
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.says("the server is stopping; 4 lines came before")) << answer.body;
}

}  // namespace
}  // namespace hansard::http::testing
