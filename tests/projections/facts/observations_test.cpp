#include "projections/facts/observations.h"

#include <cstdlib>
#include <set>

#include "experiment_log.h"
#include "projections/facts/table.h"
#include "read_back.h"
#include "tables_oracle.h"

namespace hansard::projections::facts::test {
namespace {

using projections::test::Built;

int observation_rounds() {
  const char* text = std::getenv("HANSARD_TEST_ROUNDS");
  return 4 * std::max(1, text ? std::atoi(text) : 1);
}

/// What the rows must be, told from decoded events and from what `calls` and `scores` must say.
class ObservationsOracle {
 public:
  ObservationsOracle(const core::EventLog& log, const core::ProjectId& project,
                     core::Position end) {
    const Oracle calls(log, project, end);
    const TablesOracle others(log, project, end);
    for (const OracleCall& call : calls.calls) {
      calls_[call.numbers.at("position")] = call;
    }
    for (const OracleCall& score : others.rows(Table::scores)) {
      scores_[score.numbers.at("position")] = score;
    }
    EXPECT_TRUE(log.read({}, [&](const core::RecordedEvent& event) {
      if (event.position >= end) return false;
      if (event.project == project.text()) take(event);
      return true;
    }));
  }
  std::vector<OracleCall> rows;

 private:
  struct Asked {
    std::string experiment, variant, unit;
  };

  std::int64_t ordinal(const std::string& experiment, const std::string& unit) {
    auto& units = units_[experiment];
    return units.emplace(unit, static_cast<std::int64_t>(units.size())).first->second;
  }

  OracleCall begin(const core::RecordedEvent& event, std::int64_t observation) {
    OracleCall row;
    row.numbers["position"] = static_cast<std::int64_t>(event.position.value);
    row.numbers["recorded_at"] = event.recorded_at.time_since_epoch().count();
    if (event.occurred_at) {
      row.numbers["occurred_at"] = event.occurred_at->time_since_epoch().count();
    }
    return seen(std::move(row), observation);
  }
  static OracleCall seen(OracleCall row, std::int64_t observation) {
    row.numbers["observation"] = observation;
    row.numbers["sign"] = 1;
    return row;
  }
  void of(const Asked& asked, OracleCall& row) {
    row.texts["experiment"] = asked.experiment;
    row.texts["variant"] = asked.variant;
    row.numbers["unit"] = ordinal(asked.experiment, asked.unit);
  }

  void take(const core::RecordedEvent& event) {
    const std::string stream(event.stream);
    const auto at = static_cast<std::int64_t>(event.position.value);
    if (stream.starts_with("assignment-")) {
      const auto decoded = events::assignment_codec().decode(event);
      if (const auto* assigned = std::get_if<events::VariantAssigned>(&decoded->event)) {
        if (!variants_.emplace(stream, assigned->variant).second) return;
        OracleCall row = begin(event, kExposure);
        of({assigned->experiment, assigned->variant, stream.substr(11)}, row);
        row.numbers["edition"] = assigned->edition;
        row.numbers["call"] = 1;
        rows.push_back(row);
      } else if (const auto* came = std::get_if<events::OutcomeRecorded>(&decoded->event)) {
        outcome(event, *came);
      }
      return;
    }
    const auto decoded = events::SessionCodec().decode(event);
    if (const auto* asked = std::get_if<events::ResponseRequested>(&decoded->event)) {
      if (!asked->variant || !asked->variant->unit) return;
      const Asked of_call{asked->variant->experiment, asked->variant->variant,
                          *asked->variant->unit};
      ordinal(of_call.experiment, of_call.unit);
      asked_[{stream, asked->call_id}] = of_call;
    } else if (const auto* answer = std::get_if<events::ResponseReceived>(&decoded->event)) {
      if (!asked_.contains({stream, answer->call_id})) return;
      messages_[{stream, answer->message_id}] = asked_[{stream, answer->call_id}];
      if (answer->choice == 0) outcome_of_call(stream, answer->call_id, at);
    } else if (const auto* failed = std::get_if<events::ResponseFailed>(&decoded->event)) {
      outcome_of_call(stream, failed->call_id, at);
    } else if (const auto* score = std::get_if<events::ScoreRecorded>(&decoded->event)) {
      if (score->target_kind == events::TargetKind::session) {
        for (const Asked& latest : latest_[stream]) {
          OracleCall row = seen(scores_.at(at), kScore);
          of(latest, row);
          rows.push_back(row);
        }
        return;
      }
      const auto& known = score->target_kind == events::TargetKind::call ? ended_ : messages_;
      const auto found = known.find({stream, *score->target_id});
      if (found == known.end()) return;
      OracleCall row = seen(scores_.at(at), kScore);
      of(found->second, row);
      rows.push_back(row);
    }
  }

  void outcome_of_call(const std::string& stream, const std::string& call, std::int64_t at) {
    const auto found = asked_.find({stream, call});
    if (found == asked_.end()) return;
    ended_[{stream, call}] = found->second;
    auto& latest = latest_[stream];
    std::erase_if(latest,
                  [&](const Asked& each) { return each.experiment == found->second.experiment; });
    latest.push_back(found->second);
    OracleCall row = seen(calls_.at(at), kCall);
    of(found->second, row);
    rows.push_back(row);
  }

  void outcome(const core::RecordedEvent& event, const events::OutcomeRecorded& came) {
    const std::string stream(event.stream);
    OracleCall row = begin(event, kOutcome);
    row.texts["experiment"] = came.experiment;
    if (variants_.contains(stream)) row.texts["variant"] = variants_[stream];
    row.numbers["unit"] = ordinal(came.experiment, stream.substr(11));
    OracleCall own = row;
    own.texts["metric"] = came.metric;
    if (came.value) {
      if (const bool* yes = came.value->if_boolean()) own.numbers["value"] = *yes ? 1'000'000 : 0;
      if (came.value->is_number()) {
        own.numbers["value"] = std::llround(came.value->as_double("value").value() * 1e6);
      }
      if (const auto* text = came.value->if_string()) own.texts["category"] = *text;
    }
    auto& [revision, before] = outcomes_[{stream, came.outcome_id}];
    if (came.revision <= revision) return;
    if (revision > 0) {
      OracleCall back = row;
      for (const char* name : {"metric", "category"}) {
        if (before.texts.contains(name)) back.texts[name] = before.texts[name];
      }
      if (before.numbers.contains("value")) back.numbers["value"] = before.numbers["value"];
      back.numbers["sign"] = -1;
      rows.push_back(back);
    }
    revision = came.revision;
    before = own;
    rows.push_back(own);
  }

  std::map<std::int64_t, OracleCall> calls_, scores_;  ///< by position
  std::map<std::string, std::map<std::string, std::int64_t>> units_;
  std::map<std::string, std::string> variants_;
  std::map<std::pair<std::string, std::string>, Asked> asked_, ended_, messages_;
  std::map<std::string, std::vector<Asked>> latest_;
  std::map<std::pair<std::string, std::string>, std::pair<std::uint32_t, OracleCall>> outcomes_;
};

class Observations : public ::testing::TestWithParam<int> {};

TEST_P(Observations, RowsAreWhatARandomHistorySaysAndErasuresChangeNothing) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  ExperimentLog log(seed);
  log.grow(2'000);
  for (const std::uint32_t segment_rows : {1U, 37U, kSegmentRows}) {
    const ObservationsView view(segment_rows);
    EXPECT_EQ(view.name(), to_word(Table::observations));
    const Built built(log.log(), view);
    for (const auto* name : {"default", "other"}) {
      const auto project = support::project(name);
      std::vector<core::Position> ends{log.log().end()};
      for (int i = 0; i < 3; ++i) ends.push_back(core::Position{log.below(log.log().end().value)});
      for (const core::Position end : ends) {
        const ObservationsOracle oracle(log.log(), project, end);
        EXPECT_EQ(read_back(built.model(), project, end), oracle.rows)
            << name << ", segments of " << segment_rows << ", as of " << end.value << ", seed "
            << seed;
        EXPECT_TRUE(end != log.log().end() || oracle.rows.size() > 50);
      }
      const auto reader = Reader::open(built.model(), project);
      ASSERT_TRUE(reader);
      for (const Segment& segment : reader->segments()) {
        for (std::size_t c = 0; c < kColumns; ++c) {
          const auto column = static_cast<Column>(c);
          EXPECT_TRUE(has(Table::observations, column) || !segment.zone(column).any)
              << info(column).name;
        }
      }
    }
    for (const std::size_t batch : {1U, 23U}) {
      EXPECT_EQ(Built(log.log(), view, batch).rows(), built.rows())
          << "batches of " << batch << ", seed " << seed;
    }
  }
  const auto before = Built(log.log(), ObservationsView(64)).rows();
  for (std::uint64_t at = 0; at < log.log().end().value; ++at) {
    EXPECT_TRUE(log.below(2) == 0 || log.log().erase(core::Position{at}));
  }
  EXPECT_EQ(Built(log.log(), ObservationsView(64)).rows(), before) << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Observations, ::testing::Range(1, 1 + observation_rounds()));

}  // namespace
}  // namespace hansard::projections::facts::test
