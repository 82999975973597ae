#include "events/session/fast_facts.h"

#include <simdjson.h>

#include <cstring>
#include <utility>

#include "events/pricing/dollars.h"
#include "session/slow_facts.h"

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

  std::string kept;  ///< texts that the codec's way hands out

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

bool is_fast(const core::RecordedEvent& event) {
  return event.schema == kFastSchema &&
         session_codec().upcasters().current(event.type) == kFastSchema;
}

template <class E>
simdjson::error_code read_word(ondemand::value& value, std::optional<E>& out) {
  std::optional<std::string_view> word;
  if (auto error = read(value, word)) return error;
  if (word) out = from_word<E>(*word).value_or(E::other);
  return simdjson::SUCCESS;
}

/// Calls `member(key, value)` for each member of an object; null has none, and so has, where it may
/// be anything, whatever else is no object.
template <class F>
simdjson::error_code read_members(ondemand::value& value, F&& member, bool anything = false) {
  ondemand::json_type type{};
  if (auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) {
    bool null = false;
    return value.is_null().get(null);
  }
  if (anything && type != ondemand::json_type::object) return simdjson::SUCCESS;
  ondemand::object object;
  if (auto error = value.get_object().get(object)) return error;
  for (auto field : object) {
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    ondemand::value inner;
    if (auto error = field.value().get(inner)) return error;
    if (auto error = member(key, inner)) return error;
  }
  return simdjson::SUCCESS;
}

/// An amount of money that a usage object may say; the first member of its name counts.
struct Charge {
  bool seen = false;
  std::optional<std::int64_t> pico_usd;  ///< nothing where it is no amount

  void take(std::string_view dollars) {
    if (!std::exchange(seen, true)) pico_usd = pricing::pico_from_dollars(dollars);
  }
};

/// What providers say of their charge, in the order of preference of `pricing::read_raw_usage`.
struct Charges {
  Charge cost;
  Charge total;
  Charge estimated;
  Charge ticks;
  [[nodiscard]] std::optional<std::int64_t> best() const {
    for (const Charge* charge : {&cost, &total, &estimated, &ticks}) {
      if (charge->pico_usd) return charge->pico_usd;
    }
    return std::nullopt;
  }
};

/// A number as it stands; empty for any other value, which is no amount.
simdjson::error_code read_lexeme(ondemand::value& value, std::string_view& lexeme) {
  ondemand::json_type type{};
  if (auto error = value.type().get(type)) return error;
  if (type != ondemand::json_type::number) return simdjson::SUCCESS;
  lexeme = value.raw_json_token();
  lexeme = lexeme.substr(0, lexeme.find_last_not_of(" \t\r\n") + 1);
  return simdjson::SUCCESS;
}

simdjson::error_code read_charge(std::string_view key, ondemand::value& value, Charges& charges) {
  const bool whole_cost = key == "cost";
  if (!whole_cost && key != "estimated_cost" && key != "cost_in_usd_ticks") {
    return simdjson::SUCCESS;
  }
  ondemand::json_type type{};
  if (auto error = value.type().get(type)) return error;
  if (whole_cost && type == ondemand::json_type::object) {
    if (std::exchange(charges.cost.seen, true)) return simdjson::SUCCESS;
    return read_members(value, [&](std::string_view inner, ondemand::value& total) {
      std::string_view lexeme;
      if (inner != "total_cost") return simdjson::SUCCESS;
      if (auto error = read_lexeme(total, lexeme)) return error;
      charges.total.take(lexeme);
      return simdjson::SUCCESS;
    });
  }
  std::string_view lexeme;
  if (auto error = read_lexeme(value, lexeme)) return error;
  if (whole_cost) {
    charges.cost.take(lexeme);
  } else if (key == "estimated_cost") {
    charges.estimated.take(lexeme);
  } else {
    // Dollars with the point moved by ten places; whole, or not understood.
    const bool digits = lexeme.find_first_not_of("0123456789") == std::string_view::npos;
    charges.ticks.take(digits && !lexeme.empty() ? std::string(lexeme) + "e-10" : std::string());
  }
  return simdjson::SUCCESS;
}

simdjson::error_code read_raw(ondemand::value& raw, OutcomeFacts& facts) {
  bool found = false;
  Charges charges;
  const auto error = read_members(
      raw,
      [&](std::string_view key, ondemand::value& value) {
        if (key != "service_tier") return read_charge(key, value, charges);
        if (found) return simdjson::SUCCESS;
        found = true;
        ondemand::json_type type{};
        if (auto failed = value.type().get(type)) return failed;
        return type == ondemand::json_type::string ? read(value, facts.service_tier)
                                                   : simdjson::SUCCESS;
      },
      true);
  facts.reported_cost = charges.best();
  return error;
}

/// A text that every event of its type has.
simdjson::error_code read_text(ondemand::value& value, std::string_view& out) {
  std::optional<std::string_view> text;
  const auto error = read(value, text);
  out = text.value_or(std::string_view());
  return error;
}

/// A text, or the digits of a number.
simdjson::error_code read_version(ondemand::value& value, std::optional<std::string_view>& out) {
  ondemand::json_type type{};
  if (auto error = value.type().get(type)) return error;
  if (type != ondemand::json_type::number) return read(value, out);
  std::uint64_t number = 0;
  std::string_view digits = value.raw_json_token();
  if (auto error = value.get(number)) return error;
  while (!digits.empty() && (digits.back() < '0' || digits.back() > '9')) digits.remove_suffix(1);
  out = digits;
  return simdjson::SUCCESS;
}

}  // namespace

core::Result<CreatedFacts> created_facts(const core::RecordedEvent& event) {
  if (!is_fast(event)) return slow_created(event);
  CreatedFacts facts;
  const auto error = walk(event.facts, [&](std::string_view key, ondemand::value& value) {
    if (key == "user_hash") return read(value, facts.user_hash);
    if (key == "agent") return read(value, facts.agent);
    if (key == "app") return read(value, facts.app);
    if (key == "source") return read(value, facts.source);
    if (key == "tag_hashes") {
      return read_members(value, [&](std::string_view tag, ondemand::value& of) {
        std::string_view hash;
        const auto failed = read_text(of, hash);
        facts.tag_hashes.emplace_back(tag, hash);
        return failed;
      });
    }
    return simdjson::SUCCESS;
  });
  if (error) return damaged(event, error);
  return facts;
}

core::Result<RequestFacts> request_facts(const core::RecordedEvent& event) {
  if (!is_fast(event)) return slow_request(event);
  RequestFacts facts;
  const auto error = walk(event.facts, [&](std::string_view key, ondemand::value& value) {
    if (key == "call_id") return read_text(value, facts.call_id);
    if (key == "provider") return read(value, facts.provider);
    if (key == "model") return read(value, facts.model);
    if (key == "stream") return read(value, facts.stream);
    if (key == "kind") {
      std::optional<CallKind> kind;
      const auto failed = read_word(value, kind);
      facts.kind = kind.value_or(facts.kind);
      return failed;
    }
    if (key == "prompt") {
      return read_members(value, [&](std::string_view name, ondemand::value& inner) {
        if (name == "name") return read(inner, facts.prompt);
        return name == "version" ? read_version(inner, facts.prompt_version) : simdjson::SUCCESS;
      });
    }
    if (key == "variant") {
      return read_members(value, [&](std::string_view name, ondemand::value& inner) {
        if (name == "experiment") return read(inner, facts.experiment);
        if (name == "unit") return read(inner, facts.unit);
        return name == "variant" ? read(inner, facts.variant) : simdjson::SUCCESS;
      });
    }
    return simdjson::SUCCESS;
  });
  if (error) return damaged(event, error);
  return facts;
}

core::Result<OutcomeFacts> outcome_facts(const core::RecordedEvent& event) {
  if (!is_fast(event)) return slow_outcome(event);
  OutcomeFacts facts;
  // Of what may be left out, a failure's attempt and reason have values of their own.
  if (event.type == ResponseFailed::kType) {
    facts.attempt = 1;
    facts.reason = FailureReason::error;
  }
  const auto error = walk(event.facts, [&](std::string_view key, ondemand::value& value) {
    if (key == "call_id") return read_text(value, facts.call_id);
    if (key == "choice") {
      std::optional<std::uint64_t> choice;
      const auto failed = read(value, choice);
      facts.choice = choice.value_or(0);
      return failed;
    }
    if (key == "attempt") return read(value, facts.attempt);
    if (key == "message_id") return read(value, facts.message_id);
    if (key == "reason") return read_word(value, facts.reason);
    if (key == "provider") return read(value, facts.provider);
    if (key == "model") return read(value, facts.model);
    if (key == "finish_reason") return read_word(value, facts.finish_reason);
    if (key == "error_type") return read(value, facts.error_type);
    if (key == "status") return read(value, facts.status);
    if (key == "usage") return read_usage(value, facts.usage);
    if (key == "raw_usage") return read_raw(value, facts);
    if (key == "usage_source") return read_word(value, facts.usage_source);
    if (key == "served_from") return read_word(value, facts.served_from);
    if (key == "ttft_us") return read(value, facts.ttft_us);
    if (key == "latency_us") return read(value, facts.latency_us);
    return simdjson::SUCCESS;
  });
  if (error) return damaged(event, error);
  return facts;
}

core::Result<ToolFacts> tool_facts(const core::RecordedEvent& event) {
  if (!is_fast(event)) return slow_tool(event);
  ToolFacts facts;
  const auto error = walk(event.facts, [&](std::string_view key, ondemand::value& value) {
    if (key == "message_id") return read(value, facts.message_id);
    if (key == "index") return read(value, facts.index);
    if (key == "tool") return read(value, facts.tool);
    if (key == "duration_us") return read(value, facts.duration_us);
    if (key == "error_type") return read(value, facts.error_type);
    return simdjson::SUCCESS;
  });
  if (error) return damaged(event, error);
  return facts;
}

core::Result<CallFacts> call_facts(const core::RecordedEvent& event) {
  if (!is_fast(event)) return slow_call_facts(event);
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
  if (is_fast(event)) {
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
