#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api_contract.h"
#include "core/command_loop.h"
#include "core/in_memory_event_log.h"
#include "core/projection_runner.h"
#include "events/assignment/decider.h"
#include "events/equivalence.h"
#include "events/experiment/decider.h"
#include "events/json.h"
#include "events/keys/decider.h"
#include "events/prompt/decider.h"
#include "events/session/decider.h"
#include "http/context.h"
#include "http/experiment_desk.h"
#include "http/keys_on_record.h"
#include "http/server.h"
#include "ossl/clock.h"
#include "ossl/ed25519.h"
#include "ossl/random.h"
#include "projections/registry.h"
#include "raw_client.h"
#include "support/events.h"

namespace hansard::http::testing {

/// Under a key that is the same in every test.
inline const core::KeyedHash& engine_hash() {
  static const core::KeyedHash hash(support::hasher(), core::Hash{1, 2, 3});
  return hash;
}

/// Signs under a key that lives as long as the process.
class TestNotary final : public events::audit::Notary {
 public:
  [[nodiscard]] const std::string& origin() const override { return origin_; }
  [[nodiscard]] core::Result<events::audit::VerifierKey> key() const override {
    return events::audit::VerifierKey{origin_, key_.public_key()};
  }
  [[nodiscard]] core::Result<std::vector<events::audit::EarlierKey>> earlier_keys() const override {
    return std::vector<events::audit::EarlierKey>{};
  }
  [[nodiscard]] core::Result<events::audit::Note> sign(std::string text) const override {
    return events::audit::sign_note(support::hasher(), key_, origin_, std::move(text));
  }

 private:
  const std::string origin_ = "hansard/test/1";
  const ossl::Ed25519Key key_ = ossl::Ed25519Key::draw();
};

inline const TestNotary& test_notary() {
  static const TestNotary notary;
  return notary;
}

/// The whole surface over a log and views in memory, on a free loopback port.
class EngineServer : public ::testing::Test {
 protected:
  using Projections = std::vector<std::unique_ptr<core::Projection>>;
  explicit EngineServer(Projections projections = projections::all(engine_hash()))
      : projections_(std::move(projections)) {
    context_.experiments = desk_;
    context_.tree = &log_.hashes();
    context_.notary = &test_notary();
    context_.checkpoint = [this]() -> core::Result<std::optional<std::string>> {
      const auto& notary = test_notary();
      const events::audit::Checkpoint checkpoint{notary.origin(), log_.tree(), {}};
      return std::optional<std::string>(to_text(*notary.sign(to_text(checkpoint))));
    };
    context_.prompts = std::make_shared<projections::PromptReader>(log_);
    context_.execute_prompt = [this](core::CommandContext with, events::PromptCommand command,
                                     core::AppendDone done) {
      prompt_loop_.execute(std::move(with), std::move(command), std::move(done));
    };
    context_.execute_keys = [this](core::CommandContext with, events::KeyCommand command,
                                   core::AppendDone done) {
      key_loop_.execute(std::move(with), std::move(command), std::move(done));
    };
    runner_->start();
  }
  ~EngineServer() override {
    server_.reset();
    pool_.stop();
    runner_->stop();
  }

  void SetUp() override { start(); }

  /// May be called again by a test that wants keys or other limits.
  void start(std::vector<ApiKey> keys = {}) {
    server_.reset();
    ServerOptions options;
    options.listen[0].port = 0;
    options.limits = limits_;
    options.threads = 2;
    context_.keys = KeyRing::make(keyed_hash_, std::move(keys)).value();
    const auto loaded = load_keys(log_, context_.keys);
    ASSERT_TRUE(loaded) << loaded.error().message;
    server_ = std::make_unique<Server>(std::move(options), Router::make(routes(context_)).value(),
                                       context_.keys, pool_, *http_log_, metrics_, clock_);
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void limit(std::string_view name, std::uint64_t value) {
    ASSERT_TRUE(limits_.set(name, value)) << name;
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }

  /// One request on a connection of its own. `headers` end with CRLF each.
  Answer get(std::string_view target, std::string_view headers = "") {
    RawClient client(port());
    client.send(get_bytes(target, headers));
    return promised("get", target, client.read_answer());
  }
  static std::string get_bytes(std::string_view target, std::string_view headers = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
           std::string(headers) + "\r\n";
  }
  Answer post(std::string_view target, std::string_view body, std::string_view headers = "") {
    return write("post", target, body, headers);
  }
  /// @param method  in small letters, as `openapi.json` has them.
  Answer write(std::string method, std::string_view target, std::string_view body,
               std::string_view headers = "") {
    RawClient client(port());
    std::string word = method;
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    client.send(word + " " + std::string(target) +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: " +
                std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" +
                std::string(body));
    return promised(method, target, client.read_answer());
  }
  /// Every answer keeps what `GET /openapi.json` promises.
  Answer promised(const std::string& method, std::string_view target, Answer answer) {
    if (target.starts_with("/k/"))
      target.remove_prefix(std::min(target.find('/', 3), target.size()));
    const auto broken = ApiContract::served_by(port()).broken(
        method, target, answer.status, answer.header("Content-Type").value_or(""), answer.body);
    EXPECT_FALSE(broken) << broken.value_or("") << "\n" << answer.body;
    return answer;
  }
  static events::Json json(const Answer& answer) {
    auto parsed = events::parse_json(answer.body);
    EXPECT_TRUE(parsed) << answer.status << " " << answer.body;
    return parsed ? *std::move(parsed) : events::Json();
  }
  static std::uint64_t number(const events::Json& json, std::string_view key) {
    const events::Json* value = json.find(key);
    EXPECT_NE(value, nullptr) << key;
    return value == nullptr ? 0 : value->as_uint(key).value();
  }
  static std::string text(const events::Json& json, std::string_view key) {
    const events::Json* value = json.find(key);
    return value == nullptr || !value->is_string() ? "" : *value->if_string();
  }
  /// A small conversation with a tool: versions 0..6.
  void record_conversation(const std::string& id) {
    const std::string at = "/v1/sessions/" + id;
    const auto expect_created = [](const Answer& answer) {
      EXPECT_EQ(answer.status, 201) << answer.body;
    };
    expect_created(
        post("/v1/sessions", R"({"session_id":")" + id + R"(","user":"ada","title":"A parcel"})"));
    expect_created(post(at + "/messages", R"({"message_id":"m1","role":"user",)"
                                          R"("parts":[{"type":"text","text":"Where is it?"}]})"));
    expect_created(post(at + "/requests", R"({"call_id":"c1","model":"gpt-4o"})"));
    expect_created(post(at + "/responses",
                        R"({"call_id":"c1","message_id":"m2","model":"gpt-4o",)"
                        R"("usage":{"input_text":10,"output_text":5},"parts":[)"
                        R"({"type":"tool_call","tool_call_id":"t1","index":0}]})"));
    expect_created(post(at + "/tool-calls", R"({"tool_call_id":"t1","tool":"find",)"
                                            R"("arguments":{"order":7}})"));
    expect_created(post(at + "/tool-results", R"({"tool_call_id":"t1","output":"on its way"})"));
    expect_created(post(at + "/messages", R"({"message_id":"m3","role":"user",)"
                                          R"("parts":[{"type":"text","text":"Thanks"}]})"));
  }
  static std::vector<const core::Projection*> borrowed(const Projections& all) {
    std::vector<const core::Projection*> out;
    for (const auto& projection : all) out.push_back(projection.get());
    return out;
  }
  /// What every hostile case ends with: the next request on a new connection works.
  void expect_serving() { EXPECT_EQ(get("/healthz").status, 200); }
  /// A problem document with this status, code and field, and words in its detail.
  static void expect_problem(const Answer& answer, int status, core::Errc code,
                             std::string_view field, std::string_view detail = "") {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    const auto parsed = events::parse_json(answer.body);
    ASSERT_TRUE(parsed) << answer.body;
    EXPECT_EQ(text(*parsed, "code"), core::traits(code).name) << answer.body;
    EXPECT_EQ(text(*parsed, "field"), field) << answer.body;
    EXPECT_NE(text(*parsed, "detail").find(detail), std::string::npos) << answer.body;
    EXPECT_EQ(number(*parsed, "status"), static_cast<std::uint64_t>(status));
    EXPECT_EQ(text(*parsed, "type"), "urn:hansard:error:" + std::string(core::traits(code).name));
  }

  ossl::SystemClock clock_;
  const core::KeyedHash& keyed_hash_ = engine_hash();
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_{support::hasher(), equivalence_};
  std::unique_ptr<core::ReadModelStore> store_ = core::make_in_memory_read_model_store();
  Projections projections_;
  std::unique_ptr<core::ProjectionRunner> runner_ = std::make_unique<core::ProjectionRunner>(
      log_, *store_, borrowed(projections_), core::RunnerOptions{});
  Limits limits_;
  Metrics metrics_;
  std::unique_ptr<Log> http_log_ = Log::silent();
  Pool pool_{{"test", 2, 64, 0}};
  events::SessionDecider decider_{keyed_hash_, support::hasher()};
  core::CommandLoop<events::SessionDecider> loop_{
      log_, decider_, support::hasher(),
      [this](std::function<void()> work) { pool_.post(std::move(work)); }};
  events::PromptDecider prompt_decider_{keyed_hash_, support::hasher()};
  core::CommandLoop<events::PromptDecider> prompt_loop_{
      log_, prompt_decider_, support::hasher(),
      [this](std::function<void()> work) { pool_.post(std::move(work)); }};
  events::KeysDecider keys_decider_{keyed_hash_, support::hasher()};
  core::CommandLoop<events::KeysDecider> key_loop_{
      log_, keys_decider_, support::hasher(),
      [this](std::function<void()> work) { pool_.post(std::move(work)); }};
  const std::shared_ptr<projections::ExperimentReader> experiments_ =
      std::make_shared<projections::ExperimentReader>(log_, keyed_hash_);
  events::ExperimentDecider experiment_decider_{keyed_hash_, support::hasher()};
  events::AssignmentDecider assignment_decider_{keyed_hash_, support::hasher()};
  core::CommandLoop<events::ExperimentDecider> experiment_loop_{
      log_, experiment_decider_, support::hasher(),
      [this](std::function<void()> work) { pool_.post(std::move(work)); }};
  core::CommandLoop<events::AssignmentDecider> unit_loop_{
      log_, assignment_decider_, support::hasher(),
      [this](std::function<void()> work) { pool_.post(std::move(work)); }};
  const std::shared_ptr<const ExperimentDesk> desk_ =
      std::make_shared<ExperimentDesk>(ExperimentDesk::Ports{
          log_, keyed_hash_, experiments_, std::make_shared<projections::PromptReader>(log_),
          [this](core::CommandContext with, events::ExperimentCommand command,
                 core::AppendDone done) {
            experiment_loop_.execute(std::move(with), std::move(command), std::move(done));
          },
          [this](core::CommandContext with, events::AssignmentCommand command,
                 core::AppendDone done) {
            unit_loop_.execute(std::move(with), std::move(command), std::move(done));
          },
          [] { return ossl::random_hash(); },
          [this](std::function<void()> work) { pool_.post(std::move(work)); }});
  std::atomic<bool> writable_ = true;
  Context context_{
      log_,
      *runner_,
      support::hasher(),
      keyed_hash_,
      clock_,
      pool_,
      metrics_,
      limits_,
      [this](core::CommandContext with, events::SessionCommand command, core::AppendDone done) {
        loop_.execute(std::move(with), std::move(command), std::move(done));
      },
      [] { return ossl::random_hash(); },
      [this]() -> core::Status {
        if (writable_) return core::Ok{};
        return core::Error{core::Errc::out_of_space, "12 MiB are left"};
      }};
  std::unique_ptr<Server> server_;
};

}  // namespace hansard::http::testing
