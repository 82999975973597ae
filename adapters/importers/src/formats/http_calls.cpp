#include "formats/http_calls.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>
#include <variant>

#include "events/conversation/keys.h"
#include "events/conversation/place.h"
#include "formats/http_answer.h"
#include "formats/steps.h"
#include "projections/echo.h"

namespace hansard::importers {

using core::Ok;
using core::Status;
using events::Digest;
using events::Json;
using events::PlaceKind;
using events::SessionStep;
using events::Utterance;
using events::UtteranceKind;

namespace {

constexpr std::size_t kKeyBytes = 160;  ///< about, with what the map needs
constexpr std::string_view kPrefix = "http-";

/// Hashes to compare texts within one file; they are stored nowhere, and meet no adversary who
/// gains more than a wrong join of his own file.
class TextHasher final : public core::Hasher {
 public:
  [[nodiscard]] core::Hash sha256(std::initializer_list<std::string_view> pieces) const override {
    return hash({}, pieces);
  }
  [[nodiscard]] core::Hash hmac_sha256(
      std::string_view key, std::initializer_list<std::string_view> pieces) const override {
    return hash(key, pieces);
  }

 private:
  static core::Hash hash(std::string_view key, std::initializer_list<std::string_view> pieces) {
    core::Hash out{};
    for (std::size_t lane = 0; lane < 2; ++lane) {
      std::uint64_t hash = 14695981039346656037U + lane * 0x9E3779B97F4A7C15U;
      const auto add = [&](std::string_view text) {
        for (const char c : text) {
          hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
          if (lane == 1) hash ^= hash >> 29U;
        }
      };
      add(key);
      for (const std::string_view piece : pieces) add(piece);
      for (std::size_t i = 0; i < 8; ++i) {
        out[lane * 8 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
      }
    }
    return out;
  }
};

const TextHasher& text_hasher() {
  static const TextHasher hasher;
  return hasher;
}

std::string short_hash(std::initializer_list<std::string_view> pieces) {
  return core::to_hex(core::as_bytes(text_hasher().sha256(pieces)).substr(0, 16));
}

/// The scope of calls that name their session is that session.
std::string scope_of(const HttpExchange& exchange, const projections::Prompt& prompt) {
  const auto& session = exchange.session ? exchange.session : prompt.request.conversation;
  return session ? "session\n" + *session : "scope\n" + exchange.scope;
}

std::string provider_of(const HttpExchange& exchange) {
  struct Host {
    std::string_view end;
    std::string_view provider;
  };
  static constexpr std::array<Host, 8> kHosts{{{"api.openai.com", "openai"},
                                               {"anthropic.com", "anthropic"},
                                               {"mistral.ai", "mistral"},
                                               {"groq.com", "groq"},
                                               {"deepseek.com", "deepseek"},
                                               {"openrouter.ai", "openrouter"},
                                               {"openai.azure.com", "azure"},
                                               {"ollama.com", "ollama"}}};
  std::string_view name = exchange.host;
  for (const Host& host : kHosts) {
    if (name.ends_with(host.end)) name = host.provider;
  }
  return identifier_of(exchange.provider.value_or(std::string(name)));
}

std::size_t messages_in(const std::vector<SessionStep>& steps) {
  return static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(), [](const SessionStep& step) {
        return std::holds_alternative<events::SendMessage>(step) ||
               std::holds_alternative<events::RecordResponse>(step) ||
               std::holds_alternative<events::CompleteTool>(step) ||
               std::holds_alternative<events::FailTool>(step);
      }));
}

Json body_as_read(const std::string& text) {
  auto json = events::parse_json(text);
  if (json) return *std::move(json);
  std::string quoted;
  events::dump_string_to(text, quoted);
  return events::check_json(quoted) ? Json(text) : Json("(bytes that are no text)");
}

}  // namespace

struct HttpCalls::Place {
  Conversation* conversation = nullptr;
  events::Placement placement;
  std::vector<std::string> message_ids;  ///< of the utterances sent that are known
};

HttpCalls::HttpCalls(std::function<void(Piece)> tell)
    : tell_(std::move(tell)), keyed_hash_(text_hasher(), {}), digester_(keyed_hash_, {}) {}

Status HttpCalls::take(std::uint64_t line, const HttpExchange& exchange, const events::Api& api) {
  auto body = events::parse_json(exchange.request);
  if (!body) return body.error();
  auto prompt = projections::read_prompt(api, *std::move(body), digester_);
  if (!prompt) return prompt.error();
  const Place place = this->place(exchange, *prompt);
  Conversation& conversation = *place.conversation;
  const std::string name = "x" + std::to_string(conversation.calls++);

  std::vector<SessionStep> asked = request_steps(place, *prompt, name);
  auto& request = std::get<events::RequestResponse>(asked.back());
  const std::string provider = provider_of(exchange);
  if (!provider.empty()) request.provider = provider;
  if (!exchange.rest.empty()) request.metadata = Json(exchange.rest);

  events::AnswerIds ids;
  ids.call_id = request.call_id;
  ids.message_id = [&](std::uint32_t choice) { return name + ".a" + std::to_string(choice); };
  std::vector<SessionStep> answered = read_http_answer(api, exchange, prompt->request.stream, ids);
  for (SessionStep& step : answered) {
    if (auto* answer = std::get_if<events::RecordResponse>(&step)) {
      answer->provider = request.provider;
      if (request.attempt > 1) answer->attempt = request.attempt;
      projections::drop_echo(*answer, prompt->request);
    } else if (auto* failure = std::get_if<events::FailResponse>(&step)) {
      failure->provider = request.provider;
      failure->attempt = request.attempt;
      if (!failure->model) failure->model = request.model;
    }
  }
  say(conversation, asked);
  say(conversation, answered);
  tell(line, exchange, conversation, std::move(asked), std::move(answered));
  remember(conversation, scope_of(exchange, *prompt),
           2 * exchange.request.size() + exchange.answer.size());
  return Ok{};
}

void HttpCalls::attach(std::uint64_t line, const HttpExchange& exchange, std::string_view reason) {
  Json record = Json::Object{{"method", exchange.method},
                             {"host", exchange.host},
                             {"path", exchange.path},
                             {"request_body", body_as_read(exchange.request)}};
  if (exchange.status) record.add("status", *exchange.status);
  record.add("response_body", body_as_read(exchange.answer));
  if (!exchange.rest.empty()) record.add("source", Json(exchange.rest));
  redact(record, exchange.secrets);
  SessionName name;
  if (exchange.session) {
    name.id = *exchange.session;
  } else {
    name.prefix = kPrefix;
    name.seed = "beside\n" + exchange.scope;
    if (exchange.scope.empty()) name.seed += short_hash({exchange.request, exchange.answer});
  }
  PieceBuilder out(line, name);
  out.piece().create.user = exchange.user;
  out.piece().continues = std::exchange(attached_[name.id + name.seed], true);
  if (exchange.session) {
    const auto known = found_by({"session\n" + *exchange.session, Digest{}});
    if (!known.empty()) {
      out.piece().create = known.front()->create;
      out.piece().created_at = known.front()->created_at;
      out.piece().continues = true;
    }
  }
  out.attach("exchange", "http.exchange", exchange.path, reason, record,
             exchange.answered_at ? exchange.answered_at : exchange.asked_at);
  tell_(out.take());
}

HttpCalls::Place HttpCalls::place(const HttpExchange& exchange, const projections::Prompt& prompt) {
  const std::string scope = scope_of(exchange, prompt);
  events::Asked asked = prompt.asked;
  asked.retry = exchange.retry;
  asked.named = scope.starts_with("session");
  // One process writes one user for a session, so plain texts can be compared here.
  if (!asked.named) asked.user_hash = exchange.user ? exchange.user : prompt.request.user;
  const std::size_t unsent = prepend_known(scope, prompt, asked);
  const std::vector<Conversation*> found = candidates(scope, asked);
  std::vector<events::Candidate> compared;
  for (const Conversation* each : found) {
    compared.push_back({&each->transcript, each->last_used});
  }
  Place place;
  place.placement = events::place(asked, compared, [](std::string_view) { return false; });
  if (place.placement.kind == PlaceKind::forks) place.placement = {};
  if (place.placement.kind == PlaceKind::fresh) {
    place.conversation = &begin(exchange, prompt);
    return place;
  }
  place.conversation = found[place.placement.candidate];
  std::size_t known = 0;
  const auto note = [&](std::string id) {
    if (known++ >= unsent) place.message_ids.push_back(std::move(id));
  };
  for (const Utterance& said : place.conversation->transcript.utterances()) {
    if (said.kind == UtteranceKind::aside) continue;
    if (place.placement.summary && known == *place.placement.summary) note({});
    if (known == place.placement.known) break;
    if (said.digest == asked.history[known]) note(said.message_id);
  }
  return place;
}

/// A call that names an answer instead of sending what was said before it sends all of that.
/// @return how many utterances that is
std::size_t HttpCalls::prepend_known(const std::string& scope, const projections::Prompt& prompt,
                                     events::Asked& asked) const {
  const auto& from = prompt.request.previous_answer;
  if (!from) return 0;
  for (const Conversation* each : found_by({scope, events::answer_key(digester_, *from)})) {
    std::vector<Digest> before;
    std::vector<bool> answers;
    for (const Utterance& said : each->transcript.utterances()) {
      if (said.kind == UtteranceKind::aside) continue;
      before.push_back(said.digest);
      answers.push_back(said.kind == UtteranceKind::answer);
      if (!answers.back() || (said.message_id != *from && said.given_id != *from)) continue;
      asked.history.insert(asked.history.begin(), before.begin(), before.end());
      asked.answers.insert(asked.answers.begin(), answers.begin(), answers.end());
      return before.size();
    }
  }
  return 0;
}

std::vector<HttpCalls::Conversation*> HttpCalls::candidates(const std::string& scope,
                                                            const events::Asked& asked) const {
  if (asked.named) return found_by({scope, Digest{}});
  if (asked.history.empty()) return {};
  std::size_t answers = asked.answers.size();
  while (answers > 0 && !asked.answers[answers - 1]) --answers;
  const std::span history(asked.history);
  auto found =
      found_by({scope, events::history_key(
                           digester_, history.first(answers == 0 ? history.size() : answers))});
  if (found.empty() && answers >= 2) {
    found = found_by(
        {scope, events::exchange_key(digester_, history[answers - 2], history[answers - 1])});
  }
  return found;
}

std::vector<HttpCalls::Conversation*> HttpCalls::found_by(const Key& key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? std::vector<Conversation*>{} : found->second;
}

HttpCalls::Conversation& HttpCalls::begin(const HttpExchange& exchange,
                                          const projections::Prompt& prompt) {
  Conversation& conversation = conversations_.emplace_back(
      Conversation{{}, {}, {}, events::Transcript(digester_), {}, 0, 0, 0, false, {}, {}});
  conversation.self = std::prev(conversations_.end());
  const auto& session = exchange.session ? exchange.session : prompt.request.conversation;
  if (session) {
    conversation.name.id = *session;
  } else {
    conversation.name.prefix = kPrefix;
    conversation.name.seed =
        exchange.scope + "\n" + short_hash({exchange.request, "\n", exchange.answer});
    // Calls that are alike in all are calls all the same.
    if (const auto before = begun_[conversation.name.seed]++; before > 0) {
      conversation.name.seed += "\n" + std::to_string(before);
    }
  }
  conversation.create.source = "import";
  conversation.create.user = exchange.user ? exchange.user : prompt.request.user;
  conversation.create.tags = prompt.request.tags;
  conversation.created_at = exchange.asked_at;
  events::SessionCreated created;
  created.user_hash = conversation.create.user;
  conversation.transcript.apply(created, {}, {});
  return conversation;
}

std::vector<SessionStep> HttpCalls::request_steps(const Place& place,
                                                  const projections::Prompt& prompt,
                                                  const std::string& name) const {
  const Conversation& conversation = *place.conversation;
  std::vector<SessionStep> steps;
  if (prompt.system && prompt.system != conversation.said.system) {
    steps.emplace_back(projections::system_setting(prompt, name));
  }
  for (SessionStep& step : projections::context_changes(prompt, place.placement, name)) {
    steps.push_back(std::move(step));
  }
  for (SessionStep& step : projections::settle(prompt, place.message_ids, name)) {
    steps.push_back(std::move(step));
  }
  const events::CallRequest& asked = prompt.request;
  events::RequestResponse request;
  const bool again = place.placement.kind == PlaceKind::again;
  request.call_id = again ? place.placement.call_id : name;
  request.attempt = place.placement.attempt;
  request.kind = asked.kind;
  request.model = asked.model;
  request.stream = asked.stream;
  request.parameters = asked.parameters;
  request.tools = asked.tools;
  projections::Said said = conversation.said;
  for (const auto& event : projections::events_of(steps)) projections::say(said, event);
  request.extra = projections::request_form(*prompt.api, said, asked, prompt.system_place).extra;
  steps.emplace_back(std::move(request));
  return steps;
}

void HttpCalls::say(Conversation& conversation, const std::vector<SessionStep>& steps) {
  for (const events::SessionEvent& event : projections::events_of(steps)) {
    conversation.transcript.apply(event, {}, {});
    projections::say(conversation.said, event);
  }
}

void HttpCalls::remember(Conversation& conversation, const std::string& scope, std::size_t bytes) {
  std::vector<Key> keys;
  if (scope.starts_with("session")) keys.push_back({scope, Digest{}});
  for (const Digest& key : events::head_keys(digester_, conversation.transcript)) {
    keys.push_back({scope, key});
  }
  for (Key& key : keys) {
    auto& found = keys_[key];
    if (std::find(found.begin(), found.end(), &conversation) != found.end()) continue;
    found.push_back(&conversation);
    conversation.keys.push_back(std::move(key));
  }
  conversation.last_used = ++uses_;
  bytes_ -= conversation.bytes;
  conversation.bytes = bytes + conversation.keys.size() * kKeyBytes;
  bytes_ += conversation.bytes;
  conversations_.splice(conversations_.end(), conversations_, conversation.self);
  while (bytes_ > kJoinedBytesMax && conversations_.size() > 1) {
    const Conversation& oldest = conversations_.front();
    for (const Key& key : oldest.keys) {
      const auto found = keys_.find(key);
      std::erase(found->second, &oldest);
      if (found->second.empty()) keys_.erase(found);
    }
    bytes_ -= oldest.bytes;
    conversations_.pop_front();
  }
}

void HttpCalls::tell(std::uint64_t line, const HttpExchange& exchange, Conversation& conversation,
                     std::vector<SessionStep> asked, std::vector<SessionStep> answered) {
  Piece piece;
  piece.line = line;
  piece.session = conversation.name;
  piece.continues = std::exchange(conversation.told, true);
  piece.create = conversation.create;
  piece.created_at = conversation.created_at;
  piece.messages = messages_in(asked) + messages_in(answered);
  for (SessionStep& step : asked) {
    piece.steps.push_back(at_time(std::move(step), exchange.asked_at));
  }
  for (SessionStep& step : answered) {
    piece.steps.push_back(at_time(std::move(step), exchange.answered_at));
  }
  tell_(std::move(piece));
}

}  // namespace hansard::importers
