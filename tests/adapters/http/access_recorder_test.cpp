// What is given out is on record before.
#include "access/access_recorder.h"

#include "core/in_memory_event_log.h"
#include "engine_server.h"

namespace hansard::http::testing {
namespace {

constexpr const char* kReviewer = "hsd_reviewer_0123456789abcdef";
constexpr const char* kReader = "hsd_reader_0123456789abcdef";

std::string bearer(const std::string& key) { return "Hansard-Key: " + key + "\r\n"; }

class Accesses : public EngineServer {
 protected:
  void SetUp() override {
    EngineServer::SetUp();
    record_conversation("s1");
    start({{"reviewer", kReviewer, {}, {Scope::read, Scope::audit}},
           {"reader", kReader, {}, {Scope::read}}});
  }
  /// Facts of the accesses on record.
  std::vector<std::string> recorded() {
    std::vector<std::string> all;
    const auto read = log_.read(core::Position{}, [&](const core::RecordedEvent& event) {
      if (event.type == "AccessRecorded") all.emplace_back(event.facts);
      return true;
    });
    EXPECT_TRUE(read);
    return all;
  }
};

TEST_F(Accesses, ToContentAreRecordedForWhoHoldsAudit) {
  EXPECT_EQ(get("/v1/sessions/s1/history", bearer(kReader)).status, 200);
  EXPECT_TRUE(recorded().empty());
  EXPECT_EQ(get("/v1/sessions/s1/history", bearer(kReviewer)).status, 200);
  ASSERT_EQ(recorded().size(), 1U);
  EXPECT_EQ(recorded().front(), R"({"route":"GET /v1/sessions/{id}/history","access":"content",)"
                                R"("stream":"session-s1","status":200})");
  EXPECT_EQ(get("/v1/sessions/s1/history?at_least=1", bearer(kReviewer)).status, 200);
  EXPECT_EQ(recorded().size(), 1U) << "reading on is the same access";
  EXPECT_EQ(get("/v1/sessions/s1/history?as_of=v1", bearer(kReviewer)).status, 200);
  ASSERT_EQ(recorded().size(), 2U) << "another question";
  EXPECT_NE(recorded().back().find("query_hash"), std::string::npos);
  EXPECT_EQ(recorded().back().find("v1\""), std::string::npos) << "only its hash";
  EXPECT_EQ(get("/v1/sessions/none/history", bearer(kReviewer)).status, 404);
  EXPECT_EQ(get("/v1/usage", bearer(kReviewer)).status, 200);
  EXPECT_EQ(recorded().size(), 2U) << "refusals and numbers give nothing out";
}

TEST_F(Accesses, ThatTakeEverythingAreRecordedEachTime) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get("/v1/export?project=default", bearer(kReader)).status, 200);
  }
  EXPECT_EQ(recorded().size(), 2U);
}

TEST_F(Accesses, WithoutAKeyNameNobody) {
  start();
  EXPECT_EQ(get("/v1/export").status, 200);
  EXPECT_TRUE(recorded().empty());
}

/// A log that takes nothing.
class FullLog final : public core::EventLog {
 public:
  explicit FullLog(core::EventLog& log) : log_(log) {}
  void append(core::AppendRequest /*request*/, core::AppendDone done) override {
    done(core::Error{core::Errc::out_of_space, "the disk is full"});
  }
  [[nodiscard]] core::Position end() const override { return log_.end(); }
  core::Result<core::Position> read(core::Position from,
                                    const core::EventSink& sink) const override {
    return log_.read(from, sink);
  }
  core::Result<core::Version> read_stream(const core::ProjectId& project,
                                          const core::StreamId& stream, core::Version from,
                                          const core::EventSink& sink) const override {
    return log_.read_stream(project, stream, from, sink);
  }
  [[nodiscard]] core::Result<std::optional<core::Version>> head(
      const core::ProjectId& project, const core::StreamId& stream) const override {
    return log_.head(project, stream);
  }
  [[nodiscard]] core::Result<std::optional<core::Position>> find(
      const core::ProjectId& project, const core::EventId& id) const override {
    return log_.find(project, id);
  }
  [[nodiscard]] core::TreeHead tree() const override { return log_.tree(); }
  [[nodiscard]] std::unique_ptr<core::Subscription> subscribe(
      std::function<void(core::Position end)> advanced) override {
    return log_.subscribe(std::move(advanced));
  }

 private:
  core::EventLog& log_;
};

TEST_F(Accesses, ThatCannotBeRecordedGiveNothingOut) {
  FullLog full(log_);
  const Context context{
      full,  *runner_, support::hasher(), keyed_hash_, clock_,
      pool_, metrics_, limits_,           nullptr,     [] { return ossl::random_hash(); }};
  const auto recorder = std::make_shared<AccessRecorder>(context);
  Route route(Method::get, "/v1/export", Rule{Scope::read, Access::export_});
  route.handler = [](const RequestPtr& /*request*/, const Responder& respond) {
    Response response;
    response.body = "all of it";
    respond(std::move(response));
  };
  auto request = std::make_shared<Request>();
  request->method = Method::get;
  request->principal.actor.bytes[0] = 1;
  request->principal.scopes = {Scope::read};
  std::optional<Response> answer;
  recorder->around(route)(request,
                          Responder([&](Response response) { answer = std::move(response); }));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body.find("all of it"), std::string::npos);
}

}  // namespace
}  // namespace hansard::http::testing
