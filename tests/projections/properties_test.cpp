#include <chrono>
#include <cstdlib>
#include <set>

#include "projections/context.h"
#include "projections/facts/calls.h"
#include "projections/json.h"
#include "projections/overview.h"
#include "projections/registry.h"
#include "random_log.h"

/// What holds for any history. A failure prints its seed; HANSARD_TEST_ROUNDS scales the number.
namespace hansard::projections::test {
namespace {

int rounds() {
  const char* text = std::getenv("HANSARD_TEST_ROUNDS");
  return 8 * std::max(1, text ? std::atoi(text) : 1);
}

using Rows = std::vector<std::pair<std::string, std::string>>;

Rows rows_of(const core::ReadModel& model) {
  Rows rows;
  EXPECT_TRUE(model.scan({}, {}, [&](std::string_view key, std::string_view row) {
    rows.emplace_back(key, row);
    return true;
  }));
  return rows;
}

class Properties : public ::testing::TestWithParam<int> {};

TEST_P(Properties, ARebuildEqualsLiveWhateverTheBatchesAndAfterErasures) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  RandomLog random(seed);
  random.grow(20);
  const auto projections = all(test::keyed_hash());
  std::vector<const core::Projection*> views;
  views.reserve(projections.size());
  for (const auto& projection : projections) views.push_back(projection.get());
  const auto store = core::make_in_memory_read_model_store();
  core::RunnerOptions options;
  options.batch_events = 1 + random.below(40);
  core::ProjectionRunner runner(random.log(), *store, views, options);
  runner.start();
  random.grow(300);

  for (const auto* view : views) {
    const auto live = runner.read(std::string(view->name()), random.log().end(),
                                  std::chrono::steady_clock::now() + std::chrono::seconds(30));
    ASSERT_TRUE(live) << live.error().message;
    const Rows expected = rows_of(**live);
    ASSERT_FALSE(expected.empty()) << view->name();
    for (const std::size_t batch : {1U, 7U, 4096U}) {
      EXPECT_EQ(Built(random.log(), *view, batch).rows(), expected)
          << view->name() << ", batches of " << batch << ", seed " << seed;
    }
  }
  runner.stop();

  std::vector<Rows> before;
  before.reserve(views.size());
  for (const auto* view : views) before.push_back(Built(random.log(), *view).rows());
  random.erase(3);
  for (std::size_t i = 0; i < views.size(); ++i) {
    // What conversations are found by is hashed content, which goes with the content.
    if (views[i]->name() == "conversation_index") continue;
    EXPECT_EQ(Built(random.log(), *views[i]).rows(), before[i])
        << views[i]->name() << " after erasures, seed " << seed;
  }
}

TEST_P(Properties, AsOfEveryVersionEqualsTheFoldOfThePrefix) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  RandomLog random(seed);
  random.grow(250);
  if (seed % 2 == 1) random.erase(4);
  const SessionReader now(random.log());
  std::size_t compared = 0;
  EXPECT_TRUE(random.log().read({}, [&](const core::RecordedEvent& event) {
    if (!event.stream.starts_with("session-")) return true;
    const auto project = support::project(event.project);
    const auto stream = support::stream(event.stream);
    const PrefixLog then(random.log(), core::Position{event.position.value + 1});
    const SessionReader reader(then);
    const auto expected = reader.history(project, stream, AsOf::head());
    const auto window = reader.context(project, stream, AsOf::head());
    const auto overview = reader.overview(project, stream, AsOf::head());
    EXPECT_TRUE(expected && window && overview);
    if (!expected || !window || !overview) return false;
    for (const AsOf& as_of :
         {AsOf::at(event.version), AsOf::at(event.position), AsOf::at(event.recorded_at)}) {
      EXPECT_EQ(events::dump(to_json(*now.history(project, stream, as_of))),
                events::dump(to_json(*expected)))
          << event.stream << " version " << event.version.value << ", seed " << seed;
      EXPECT_EQ(events::dump(to_json(*now.context(project, stream, as_of))),
                events::dump(to_json(*window)));
      EXPECT_EQ(events::dump(to_json(*now.overview(project, stream, as_of))),
                events::dump(to_json(*overview)));
      ++compared;
    }
    return true;
  }));
  EXPECT_GT(compared, 200U);
}

TEST_P(Properties, DirectoryUsageAndHistoriesCountTheSame) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  RandomLog random(seed);
  random.grow(400);
  const Built directory(random.log(), Sessions{});
  const Built usage(random.log(), facts::CallsView());
  const SessionReader reader(random.log());
  for (const auto* name : {"default", "other"}) {
    SessionQuery query;
    query.project = support::project(name);
    query.now = random.now();
    query.limit = kSessionPageMax;
    const auto page = SessionDirectory(random.log(), keyed_hash()).list(directory.model(), query);
    ASSERT_TRUE(page);
    ASSERT_FALSE(page->next) << "one page holds all";
    for (const auto& listing : page->sessions) {
      const auto& row = listing.row;
      const auto overview =
          reader.overview(query.project, support::stream("session-" + row.name), AsOf::head());
      ASSERT_TRUE(overview) << overview.error().message;
      EXPECT_EQ(overview->counters, row.counters) << row.name << ", seed " << seed;
      EXPECT_EQ(overview->ended, row.ended);
      EXPECT_EQ(overview->as_of.version, row.head);

      UsageQuery of_session;
      of_session.project = query.project;
      of_session.session = row.name;
      const auto answer = query_usage(usage.model(), random.log(), keyed_hash(), of_session);
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->total.calls, row.counters.calls) << row.name << ", seed " << seed;
      EXPECT_EQ(answer->total.failures, row.counters.failures);
      EXPECT_EQ(answer->total.calls_without_usage, row.counters.calls_without_usage);
      EXPECT_EQ(answer->total.tokens, row.counters.tokens);
    }
  }
}

TEST_P(Properties, EveryStoredEventIsShownByItsHistoryExactlyOnce) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  RandomLog random(seed);
  random.grow(300);
  const SessionReader reader(random.log());
  for (const std::string& session : random.sessions()) {
    const auto project = support::project("default");
    const auto stream = support::stream("session-" + session);
    const auto stored = support::read_stream(random.log(), project, stream);
    if (stored.empty()) continue;
    const auto history = reader.history(project, stream, AsOf::head());
    ASSERT_TRUE(history);
    std::multiset<std::uint64_t> shown;
    const auto show = [&](const EntryInfo& info) {
      if (!info.inherited_from) shown.insert(info.version.value);
    };
    if (history->created) show(history->created->info);
    for (const Entry& entry : history->entries) {
      show(entry.info);
      if (entry.outcome) show(entry.outcome->info);
      for (const ToolUse& tool : entry.tools) {
        show(tool.info);
        if (tool.outcome) show(tool.outcome->info);
      }
    }
    std::multiset<std::uint64_t> expected;
    for (const auto& event : stored) {
      if (events::is_session_event(event.event().type)) {
        expected.insert(event.event().version.value);
      }
    }
    EXPECT_EQ(shown, expected) << session << ", seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Properties, ::testing::Range(1, 1 + rounds()));

}  // namespace
}  // namespace hansard::projections::test
