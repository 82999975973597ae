#include <future>
#include <sstream>

#include "engine_server.h"
#include "exports/export_body.h"

namespace hansard::http::testing {
namespace {

using core::Errc;

class Export : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
    record_conversation("s2");
  }
  static std::vector<events::Json> lines_of(const std::string& body) {
    std::vector<events::Json> out;
    std::istringstream text(body);
    for (std::string line; std::getline(text, line);) {
      auto json = events::parse_json(line);
      EXPECT_TRUE(json) << line;
      if (json) out.push_back(*std::move(json));
    }
    return out;
  }
  std::vector<events::Json> exported(std::string_view query) {
    const Answer answer = get("/v1/export" + std::string(query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/x-ndjson");
    auto lines = lines_of(answer.body);
    EXPECT_GE(lines.size(), 2U) << answer.body;
    return lines;
  }
  /// The streams of the events, each once, in order.
  static std::string streams(const std::vector<events::Json>& lines) {
    std::string out;
    std::string last;
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
      const std::string stream = text(lines[i], "stream");
      if (stream != last) out += (out.empty() ? "" : " ") + stream;
      last = stream;
    }
    return out;
  }
  static std::string at_end(const core::EventLog& log) {
    return "at_least=" + std::to_string(log.end().value);
  }
  std::string root() const { return core::to_hex(core::as_bytes(log_.tree().root)); }
};

TEST_F(Export, TheWholeLogComesInOrderBetweenAHeaderAndAnEnd) {
  const auto lines = exported("");
  ASSERT_EQ(lines.size(), 16U);
  EXPECT_EQ(number(lines.front(), "hansard_export"), 1U);
  EXPECT_EQ(text(lines.front(), "scope"), "log");
  EXPECT_EQ(number(lines.front(), "size"), 14U);
  EXPECT_EQ(text(lines.front(), "root"), root());
  EXPECT_EQ(number(lines.back(), "end"), 14U);
  EXPECT_EQ(text(lines.back(), "root"), root());
  for (std::size_t i = 0; i < 14; ++i) EXPECT_EQ(number(lines[i + 1], "position"), i);
}

TEST_F(Export, ALineHoldsAllThatIsStored) {
  const auto lines = exported("");
  std::size_t next = 1;
  ASSERT_TRUE(log_.read(core::Position{}, [&](const core::RecordedEvent& event) {
    const events::Json& line = lines.at(next++);
    EXPECT_EQ(text(line, "project"), event.project);
    EXPECT_EQ(text(line, "stream"), event.stream);
    EXPECT_EQ(number(line, "version"), event.version.value);
    EXPECT_EQ(text(line, "type"), event.type);
    EXPECT_EQ(number(line, "schema"), event.schema);
    EXPECT_EQ(text(line, "event_id"), core::to_string(event.id));
    EXPECT_EQ(core::parse_time(text(line, "recorded_at")).value(), event.recorded_at);
    EXPECT_EQ(core::parse_time(text(line, "occurred_at")).value(), event.occurred_at);
    EXPECT_EQ(line.find("occurred_at_by_client"), nullptr);
    EXPECT_EQ(text(line, "salt"), core::to_hex(event.salt_or_commitment));
    EXPECT_EQ(dump(*line.find("facts")), event.facts);
    EXPECT_EQ(dump(*line.find("content")), event.content);
    return true;
  }));
  EXPECT_EQ(next, 15U);
}

TEST_F(Export, PayloadsThatALineCannotHoldComeAsText) {
  core::NewEvent odd = support::event("custom-odd", "odd");
  odd.facts = "{\n  \"a\": 1\r\n}";
  core::seal(odd, support::hasher());
  core::AppendRequest request = support::request({odd});
  std::promise<bool> appended;
  log_.append(std::move(request), [&](const auto& receipt) { appended.set_value(bool(receipt)); });
  ASSERT_TRUE(appended.get_future().get());
  const auto lines = exported("");
  const events::Json& line = lines.at(lines.size() - 2);
  EXPECT_EQ(text(line, "facts_text"), odd.facts);
  EXPECT_EQ(line.find("facts"), nullptr);
  EXPECT_EQ(dump(*line.find("content")), odd.content);
}

TEST_F(Export, AProjectASessionAndFiltersChooseWhatIsInIt) {
  EXPECT_EQ(streams(exported("?project=default")), "session-s1 session-s2");
  EXPECT_EQ(streams(exported("?project=elsewhere")), "");
  EXPECT_EQ(streams(exported("?session=s2")), "session-s2");
  EXPECT_EQ(streams(exported("?session=s1&session=s2&session=s1")), "session-s2 session-s1")
      << "the latest begun first, so that branches come before what they left";
  ASSERT_EQ(post("/v1/sessions", R"({"session_id":"s3","user":"bob"})").status, 201);
  const auto of_bob = exported("?user=bob&" + at_end(log_));
  EXPECT_EQ(streams(of_bob), "session-s3");
  EXPECT_EQ(text(of_bob.front(), "scope"), "sessions");
  EXPECT_EQ(number(of_bob.front(), "sessions"), 1U);
  EXPECT_EQ(text(of_bob.front(), "project"), "default");
}

TEST_F(Export, WhatIsMisspeltMissingOrForbiddenIsSaid) {
  expect_problem(get("/v1/export?sesion=s1"), 400, Errc::invalid_argument, "sesion");
  expect_problem(get("/v1/export?session=s1&user=ada"), 400, Errc::invalid_argument, "user");
  expect_problem(get("/v1/export?session=none"), 404, Errc::not_found, "session");
  expect_problem(get("/v1/export?project=a/b"), 400, Errc::invalid_argument, "project");
  start({{"reader", "hsd_0123456789abcdefXYZ", support::project("default"), {Scope::read}}});
  const std::string key = "Authorization: Bearer hsd_0123456789abcdefXYZ\r\n";
  expect_problem(get("/v1/export", key), 403, Errc::forbidden, "");
  expect_problem(get("/v1/export?project=other", key), 403, Errc::forbidden, "project");
  EXPECT_EQ(get("/v1/export?project=default", key).status, 200);
  EXPECT_EQ(get("/v1/export?session=s1", key).status, 200);
}

TEST_F(Export, ALogThatGrowsMeanwhileIsExportedAsItStood) {
  ExportPlan plan;
  plan.header = "{}\n";
  plan.tree = log_.tree();
  plan.all_projects = true;
  ExportBody body(log_, pool_, std::move(plan));
  record_conversation("late");
  std::string all;
  for (;;) {
    std::promise<core::Result<std::string>> piece;
    body.next([&](core::Result<std::string> bytes) { piece.set_value(std::move(bytes)); });
    const auto bytes = piece.get_future().get();
    ASSERT_TRUE(bytes);
    if (bytes->empty()) break;
    all += *bytes;
  }
  const auto lines = lines_of(all);
  EXPECT_EQ(lines.size(), 16U);
  EXPECT_EQ(streams(lines), "session-s1 session-s2");
  EXPECT_EQ(number(lines.back(), "end"), 14U);
}

TEST_F(Export, MoreThanAPieceOrAScanGoesOnWhereItStopped) {
  const std::string part(ExportBody::kPieceBytes, 'x');
  for (int i = 0; i < 3; ++i) {
    const Answer sent =
        post("/v1/sessions/s1/messages", R"({"message_id":"big)" + std::to_string(i) +
                                             R"(","role":"user","parts":[{"type":"text","text":")" +
                                             part + R"("}]})");
    ASSERT_EQ(sent.status, 201) << sent.body;
  }
  for (const char* query : {"", "?session=s2&session=s1"}) {
    const auto lines = exported(query);
    EXPECT_EQ(lines.size(), 19U) << query;
    EXPECT_EQ(number(lines.back(), "end"), 17U) << query;
  }
}

TEST_F(Export, AnEmptyLogIsAHeaderAndAnEnd) { EXPECT_EQ(exported("?project=nobody").size(), 2U); }

}  // namespace
}  // namespace hansard::http::testing
