#include "kill_loop.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace hansard::crash {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The bar is a second on a quiet machine; this one only tells a hang from a busy machine.
constexpr seconds kRestartMax{20};
constexpr milliseconds kLongestFirstStart{600};
/// With these texts a round writes more than a memtable holds.
constexpr std::size_t kHeavyPayloadBytes = 96U << 10;
constexpr std::array<const char*, 2> kViews{"sessions", "calls"};

double ms(microseconds time) { return static_cast<double>(time.count()) / 1000.0; }

}  // namespace

std::uint64_t seed_of_run() {
  const char* chosen = std::getenv("HANSARD_TEST_SEED");
  return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
}

KillLoop::KillLoop(const KillLoopOptions& options, const Scratch& scratch)
    : options_(options),
      scratch_(scratch),
      random_(options.seed),
      tables_(scratch.data()),
      crowd_(options.writers, options.seed, scratch.outside()) {}

void KillLoop::run() {
  for (std::size_t round = 0; round < options_.kills; ++round) {
    // The first ones hit the making of the directory; those after much was written hit a recovery
    // that has something to do.
    const bool much = round > 0 && aim(round - 1) == Moment::table;
    for (std::size_t i = round == 0 ? 4 : much ? 2 : round % 3 == 1 ? 1 : 0; i > 0; --i) {
      kill_while_starting();
    }
    if (::testing::Test::HasFailure()) return;
    server_ = start();
    check_log("after restart " + std::to_string(round));
    check_projections();
    if (::testing::Test::HasFailure()) return;
    load_and_kill(round);
    // A directory as a kill left it can be verified before anything recovers it.
    if (round % 8 == 7) (void)verify();
    if (::testing::Test::HasFailure()) return;
  }
  finish();
}

void KillLoop::pause_up_to(microseconds longest) {
  std::this_thread::sleep_for(microseconds(draw(static_cast<std::uint64_t>(longest.count()) + 1)));
}

std::unique_ptr<Server> KillLoop::start() {
  const std::uintmax_t log_bytes = tables_.log_bytes();
  auto server = std::make_unique<Server>(scratch_.data(), scratch_.outside() / "server.log");
  const auto port = server->listening();
  if (!port) {
    ADD_FAILURE() << "the server did not start; it said: " << server->process().output();
    throw std::runtime_error("no server");
  }
  port_ = *port;
  HttpClient client(port_);
  const auto answer = client.get("/v1/events?from=0&limit=1");
  const auto took = duration_cast<microseconds>(Clock::now() - server->process().started());
  EXPECT_TRUE(answer && answer->status == 200) << "the first request was not answered";
  EXPECT_LT(took, kRestartMax);
  restarts_.push_back({took, log_bytes});
  return server;
}

/// While files are opened and recovered, most of all while recovery writes its table files.
void KillLoop::kill_while_starting() {
  tables_.mark();
  Server server(scratch_.data(), scratch_.outside() / "server.log");
  Process& process = server.process();
  if (draw(2) == 0) {
    if (tables_.wait_new([&] { return !process.running() || server.listening(milliseconds(0)); })) {
      pause_up_to(milliseconds(3));
    }
  } else {
    const auto last = restarts_.empty() ? microseconds(kLongestFirstStart) : restarts_.back().took;
    pause_up_to(last);
  }
  const Ending ending = process.kill();
  EXPECT_EQ(ending.signal, SIGKILL) << "it ended by itself: " << process.output();
  ++(server.listening(milliseconds(0)) ? counts_.started : counts_.starting);
  if (tables_.unfinished() > 0) ++counts_.tables_while_starting;
}

void KillLoop::check_log(const std::string& when) {
  const auto faults = crowd_.read_and_compare(port_);
  counts_.events_read += crowd_.log().size();
  EXPECT_TRUE(faults.empty()) << when << ":\n" << describe(faults);
}

void KillLoop::check_projections() {
  HttpClient client(port_);
  const auto answer = client.get("/readyz");
  ASSERT_TRUE(answer) << "no answer from /readyz";
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(answer->body.find("\"stopped\""), std::string::npos) << answer->body;
}

Moment KillLoop::aim(std::size_t round) {
  constexpr std::array<Moment, 10> kPlan{
      Moment::commit, Moment::projection, Moment::commit, Moment::table, Moment::swap,
      Moment::commit, Moment::projection, Moment::swap,   Moment::table, Moment::commit};
  return kPlan[round % kPlan.size()];
}

bool KillLoop::wait_for_table() {
  const auto give_up_at = Clock::now() + seconds(10);
  return tables_.wait_new([&] { return Clock::now() > give_up_at; });
}

void KillLoop::rebuild_some_projection() {
  HttpClient client(port_);
  const std::string name = kViews[draw(kViews.size())];
  const auto answer = client.post("/v1/admin/projections/" + name + "/rebuild", "{}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 202) << answer->body;
}

void KillLoop::load_and_kill(std::size_t round) {
  const Moment moment = aim(round);
  tables_.mark();
  crowd_.set_payload_bytes(moment == Moment::table ? kHeavyPayloadBytes : 0);
  crowd_.write_until(port_, options_.acks_between + draw(100));
  if (::testing::Test::HasFailure()) return;

  switch (moment) {
    case Moment::commit:
      pause_up_to(milliseconds(5));
      ++counts_.commit;
      break;
    case Moment::table:
      if (wait_for_table()) ++counts_.table;
      pause_up_to(milliseconds(10));
      break;
    case Moment::projection:
      rebuild_some_projection();
      pause_up_to(milliseconds(60));
      ++counts_.projection;
      break;
    case Moment::swap:
      tables_.mark();
      rebuild_some_projection();
      if (wait_for_table()) ++counts_.swap;
      pause_up_to(milliseconds(10));
      break;
  }
  if (tables_.gone() > 0) ++counts_.compacted;
  const Ending ending = server_->process().kill();
  crowd_.gate().close();
  EXPECT_EQ(ending.signal, SIGKILL) << "it ended by itself: " << server_->process().output();
  ++counts_.under_load;
  if (tables_.unfinished() > 0) ++counts_.unfinished_tables;
}

void KillLoop::wait_for_projections() {
  HttpClient client(port_);
  const auto give_up_at = Clock::now() + seconds(60);
  for (;;) {
    const auto answer = client.get("/v1/admin/projections");
    ASSERT_TRUE(answer && answer->status == 200);
    const auto json = events::parse_json(answer->body);
    ASSERT_TRUE(json);
    const auto& list = *json->find("projections")->if_array();
    const bool live = std::all_of(list.begin(), list.end(), [](const events::Json& view) {
      return *view.find("phase")->if_string() == "live" &&
             view.find("behind")->as_uint("behind").value() == 0;
    });
    if (live && !list.empty()) return;
    ASSERT_LT(Clock::now(), give_up_at) << "projections do not catch up: " << answer->body;
    std::this_thread::sleep_for(milliseconds(5));
  }
}

/// Shows that this test can fail: without one acknowledged event the same comparison says so.
void KillLoop::lose_one_on_purpose() {
  std::vector<StoredEvent> log = crowd_.log();
  const std::size_t at = static_cast<std::size_t>(draw(log.size()));
  const std::string key = log[at].key;
  log.erase(log.begin() + static_cast<std::ptrdiff_t>(at));
  auto faults = compare(crowd_.journal(), log);
  const auto is_loss = [](const Fault& fault) { return fault.kind == Fault::Kind::lost; };
  faults.erase(std::partition(faults.begin(), faults.end(), is_loss), faults.end());
  ASSERT_FALSE(faults.empty()) << "a lost event went unnoticed: " << key;
  for (const Fault& fault : faults) EXPECT_EQ(fault.key, key);
  shown_ = describe(faults, 1);
}

void KillLoop::finish() {
  server_ = start();
  crowd_.finish(port_);
  check_log("at the end");
  lose_one_on_purpose();
  wait_for_projections();
  server_->process().signal(SIGTERM);
  const auto ending = server_->process().wait(seconds(60));
  ASSERT_TRUE(ending) << "it does not stop";
  EXPECT_EQ(ending->exit_code, 0) << "signal " << ending->signal;
  server_.reset();
  const auto report = verify();
  ASSERT_TRUE(report);
  check_views(*report);
}

std::optional<events::Json> KillLoop::verify() {
  const auto finished = crash::run({"verify", "--data", scratch_.data().string(), "--json"},
                                   scratch_.outside(), seconds(300));
  EXPECT_TRUE(finished.ending) << "verify does not end";
  if (!finished.ending) return {};
  EXPECT_EQ(finished.ending->exit_code, 0) << finished.output << finished.errors;
  const auto report = events::parse_json(finished.output);
  EXPECT_TRUE(report) << finished.output;
  if (!report) return {};
  return *report;
}

/// `verify` folds the log anew and compares row by row, as far as each view has come: all the way.
void KillLoop::check_views(const events::Json& report) {
  const std::string text = events::dump(report);
  // Of all projects: the prices at the beginning are in none of the crowd's.
  const std::uint64_t end = crowd_.log().empty() ? 0 : crowd_.log().back().position + 1;
  EXPECT_EQ(report.find("end")->as_uint("end").value(), end) << text;
  const auto& views = *report.find("views")->if_array();
  EXPECT_GE(views.size(), kViews.size());
  for (const events::Json& view : views) {
    EXPECT_EQ(view.find("remark"), nullptr) << text;
    EXPECT_EQ(view.find("differing")->as_uint("differing").value(), 0U) << text;
    EXPECT_EQ(view.find("checkpoint")->as_uint("checkpoint").value(), end) << text;
  }
}

std::string KillLoop::report() const {
  auto restarts = restarts_;
  std::sort(restarts.begin(), restarts.end(),
            [](const Restart& a, const Restart& b) { return a.took < b.took; });
  const JournalCounts counts = crowd_.journal().counts();
  std::ostringstream out;
  out << "seed " << options_.seed << ", " << options_.writers << " writers, "
      << duration_cast<seconds>(Clock::now() - began_).count() << " s\n"
      << "kills: " << counts_.under_load << " under load (" << counts_.commit << " at any moment, "
      << counts_.table << " at a new table file, " << counts_.projection << " during a rebuild, "
      << counts_.swap << " at a swap; " << counts_.unfinished_tables
      << " left a table half written; older tables were compacted in " << counts_.compacted
      << " rounds), " << counts_.starting << " while starting (" << counts_.tables_while_starting
      << " left a table half written), " << counts_.started << " just after\n"
      << "acknowledged: " << counts.acked << " appends, " << counts.acked_records
      << " records; refused for good: " << counts.refused << "\n"
      << "sendings of unknown outcome: " << counts.unknown << ", of these "
      << counts.resolved_duplicate << " were stored; repeated on purpose: " << counts.repeats
      << "\n"
      << "events compared: " << counts_.events_read << " over all readings, " << crowd_.log().size()
      << " at the end\n";
  if (!shown_.empty()) out << "with one event taken away, comparing says: " << shown_;
  if (!restarts.empty()) {
    out << "process start to first answer: median " << ms(restarts[restarts.size() / 2].took)
        << " ms, max " << ms(restarts.back().took) << " ms (which found "
        << (restarts.back().log_bytes >> 20U) << " MiB of write-ahead log) of " << restarts.size()
        << "\n";
  }
  return out.str();
}

}  // namespace hansard::crash
