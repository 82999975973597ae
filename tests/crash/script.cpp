#include "script.h"

#include <algorithm>
#include <array>

#include "core/ids.h"
#include "core/time.h"
#include "digest.h"
#include "reading.h"

namespace hansard::crash {
namespace {

using events::Json;

constexpr const char* kAppend = "/v1/append";
constexpr const char* kShared = "custom-all";
constexpr const char* kContended = "custom-race";
constexpr std::size_t kKnownMax = 256;
/// Longer requests are not kept to be repeated.
constexpr std::size_t kRepeatBytesMax = 8192;

}  // namespace

Script::Script(std::uint64_t seed, std::size_t writer)
    : name_("w" + std::to_string(writer)), random_(seed * 1'000'003 + writer) {}

std::string Script::draw_text(std::size_t bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  // Now and then what a careless reader or writer of JSON would change.
  std::string text = draw(4) == 0 ? "\"\\ \n\t\u00e9\u6c34\U0001F600 </x> \x7f " : "";
  while (text.size() < bytes) {
    std::uint64_t word = random_();
    for (int i = 0; i < 16; ++i, word >>= 4U) text.push_back(kHex[word & 15U]);
  }
  return text;
}

std::string Script::draw_id() {
  core::Hash bytes{};
  for (std::size_t i = 0; i < 16; i += 8) {
    const std::uint64_t word = random_();
    for (std::size_t k = 0; k < 8; ++k) bytes[i + k] = static_cast<std::uint8_t>(word >> (8 * k));
  }
  return core::to_string(core::uuid_v8(bytes));
}

Step Script::next(std::size_t payload_bytes) {
  const std::uint64_t chosen = draw(100);
  if (chosen < 30) return own_stream(payload_bytes);
  if (chosen < 45) return many_streams(payload_bytes);
  if (chosen < 57) return race(payload_bytes);
  if (chosen < 87) return conversation();
  if (chosen < 90 && next_own_ > 0 && next_side_ > 0) return wrong_checks();
  if (known_.empty()) return own_stream(payload_bytes);
  if (chosen < 94) return repeat();
  if (chosen < 96) return other_content();
  if (chosen < 98) return partly_known();
  return known_skipped();
}

// ---- raw appends

void Script::add_record(Draft& draft, const std::string& stream, std::size_t payload_bytes,
                        std::optional<std::uint64_t> version) {
  Json facts;
  facts.add("n", ++counter_);
  facts.add("ratio", Json::Number{draw(2) == 0 ? "1.0" : "-2.50e+3"});
  if (draw(3) == 0) facts.add("list", Json(Json::Array{true, nullptr, "x", draw(1000)}));
  Json content;
  content.add("text", draw_text(payload_bytes > 0 ? payload_bytes : draw(300)));
  SentRecord sent;
  sent.key = draw_id();
  sent.stream = stream;
  sent.type = "NoteTaken";
  sent.digest = payload_digest(facts, content);
  sent.version = version;
  Json record;
  record.add("stream", stream);
  record.add("type", sent.type);
  record.add("event_id", sent.key);
  if (draw(4) == 0) {
    sent.occurred_at = core::format_time(core::Timestamp{std::chrono::microseconds{
        1'700'000'000'000'000 + static_cast<std::int64_t>(draw(1ULL << 50U))}});
    record.add("occurred_at", sent.occurred_at);
  }
  record.add("facts", std::move(facts));
  record.add("content", std::move(content));
  draft.records.push(std::move(record));
  draft.sent.push_back(std::move(sent));
}

void Script::add_check(Draft& draft, const std::string& stream, Json expected) {
  Json check;
  check.add("stream", stream);
  check.add("expected", std::move(expected));
  draft.checks.push(std::move(check));
}

void Script::expect(Draft& draft, const std::string& stream, std::uint64_t next) {
  add_check(draft, stream, next == 0 ? Json("none") : Json(next - 1));
}

Step Script::finish(Draft draft, const char* known) {
  Json body;
  body.add("records", std::move(draft.records));
  if (!draft.checks.if_array()->empty()) body.add("checks", std::move(draft.checks));
  if (known != nullptr) body.add("known", known);
  Step step;
  step.target = kAppend;
  step.body = events::dump(body);
  step.records = std::move(draft.sent);
  return step;
}

Step Script::own_stream(std::size_t payload_bytes) {
  Draft draft;
  const std::string stream = "custom-" + name_;
  const std::uint64_t count = payload_bytes > 0 ? 1 : 1 + draw(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    add_record(draft, stream, payload_bytes, next_own_ + i);
  }
  if (draw(3) != 0) expect(draft, stream, next_own_);
  Step step = finish(std::move(draft));
  step.relaxed_first = draw(8) == 0;
  return step;
}

Step Script::many_streams(std::size_t payload_bytes) {
  Draft draft;
  const std::string own = "custom-" + name_;
  const std::string side = own + "-side";
  const std::string fresh = own + "-" + std::to_string(++counter_);
  add_record(draft, side, payload_bytes, next_side_);
  add_record(draft, kShared, 0, {});
  add_record(draft, own, 0, next_own_);
  add_record(draft, fresh, 0, 0);
  add_record(draft, own, 0, next_own_ + 1);
  expect(draft, own, next_own_);
  expect(draft, side, next_side_);
  add_check(draft, kShared, "any");
  add_check(draft, fresh, "none");
  return finish(std::move(draft));
}

Step Script::race(std::size_t payload_bytes) {
  Draft draft;
  const std::uint64_t next = race_head_ == "none" ? 0 : std::stoull(race_head_) + 1;
  add_record(draft, kContended, payload_bytes, next);
  expect(draft, kContended, next);
  Step step = finish(std::move(draft));
  step.may_refuse = "version_conflict";
  step.race = true;
  return step;
}

Step Script::wrong_checks() {
  Draft draft;
  const std::string own = "custom-" + name_;
  add_record(draft, own, 0, {});
  add_record(draft, kShared, 0, {});
  add_check(draft, own, Json(next_own_ + draw(3)));
  add_check(draft, own + "-side", "none");
  Step step = finish(std::move(draft));
  step.may_ack = false;
  step.may_refuse = "version_conflict";
  step.conflicts = {std::to_string(next_own_ - 1), std::to_string(next_side_ - 1)};
  return step;
}

Step Script::repeat() {
  const Known& known = known_[draw(known_.size())];
  Step step;
  step.target = kAppend;
  step.body = known.body;
  step.repeats = known.id;
  return step;
}

Step Script::other_content() {
  const Known& known = known_[draw(known_.size())];
  Json record = known.record;
  Json content;
  content.add("text", draw_text(40));
  Draft draft;
  draft.sent = {known.sent};
  draft.sent[0].digest = payload_digest(*record.find("facts"), content);
  *record.find("content") = std::move(content);
  draft.records.push(std::move(record));
  Step step = finish(std::move(draft));
  step.may_ack = false;
  step.may_refuse = "id_reused";
  return step;
}

Step Script::partly_known() {
  const Known& known = known_[draw(known_.size())];
  Draft draft;
  draft.sent = {known.sent};
  draft.records.push(known.record);
  add_record(draft, "custom-" + name_, 0, {});
  Step step = finish(std::move(draft));
  step.may_ack = false;
  step.may_refuse = "partial_duplicate";
  return step;
}

Step Script::known_skipped() {
  const Known& known = known_[draw(known_.size())];
  Draft draft;
  add_record(draft, "custom-" + name_, 0, next_own_);
  draft.records.push(known.record);
  draft.sent.push_back(known.sent);
  return finish(std::move(draft), "skip");
}

// ---- typed routes

Step Script::typed(const std::string& target, Json body, const std::string& type,
                   const std::string& natural) {
  SentRecord sent;
  sent.stream = "session-" + session_.id;
  sent.type = type;
  sent.key = sent.stream + " " + type + (natural.empty() ? "" : " " + natural);
  for (const auto& member : *body.if_object()) {
    if (member.key != "session_id") sent.fields.push_back(member.key);
  }
  sent.digest = fields_digest(sent.fields, body, Json(Json::Object{}));
  Step step;
  step.target = target;
  step.body = events::dump(body);
  step.records = {std::move(sent)};
  return step;
}

Step Script::conversation() {
  if (session_.id.empty()) {
    session_.id = name_ + "-" + std::to_string(++counter_);
    session_.turns = 1 + static_cast<int>(draw(3));
  }
  const std::string at = "/v1/sessions/" + session_.id;
  const std::string turn = std::to_string(session_.turn);
  Json text;
  text.add("type", "text");
  text.add("text", draw_text(draw(200)));
  Json parts(Json::Array{text});
  Json body;
  if (session_.stage == 0 && draw(4) == 0) {  // nobody may speak before it exists
    const std::string message = "early" + std::to_string(++counter_);
    body.add("message_id", message);
    body.add("role", "user");
    body.add("parts", std::move(parts));
    Step step = typed(at + "/messages", std::move(body), "MessageSent", message);
    step.may_ack = false;
    step.may_refuse = "not_found";
    return step;
  }
  switch (session_.stage) {
    case 0: {
      body.add("session_id", session_.id);
      body.add("user", "user of " + name_);
      body.add("agent", "helpdesk");
      Json tags;
      tags.add("writer", name_);
      body.add("tags", std::move(tags));
      return typed("/v1/sessions", std::move(body), "SessionCreated", "");
    }
    case 1:
      body.add("message_id", "m" + turn);
      body.add("role", "user");
      body.add("parts", std::move(parts));
      return typed(at + "/messages", std::move(body), "MessageSent", "m" + turn);
    case 2: {
      Json call;
      call.add("type", "tool_call");
      call.add("tool_call_id", "t" + turn);
      call.add("index", 0);
      parts.push(std::move(call));
      Json usage;
      usage.add("input_text", 1 + draw(1000));
      usage.add("output_text", 1 + draw(1000));
      body.add("call_id", "c" + turn);
      body.add("message_id", "r" + turn);
      body.add("model", "model-" + std::to_string(draw(3)));
      body.add("parts", std::move(parts));
      body.add("usage", std::move(usage));
      body.add("usage_source", "provider");
      body.add("latency_us", 1000 + draw(1'000'000));
      return typed(at + "/responses", std::move(body), "ResponseReceived", "c" + turn);
    }
    case 3: {
      Json arguments;
      arguments.add("order", draw_text(16));
      arguments.add("amount", Json::Number{"12.50"});
      body.add("tool_call_id", "t" + turn);
      body.add("message_id", "r" + turn);
      body.add("index", 0);
      body.add("tool", "look_up");
      body.add("arguments", std::move(arguments));
      return typed(at + "/tool-calls", std::move(body), "ToolCalled", "t" + turn);
    }
    case 4:
      body.add("tool_call_id", "t" + turn);
      body.add("output", draw_text(draw(400)));
      body.add("duration_us", draw(1'000'000));
      return typed(at + "/tool-results", std::move(body), "ToolCompleted", "t" + turn);
    case 5:
      body.add("reason", "done");
      return typed(at + "/end", std::move(body), "SessionEnded", "");
    default: {
      const std::string message = "late" + std::to_string(++counter_);
      body.add("message_id", message);
      body.add("role", "user");
      body.add("parts", std::move(parts));
      Step step = typed(at + "/messages", std::move(body), "MessageSent", message);
      step.may_ack = false;
      step.may_refuse = "rejected";
      return step;
    }
  }
}

// ---- answers

void Script::acked(const Step& step, Journal::Id id, const std::vector<Placed>& placed) {
  if (step.target != kAppend) {
    if (session_.stage == 4 && ++session_.turn < session_.turns) {
      session_.stage = 1;
    } else {
      ++session_.stage;
    }
    return;
  }
  const std::string own = "custom-" + name_;
  for (std::size_t i = 0; i < step.records.size(); ++i) {
    const std::uint64_t next = placed[i].version + 1;
    if (step.records[i].stream == own) next_own_ = std::max(next_own_, next);
    if (step.records[i].stream == own + "-side") next_side_ = std::max(next_side_, next);
  }
  if (step.race) race_head_ = std::to_string(placed.front().version);
  if (step.body.size() > kRepeatBytesMax || step.race) return;
  const auto body = events::parse_json(step.body).value();
  Known known{id, step.body, body.find("records")->if_array()->front(), step.records.front()};
  known.sent.version.reset();  // whoever sends it again does not place it
  if (known_.size() < kKnownMax) {
    known_.push_back(std::move(known));
  } else {
    known_[draw(kKnownMax)] = std::move(known);
  }
}

void Script::refused(const Step& step, const std::string& actual) {
  if (step.race) race_head_ = actual;
  if (step.may_refuse == "rejected") session_ = {};
}

}  // namespace hansard::crash
