#pragma once

#include <map>
#include <string>
#include <vector>

#include "events/assignment/facts.h"
#include "oracle.h"

/// Random histories of experiments, as a gateway and applications would leave them behind.
namespace hansard::projections::facts::test {

class ExperimentLog {
 public:
  explicit ExperimentLog(std::uint64_t seed) : random_(seed) {}

  core::InMemoryEventLog& log() { return recorder_.log(); }
  projections::test::Recorder& recorder() { return recorder_; }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void grow(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }

  void add_unit(const std::string& unit, const events::AssignmentEvent& event) {
    const auto encoded = events::assignment_codec().encode(event);
    recorder_.add_raw("assignment-" + unit, encoded.type, encoded.facts, encoded.content);
  }

 private:
  struct Call {
    std::string project;
    std::string stream;
    std::string id;
    bool sent = true;
  };

  std::string name(std::string_view prefix, std::uint64_t bound) {
    return std::string(prefix) + std::to_string(below(bound));
  }

  void step() {
    recorder_.in_project(below(6) == 0 ? "other" : "default");
    recorder_.occurring(below(8) == 0 ? std::nullopt : std::optional(recorder_.now()));
    switch (below(8)) {
      case 0:
        return static_cast<void>(recorder_.create(name("s", 20), name("user", 5)));
      case 1:
      case 2:
      case 3:
        return ask();
      case 4:
      case 5:
        return answer();
      case 6:
        return score();
      default:
        return outcome();
    }
  }

  void ask() {
    events::ResponseRequested asked;
    asked.call_id = "c" + std::to_string(++calls_);
    asked.provider = name("p", 2);
    asked.model = name("asked", 2);
    Call call{std::string(recorder_.project().text()),
              (below(9) == 0 ? "calls-" : "session-") + name("s", 20), asked.call_id};
    if (below(5) != 0) {
      const std::string experiment = name("x", 2);
      const std::uint64_t number = below(120);
      const std::string unit = experiment + "u" + std::to_string(number);
      const std::string variant(1, static_cast<char>('a' + number % 3));
      asked.variant = events::VariantRef{experiment, variant, unit};
      if (below(12) == 0) asked.variant->unit.reset();  // an application's own words
      call.sent = below(5) != 0;
      const std::string key = call.project + unit;
      if (call.sent && asked.variant->unit && exposed_.emplace(key, true).second) {
        events::VariantAssigned assigned;
        assigned.experiment = experiment;
        assigned.variant = variant;
        assigned.edition = static_cast<std::uint32_t>(number % 2);
        assigned.session = call.stream;
        assigned.call_id = call.id;
        add_unit(unit, assigned);
      }
    }
    recorder_.add(call.stream, asked);
    open_.push_back(call);
  }

  void answer() {
    if (open_.empty()) return;
    const std::size_t which = below(open_.size());
    const Call call = open_[which];
    recorder_.in_project(call.project);
    if (below(4) == 0) {
      events::ResponseFailed failed;
      failed.call_id = call.id;
      failed.latency_us = below(1'000'000);
      recorder_.add(call.stream, failed);
      if (below(2) == 0) return;  // another attempt comes
    } else {
      auto received = projections::test::response("m" + call.id, "text", name("model", 3));
      received.call_id = call.id;
      if (!call.sent) received.served_from = events::ServedFrom::cache;
      if (below(5) != 0) received.usage = projections::test::tokens(below(500), below(90));
      if (below(5) != 0) received.latency_us = below(9'000'000);
      if (below(9) == 0) received.ttft_us = below(1'000'000);
      recorder_.add(call.stream, received);
      if (below(9) == 0) {
        received.choice = 1;
        received.message_id = "n" + call.id;
        recorder_.add(call.stream, received);
      }
      answered_.push_back(call);
    }
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    if (open_.size() > 40) open_.erase(open_.begin());
  }

  events::Json some_value() {
    switch (below(5)) {
      case 0:
        return events::Json(name("category", 2));
      case 1:
        return events::Json(events::Json::Number{std::to_string(below(9)) + "." +
                                                 std::to_string(100 + below(800))});
      default:
        return events::Json(below(2) == 0);
    }
  }

  void score() {
    if (answered_.empty()) return;
    const Call& call = answered_[below(answered_.size())];
    recorder_.in_project(call.project);
    events::ScoreRecorded score;
    score.score_id = "score" + std::to_string(++scores_);
    score.name = name("metric", 2);
    score.value = some_value();
    switch (below(3)) {
      case 0:
        score.target_kind = events::TargetKind::call;
        score.target_id = call.id;
        break;
      case 1:
        score.target_kind = events::TargetKind::message;
        score.target_id = (below(5) == 0 ? "n" : "m") + call.id;
        break;
      default:
        break;
    }
    recorder_.add(call.stream, score);
  }

  void outcome() {
    events::OutcomeRecorded outcome;
    outcome.experiment = name("x", 2);
    const std::string unit = outcome.experiment + "u" + std::to_string(below(120));
    outcome.outcome_id = name("o", 2);
    outcome.metric = name("metric", 2);
    const std::string key = std::string(recorder_.project().text()) + unit + outcome.outcome_id;
    // Now and then one that was overtaken by a later one.
    const std::uint32_t revision = ++revisions_[key];
    outcome.revision = below(6) == 0 ? std::max(1U, revision - 1) : revision;
    if (below(9) != 0) {
      outcome.value = some_value();
    } else {
      outcome.text = "well said";
    }
    add_unit(unit, outcome);
  }

  std::mt19937_64 random_;
  projections::test::Recorder recorder_;
  std::map<std::string, bool> exposed_;
  std::map<std::string, std::uint32_t> revisions_;
  std::vector<Call> open_;
  std::vector<Call> answered_;
  int calls_ = 0;
  int scores_ = 0;
};

}  // namespace hansard::projections::facts::test
