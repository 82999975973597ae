#pragma once

#include <algorithm>
#include <cmath>

#include "oracle.h"
#include "projections/facts/table.h"

/// What the rows of `tool_calls`, `scores` and `optimisations` must be, told likewise.
namespace hansard::projections::facts::test {

class TablesOracle {
 public:
  TablesOracle(const core::EventLog& log, const core::ProjectId& project, core::Position end) {
    EXPECT_TRUE(log.read({}, [&](const core::RecordedEvent& event) {
      if (event.position >= end) return false;
      if (event.project != project.text()) return true;
      stream_ = event.stream;
      event_ = &event;
      if (!stream_.starts_with("session-") && !stream_.starts_with("calls-")) return true;
      const auto decoded = events::SessionCodec().decode(event, events::Want::facts);
      EXPECT_TRUE(decoded) << decoded.error().message;
      if (decoded) std::visit([&](const auto& fact) { take(fact); }, decoded->event);
      return true;
    }));
  }

  [[nodiscard]] const std::vector<OracleCall>& rows(Table table) const {
    return table == Table::tool_calls ? tool_calls_
           : table == Table::scores   ? scores_
                                      : optimisations_;
  }

 private:
  struct Answer {
    std::string message;
    std::string call;
    OracleCall asked;
  };
  struct Tool {
    std::string name;
    std::optional<core::Timestamp> at;
    OracleCall asked;
  };

  OracleCall begin() const {
    OracleCall row;
    row.numbers["position"] = static_cast<std::int64_t>(event_->position.value);
    row.numbers["recorded_at"] = event_->recorded_at.time_since_epoch().count();
    if (event_->occurred_at) {
      row.numbers["occurred_at"] = event_->occurred_at->time_since_epoch().count();
    }
    if (!stream_.starts_with("session-")) return row;
    row.texts["session"] = stream_.substr(8);
    const auto found = created_.find(stream_);
    if (found == created_.end()) return row;
    const events::SessionCreated& created = found->second;
    if (created.user_hash) row.texts["user"] = *created.user_hash;
    if (created.agent) row.texts["agent"] = *created.agent;
    if (created.app) row.texts["app"] = *created.app;
    if (created.source) row.texts["source"] = *created.source;
    for (const auto& [key, hash] : created.tag_hashes) row.tags[key] = hash;
    return row;
  }

  static void put(const OracleCall& asked, OracleCall& row) {
    for (const auto& [name, text] : asked.texts) row.texts[name] = text;
    for (const auto& [name, number] : asked.numbers) row.numbers[name] = number;
  }

  template <class E>
  OracleCall asked_for(const E& outcome, bool over) {
    OracleCall asked;
    asked.numbers["call"] = 1;  // known
    if (const auto found = asked_.find({stream_, outcome.call_id}); found != asked_.end()) {
      const events::ResponseRequested& request = found->second;
      if (request.provider) asked.texts["provider"] = *request.provider;
      if (request.model) asked.texts["model"] = *request.model;
      if (request.prompt) {
        asked.texts["prompt"] = request.prompt->name;
        if (request.prompt->version) asked.texts["prompt_version"] = request.prompt->version->text;
      }
      if (request.variant) {
        asked.texts["experiment"] = request.variant->experiment;
        asked.texts["variant"] = request.variant->variant;
      }
      if (over) asked_.erase(found);
    }
    if (outcome.provider) asked.texts["provider"] = *outcome.provider;
    if (outcome.model) asked.texts["model"] = *outcome.model;
    return asked;
  }

  template <class E>
  void take(const E&) {}
  void take(const events::SessionCreated& created) { created_.emplace(stream_, created); }
  void take(const events::ResponseRequested& asked) { asked_[{stream_, asked.call_id}] = asked; }
  void take(const events::ResponseFailed& failed) {
    judged_[{stream_, "call", failed.call_id}] = asked_for(failed, false);
  }
  void take(const events::ResponseReceived& answer) {
    auto& answers = answers_[stream_];
    const auto same = std::find_if(answers.rbegin(), answers.rend(), [&](const Answer& other) {
      return other.call == answer.call_id;
    });
    const auto judged = judged_.find({stream_, "call", answer.call_id});
    const OracleCall own = asked_for(answer, answer.choice == 0);
    const bool further = answer.choice != 0;
    const OracleCall of_call = further && judged != judged_.end() ? judged->second : own;
    judged_[{stream_, "call", answer.call_id}] = of_call;
    judged_[{stream_, "message", answer.message_id}] = of_call;
    answers.push_back(
        {answer.message_id, answer.call_id, further && same != answers.rend() ? same->asked : own});
    if (answers.size() > 16) answers.erase(answers.begin());
  }

  void take(const events::ToolCalled& called) {
    Tool tool{called.tool, event_->occurred_at, {}};
    for (const Answer& answer : answers_[stream_]) {
      if (answer.message == called.message_id) tool.asked = answer.asked;
    }
    open_[{stream_, called.message_id, called.index}] = tool;
  }
  template <class E>
  void ended(const E& result, std::int64_t outcome, const std::optional<std::string>& error) {
    OracleCall row = begin();
    row.numbers["outcome"] = outcome;
    if (result.message_id && result.index) {
      const auto found = open_.find({stream_, *result.message_id, *result.index});
      if (found != open_.end()) {
        row.texts["tool"] = found->second.name;
        put(found->second.asked, row);
        if (found->second.at && event_->occurred_at && *event_->occurred_at >= *found->second.at) {
          row.numbers["duration_us"] = (*event_->occurred_at - *found->second.at).count();
        }
        open_.erase(found);
      }
    }
    if (result.tool) row.texts["tool"] = *result.tool;
    if (result.duration_us) {
      row.numbers["duration_us"] = static_cast<std::int64_t>(*result.duration_us);
    }
    if (error) row.texts["error_type"] = *error;
    tool_calls_.push_back(row);
  }
  void take(const events::ToolCompleted& done) { ended(done, kOutcomeOk, std::nullopt); }
  void take(const events::ToolFailed& failed) { ended(failed, kOutcomeFailed, failed.error_type); }

  void take(const events::ScoreRecorded& score) {
    OracleCall row = begin();
    row.texts["metric"] = score.name;
    if (score.evaluator) row.texts["evaluator"] = *score.evaluator;
    row.numbers["target"] = static_cast<std::int64_t>(score.target_kind);
    if (const bool* yes = score.value.if_boolean()) row.numbers["value"] = *yes ? 1'000'000 : 0;
    if (score.value.is_number()) {
      row.numbers["value"] = std::llround(score.value.as_double("value").value() * 1e6);
    }
    if (const auto* text = score.value.if_string()) row.texts["category"] = *text;
    if (score.target_id) {
      const std::string kind = score.target_kind == events::TargetKind::call ? "call" : "message";
      if (kind == "call") row.numbers["call"] = 1;
      const auto found = judged_.find({stream_, kind, *score.target_id});
      if (found != judged_.end()) put(found->second, row);
    }
    scores_.push_back(row);
  }

  void take(const events::ContextOptimized& optimised) {
    if (!stream_.starts_with("session-")) return;
    OracleCall row = begin();
    row.texts["strategy"] = optimised.strategy;
    if (optimised.reason) row.texts["reason"] = *optimised.reason;
    const auto number = [&](const char* name, const std::optional<std::uint64_t>& value) {
      if (value) row.numbers[name] = static_cast<std::int64_t>(*value);
    };
    number("tokens_before", optimised.tokens_before);
    number("tokens_after", optimised.tokens_after);
    number("removed", optimised.removed.size());
    number("summarised", optimised.summarised.size());
    optimisations_.push_back(row);
  }

  std::string stream_;
  const core::RecordedEvent* event_ = nullptr;
  std::map<std::string, events::SessionCreated> created_;
  std::map<std::pair<std::string, std::string>, events::ResponseRequested> asked_;
  std::map<std::string, std::vector<Answer>> answers_;
  std::map<std::tuple<std::string, std::string, std::string>, OracleCall> judged_;
  std::map<std::tuple<std::string, std::string, std::uint32_t>, Tool> open_;
  std::vector<OracleCall> tool_calls_;
  std::vector<OracleCall> scores_;
  std::vector<OracleCall> optimisations_;
};

/// Tools, scores and optimisations on sessions of `add_rich_calls`, some about its calls.
inline void add_rich_others(projections::test::Recorder& recorder, std::mt19937_64& random,
                            int events_count) {
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto name = [&](const char* prefix, std::uint64_t bound) {
    return prefix + std::to_string(below(bound));
  };
  std::vector<std::tuple<std::string, std::string, std::uint32_t>> open;
  std::string message = "m0";
  std::string call = "c0";
  std::string stream = "session-rich0";
  for (int i = 0; i < events_count; ++i) {
    if (below(4) == 0) {
      recorder.in_project(below(6) == 0 ? "other" : "default");
      stream = (below(8) == 0 ? "calls-rich" : "session-rich") + std::to_string(below(12));
    }
    recorder.occurring(
        below(8) == 0 ? std::nullopt
                      : std::optional(support::at_us(projections::test::day_us(19'900) +
                                                     static_cast<std::int64_t>(below(9'000)))));
    switch (below(8)) {
      case 0:
        if (below(2) == 0) {
          add_rich_calls(recorder, random, 1);
          break;
        } else {
          events::ResponseReceived answer =
              projections::test::response(message = name("m", 100'000), "text");
          if (below(4) == 0) {
            answer.choice = 1;
            answer.call_id = call;
          } else {
            call = answer.call_id = name("c", 30);
          }
          answer.model = name("model", 4);
          recorder.add(stream, answer);
          break;
        }
      case 1:
      case 2: {
        events::ToolCalled called;
        called.message_id = below(6) == 0 ? name("m", 50) : message;
        called.index = static_cast<std::uint32_t>(below(3));
        called.tool_call_id = "t";
        called.tool = name("tool", 5);
        called.arguments = events::Json(events::Json::Object{});
        recorder.add(stream, called);
        open.emplace_back(stream, called.message_id, called.index);
        break;
      }
      case 3:
      case 4: {
        const auto some = open.empty() ? std::tuple(stream, message, 0U) : open[below(open.size())];
        const auto fill = [&](auto result) {
          result.tool_call_id = "t";
          if (below(7) != 0) {
            result.message_id = std::get<1>(some);
            result.index = std::get<2>(some);
          }
          if (below(2) == 0) result.tool = name("tool", 5);
          if (below(3) == 0) result.duration_us = below(1'000'000);
          return result;
        };
        if (below(3) == 0) {
          auto failed = fill(events::ToolFailed{});
          if (below(2) == 0) failed.error_type = name("error", 3);
          failed.error = events::Json("broken");
          recorder.add(std::get<0>(some), failed);
        } else {
          auto done = fill(events::ToolCompleted{});
          done.output = events::Json("out");
          recorder.add(std::get<0>(some), done);
        }
        break;
      }
      case 5:
      case 6: {
        events::ScoreRecorded score;
        score.score_id = "score" + std::to_string(i);
        score.name = name("metric", 4);
        if (below(2) == 0) score.evaluator = name("judge", 3);
        switch (below(4)) {
          case 0:
            score.value = events::Json(below(2) == 0);
            break;
          case 1:
            score.value = events::Json(name("category", 3));
            break;
          default:
            score.value = events::Json(events::Json::Number{std::to_string(below(200)) + "." +
                                                            std::to_string(1000 + below(1000))});
        }
        if (below(3) != 0) {
          const bool of_call = below(2) == 0;
          score.target_kind = of_call ? events::TargetKind::call : events::TargetKind::message;
          score.target_id = below(5) == 0 ? name("gone", 5) : of_call ? call : message;
        }
        recorder.add(stream, score);
        break;
      }
      default: {
        events::ContextOptimized optimised;
        optimised.strategy = name("strategy", 3);
        if (below(2) == 0) optimised.reason = name("reason", 2);
        for (std::uint64_t n = below(4); n > 0; --n) optimised.removed.push_back(name("m", 9));
        if (below(2) == 0) optimised.summarised.push_back(name("m", 9));
        if (below(2) == 0) optimised.tokens_before = below(100'000);
        if (below(2) == 0) optimised.tokens_after = below(100'000);
        recorder.add(stream, optimised);
      }
    }
  }
}

}  // namespace hansard::projections::facts::test
