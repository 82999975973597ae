#include "scale/conversations.h"

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/assert.h"
#include "events/session/ids.h"

namespace hansard::bench {
namespace {

using namespace std::chrono_literals;
using events::Json;

struct Model {
  std::string_view provider;
  std::string_view name;
};
/// By how often they are asked.
constexpr std::array<Model, 9> kModels{{{"openai", "gpt-4o-mini-2024-07-18"},
                                        {"openai", "gpt-4o-2024-08-06"},
                                        {"anthropic", "claude-sonnet-4-20250514"},
                                        {"openai", "gpt-4.1-2025-04-14"},
                                        {"anthropic", "claude-3-5-haiku-20241022"},
                                        {"ollama", "llama3.1:8b"},
                                        {"openai", "o4-mini-2025-04-16"},
                                        {"anthropic", "claude-opus-4-20250514"},
                                        {"ollama", "qwen2.5-coder:14b"}}};
constexpr std::array<std::string_view, 12> kAgents{"helpdesk", "orders",  "research", "coder",
                                                   "writer",   "triage",  "billing",  "travel",
                                                   "tutor",    "planner", "legal",    "operations"};
constexpr std::array<std::string_view, 4> kApps{"web", "mobile", "slack", "batch"};
constexpr std::array<std::string_view, 8> kTools{"search_orders", "read_file",  "web_search",
                                                 "run_query",     "track_item", "send_mail",
                                                 "list_events",   "convert"};
constexpr std::array<std::string_view, 4> kLanguages{"en", "de", "fr", "ja"};

}  // namespace

struct Conversations::Session {
  core::StreamId stream;
  std::uint64_t version = 0;  ///< of the next event
  std::uint64_t last_message = 0;
  std::uint64_t turns_left = 0;
  std::uint64_t tokens = 0;  ///< of the conversation so far
  Model model;
  std::deque<events::SessionEvent> pending;
  int messages = 0;
  int calls = 0;
};

/// Makes events of each kind.
struct Conversations::Recipes {
  Recipes(const Options& options, const core::KeyedHash& keyed_hash)
      : text(options.seed), hash(keyed_hash), users(options.users) {
    for (int set = 0; set < 12; ++set) tool_sets.push_back(hex(text.bytes32()));
  }

  static std::string hex(const core::Hash& bytes) { return core::to_hex(core::as_bytes(bytes)); }
  std::uint64_t below(std::uint64_t end) { return text.number() % end; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  double unit() { return static_cast<double>(text.number() >> 11U) * 0x1p-53; }
  /// 0 most often, each further one about as often as Zipf's law has it.
  std::uint64_t zipf(std::uint64_t count) {
    const double at = std::pow(static_cast<double>(count) + 1, unit()) - 1;
    return std::min(static_cast<std::uint64_t>(at), count - 1);
  }
  /// Long-tailed lengths: half below `typical`, one in a hundred above six times that.
  std::size_t length(std::size_t typical) {
    const double normal = unit() + unit() + unit() + unit() - 2;  // about N(0, 0.58)
    return 8 + static_cast<std::size_t>(static_cast<double>(typical) * std::exp(1.35 * normal));
  }
  std::string words(std::size_t typical) {
    std::string out;
    text.words(length(typical), out);
    return out;
  }
  std::string token(std::string_view prefix, std::size_t chars) {
    std::string out(prefix);
    text.token(chars, out);
    return out;
  }

  const std::string& user_hash(const std::string& user) {
    auto [at, added] = user_hashes.try_emplace(user);
    if (added) at->second = events::user_hash({}, user, hash);
    return at->second;
  }

  void begin(Session& session) {
    session = Session{};
    session.stream = core::StreamId::make("session", token("", 22)).value();
    session.turns_left = 1 + static_cast<std::uint64_t>(-3.0 * std::log(1 - unit()));
    session.model = kModels[zipf(kModels.size())];
    session.tokens = 200 + below(1500);
    events::SessionCreated created;
    created.user = "user-" + std::to_string(zipf(users));
    created.user_hash = user_hash(*created.user);
    created.agent = kAgents[zipf(kAgents.size())];
    created.app = kApps[zipf(kApps.size())];
    const std::string language(kLanguages[zipf(kLanguages.size())]);
    created.tags = {{"language", language}};
    created.tag_hashes = {{"language", events::tag_hash({}, "language", language, hash)}};
    created.source = "api";
    created.title = words(40);
    session.pending.emplace_back(std::move(created));
  }

  /// A question, and everything until its answer.
  void turn(Session& session) {
    const std::string question = "m" + std::to_string(session.messages++);
    events::MessageSent sent;
    sent.message_id = question;
    sent.parts = {events::Part::make_text(words(750))};
    sent.text_bytes = events::text_bytes(sent.parts);
    sent.parts_count = 1;
    session.tokens += *sent.text_bytes / 4;
    session.pending.emplace_back(std::move(sent));
    for (int round = 0; round < 3 && chance(45); ++round) {
      request(session, 1);
      call_tools(session);
    }
    if (chance(2)) {
      request(session, 1);
      fail(session);
      --session.calls;  // the next attempt is of the same call
      request(session, 2);
    } else {
      request(session, 1);
    }
    answer(session, {events::Part::make_text(words(1150))}, events::FinishReason::stop);
    if (chance(4)) score(session);
    if (--session.turns_left == 0 && chance(70)) {
      session.pending.emplace_back(events::SessionEnded{"done", {}, {}});
    }
  }

  void request(Session& session, std::uint32_t attempt) {
    events::ResponseRequested requested;
    requested.call_id = "c" + std::to_string(session.calls++);
    requested.attempt = attempt;
    requested.provider = session.model.provider;
    requested.model = session.model.name;
    requested.tools_hash = tool_sets[below(tool_sets.size())];
    requested.window = events::Window{session.version + session.pending.size() - 1, {}};
    requested.policies = {{"rate_limit", "passed"}, {"cache", "miss"}};
    requested.prompt = events::PromptRef{"assistant", std::uint64_t{1 + below(9)}};
    requested.stream = chance(80);
    Json parameters;
    parameters.add("temperature", Json::number(static_cast<double>(below(11)) / 10));
    parameters.add("max_tokens", 1024U << below(4));
    parameters.add("tool_choice", "auto");
    parameters.add("user", token("end-user-", 20));
    parameters.add("seed", text.number() >> 33U);
    requested.parameters = std::move(parameters);
    Json metadata;
    metadata.add("request_id", token("req_", 24));
    metadata.add("trace", hex(text.bytes32()));
    requested.metadata = std::move(metadata);
    session.pending.emplace_back(std::move(requested));
  }

  void answer(Session& session, events::Parts parts, events::FinishReason finish) {
    events::ResponseReceived received;
    received.call_id = "c" + std::to_string(session.calls - 1);
    received.message_id = "m" + std::to_string(session.messages++);
    received.provider = session.model.provider;
    received.model = session.model.name;
    received.finish_reason = finish;
    received.finish_reason_raw = finish == events::FinishReason::stop ? "stop" : "tool_calls";
    received.text_bytes = events::text_bytes(parts);
    received.parts_count = parts.size();
    const std::uint64_t cached = chance(60) ? session.tokens / 128 * 128 : 0;
    const std::uint64_t output = 12 + *received.text_bytes / 4;
    events::Usage usage;
    usage.input_text = session.tokens - cached;
    usage.input_cache_read = cached;
    usage.output_text = output;
    received.usage = usage;
    Json details;
    details.add("cached_tokens", cached);
    Json raw;
    raw.add("prompt_tokens", session.tokens);
    raw.add("completion_tokens", output);
    raw.add("total_tokens", session.tokens + output);
    raw.add("prompt_tokens_details", std::move(details));
    received.raw_usage = std::move(raw);
    received.usage_source = events::UsageSource::provider;
    received.served_from = events::ServedFrom::provider;
    received.ttft_us = 150'000 + below(900'000);
    received.latency_us = *received.ttft_us + output * (8'000 + below(20'000));
    session.tokens += output;
    received.parts = std::move(parts);
    Json extra;
    extra.add("id", token("chatcmpl-", 29));
    extra.add("system_fingerprint", token("fp_", 10));
    received.extra = std::move(extra);
    session.pending.emplace_back(std::move(received));
  }

  /// An answer that asks for one or two tools, and what they returned.
  void call_tools(Session& session) {
    const std::uint32_t count = chance(20) ? 2 : 1;
    std::vector<std::string> ids;
    events::Parts parts;
    if (chance(40)) parts.push_back(events::Part::make_text(words(120)));
    for (std::uint32_t i = 0; i < count; ++i) {
      ids.push_back(token("call_", 24));
      parts.push_back(events::Part::make_tool_call(ids.back(), i));
    }
    answer(session, std::move(parts), events::FinishReason::tool_call);
    const std::string message = "m" + std::to_string(session.messages - 1);
    std::vector<std::string_view> tools;
    for (std::uint32_t i = 0; i < count; ++i) {
      tools.push_back(kTools[zipf(kTools.size())]);
      events::ToolCalled called;
      called.tool_call_id = ids[i];
      called.message_id = message;
      called.index = i;
      called.tool = tools.back();
      Json arguments;
      arguments.add("query", words(250));
      arguments.add("limit", 1 + below(50));
      called.arguments = Json(events::dump(arguments));  // providers send a text of JSON
      called.arguments_bytes = called.arguments.if_string()->size();
      session.pending.emplace_back(std::move(called));
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (chance(3)) {
        events::ToolFailed failed;
        failed.tool_call_id = ids[i];
        failed.message_id = message;
        failed.index = i;
        failed.tool = tools[i];
        failed.duration_us = 1'000 + below(30'000'000);
        failed.error_type = "timeout";
        failed.error = Json(words(200));
        session.pending.emplace_back(std::move(failed));
        continue;
      }
      events::ToolCompleted done;
      done.tool_call_id = ids[i];
      done.message_id = message;
      done.index = i;
      done.tool = tools[i];
      done.duration_us = 1'000 + below(3'000'000);
      done.output = Json(words(1700));
      done.output_bytes = done.output.if_string()->size();
      session.tokens += *done.output_bytes / 4;
      session.pending.emplace_back(std::move(done));
    }
  }

  void fail(Session& session) {
    events::ResponseFailed failed;
    failed.call_id = "c" + std::to_string(session.calls - 1);
    failed.provider = session.model.provider;
    failed.model = session.model.name;
    failed.error_type = "rate_limit_exceeded";
    failed.status = 429;
    failed.retryable = true;
    failed.latency_us = 40'000 + below(400'000);
    failed.error = Json(words(160));
    session.pending.emplace_back(std::move(failed));
  }

  void score(Session& session) {
    events::ScoreRecorded recorded;
    recorded.score_id = token("score_", 16);
    recorded.target_kind = events::TargetKind::message;
    recorded.target_id = "m" + std::to_string(session.messages - 1);
    recorded.name = "helpful";
    recorded.value = Json(chance(80));
    recorded.evaluator = "user";
    session.pending.emplace_back(std::move(recorded));
  }

  TextSource text;
  const core::KeyedHash& hash;
  const std::uint64_t users;
  std::vector<std::string> tool_sets;
  std::unordered_map<std::string, std::string> user_hashes;
};

Conversations::Conversations(const Options& options, const core::KeyedHash& hash)
    : options_(options), recipes_(std::make_unique<Recipes>(options, hash)) {
  HANSARD_ASSERT(options.going != 0, "somebody talks");
  for (std::size_t i = 0; i < options.going; ++i) {
    sessions_.push_back(std::make_unique<Session>());
    recipes_->begin(*sessions_.back());
  }
}

Conversations::~Conversations() = default;

core::NewEvent Conversations::take(Session& session) {
  if (session.pending.empty()) {
    if (session.turns_left == 0) {
      recipes_->begin(session);
    } else {
      recipes_->turn(session);
    }
  }
  const auto encoded = codec_.encode(session.pending.front());
  session.pending.pop_front();
  ++session.version;
  core::NewEvent event;
  event.stream = session.stream;
  event.type = encoded.type;
  event.schema = encoded.schema;
  event.id = core::EventId{core::uuid_v8(recipes_->text.bytes32())};
  event.salt = recipes_->text.bytes32();
  event.facts = encoded.facts;
  event.content = encoded.content;
  return event;
}

core::AppendRequest Conversations::next(std::uint64_t first, std::size_t count) {
  core::AppendRequest request;
  request.records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Session& session = *sessions_[recipes_->below(sessions_.size())];
    core::NewEvent event = take(session);
    const auto since = options_.step * static_cast<std::int64_t>(first + i);
    event.occurred_at = options_.start + since;
    request.recorded_at = *event.occurred_at + 2ms;
    request.records.push_back(std::move(event));
  }
  return request;
}

}  // namespace hansard::bench
