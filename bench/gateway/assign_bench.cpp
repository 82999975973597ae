// What the gateway pays before a call that names a prompt or an experiment goes out. Bar:
// assignment at most 20 us a call.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "call_names.h"
#include "choice.h"
#include "events/assignment/facts.h"
#include "events/experiment/facts.h"
#include "events/prompt/facts.h"
#include "fresh_store.h"
#include "ossl/clock.h"
#include "ossl/hasher.h"
#include "projections/experiments.h"
#include "projections/prompts.h"

namespace hansard::bench {
namespace {

/// More than the reader keeps in memory, so that going through all of them always asks the store.
constexpr std::size_t kUnits = 100'000;
constexpr std::size_t kUnitsTiny = 1'000;
constexpr std::size_t kBatchOfUnits = 500;

class NoProvider final : public core::ModelProvider {
 public:
  std::unique_ptr<core::ProviderExchange> start(
      core::ProviderCall /*call*/,
      std::function<void(core::Result<core::ProviderHead>)> /*head*/) override {
    return nullptr;
  }
};

/// A store with a prompt on trial and many exposed units.
class World {
 public:
  explicit World(std::size_t units) : units_(units) {
    events::PromptVersionStored stored;
    stored.version = events::PromptVersion{"1"};
    stored.messages.push_back({events::PromptRole::system,
                               "Greet {{ who }} in a {{ tone | default(\"kind\") }} tone.",
                               {}});
    put("prompt-greeting", events::prompt_codec().encode(stored));
    stored.version = events::PromptVersion{"2"};
    put("prompt-greeting", events::prompt_codec().encode(stored));
    put("prompt-greeting", events::prompt_codec().encode(events::PromptTrialStarted{"longer"}));
    events::PromptLabelMoved moved;
    moved.label = events::kProduction;
    moved.version = events::PromptVersion{"1"};
    put("prompt-greeting", events::prompt_codec().encode(moved));
    events::ExperimentCreated plan;
    for (const char* version : {"1", "2"}) {
      events::VariantPlan variant;
      variant.name = std::string("v") + version;
      variant.share = events::kSharesWhole / 2;
      variant.prompt = events::PromptRef{"greeting", events::PromptVersion{version}, {}};
      plan.variants.push_back(std::move(variant));
    }
    plan.seed = "longer";
    plan.metric.name = "thumbs";
    put("experiment-longer", events::experiment_codec().encode(plan));
    put("experiment-longer", events::experiment_codec().encode(events::ExperimentStarted{}));
    state_ = experiments_.read({}, "longer").value();
    for (std::size_t i = 0; i < units; ++i) {
      events::VariantAssigned assigned;
      assigned.experiment = "longer";
      assigned.variant = plan.variants[events::draw(*state_, unit(i))->variant].name;
      assigned.unit = unit(i);
      add("assignment-" +
              events::assignment_name({}, "longer", events::Unit::user, unit(i), keyed_),
          events::assignment_codec().encode(assigned));
      if (pending_.size() == kBatchOfUnits) flush();
    }
    flush();
  }

  static std::string unit(std::size_t i) { return "user-" + std::to_string(i); }
  [[nodiscard]] std::size_t units() const { return units_; }
  projections::ExperimentReader& experiments() { return experiments_; }
  [[nodiscard]] const events::ExperimentState& state() const { return *state_; }
  gateway::Ports ports() {
    gateway::Ports ports{store_.log(), keyed_, clock_, provider_, {}, {}, {}, {}, {}, {}, {}};
    ports.prompts = &prompts_;
    ports.experiments = &experiments_;
    return ports;
  }

 private:
  void add(const std::string& stream, const events::EncodedEvent& encoded) {
    core::NewEvent event;
    event.stream = core::StreamId::parse(stream).value();
    event.type = encoded.type;
    event.schema = encoded.schema;
    event.id = core::EventId{core::uuid_v8(hasher_.sha256({"event", std::to_string(++numbers_)}))};
    event.facts = encoded.facts;
    event.content = encoded.content;
    event.salt = hasher_.sha256({"salt", std::to_string(numbers_)});
    core::seal(event, hasher_);
    pending_.push_back(std::move(event));
  }
  void put(const std::string& stream, const events::EncodedEvent& encoded) {
    add(stream, encoded);
    flush();
  }
  void flush() {
    if (pending_.empty()) return;
    core::AppendRequest request;
    request.records = std::exchange(pending_, {});
    request.recorded_at = clock_.now();
    std::promise<core::Result<core::Receipt>> done;
    store_.log().append(std::move(request), [&](core::Result<core::Receipt> receipt) {
      done.set_value(std::move(receipt));
    });
    if (auto receipt = done.get_future().get(); !receipt) {
      std::fprintf(stderr, "%s\n", receipt.error().message.c_str());
      std::abort();
    }
  }

  const std::size_t units_;
  const ossl::OpenSslHasher hasher_;
  const ossl::SystemClock clock_;
  NoProvider provider_;
  core::KeyedHash keyed_{hasher_, core::Hash{4, 7}};
  FreshStore store_{"assign", hasher_};
  projections::PromptReader prompts_{store_.log()};
  projections::ExperimentReader experiments_{store_.log(), keyed_};
  std::shared_ptr<const events::ExperimentState> state_;
  std::uint64_t numbers_ = 0;
  std::vector<core::NewEvent> pending_;
};

/// Question: what does it cost to know a unit's variant?
/// Expected: two keyed hashes of a block or two (1.2 us each with OpenSSL's set-up) and a look at
/// the stream's head for a new one; one event more from the block cache (some 5 us) for one that is
/// on record and not in memory; less than both for one that is.
void assign(benchmark::State& state, World& world, std::size_t among, bool exposed) {
  std::size_t i = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    const std::string unit = exposed ? World::unit(i++ % among) : "new-" + std::to_string(i++);
    auto assigned = world.experiments().assign({}, "longer", world.state(), unit);
    if (!assigned || !*assigned || (*assigned)->exposed != exposed) {
      state.SkipWithError("not the assignment that is on record");
      break;
    }
    benchmark::DoNotOptimize(assigned);
  }
  state.SetItemsProcessed(state.iterations());
}

/// Question: what does a call of 1 KB pay for the names that it brings, from its header fields to
/// the body that goes out?
/// Expected: parsing, splitting, joining and writing the body (about 10 us a KB), and the
/// assignment above; nothing but a look at the fields for who names nothing.
void choose(benchmark::State& state, World& world, const gateway::Fields& fields) {
  const gateway::Ports ports = world.ports();
  gateway::PreparedPrompts prepared;
  const std::string sent = R"({"model":"gpt-x","temperature":0.5,"messages":[{"role":"user",)"
                           R"("content":")" +
                           std::string(900, 'x') + R"("}]})";
  const events::Api* api = events::api_at("/v1/chat/completions");
  std::size_t i = 0;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    gateway::Fields given = fields;
    given.push_back({"Hansard-User", World::unit(i++ % world.units())});
    std::string body = sent;
    auto names = gateway::take_names(given, body);
    if (names && names->any()) {
      const gateway::NamingCall call{*names, api, given, {}, "openai", "c", true};
      const auto choice = gateway::choose(ports, prepared, call, body);
      if (!choice) {
        state.SkipWithError(choice.error().message.c_str());
        break;
      }
    }
    benchmark::DoNotOptimize(body);
  }
  state.SetItemsProcessed(state.iterations());
}

void register_all(World& world) {
  constexpr std::size_t kInMemory = 1'000;
  const auto add = [](const char* name, auto work) {
    benchmark::RegisterBenchmark(name, work)->Unit(benchmark::kMicrosecond);
  };
  add("BM_Gateway_Assign/unit:new",
      [&world](benchmark::State& state) { assign(state, world, 0, false); });
  add("BM_Gateway_Assign/unit:on_record",
      [&world](benchmark::State& state) { assign(state, world, world.units(), true); });
  add("BM_Gateway_Assign/unit:in_memory",
      [&world](benchmark::State& state) { assign(state, world, kInMemory, true); });
  const gateway::Fields plain{{"Content-Type", "application/json"},
                              {"Authorization", "Bearer sk-0123456789"},
                              {"Accept", "*/*"},
                              {"User-Agent", "client/1.0"}};
  auto version = plain;
  version.push_back({"Hansard-Prompt", "greeting@1"});
  version.push_back({"Hansard-Variables", R"({"who":"Ann"})"});
  auto trial = plain;
  trial.push_back({"Hansard-Prompt", "greeting"});
  trial.push_back({"Hansard-Variables", R"({"who":"Ann"})"});
  add("BM_Gateway_Choose/names:nothing",
      [&world, plain](benchmark::State& state) { choose(state, world, plain); });
  add("BM_Gateway_Choose/names:prompt",
      [&world, version](benchmark::State& state) { choose(state, world, version); });
  add("BM_Gateway_Choose/names:prompt_on_trial",
      [&world, trial](benchmark::State& state) { choose(state, world, trial); });
}

}  // namespace
}  // namespace hansard::bench

int main(int argc, char** argv) {
  bool tiny = false;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--tiny") == 0) {
      tiny = true;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  hansard::bench::World world(tiny ? hansard::bench::kUnitsTiny : hansard::bench::kUnits);
  hansard::bench::register_all(world);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
