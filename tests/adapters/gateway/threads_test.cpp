// Many calls at once, on many threads: every one has its answer and its events.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/command_loop.h"
#include "core/in_memory_event_log.h"
#include "core/projection_runner.h"
#include "events/equivalence.h"
#include "events/session/decider.h"
#include "gateway/gateway.h"
#include "projections/gateway_calls.h"
#include "samples.h"
#include "support/events.h"
#include "support/work_pool.h"

namespace hansard::gateway::testing {
namespace {

/// Answers every call on threads of its own with what was asked last, in three pieces.
class EchoingProvider final : public core::ModelProvider {
 public:
  std::unique_ptr<core::ProviderExchange> start(
      core::ProviderCall call,
      std::function<void(core::Result<core::ProviderHead>)> head) override {
    auto exchange = std::make_unique<Exchange>(pool_, pieces_for(call.body));
    exchange->run([head = std::move(head)] { head(core::ProviderHead{200, {}}); });
    return exchange;
  }

 private:
  class Exchange final : public core::ProviderExchange {
   public:
    Exchange(support::WorkPool& pool, std::vector<std::string> pieces)
        : pool_(pool), state_(std::make_shared<State>()) {
      state_->pieces = std::move(pieces);
    }
    ~Exchange() override {
      std::unique_lock lock(state_->mutex);
      state_->dropped = true;
      if (state_->runs_on == std::this_thread::get_id()) return;
      state_->idle.wait(lock, [this] { return state_->runs_on == std::thread::id{}; });
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    void next(std::function<void(core::Result<std::string>)> done) override {
      auto& state = *state_;
      std::string piece = state.given < state.pieces.size() ? state.pieces[state.given++] : "";
      run([done = std::move(done), piece = std::move(piece)] { done(piece); });
    }
    /// On a thread of the provider's, unless the call has been dropped by then.
    void run(std::function<void()> work) {
      pool_.post([state = state_, work = std::move(work)] {
        {
          const std::lock_guard lock(state->mutex);
          if (state->dropped) return;
          state->runs_on = std::this_thread::get_id();
        }
        work();
        const std::lock_guard lock(state->mutex);
        state->runs_on = {};
        state->idle.notify_all();
      });
    }

   private:
    struct State {
      std::mutex mutex;
      std::condition_variable idle;
      bool dropped = false;     ///< guarded by mutex
      std::thread::id runs_on;  ///< guarded by mutex
      std::vector<std::string> pieces;
      std::size_t given = 0;  ///< one `next` at a time
    };
    support::WorkPool& pool_;
    std::shared_ptr<State> state_;
  };

  static std::vector<std::string> pieces_for(const std::string& request) {
    const auto body = events::parse_json(request);
    const auto& last = body->find("messages")->if_array()->back();
    const std::string text = "to " + *last.find("content")->if_string();
    return {chat_delta(text.substr(0, 2)), chat_delta(text.substr(2)) + chat_finish(),
            sse("[DONE]")};
  }

  support::WorkPool pool_{3};
};

class Wall final : public core::Clock {
 public:
  [[nodiscard]] core::Timestamp now() const override { return support::at_us(1'700'000'000); }
};

class ThreadsTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBudget = 60;

  ThreadsTest()
      : keyed_hash_(support::hasher(), core::Hash{4, 7}),
        log_(support::hasher(), equivalence_),
        decider_(keyed_hash_, support::hasher()),
        loop_(log_, decider_, support::hasher(), poster()),
        gateway_(Ports{log_,
                       keyed_hash_,
                       clock_,
                       provider_,
                       [this](core::CommandContext context, events::SessionCommand command,
                              core::AppendDone done) {
                         loop_.execute(std::move(context), std::move(command), std::move(done));
                       },
                       [](const core::ProjectId&, const events::Digest&, std::size_t) {
                         return std::vector<std::string>{};
                       },
                       poster(),
                       [this] { return support::salt(std::to_string(++drawn_)); },
                       [] { return core::Status(core::Ok{}); },
                       [] { return std::chrono::steady_clock::now(); },
                       [](std::chrono::milliseconds, const std::function<void()>&) {
                         return std::unique_ptr<core::Subscription>();  // nothing waits here
                       },
                       [this] { return gateway_calls(); },
                       {},
                       &prompts_,
                       &experiments_},
                 options()) {}

  /// Calls to `limited` pass every policy.
  static GatewayOptions options() {
    GatewayOptions options;
    RouteOptions& route = options.routes["limited"];
    route.budgets.emplace_back().requests = kBudget;
    route.budgets.emplace_back().tokens = 1'000'000;
    route.rate_limit.emplace().requests = 1'000'000;
    route.cache.emplace();
    route.mode = Mode::record_playback;
    return options;
  }
  PolicyCounts policies() const { return gateway_.policies(); }
  core::EventLog& log() { return log_; }
  core::Result<std::unique_ptr<core::ReadModel>> gateway_calls() {
    const projections::GatewayCalls projection;
    const auto store = core::make_in_memory_read_model_store();
    const core::ViewId view{std::string(projection.name()), projection.version(), 0};
    if (auto built = core::build(log_, *store, projection, view, log_.end()); !built) {
      return built.error();
    }
    return store->open(view);
  }

  core::Post poster() {
    return [this](std::function<void()> work) { pool_.post(std::move(work)); };
  }
  /// Makes a call and reads its answer to the end, or leaves when `pieces` have come.
  /// @return what came
  std::string ask(const std::string& messages, int pieces = 1000, const std::string& route = "stub",
                  std::vector<core::HttpField> fields = {}) {
    GatewayRequest request;
    request.fields = std::move(fields);
    request.provider = route;
    request.method = "POST";
    request.target = "/v1/chat/completions";
    request.body = R"({"model":"gpt-x","stream":true,"messages":[)" + messages + "]}";
    Waited<core::Result<GatewayAnswer>> answer;
    const auto cancel = gateway_.call(std::move(request), answer.teller());
    auto given = answer.wait();
    if (!given) return given.error().message;
    std::string received;
    for (; pieces > 0; --pieces) {
      Waited<core::Result<std::string>> piece;
      given->body->next(piece.teller());
      const auto bytes = piece.wait();
      if (!bytes) return bytes.error().message;
      if (bytes->empty()) break;
      received += *bytes;
    }
    return received;
  }
  std::map<std::string, std::size_t> types() {
    std::map<std::string, std::size_t> counted;
    const auto read = log_.read({}, [&](const core::RecordedEvent& event) {
      ++counted[std::string(event.type)];
      return true;
    });
    EXPECT_TRUE(read);
    return counted;
  }
  /// Waits until the log has `outcomes`, which those who left did not wait for.
  void wait_for_outcomes(std::size_t outcomes) {
    std::mutex mutex;
    std::condition_variable changed;
    const auto subscription = log_.subscribe([&](core::Position) {
      const std::lock_guard lock(mutex);
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] {
      auto counted = types();
      return counted["ResponseReceived"] + counted["ResponseFailed"] >= outcomes;
    }));
  }

 private:
  /// Told on one thread, waited for on another. Outlives whoever tells.
  template <class T>
  class Waited {
   public:
    std::function<void(T)> teller() {
      return [state = state_](T told) {
        const std::lock_guard lock(state->mutex);
        state->told.emplace(std::move(told));
        state->changed.notify_all();
      };
    }
    T wait() {
      std::unique_lock lock(state_->mutex);
      state_->changed.wait(lock, [this] { return state_->told.has_value(); });
      return *std::move(state_->told);
    }

   private:
    struct State {
      std::mutex mutex;
      std::condition_variable changed;
      std::optional<T> told;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
  };

  Wall clock_;
  events::VocabularyEquivalence equivalence_;
  core::KeyedHash keyed_hash_;
  core::InMemoryEventLog log_;
  events::SessionDecider decider_;
  projections::PromptReader prompts_{log_};
  projections::ExperimentReader experiments_{log_, keyed_hash_};
  std::atomic<std::uint64_t> drawn_{0};
  EchoingProvider provider_;
  core::CommandLoop<events::SessionDecider> loop_;
  Gateway gateway_;
  support::WorkPool pool_{2};  ///< first to go: it finishes what was posted
};

/// Begins an experiment that gives its variants parameters.
void begin_experiment(core::EventLog& log) {
  events::ExperimentCreated plan;
  for (const char* name : {"a", "b"}) {
    events::VariantPlan variant;
    variant.name = name;
    variant.share = events::kSharesWhole / 2;
    plan.variants.push_back(std::move(variant));
  }
  plan.seed = "seed";
  plan.metric.name = "thumbs";
  std::vector<core::NewEvent> records;
  for (const events::ExperimentEvent& event :
       {events::ExperimentEvent(plan), events::ExperimentEvent(events::ExperimentStarted{})}) {
    const events::EncodedEvent encoded = events::experiment_codec().encode(event);
    core::NewEvent record;
    record.stream = support::stream("experiment-tone");
    record.type = encoded.type;
    record.schema = encoded.schema;
    record.id = support::event_id(encoded.type);
    record.facts = encoded.facts;
    record.content = encoded.content;
    record.salt = support::salt(encoded.type);
    core::seal(record, support::hasher());
    records.push_back(std::move(record));
  }
  log.append(support::request(std::move(records)),
             [](const core::Result<core::Receipt>& receipt) { EXPECT_TRUE(receipt); });
}

std::string message(const char* role, const std::string& text) {
  return R"({"role":")" + std::string(role) + R"(","content":")" + text + "\"}";
}

TEST_F(ThreadsTest, CallsOfAUnitAtOnceExposeItOnce) {
  constexpr int kThreads = 8;
  constexpr int kUnits = 40;
  begin_experiment(log());
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &wrong] {
      for (int unit = 0; unit < kUnits; ++unit) {
        const std::string text = std::to_string(thread) + " of " + std::to_string(unit);
        const std::string received =
            ask(message("user", text), 1000, "stub",
                {{"Hansard-Experiment", "tone"}, {"Hansard-User", std::to_string(unit)}});
        if (received.find("data: [DONE]") == std::string::npos) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  wait_for_outcomes(kThreads * kUnits);
  auto counted = types();
  EXPECT_EQ(counted["VariantAssigned"], kUnits);
  EXPECT_EQ(counted["ResponseRequested"], kThreads * kUnits) << "those that lost are there, too";
  EXPECT_EQ(counted["ResponseReceived"], kThreads * kUnits);
}

TEST_F(ThreadsTest, EveryCallHasItsAnswerAndItsEvents) {
  constexpr int kThreads = 6;
  constexpr int kTalks = 8;
  constexpr int kTurns = 3;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &wrong] {
      for (int talk = 0; talk < kTalks; ++talk) {
        std::string said;
        for (int turn = 0; turn < kTurns; ++turn) {
          const std::string text =
              std::to_string(thread) + "." + std::to_string(talk) + "." + std::to_string(turn);
          said += (said.empty() ? "" : ",") + message("user", text);
          const std::string expected =
              chat_delta("to") + chat_delta(" " + text) + chat_finish() + sse("[DONE]");
          if (ask(said) != expected) ++wrong;
          said += "," + message("assistant", "to " + text);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  auto counted = types();
  EXPECT_EQ(counted["SessionCreated"], kThreads * kTalks);
  EXPECT_EQ(counted["MessageSent"], kThreads * kTalks * kTurns);
  EXPECT_EQ(counted["ResponseRequested"], kThreads * kTalks * kTurns);
  EXPECT_EQ(counted["ResponseReceived"], kThreads * kTalks * kTurns);
  EXPECT_EQ(counted["SessionForked"], 0U);
}

TEST_F(ThreadsTest, TheSameOpeningFromManyStaysAsManyAndLeaversAreOnRecord) {
  constexpr std::size_t kThreads = 6;
  constexpr int kCalls = 10;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < kCalls; ++i) ask(message("user", "Hi"), thread % 2 == 0 ? 1 : 1000);
    });
  }
  for (auto& thread : threads) thread.join();
  wait_for_outcomes(kThreads * kCalls);
  auto counted = types();
  EXPECT_EQ(counted["ResponseRequested"], kThreads * kCalls);
  EXPECT_EQ(counted["ResponseReceived"] + counted["ResponseFailed"], kThreads * kCalls)
      << "every call has its outcome";
  EXPECT_GE(counted["ResponseReceived"], kThreads / 2 * kCalls);
}

TEST_F(ThreadsTest, NoMoreCallsPassThanTheirBudgetHas) {
  constexpr int kThreads = 6;
  constexpr int kCalls = 20;
  std::atomic<std::uint64_t> answered{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &answered] {
      for (int i = 0; i < kCalls; ++i) {
        // Every other one is asked by all of them: from the provider, the cache or the record.
        const std::string text =
            std::to_string(i) + (i % 2 == 0 ? "" : "." + std::to_string(thread));
        const std::string received = ask(message("user", text), 1000, "limited");
        if (received.ends_with(sse("[DONE]"))) ++answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, kBudget);
  auto counted = types();
  EXPECT_EQ(counted["ResponseReceived"], kBudget);
  EXPECT_EQ(counted["ResponseFailed"], kThreads * kCalls - kBudget);
  const auto view = gateway_calls();
  ASSERT_TRUE(view);
  const auto use = projections::budget_use(
      **view, {}, "limited/key:00000000-0000-0000-0000-000000000000/1970-01-01");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->requests, kBudget);
  const PolicyCounts counts = policies();
  EXPECT_EQ(counts.budget_allowed, kBudget);
  EXPECT_EQ(counts.cache_hits + counts.cache_misses, kBudget);
  EXPECT_EQ(counts.playback_hits + counts.playback_misses, counts.cache_misses);
}

}  // namespace
}  // namespace hansard::gateway::testing
