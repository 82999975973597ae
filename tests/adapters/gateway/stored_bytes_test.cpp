// What calls cost on disk: driven through the gateway, written to a store, compacted, and weighed
// against what went over the wire.

#include <rocksdb/db.h>

#include <unistd.h>

#include <array>
#include <filesystem>
#include <future>
#include <map>
#include <random>

#include "../../events/real_data.h"
#include "engine_options.h"
#include "rig.h"
#include "rocksdb_store/store.h"

namespace hansard::gateway::testing {
namespace {

namespace real = events::real;

/// Bytes of the tables of a store, by column family.
using Weights = std::map<std::string, std::uint64_t>;

/// One event as the log was given it.
core::NewEvent given(const core::RecordedEvent& event) {
  core::NewEvent out;
  out.stream = core::StreamId::parse(event.stream).value();
  out.type = std::string(event.type);
  out.schema = event.schema;
  out.id = event.id;
  out.occurred_at = event.occurred_at;
  out.occurred_at_from_client = event.occurred_at_from_client;
  out.facts = std::string(event.facts);
  out.content = std::string(event.content);
  // Salts that are not random would be compressed away.
  static std::mt19937_64 random(7);
  for (auto& byte : out.salt) byte = static_cast<std::uint8_t>(random());
  seal(out, support::hasher());
  return out;
}

class StoredBytesTest : public GatewayTest {
 protected:
  /// Makes a call that is not streamed.
  void call(const Json& request, const std::string& answer) {
    exchange(kChat, request, answer);
    raw_ += dump(request).size() + answer.size();
    ++calls_;
  }
  static std::string answer_with(const Json& message, std::size_t number) {
    const std::string id = std::to_string(1'000'000'007 * number);
    return R"({"id":"chatcmpl-)" + id + R"(","object":"chat.completion","created":17)" +
           id.substr(0, 8) + R"(,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":)" +
           dump(message) +
           R"(,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":)" +
           std::to_string(100 + number) + R"(,"completion_tokens":)" +
           std::to_string(number % 400) + R"(,"total_tokens":)" +
           std::to_string(100 + number + number % 400) +
           R"(,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
           R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
           R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},)"
           R"("service_tier":"default","system_fingerprint":"fp_07871e2ad8"})";
  }
  /// The calls that led to a list of messages: one for each answer in it, at most `most`.
  void talk(const Json::Array& messages, const Json& tools, std::size_t most) {
    Json::Array said;
    for (const Json& message : messages) {
      if (*message.find("role")->if_string() == "assistant" && most > 0) {
        --most;
        Json request = Json::Object{{"model", "gpt-4o"}, {"messages", said}};
        if (tools.is_array()) request.add("tools", tools);
        request.add("temperature", Json::number(0.0));
        call(request, answer_with(message, calls_ + 1));
      }
      said.push_back(message);
    }
  }

  /// Writes all that is on record to a store, append by append, and weighs it.
  Weights weigh() {
    const auto directory =
        std::filesystem::temp_directory_path() / ("hansard-bytes-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory);
    rocks::OpenOptions options;
    options.directory = directory;
    options.hasher = &support::hasher();
    options.equivalence = &equivalence_;
    options.ballast_bytes = 0;
    {
      auto store = rocks::RocksStore::open(options).value();
      core::AppendRequest next;
      const auto write = [&] {
        if (next.records.empty()) return;
        std::promise<bool> done;
        store->log().append(std::exchange(next, {}), [&](const auto& receipt) {
          done.set_value(static_cast<bool>(receipt));
        });
        EXPECT_TRUE(done.get_future().get());
      };
      const auto read = memory_.read({}, [&](const core::RecordedEvent& event) {
        if (event.recorded_at != next.recorded_at) write();
        next.recorded_at = event.recorded_at;
        next.durability = core::Durability::relaxed;
        next.records.push_back(given(event));
        return true;
      });
      EXPECT_TRUE(read);
      write();
    }
    const Weights weights = compacted(options);
    std::filesystem::remove_all(directory);
    return weights;
  }

  std::uint64_t raw_ = 0;
  std::size_t calls_ = 0;

 private:
  static Weights compacted(const rocks::OpenOptions& options) {
    const rocks::Engine engine(options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(db_options(engine), (options.directory / "db").string(),
                                          families(engine), &handles, &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::CompactRangeOptions everything;
    everything.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    for (auto* handle : handles) {
      EXPECT_TRUE(db->CompactRange(everything, handle, nullptr, nullptr).ok());
    }
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    Weights weights;
    for (const auto& file : files) weights[file.column_family_name] += file.size;
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    return weights;
  }
};

double report(const std::string& what, const Weights& weights, std::uint64_t raw,
              std::size_t conversations) {
  std::uint64_t stored = 0;
  std::cout << what << ":";
  for (const auto& [family, bytes] : weights) {
    stored += bytes;
    std::cout << " " << family << " " << bytes / conversations;
  }
  const double ratio = static_cast<double>(stored) / static_cast<double>(raw);
  std::cout << "; stored " << stored / conversations << " of " << raw / conversations
            << " bytes a conversation, " << ratio << "x\n";
  return ratio;
}

/// Schemas like those that agents offer: `count` tools of about 700 bytes.
Json schemas(std::size_t count) {
  static constexpr std::array<std::string_view, 14> kVerbs{
      "book", "cancel", "find", "list", "update", "search", "transfer",
      "send", "get",    "pay",  "rate", "check",  "modify", "think"};
  static constexpr std::array<std::string_view, 5> kNouns{"reservation", "user", "flight",
                                                          "payment", "certificate"};
  Json::Array tools;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string verb(kVerbs[i % kVerbs.size()]);
    const std::string noun(kNouns[(i * 7) % kNouns.size()]);
    Json properties = Json::Object{};
    for (std::size_t field = 0; field < 4; ++field) {
      const std::string name = std::string(kNouns[(i + field) % kNouns.size()]) + "_id";
      properties.add(name + std::to_string(field),
                     Json::Object{{"type", "string"},
                                  {"description", "The id of the " + name + " to " + verb +
                                                      ", such as '" + noun + "_1234'."}});
    }
    tools.push_back(Json::Object{
        {"type", "function"},
        {"function",
         Json::Object{{"name", verb + "_" + noun},
                      {"description", "To " + verb + " a " + noun + " on behalf of a customer."},
                      {"parameters", Json::Object{{"type", "object"},
                                                  {"properties", properties},
                                                  {"required", Json::Array{}}}}}}});
  }
  return tools;
}

/// Text that compresses about as text does.
std::string prose(std::mt19937_64& random, std::size_t words) {
  static constexpr std::string_view kSyllables[] = {"ta", "re",  "con", "ver", "sa", "tion", "the",
                                                    "of", "ing", "mo",  "del", "er", "an",   "is"};
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    for (std::size_t s = random() % 3 + 1; s > 0; --s) {
      text += kSyllables[random() % std::size(kSyllables)];
    }
    text += ' ';
  }
  return text;
}

TEST_F(StoredBytesTest, ALongConversationTakesATwentiethOfWhatWentOverTheWire) {
  std::mt19937_64 random(11);
  constexpr std::size_t kConversations = 10;
  for (std::size_t i = 0; i < kConversations; ++i) {
    Json::Array messages{Json::Object{{"role", "system"}, {"content", prose(random, 1300)}}};
    for (std::size_t turn = 0; turn < 20; ++turn) {
      messages.push_back(Json::Object{{"role", "user"}, {"content", prose(random, 30)}});
      messages.push_back(Json::Object{{"role", "assistant"}, {"content", prose(random, 60)}});
    }
    talk(messages, schemas(14), 20);
  }
  EXPECT_EQ(sessions().size(), kConversations);
  EXPECT_LE(report("20 calls", weigh(), raw_, kConversations), 1.0 / 20);
}

/// The Responses API says again in each answer what it was asked with.
TEST_F(StoredBytesTest, AnswersThatRepeatTheRequestTakeATwentiethToo) {
  std::mt19937_64 random(13);
  constexpr std::size_t kConversations = 10;
  for (std::size_t i = 0; i < kConversations; ++i) {
    Json::Array tools;
    const Json offered = schemas(14);
    for (const Json& tool : *offered.if_array()) {
      Json flat = Json::Object{{"type", "function"}};
      for (const Json::Member& member : *tool.find("function")->if_object()) {
        flat.add(member.key, member.value);
      }
      tools.push_back(std::move(flat));
    }
    Json::Array echoed = tools;
    for (Json& tool : echoed) tool.add("strict", true);
    const std::string instructions = prose(random, 1300);
    Json::Array input;
    for (std::size_t turn = 0; turn < 20; ++turn) {
      input.push_back(Json::Object{{"role", "user"}, {"content", prose(random, 30)}});
      const Json request = Json::Object{
          {"model", "gpt-5"}, {"instructions", instructions}, {"input", input}, {"tools", tools}};
      const std::string text = prose(random, 60);
      Json message =
          Json::Object{{"id", "msg_" + std::to_string(random())},
                       {"type", "message"},
                       {"status", "completed"},
                       {"role", "assistant"},
                       {"content", Json::Array{Json::Object{{"type", "output_text"},
                                                            {"annotations", Json::Array{}},
                                                            {"logprobs", Json::Array{}},
                                                            {"text", text}}}}};
      Json answer = Json::Object{{"id", "resp_" + std::to_string(random())},
                                 {"object", "response"},
                                 {"created_at", 1'710'000'000 + calls_},
                                 {"status", "completed"},
                                 {"error", nullptr},
                                 {"instructions", instructions},
                                 {"model", "gpt-5-2025-08-07"},
                                 {"output", Json::Array{message}},
                                 {"tool_choice", "auto"},
                                 {"tools", echoed},
                                 {"temperature", Json::number(1.0)},
                                 {"usage", Json::Object{{"input_tokens", 100 + calls_},
                                                        {"output_tokens", 20},
                                                        {"total_tokens", 120 + calls_}}}};
      exchange(kResponses, request, dump(answer));
      raw_ += dump(request).size() + dump(answer).size();
      ++calls_;
      input.push_back(std::move(message));
    }
  }
  EXPECT_EQ(sessions().size(), kConversations);
  EXPECT_LE(report("20 calls, Responses", weigh(), raw_, kConversations), 1.0 / 20);
}

TEST_F(StoredBytesTest, AConversationOfOneCallTakesNoMore) {
  std::mt19937_64 random(12);
  constexpr std::size_t kConversations = 50;
  for (std::size_t i = 0; i < kConversations; ++i) {
    const Json::Array messages{
        Json::Object{{"role", "user"}, {"content", prose(random, 40)}},
        Json::Object{{"role", "assistant"}, {"content", prose(random, 150)}, {"refusal", nullptr}}};
    talk(messages, i % 2 == 0 ? Json() : schemas(6), 1);
  }
  EXPECT_LE(report("one call", weigh(), raw_, kConversations), 1.0);
}

class RealStoredBytesTest : public StoredBytesTest {
 protected:
  void SetUp() override {
    if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  }
  /// The conversations of the airline set with at least so many calls, cut after them.
  std::size_t airline(std::size_t calls, const Json& tools) {
    std::size_t taken = 0;
    real::each_line("tau_airline_gpt4o.jsonl.zst", [&](const Json& line) {
      const Json::Array& messages = *line.find("traj")->if_array();
      std::size_t answers = 0;
      for (const Json& each : messages) {
        answers += *each.find("role")->if_string() == "assistant" ? 1 : 0;
      }
      if (answers < calls) return;
      talk(messages, tools, calls);
      ++taken;
    });
    return taken;
  }
};

TEST_F(RealStoredBytesTest, TwentyCallsOfTheAirlineSet) {
  const std::size_t taken = airline(20, schemas(14));
  EXPECT_LE(report("airline, 20 calls, 14 tools", weigh(), raw_, taken), 1.0 / 20);
}

TEST_F(RealStoredBytesTest, TheFirstCallsOfTheAirlineSet) {
  const std::size_t taken = airline(1, schemas(14));
  EXPECT_LE(report("airline, one call, 14 tools", weigh(), raw_, taken), 1.0);
}

TEST_F(RealStoredBytesTest, OneQuestionAndItsAnswer) {
  std::size_t taken = 0;
  real::each_line("arena_hard_v01_gpt-3.5-turbo-0125.jsonl.zst", [&](const Json& line) {
    const Json::Array& messages = *line.find("messages")->if_array();
    const Json* answer = messages.back().find("content")->find("answer");
    talk({messages.front(),
          Json::Object{{"role", "assistant"}, {"content", *answer}, {"refusal", nullptr}}},
         Json(), 1);
    ++taken;
  });
  ASSERT_GT(taken, 0U);
  EXPECT_LE(report("arena, one call", weigh(), raw_, taken), 1.0);
}

}  // namespace
}  // namespace hansard::gateway::testing
