#include "events/session/fast_facts.h"

#include <simdjson.h>

#include <cstring>

namespace hansard::events {
namespace {

/// Payloads of this schema are read here; `Upcasters` says when a type has moved on.
constexpr std::uint16_t kFastSchema = 1;

namespace ondemand = simdjson::ondemand;

core::Error damaged(const core::RecordedEvent& event, simdjson::error_code code) {
  return core::Error{core::Errc::corruption,
                     "facts of the event at position " + std::to_string(event.position.value) +
                         " cannot be read: " + simdjson::error_message(code)};
}

/// A parser and a padded copy of the facts, one per thread: simdjson reads past the end in blocks,
/// and stored bytes end where they end.
class Scratch {
 public:
  ondemand::parser& parser() { return parser_; }
  simdjson::padded_string_view padded(std::string_view facts) {
    if (buffer_.size() < facts.size() + simdjson::SIMDJSON_PADDING) {
      buffer_.resize(facts.size() * 2 + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data(), facts.data(), facts.size());
    return simdjson::padded_string_view(buffer_.data(), facts.size(), buffer_.size());
  }

  std::string kept;        ///< texts that the codec's way hands out
  std::string kept_model;  ///< likewise

 private:
  ondemand::parser parser_;
  std::string buffer_;
};

Scratch& scratch() {
  thread_local Scratch instance;
  return instance;
}

/// Calls `member(key, value)` for each top-level member; it returns an error code.
template <class F>
simdjson::error_code walk(std::string_view facts, F&& member) {
  Scratch& own = scratch();
  ondemand::document document;
  if (auto error = own.parser().iterate(own.padded(facts)).get(document)) return error;
  ondemand::object object;
  if (auto error = document.get_object().get(object)) return error;
  for (auto field : object) {
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    ondemand::value value;
    if (auto error = field.value().get(value)) return error;
    if (auto error = member(key, value)) return error;
  }
  return simdjson::SUCCESS;
}

template <class T>
simdjson::error_code read(ondemand::value& value, std::optional<T>& out) {
  bool null = false;
  if (auto error = value.is_null().get(null)) return error;
  if (null) return simdjson::SUCCESS;
  T read{};
  if (auto error = value.get(read)) return error;
  out = read;
  return simdjson::SUCCESS;
}

/// Finds the member of `Usage` by name.
struct ClassByName {
  Usage& usage;
  std::string_view name;
  std::optional<std::uint64_t>* found = nullptr;
  void field(std::string_view candidate, std::optional<std::uint64_t> Usage::*member) {
    if (candidate == name) found = &(usage.*member);
  }
};

simdjson::error_code read_usage(ondemand::value& value, std::optional<Usage>& out) {
  bool null = false;
  if (auto error = value.is_null().get(null)) return error;
  if (null) return simdjson::SUCCESS;
  ondemand::object object;
  if (auto error = value.get_object().get(object)) return error;
  out.emplace();
  for (auto field : object) {
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    ClassByName lookup{*out, key};
    Usage::fields(lookup);
    if (!lookup.found) continue;
    ondemand::value tokens;
    if (auto error = field.value().get(tokens)) return error;
    if (auto error = read(tokens, *lookup.found)) return error;
  }
  return simdjson::SUCCESS;
}

/// Texts of a decoded event are owned by it; hand out copies that live as long as the others do.
template <class E>
CallFacts from_decoded(const E& event) {
  Scratch& own = scratch();
  CallFacts facts;
  if (event.provider) facts.provider = own.kept = *event.provider;
  if (event.model) facts.model = own.kept_model = *event.model;
  facts.usage = event.usage;
  facts.ttft_us = event.ttft_us;
  facts.latency_us = event.latency_us;
  return facts;
}

core::Result<CallFacts> slow_call_facts(const core::RecordedEvent& event) {
  const auto decoded = session_codec().decode(event, Want::facts);
  if (!decoded) return decoded.error();
  if (const auto* received = std::get_if<ResponseReceived>(&decoded->event)) {
    CallFacts facts = from_decoded(*received);
    facts.choice = received->choice;
    facts.kept =
        received->served_from == ServedFrom::cache || received->served_from == ServedFrom::playback;
    return facts;
  }
  if (const auto* failed = std::get_if<ResponseFailed>(&decoded->event)) {
    return from_decoded(*failed);
  }
  return core::Error{core::Errc::internal, std::string(event.type) + " is no outcome of a call"};
}

}  // namespace

core::Result<CallFacts> call_facts(const core::RecordedEvent& event) {
  if (event.schema != kFastSchema ||
      session_codec().upcasters().current(event.type) != kFastSchema) {
    return slow_call_facts(event);
  }
  CallFacts facts;
  const auto error = walk(event.facts, [&](std::string_view key, ondemand::value& value) {
    if (key == "choice") {
      std::optional<std::uint64_t> choice;
      const auto failed = read(value, choice);
      facts.choice = choice.value_or(0);
      return failed;
    }
    if (key == "provider") return read(value, facts.provider);
    if (key == "model") return read(value, facts.model);
    if (key == "served_from") {
      std::optional<std::string_view> from;
      const auto failed = read(value, from);
      facts.kept = from == to_word(ServedFrom::cache) || from == to_word(ServedFrom::playback);
      return failed;
    }
    if (key == "usage") return read_usage(value, facts.usage);
    if (key == "ttft_us") return read(value, facts.ttft_us);
    if (key == "latency_us") return read(value, facts.latency_us);
    return simdjson::SUCCESS;
  });
  if (error) return damaged(event, error);
  return facts;
}

core::Result<std::optional<std::string_view>> text_fact(const core::RecordedEvent& event,
                                                        std::string_view name) {
  std::optional<std::string_view> text;
  if (event.schema == kFastSchema &&
      session_codec().upcasters().current(event.type) == kFastSchema) {
    const auto error = walk(event.facts, [&](std::string_view key, ondemand::value& value) {
      return key == name ? read(value, text) : simdjson::SUCCESS;
    });
    if (error) return damaged(event, error);
    return text;
  }
  auto facts = parse_json_object(event.facts);
  if (!facts) return core::Error{core::Errc::corruption, facts.error().message};
  auto content = Json::Object{};
  if (auto status = session_codec().upcasters().apply(event.type, event.schema, *facts, content);
      !status) {
    return status.error();
  }
  for (const auto& member : *facts) {
    if (member.key != name || !member.value.is_string()) continue;
    text = scratch().kept = *member.value.if_string();
  }
  return text;
}

const SessionCodec& session_codec() {
  static const SessionCodec instance;
  return instance;
}

}  // namespace hansard::events
