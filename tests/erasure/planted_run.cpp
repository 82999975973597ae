#include "planted_run.h"

#include <csignal>
#include <thread>

#include "../adapters/rocksdb/searched_files.h"
#include "core/event_bytes.h"
#include "events/equivalence.h"
#include "rocksdb_store/store.h"
#include "support/events.h"

namespace hansard::erasure {
namespace {

using events::Json;

std::string quoted(const std::string& text) {
  std::string out;
  events::dump_string_to(text, out);
  return out;
}

std::unique_ptr<rocks::RocksStore> open_read_only(const std::filesystem::path& data) {
  static const events::VocabularyEquivalence kEquivalence;
  rocks::OpenOptions options;
  options.directory = data;
  options.hasher = &support::hasher();
  options.equivalence = &kEquivalence;
  options.read_only = true;
  auto store = rocks::RocksStore::open(std::move(options));
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

}  // namespace

std::string text_of(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  return value != nullptr && value->is_string() ? *value->if_string() : std::string();
}

bool flag_of(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  return value != nullptr && value->if_boolean() != nullptr && *value->if_boolean();
}

PlantedRun::PlantedRun() : data_(scratch_.path() / "data") {
  const std::string json = quoted(kPlanted);
  forms_ = testing::forms_of(kPlanted, json.substr(1, json.size() - 2), support::hasher());
  // As JSON that is kept to ASCII, and the whole content of the message.
  forms_.push_back("planted \\\"gr\\u00fcn\\\" \\\\ zq7wym-kx9vuh");
  for (const std::string& content :
       {"{\"parts\":[{\"type\":\"text\",\"text\":" + json + "}]}", json}) {
    const core::Hash hash = support::hasher().sha256({content});
    forms_.emplace_back(core::as_bytes(hash));
    forms_.push_back(core::to_hex(core::as_bytes(hash)));
  }
  // A word of it, as the index of texts keeps it.
  forms_.push_back("kx9vuh");
}

void PlantedRun::start(std::vector<std::string> more) {
  server_ = std::make_unique<crash::Server>(data_, scratch_.path() / "errors", std::move(more));
  const auto port = server_->listening();
  ASSERT_TRUE(port) << "the server did not start";
  port_ = *port;
  http_ = std::make_unique<crash::HttpClient>(port_);
}

void PlantedRun::stop() {
  http_.reset();
  server_->process().signal(SIGTERM);
  EXPECT_TRUE(server_->process().wait(std::chrono::seconds(60)));
  server_.reset();
}

void PlantedRun::kill() {
  http_.reset();
  server_->process().kill();
  server_.reset();
}

Json PlantedRun::post(const std::string& target, const std::string& body) {
  const auto answer = http_->post(target, body);
  EXPECT_TRUE(answer && answer->status / 100 == 2)
      << target << ": " << (answer ? answer->body : "no answer");
  return answer ? events::parse_json(answer->body).value() : Json();
}

Json PlantedRun::get(const std::string& target) {
  const auto answer = http_->get(target);
  EXPECT_TRUE(answer && answer->status == 200)
      << target << ": " << (answer ? answer->body : "no answer");
  return answer ? events::parse_json(answer->body).value() : Json();
}

void PlantedRun::record() {
  const std::string text = quoted(kPlanted);
  const std::string longer = quoted("you said " + kPlanted + " I think");
  post("/v1/sessions", R"({"session_id":"s1","user":"ada","title":)" + text + "}");
  post("/v1/sessions/s1/messages",
       R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":)" + text + "}]}");
  post("/v1/sessions/s1/responses",
       R"({"call_id":"c1","message_id":"m2","model":"gpt-4o","usage":{"input_text":9,)"
       R"("output_text":4},"usage_source":"provider","latency_us":420000,)"
       R"("parts":[{"type":"text","text":)" +
           longer + R"(},{"type":"tool_call","tool_call_id":"t1","index":0}]})");
  post("/v1/sessions/s1/tool-calls",
       R"({"tool_call_id":"t1","tool":"look","arguments":{"q":)" + text + "}}");
  post("/v1/sessions/s1/tool-results", R"({"tool_call_id":"t1","output":)" + text + "}");
  post("/v1/sessions/s1/fork", R"({"child":"s2","at_version":4,"reason":"edit"})");
  post("/v1/sessions/s1/requests",
       R"({"call_id":"c2","model":"gpt-4o","parameters":{"stop":)" + text + "}}");
  post("/v1/sessions/s1/context",
       R"({"strategy":"summary","removed":["m1"],"summary":[{"type":"text","text":)" + longer +
           "}]}");
  post("/v1/sessions/s1/messages",
       R"({"message_id":"m3","role":"user","parts":[{"type":"text","text":"good morning"}]})");
  post("/v1/sessions/s2/messages",
       R"({"message_id":"m9","role":"user","parts":[{"type":"text","text":)" + longer + "}]}");
  post("/v1/sessions", R"({"session_id":"s3","user":"ada"})");
  post("/v1/sessions/s3/messages",
       R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"something else"}]})");
  post("/v1/sessions", R"({"session_id":"s4","user":"bo"})");
  post("/v1/sessions/s4/messages",
       R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"kept for bo"}]})");
}

void PlantedRun::record_others(const std::string& prefix, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string id = prefix + std::to_string(i);
    post("/v1/sessions", R"({"session_id":")" + id + "\"}");
    post("/v1/sessions/" + id + "/messages",
         R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"said in )" + id +
             "\"}]}");
  }
}

Json PlantedRun::erase(const std::string& body) {
  const Json asked = post("/v1/erasures", body);
  const Json* id = asked.find("erasure_id");
  EXPECT_NE(id, nullptr);
  return id == nullptr ? Json() : see_through(*id->if_string());
}

Json PlantedRun::see_through(const std::string& id) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (std::chrono::steady_clock::now() < until) {
    Json now = get("/v1/erasures/" + id);
    const Json* state = now.find("state");
    if (state != nullptr && *state->if_string() == "erased") return now;
    std::this_thread::yield();
  }
  ADD_FAILURE() << "not erased in time: " << dump(get("/v1/erasures/" + id));
  return {};
}

void PlantedRun::hold_back() {
  // Where the first file with stripped events would be: a directory, and not an empty one.
  std::filesystem::create_directories(data_ / "stripped-0.sst" / "in the way");
}

void PlantedRun::let_go() { std::filesystem::remove_all(data_ / "stripped-0.sst"); }

Json PlantedRun::see_fail(const std::string& id) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (std::chrono::steady_clock::now() < until) {
    Json now = get("/v1/erasures/" + id);
    if (!text_of(now, "error").empty()) return now;
    std::this_thread::yield();
  }
  ADD_FAILURE() << "no attempt has failed: " << dump(get("/v1/erasures/" + id));
  return {};
}

std::string PlantedRun::command(std::vector<std::string> arguments, int exit_code) {
  const auto ran = crash::run(arguments, scratch_.path());
  EXPECT_TRUE(ran.ending) << arguments.front() << " hung";
  if (ran.ending) {
    EXPECT_EQ(ran.ending->exit_code, exit_code)
        << arguments.front() << ": " << ran.output << ran.errors;
  }
  return ran.output + ran.errors;
}

std::optional<double> PlantedRun::metric(const std::string& name) {
  std::optional<double> value;
  EXPECT_TRUE(http_->get_lines("/metrics", [&](std::string_view line) {
    if (line.starts_with(name + " ")) value = std::stod(std::string(line.substr(name.size() + 1)));
  }));
  return value;
}

std::uint64_t PlantedRun::size() {
  const auto store = open_read_only(data_);
  return store ? store->log().end().value : 0;
}

core::Hash PlantedRun::root_of(std::uint64_t size) {
  const auto store = open_read_only(data_);
  core::MerkleEdge edge(support::hasher());
  std::vector<core::FullTile> full;
  if (!store) return {};
  const auto read = store->log().read({}, [&](const core::RecordedEvent& event) {
    if (event.position.value >= size) return false;
    full.clear();
    edge.append(core::leaf_hash(event, support::hasher()), full);
    return true;
  });
  EXPECT_TRUE(read) << read.error().message;
  return edge.head().root;
}

std::string PlantedRun::totals() {
  std::string all = dump(get("/v1/usage?by=model").find("groups") != nullptr
                             ? *get("/v1/usage?by=model").find("groups")
                             : get("/v1/usage?by=model"));
  const Json sessions = get("/v1/sessions?limit=200");
  for (const Json& session : *sessions.find("sessions")->if_array()) {
    if (const Json* counts = session.find("counts")) all += dump(*counts);
    if (const Json* tokens = session.find("tokens")) all += dump(*tokens);
  }
  return all;
}

std::vector<std::string> PlantedRun::found(const std::filesystem::path& where) {
  return testing::places_of(forms_, where);
}

void PlantedRun::expect_sound(const std::filesystem::path& where) {
  const auto verified = crash::run({"verify", "--data", where.string()}, scratch_.path());
  ASSERT_TRUE(verified.ending);
  EXPECT_EQ(verified.ending->exit_code, 0) << verified.output << verified.errors;
}

}  // namespace hansard::erasure
