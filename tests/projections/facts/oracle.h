#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../random_log.h"
#include "events/pricing/raw_usage.h"
#include "projections/facts/calls.h"
#include "projections/facts/reader.h"

/// What the rows of `calls` must be, told from decoded events the plainest way, with texts for ids.
namespace hansard::projections::facts::test {

using namespace std::string_literals;  // NOLINT

struct OracleCall {
  std::map<std::string, std::string> texts;     ///< by column; absent: unknown
  std::map<std::string, std::int64_t> numbers;  ///< likewise, words as their place
  std::map<std::string, std::string> tags;      ///< key -> hash in hex
  bool operator==(const OracleCall&) const = default;
};

inline void show(const OracleCall& call, std::ostream& out) {
  for (const auto& [name, text] : call.texts) out << name << '=' << text << ' ';
  for (const auto& [name, number] : call.numbers) out << name << '=' << number << ' ';
  for (const auto& [name, hash] : call.tags) out << "tag:" << name << '=' << hash << ' ';
}
inline void PrintTo(const OracleCall& call, std::ostream* out) { show(call, *out); }

class Oracle {
 public:
  Oracle(const core::EventLog& log, const core::ProjectId& project, core::Position end) {
    EXPECT_TRUE(log.read({}, [&](const core::RecordedEvent& event) {
      if (event.position >= end) return false;
      if (event.project != project.text()) return true;
      if (event.stream.starts_with("session-") || event.stream.starts_with("calls-")) take(event);
      return true;
    }));
  }
  std::vector<OracleCall> calls;
  std::uint64_t further_choices = 0;

 private:
  template <class T>
  static void text(OracleCall& call, const std::string& name, const std::optional<T>& value) {
    if (value) call.texts[name] = *value;
  }
  template <class T>
  static void number(OracleCall& call, const std::string& name, const std::optional<T>& value) {
    if (value) call.numbers[name] = static_cast<std::int64_t>(*value);
  }

  template <class E>
  void both(const core::RecordedEvent& event, const E& outcome, OracleCall& call) {
    call.numbers["position"] = static_cast<std::int64_t>(event.position.value);
    call.numbers["recorded_at"] = event.recorded_at.time_since_epoch().count();
    if (event.occurred_at)
      call.numbers["occurred_at"] = event.occurred_at->time_since_epoch().count();
    call.numbers["call"] = 1;  // known; which one only hashes tell
    const std::string stream(event.stream);
    if (stream.starts_with("session-")) {
      call.texts["session"] = stream.substr(8);
      if (const auto found = created_.find(stream); found != created_.end()) {
        const events::SessionCreated& created = found->second;
        text(call, "user", created.user_hash);
        text(call, "agent", created.agent);
        text(call, "app", created.app);
        text(call, "source", created.source);
        for (const auto& [key, hash] : created.tag_hashes) call.tags[key] = hash;
      }
    }
    if (const auto found = asked_.find({stream, outcome.call_id}); found != asked_.end()) {
      const events::ResponseRequested& asked = found->second;
      text(call, "provider", asked.provider);
      text(call, "model", asked.model);
      call.numbers["kind"] = static_cast<std::int64_t>(asked.kind);
      number(call, "stream", asked.stream);
      if (asked.prompt) {
        call.texts["prompt"] = asked.prompt->name;
        if (asked.prompt->version) call.texts["prompt_version"] = asked.prompt->version->text;
      }
      if (asked.variant) {
        call.texts["experiment"] = asked.variant->experiment;
        call.texts["variant"] = asked.variant->variant;
      }
    }
    text(call, "provider", outcome.provider);
    text(call, "model", outcome.model);
    if (outcome.raw_usage) {
      const auto* tier = outcome.raw_usage->find("service_tier");
      if (tier && tier->is_string()) call.texts["service_tier"] = *tier->if_string();
      number(call, "reported_cost", events::pricing::read_raw_usage(*outcome.raw_usage).reported);
    }
    if (outcome.usage) {
      std::int64_t bit = 1;
      std::int64_t known = 0;
      events::for_each_class(*outcome.usage, [&](std::string_view name, const auto& tokens) {
        number(call, std::string(name), tokens);
        known += tokens ? bit : 0;
        bit *= 2;
      });
      call.numbers["token_classes"] = known;
    }
    number(call, "usage_source", outcome.usage_source);
    number(call, "latency_us", outcome.latency_us);
    number(call, "ttft_us", outcome.ttft_us);
  }

  void take(const core::RecordedEvent& event) {
    const auto decoded = events::SessionCodec().decode(event, events::Want::facts);
    ASSERT_TRUE(decoded) << decoded.error().message;
    const std::string stream(event.stream);
    if (const auto* created = std::get_if<events::SessionCreated>(&decoded->event)) {
      created_.emplace(stream, *created);  // the first counts
    } else if (const auto* asked = std::get_if<events::ResponseRequested>(&decoded->event)) {
      asked_[{stream, asked->call_id}] = *asked;
    } else if (const auto* answer = std::get_if<events::ResponseReceived>(&decoded->event)) {
      if (answer->choice != 0) {
        ++further_choices;
        return;
      }
      OracleCall call;
      both(event, *answer, call);
      number(call, "attempt", answer->attempt);
      number(call, "finish_reason", answer->finish_reason);
      number(call, "served_from", answer->served_from);
      asked_.erase({stream, answer->call_id});
      calls.push_back(std::move(call));
    } else if (const auto* failed = std::get_if<events::ResponseFailed>(&decoded->event)) {
      OracleCall call;
      both(event, *failed, call);
      call.numbers["attempt"] = failed->attempt;
      call.numbers["failure"] = static_cast<std::int64_t>(failed->reason);
      number(call, "status", failed->status);
      text(call, "error_type", failed->error_type);
      calls.push_back(std::move(call));
    }
  }

  std::map<std::string, events::SessionCreated> created_;
  std::map<std::pair<std::string, std::string>, events::ResponseRequested> asked_;
};

/// Tokens beyond what a column holds stand as the most it holds.
inline void saturate(std::vector<OracleCall>& calls) {
  for (auto& call : calls) {
    for (auto& [name, number] : call.numbers) {
      if (number < 0) number = std::numeric_limits<std::int64_t>::max();
    }
  }
}

/// Calls with more said about them than a random log says, on sessions it may or may not know.
inline void add_rich_calls(projections::test::Recorder& recorder, std::mt19937_64& random,
                           int calls) {
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto name = [&](const char* prefix, std::uint64_t bound) {
    return prefix + std::to_string(below(bound));
  };
  const auto version = [&]() -> events::PromptVersion {
    if (below(3) == 0) return "1.0." + std::to_string(below(3));
    return below(4);
  };
  for (int i = 0; i < calls; ++i) {
    recorder.in_project(below(6) == 0 ? "other" : "default");
    recorder.occurring(below(8) == 0 ? std::nullopt
                                     : std::optional(support::at_us(
                                           projections::test::day_us(19'900) +
                                           static_cast<std::int64_t>(below(9'000'000'000'000)))));
    const std::string session = name("rich", 12);
    const std::string stream = below(9) == 0 ? "calls-" + session : "session-" + session;
    if (below(10) == 0 && stream.starts_with("session-")) {
      recorder.create(session, below(3) == 0 ? ""s : name("user", 5),
                      below(2) == 0
                          ? events::StringMap{}
                          : events::StringMap{{"env", name("e", 3)}, {"team", name("t", 2)}});
      continue;
    }
    const std::string call = name("c", 1'000'000);
    if (below(2) == 0) {
      events::ResponseRequested asked;
      asked.call_id = call;
      asked.kind = static_cast<events::CallKind>(below(6));
      asked.provider = name("p", 3);
      if (below(2) == 0) asked.model = name("asked", 3);
      if (below(2) == 0) asked.stream = below(2) == 0;
      if (below(2) == 0) asked.prompt = events::PromptRef{name("prompt", 3), version()};
      if (below(2) == 0) asked.variant = events::VariantRef{name("x", 2), name("v", 3)};
      recorder.add(stream, asked);
    }
    if (below(5) == 0) {
      events::ResponseFailed failed;
      failed.call_id = call;
      failed.attempt = 1 + static_cast<std::uint32_t>(below(3));
      failed.reason = static_cast<events::FailureReason>(below(6));
      if (below(2) == 0) failed.provider = name("p", 3);
      if (below(2) == 0) failed.error_type = name("error", 4);
      if (below(2) == 0) failed.status = 400 + below(120);
      if (below(3) == 0) failed.latency_us = below(1'000'000);
      recorder.add(stream, failed);
      continue;
    }
    events::ResponseReceived answer = projections::test::response(name("m", 1'000'000), "text");
    answer.call_id = call;
    answer.model = below(4) == 0 ? std::nullopt : std::optional(name("model", 5));
    if (below(3) == 0) answer.provider = name("p", 3);
    if (below(12) == 0) answer.choice = 1;
    if (below(2) == 0) answer.attempt = 1 + static_cast<std::uint32_t>(below(3));
    if (below(4) != 0) answer.finish_reason = static_cast<events::FinishReason>(below(8));
    if (below(4) == 0) answer.served_from = static_cast<events::ServedFrom>(below(3));
    if (below(2) == 0) answer.usage_source = static_cast<events::UsageSource>(below(4));
    if (below(4) != 0) {
      answer.usage.emplace();
      if (below(3) != 0) answer.usage->input_text = below(5'000);
      if (below(3) == 0) answer.usage->input_cache_read = below(100'000);
      if (below(5) == 0) answer.usage->input_cache_write_5m = below(3'000);
      if (below(9) == 0) answer.usage->output_audio = below(10) == 0 ? ~0ULL >> below(4) : 7;
      if (below(4) != 0) answer.usage->output_text = below(900);
      if (below(4) == 0) answer.usage->output_reasoning = below(900);
    }
    if (below(4) == 0) {
      events::Json raw;
      raw.add("service_tier", events::Json(name("tier", 3)));
      switch (below(5)) {
        case 0:
          raw.add("cost", events::Json(events::Json::Number{"0.00" + std::to_string(below(90))}));
          break;
        case 1: {
          events::Json cost;
          cost.add("total_cost", events::Json(events::Json::Number{"1.5e-4"}));
          raw.add("cost", std::move(cost));
          break;
        }
        case 2:
          raw.add("estimated_cost", events::Json(below(3)));
          raw.add("cost", "free");
          break;
        case 3:
          raw.add("cost_in_usd_ticks", events::Json(below(5'000'000)));
          break;
        default:
          break;
      }
      answer.raw_usage = raw;
    }
    if (below(4) != 0) answer.latency_us = below(60'000'000);
    if (answer.latency_us && below(2) == 0) answer.ttft_us = below(*answer.latency_us + 10);
    recorder.add(stream, answer);
  }
}

}  // namespace hansard::projections::facts::test
