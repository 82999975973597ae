// Random logs go out and come in again: the same log where the store is empty, equal conversations
// where it is not. Seeded; the seed is told.
#include <cstdlib>
#include <fstream>
#include <map>

#include "commands.h"
#include "random_conversations.h"
#include "transfer/export_keys.h"
#include "transfer/import_file.h"

namespace hansard::cli::testing {
namespace {

using events::Json;

std::uint64_t rounds() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  const std::uint64_t asked = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 0;
  return asked > 0 ? asked : HANSARD_ROUND_TRIPS;
}

std::string exported(OwnEngine& engine, const std::string& choice = "") {
  const Answer answer = engine.get("/v1/export" + choice);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.body;
}

std::vector<Json> lines(const std::string& text) {
  std::vector<Json> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(events::parse_json(line).value());
  return out;
}

/// What another store says otherwise: where and when it was recorded, and what only its key gives.
bool of_the_recording(std::string_view key) {
  for (const char* each : {"checkpoint", "event_id", "first_recorded_at", "last_recorded_at",
                           "position", "recorded_at", "salt", "actor", "correlation", "causation",
                           "occurred_at_by_client", "stream"}) {
    if (key == each) return true;
  }
  return key.ends_with("_hash") || key.ends_with("_hashes");
}

/// What was said, without that.
Json essence(const Json& json) {
  if (const auto* list = json.if_array()) {
    Json out(Json::Array{});
    for (const Json& each : *list) out.push(essence(each));
    return out;
  }
  if (const auto* members = json.if_object()) {
    Json out(Json::Object{});
    for (const auto& member : *members) {
      if (!of_the_recording(member.key)) out.add(member.key, essence(member.value));
    }
    return out;
  }
  return json;
}

/// Each session as it is told, and each of its events as it is stored.
std::map<std::string, std::string> told(OwnEngine& engine,
                                        const std::vector<std::string>& sessions) {
  std::map<std::string, std::string> out;
  for (const std::string& session : sessions) {
    const auto path = TargetBuilder().segment("v1").segment("sessions").segment(session);
    const Answer history = engine.get(TargetBuilder(path).segment("history").text());
    EXPECT_EQ(history.status, 200) << session << history.body;
    std::string& text = out[session];
    text = dump(essence(events::parse_json(history.body).value()));
    const std::string choice =
        TargetBuilder().segment("v1").segment("export").query("session", session).text();
    std::vector<Json> events = lines(engine.get(choice).body);
    for (std::size_t i = 1; i + 1 < events.size(); ++i) text += "\n" + dump(essence(events[i]));
  }
  return out;
}

class RoundTrip : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const char* name) const {
    return (directory_.path() / name).string();
  }
  void keep(const std::string& text) const { std::ofstream(path("log.ndjson")) << text; }

  /// Restores the kept export; tells the root that the program said.
  void restore(const std::string& root) {
    Settings settings;
    settings.data = path("restored");
    ImportCommand command;
    command.files = {path("log.ndjson")};
    command.restore = true;
    command.keys = path("log.keys");
    ::testing::internal::CaptureStdout();
    const auto code = run_restore(settings, command, {.json = true});
    const std::string said = ::testing::internal::GetCapturedStdout();
    ASSERT_TRUE(code) << code.error().message;
    EXPECT_EQ(*events::parse_json(said).value().find("root")->if_string(), root);
  }
  ImportReport import(OwnEngine& into) {
    ImportReport report;
    report.file = path("log.ndjson");
    const auto status = import_file(into.backend(), nullptr, report);
    EXPECT_TRUE(status) << status.error().message;
    EXPECT_EQ(report.format, "hansard");
    EXPECT_EQ(report.failed, 0U) << (report.failures.empty() ? "" : report.failures[0].reason);
    EXPECT_EQ(report.unplaced, 0U);
    return report;
  }

  OwnDirectory directory_;
};

TEST_F(RoundTrip, ALogThatGoesOutComesInTheSame) {
  constexpr int kSteps = 220;
  std::vector<std::string> kinds;
  for (std::uint64_t seed = 1; seed <= rounds() && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto name = [&](const char* what) { return path((what + std::to_string(seed)).c_str()); };
    std::filesystem::remove_all(path("restored"));
    std::filesystem::remove(path("log.keys"));

    OwnEngine source(name("source"));
    RandomConversations random(source, seed, "s");
    random.grow(kSteps);
    EXPECT_GT(random.recorded(), kSteps / 3U);
    for (const auto& kind : random.kinds()) kinds.push_back(kind);
    const auto conversations = told(source, random.sessions());
    const std::string log = exported(source);
    const Json header = lines(log).front();
    keep(log);
    const auto kept =
        keep_keys(name("source"), *header.find("log_id")->if_string(), path("log.keys"));
    ASSERT_TRUE(kept) << kept.error().message;

    restore(*header.find("root")->if_string());
    {
      OwnEngine restored(path("restored"));
      EXPECT_TRUE(exported(restored) == log) << "not byte by byte the same";
      EXPECT_EQ(told(restored, random.sessions()), conversations);
    }

    OwnEngine other(name("other"));
    RandomConversations there(other, seed + 1'000'000, "t");
    there.grow(kSteps / 4);
    const auto before = told(other, there.sessions());
    const ImportReport first = import(other);
    // Header, end, and the prices that each log begins with by itself.
    EXPECT_EQ(first.new_events, lines(log).size() - 3) << "an event each, and none else";
    EXPECT_EQ(told(other, random.sessions()), conversations);
    EXPECT_EQ(told(other, there.sessions()), before) << "what was there already";
    const std::string once = exported(other);
    EXPECT_EQ(import(other).new_events, 0U);
    EXPECT_TRUE(exported(other) == once) << "the second time added something";
  }
  for (const char* kind :
       {"create", "messages", "requests", "responses", "tool-calls", "tool-results", "orphan",
        "context", "scores", "attachments", "fork", "config", "end", "reopen"}) {
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), kind), kinds.end())
        << kind << " never occurred";
  }
}

}  // namespace
}  // namespace hansard::cli::testing
