#include "engine/engine.h"

#include <mutex>
#include <optional>
#include <utility>

#include "audit/checkpoint_file.h"
#include "audit/live_verify.h"
#include "audit/signing_key_route.h"
#include "audit/texts.h"
#include "backup/backup_desk.h"
#include "backup/backup_note.h"
#include "backup/refuse_backup.h"
#include "core/command_loop.h"
#include "engine/breaker_events.h"
#include "engine/experiment_watch.h"
#include "engine/gateway_route.h"
#include "engine/import_route.h"
#include "engine/models.h"
#include "engine/overlay_store.h"
#include "engine/price_publisher.h"
#include "engine/providers_route.h"
#include "engine/timers.h"
#include "erasure/erasure_routes.h"
#include "erasure/erasures.h"
#include "erasure/retention.h"
#include "events/assignment/decider.h"
#include "events/equivalence.h"
#include "events/erasure/decider.h"
#include "events/experiment/decider.h"
#include "events/filter/filter.h"
#include "events/keys/decider.h"
#include "events/prompt/decider.h"
#include "events/session/decider.h"
#include "gateway/gateway.h"
#include "http/context.h"
#include "http/experiment_desk.h"
#include "http/keys_on_record.h"
#include "ossl/clock.h"
#include "ossl/hasher.h"
#include "ossl/random.h"
#include "projections/conversation_index.h"
#include "projections/experiments.h"
#include "projections/prompts.h"
#include "projections/registry.h"

namespace hansard::cli {

using core::Result;
using core::Status;

namespace {

using SessionLoop = core::CommandLoop<events::SessionDecider>;
using PromptLoop = core::CommandLoop<events::PromptDecider>;
using ExperimentLoop = core::CommandLoop<events::ExperimentDecider>;
using AssignmentLoop = core::CommandLoop<events::AssignmentDecider>;
using KeyLoop = core::CommandLoop<events::KeysDecider>;
using ErasureLoop = core::CommandLoop<events::ErasureDecider>;

/// Prompts are few, some with many versions.
constexpr core::CommandLoopOptions kPromptLoop{.state_cache_bytes = 16U << 20};
/// Experiments are few. Units are many, each asked for a few times.
constexpr core::CommandLoopOptions kExperimentLoop{.state_cache_bytes = 4U << 20};
constexpr core::CommandLoopOptions kAssignmentLoop{.state_cache_bytes = 16U << 20};
constexpr core::CommandLoopOptions kKeyLoop{.state_cache_bytes = 4U << 20, .waiting_max = 256};
/// Orders about content are rare.
constexpr core::CommandLoopOptions kErasureLoop{.state_cache_bytes = 2U << 20};

/// How long after a start calls wait for the index of conversations to be caught up: after a kill
/// it lacks the last moments, and what they hold is joined to the right conversation only by
/// waiting.
constexpr std::chrono::seconds kIndexPatience{10};
/// How long one waits for the view that its budget, or its answer on record, is read from.
constexpr std::chrono::milliseconds kRecordPatience{1000};
/// How long a new log waits for its first event, the prices that come with the program.
constexpr std::chrono::milliseconds kPricesPatience{2000};

bool is_read_only(Access access) {
  return access == Access::read_log || access == Access::read_views || access == Access::read_texts;
}

/// The keys of the configuration.
Result<http::KeyRing> key_ring(const Settings& settings, const core::KeyedHash& keyed_hash) {
  std::vector<http::ApiKey> keys;
  for (const KeySetting& setting : settings.keys) {
    http::ApiKey key;
    key.name = setting.name;
    key.key = setting.key;
    auto project = core::ProjectId::parse(setting.project);
    if (!project) return std::move(project).error();
    key.project = *std::move(project);
    for (const std::string& word : setting.scopes) {
      auto scope = http::parse_scope(word);
      if (!scope) return std::move(scope).error();
      key.scopes.add(*scope);
    }
    keys.push_back(std::move(key));
  }
  return http::KeyRing::make(keyed_hash, std::move(keys));
}

std::vector<const core::Projection*> pointers(
    const std::vector<std::unique_ptr<core::Projection>>& projections) {
  std::vector<const core::Projection*> out;
  for (const auto& projection : projections) out.push_back(projection.get());
  return out;
}

rocks::OpenOptions store_options(const Settings& settings, const Engine::Options& options,
                                 const core::Hasher& hasher,
                                 const core::EventEquivalence& equivalence) {
  rocks::OpenOptions out;
  out.directory = settings.data;
  out.hasher = &hasher;
  out.equivalence = &equivalence;
  out.read_only = is_read_only(options.access);
  out.create_if_missing = options.create;
  out.accept_loss = options.accept_loss;
  out.notice = options.notice;
  return out;
}

}  // namespace

/// In the order in which they are built; what stands below uses what stands above. `stop` undoes
/// the order by hand, because ending is more than destroying.
struct Engine::Parts {
  ossl::OpenSslHasher hasher;
  ossl::SystemClock clock;
  events::VocabularyEquivalence equivalence;
  http::Limits limits;
  http::Metrics metrics;

  std::unique_ptr<rocks::RocksStore> store;
  std::unique_ptr<LogNotary> notary;
  std::unique_ptr<Checkpointer> checkpointer;  ///< of engines that write
  std::optional<core::KeyedHash> keyed_hash;
  std::optional<events::SessionDecider> decider;
  std::unique_ptr<const events::Filter> filter;  ///< of every command that records

  std::unique_ptr<core::ReadModelStore> overlay;  ///< when views are caught up in memory
  std::vector<std::unique_ptr<core::Projection>> projections;
  std::optional<core::ProjectionRunner> views;

  std::optional<http::Pool> deciding;  ///< loads and decisions of commands
  std::optional<http::Pool> blocking;  ///< queries, at a lower priority: they yield to appends
  std::optional<SessionLoop> sessions;
  std::optional<events::PromptDecider> prompt_decider;
  std::optional<PromptLoop> prompt_changes;
  std::optional<events::ExperimentDecider> experiment_decider;
  std::optional<events::AssignmentDecider> assignment_decider;
  std::optional<ExperimentLoop> experiment_changes;
  std::optional<AssignmentLoop> units;
  std::optional<events::KeysDecider> keys_decider;
  std::optional<KeyLoop> key_changes;
  http::KeyRing keys;
  std::optional<events::ErasureDecider> erasure_decider;
  std::optional<ErasureLoop> erasure_orders;
  std::shared_ptr<const http::ExperimentDesk> experiment_desk;
  /// Set while `sessions` can be asked. A scrape may still be on its way when the engine stops.
  mutable std::mutex counting_mutex;
  bool counting = false;

  std::function<void(std::string_view)> provider_notice;  ///< may be empty
  std::optional<Timers> timers;                           ///< of calls to models
  std::unique_ptr<Models> providers;
  std::optional<gateway::Gateway> gateway;
  std::unique_ptr<core::Subscription> left_calls;

  std::unique_ptr<Texts> texts;  ///< where they are searched
  std::unique_ptr<Erasures> erasures;
  std::shared_ptr<Retention> retention;

  std::shared_ptr<projections::PriceReader> prices;
  std::shared_ptr<projections::PromptReader> prompts;
  std::shared_ptr<projections::ExperimentReader> experiments;
  std::shared_ptr<PricePublisher> price_publisher;    ///< of engines that write
  std::shared_ptr<ExperimentWatch> experiment_watch;  ///< of servers
  std::unique_ptr<LiveVerify> live_verify;

  std::optional<BackupDesk> backups;
  std::optional<http::Context> context;
  std::optional<http::Router> router;

  /// Who signs; and that the log still is what was signed.
  /// @pre who opens a log that is contradicted does not write
  Status build_audit(const Settings& settings, const Engine::Options& options) {
    const bool read_only = is_read_only(options.access);
    const auto open_notary = [&]() -> Status {
      auto opened = LogNotary::open(*store, hasher, read_only);
      if (!opened) return std::move(opened.error());
      notary = *std::move(opened);
      return core::Ok{};
    };
    if (auto opened = open_notary(); !opened && !options.contradicted) return opened;
    if (options.contradicted) return core::Ok{};
    const std::uint64_t epoch = store->epoch();
    if (auto checked = check_checkpoints(*store, *notary, hasher,
                                         CheckpointCopies::files_of(settings.checkpoint_to),
                                         options.accept_loss && !read_only);
        !checked) {
      return checked;
    }
    if (store->epoch() != epoch) {
      if (auto opened = open_notary(); !opened) return opened;  // it has another name now
    }
    if (read_only) return core::Ok{};
    const auto tell = options.notice ? options.notice : [](std::string_view) {};
    auto made = Checkpointer::create({*store, *notary, clock, tell}, settings.checkpoint_to);
    if (!made) return std::move(made.error());
    checkpointer = *std::move(made);
    return core::Ok{};
  }

  /// Rules over the log: what a command means, and who runs it.
  void build_write_side() {
    keyed_hash.emplace(hasher, store->store_key());
    decider.emplace(*keyed_hash, hasher);
    prices = std::make_shared<projections::PriceReader>(store->log());
    prompts = std::make_shared<projections::PromptReader>(store->log());
    experiments = std::make_shared<projections::ExperimentReader>(store->log(), *keyed_hash);
    deciding.emplace(http::Pool::Options{.name = "decide", .threads = 2});
    sessions.emplace(store->log(), *decider, hasher,
                     [this](std::function<void()> work) { deciding->post(std::move(work)); });
    prompt_decider.emplace(*keyed_hash, hasher);
    prompt_changes.emplace(
        store->log(), *prompt_decider, hasher,
        [this](std::function<void()> work) { deciding->post(std::move(work)); }, kPromptLoop);
    build_experiments();
    keys_decider.emplace(*keyed_hash, hasher);
    key_changes.emplace(
        store->log(), *keys_decider, hasher,
        [this](std::function<void()> work) { deciding->post(std::move(work)); }, kKeyLoop);
    counting = true;
  }

  /// What is taken out of commands on their way to the rules.
  Status build_filter(const Settings& settings) {
    auto made = events::Filter::make(settings.filter, *keyed_hash);
    if (!made) {
      core::Error error = std::move(made.error());
      error.message = "filter." + error.message;
      error.field = "filter." + error.field;
      return error;
    }
    filter = *std::move(made);
    return core::Ok{};
  }

  /// Who may come in: keys of the configuration, and those on record.
  Status build_keys(const Settings& settings) {
    auto ring = key_ring(settings, *keyed_hash);
    if (!ring) return std::move(ring).error();
    keys = *std::move(ring);
    return http::load_keys(store->log(), keys);
  }

  /// Rules for experiments and their units, and who brings commands to them.
  void build_experiments() {
    const auto post = [this](std::function<void()> work) { deciding->post(std::move(work)); };
    experiment_decider.emplace(*keyed_hash, hasher);
    assignment_decider.emplace(*keyed_hash, hasher);
    experiment_changes.emplace(store->log(), *experiment_decider, hasher, post, kExperimentLoop);
    units.emplace(store->log(), *assignment_decider, hasher, post, kAssignmentLoop);
    erasure_decider.emplace(*keyed_hash, hasher);
    erasure_orders.emplace(store->log(), *erasure_decider, hasher, post, kErasureLoop);
    experiment_desk = std::make_shared<http::ExperimentDesk>(http::ExperimentDesk::Ports{
        store->log(), *keyed_hash, experiments, prompts,
        [this](core::CommandContext with, events::ExperimentCommand command,
               core::AppendDone done) {
          experiment_changes->execute(std::move(with), std::move(command), std::move(done));
        },
        [this](core::CommandContext with, events::AssignmentCommand command,
               core::AppendDone done) {
          filter->apply(with.project, command);
          units->execute(std::move(with), std::move(command), std::move(done));
        },
        ossl::random_hash, post});
  }

  /// Of all loops.
  std::size_t state_bytes() const {
    const std::lock_guard lock(counting_mutex);
    if (!counting) return 0;
    return sessions->cached_bytes() + prompt_changes->cached_bytes() +
           experiment_changes->cached_bytes() + units->cached_bytes() +
           key_changes->cached_bytes() + erasure_orders->cached_bytes();
  }

  void notice(std::string_view what) const {
    if (provider_notice) provider_notice(what);
  }

  /// Views over the log, and who keeps them caught up.
  void build_read_side(Access access) {
    projections = projections::all(*keyed_hash);
    const bool read_only = is_read_only(access);
    if (read_only) overlay = std::make_unique<OverlayStore>(store->views());
    views.emplace(store->log(), read_only ? *overlay : store->views(), pointers(projections));
    if (access == Access::read_views || access == Access::operate) views->start();
  }

  /// The index of texts, beside the views. Without it a server records all the same.
  Status build_texts(const Settings& settings, const Engine::Options& options) {
    const bool copy = options.access == Access::read_texts;
    if (!copy && options.access != Access::operate) return core::Ok{};
    auto started = Texts::start(store->log(), {settings.data, core::to_string(store->log_id()),
                                               copy, options.search_notice});
    if (!started) return started.error();
    texts = *std::move(started);
    return core::Ok{};
  }

  void order(core::CommandContext with, events::ErasureCommand command, core::AppendDone done) {
    erasure_orders->execute(std::move(with), std::move(command), std::move(done));
  }

  /// Of streams of which content was erased. An order and a prompt keep none of it.
  void forget(const core::ProjectId& project, const std::vector<core::StreamId>& streams) {
    gateway::SessionNames names;
    for (const core::StreamId& stream : streams) {
      if (stream.category() == "assignment") {
        units->forget(project, stream);
        continue;
      }
      sessions->forget(project, stream);
      if (stream.category() == "session") names.emplace(stream.name());
    }
    if (gateway && !names.empty()) gateway->forget(project, names);
  }

  /// What is being erased, which nobody may read from the first request on.
  Status build_erasures(const Settings& settings) {
    Erasures::Ports ports{
        settings.data,
        settings.erasure_ledger_path(),
        store->log_id(),
        store->log(),
        store->eraser(),
        *views,
        texts ? &texts->index() : nullptr,
        *keyed_hash,
        clock,
        ossl::random_hash,
        [this](core::CommandContext with, events::ErasureCommand command, core::AppendDone done) {
          order(std::move(with), std::move(command), std::move(done));
        },
        [this](const core::ProjectId& project, const core::StreamId& stream) {
          return erasure_orders->load(project, stream);
        },
        [this](const core::ProjectId& project, const std::vector<core::StreamId>& streams) {
          forget(project, streams);
        },
        [this] { return backups && backups->state().phase == BackupDesk::Phase::running; },
        [this](std::string_view what) { notice(what); }};
    auto opened = Erasures::open(std::move(ports));
    if (!opened) return opened.error();
    erasures = *std::move(opened);
    retention = std::make_shared<Retention>(
        Retention::Ports{
            *erasures, store->log(), *views, *keyed_hash, clock,
            [this](const core::ProjectId& project, const core::StreamId& stream) {
              return erasure_orders->load(project, stream);
            },
            [this](std::function<void()> work) { return blocking->try_post(std::move(work)); },
            [this](std::chrono::milliseconds wait, std::function<void()> work) {
              return timers->after(wait, std::move(work));
            },
            [this](std::string_view what) { notice(what); }},
        settings.retention);
    return core::Ok{};
  }

  /// Calls to models, which go out and are recorded.
  Status build_gateway(const Settings& settings, Access access, gateway::Execute execute,
                       std::function<Status()> writable) {
    auto models = Models::create(settings, clock);
    if (!models) return models.error();
    providers = *std::move(models);
    timers.emplace();
    gateway::GatewayOptions options;
    options.recording = settings.gateway_recording == "off"       ? gateway::Recording::off
                        : settings.gateway_recording == "relaxed" ? gateway::Recording::relaxed
                                                                  : gateway::Recording::strict;
    options.ask_for_usage = settings.gateway_asks_for_usage;
    options.routes = settings.routes;
    options.breaker_changed = [this](const gateway::BreakerStatus& status) {
      notice(breaker_notice(status));
      store->log().append(
          breaker_event(status, clock.now(), hasher), [this](const Result<core::Receipt>& receipt) {
            if (receipt) return;
            notice("a breaker's change is not on record: " + receipt.error().message);
          });
    };
    // What is recorded from now on the gateway knows by itself.
    const auto find = [this, at_start = store->log().end(),
                       until = std::chrono::steady_clock::now() + kIndexPatience](
                          const core::ProjectId& project, const events::Digest& key,
                          std::size_t most) -> Result<std::vector<std::string>> {
      auto index = views->read("conversation_index", at_start, until);
      // A view that is being built holds no call up: its conversation then begins anew.
      if (!index) return std::vector<std::string>{};
      return projections::find_conversations(**index, project, key, most);
    };
    const auto post = [this](std::function<void()> work) { deciding->post(std::move(work)); };
    gateway.emplace(
        gateway::Ports{
            store->log(), *keyed_hash, clock, *providers, std::move(execute), find, post,
            ossl::random_hash, std::move(writable), [] { return std::chrono::steady_clock::now(); },
            [this](std::chrono::milliseconds wait, std::function<void()> work) {
              return timers->after(wait, std::move(work));
            },
            [this] { return gateway_calls(); },
            [this](const core::ProjectId& project) { return prices->read(project); }, prompts.get(),
            experiments.get(), [this](std::string_view provider) { return dialect_of(provider); },
            &*filter},
        options);
    if (access == Access::operate) end_left_calls();
    return core::Ok{};
  }

  /// Of a configured provider; empty: as it is called, or there is none.
  std::string dialect_of(std::string_view provider) const {
    for (const providers::ProviderStatus& each : providers->status()) {
      if (each.name == provider) return each.dialect;
    }
    return {};
  }

  /// What the gateway asks of the past, for budgets above all, must have all of it.
  Result<std::unique_ptr<core::ReadModel>> gateway_calls() {
    return views->read("gateway_calls", store->log().end(),
                       std::chrono::steady_clock::now() + kRecordPatience);
  }

  /// Calls that the process before this one made and did not see the end of.
  void end_left_calls() {
    const core::Position at_start = store->log().end();
    left_calls = views->when("conversation_index", at_start, [this, at_start](const Status& ready) {
      if (!ready) return;  // the view has stopped, and says so itself
      blocking->post([this, at_start] {
        auto index = views->read("conversation_index", at_start, std::chrono::steady_clock::now());
        if (!index) return;
        const auto open = projections::open_calls(**index, at_start);
        if (!open) return;
        std::vector<gateway::LeftCall> calls;
        for (const projections::OpenCall& call : *open) {
          calls.push_back({call.project, call.session, call.call_id, call.attempt});
        }
        gateway->interrupted(calls);
      });
    });
  }

  /// Our prices into the log, beside everything else. A new log begins with them: then it has them
  /// before its first event of anybody else, and nobody's positions depend on who was faster.
  void publish_prices() {
    const bool new_log = store->log().end() == core::Position{};
    price_publisher = std::make_shared<PricePublisher>(PricePublisher::Ports{
        store->log(), hasher, clock, *prices, ossl::random_hash,
        [this](std::function<void()> work) { (void)blocking->try_post(std::move(work)); },
        [this](std::chrono::milliseconds wait, std::function<void()> work) {
          return timers->after(wait, std::move(work));
        },
        [this](std::string_view what) { notice(what); }});
    price_publisher->start();
    if (new_log) price_publisher->wait(kPricesPatience);
  }

  /// Experiments that look after themselves.
  void watch_experiments(std::chrono::milliseconds every) {
    if (every == every.zero()) return;
    experiment_watch = std::make_shared<ExperimentWatch>(
        ExperimentWatch::Ports{
            *views, std::make_shared<const http::ExperimentJudge>(experiment_desk, prices), clock,
            [this](std::function<void()> work) { return blocking->try_post(std::move(work)); },
            [this](std::chrono::milliseconds wait, std::function<void()> work) {
              return timers->after(wait, std::move(work));
            },
            [this](std::string_view what) { notice(what); }},
        every);
    experiment_watch->start();
  }

  /// Requests to both sides.
  Status build_routes(const Settings& settings, Access access) {
    blocking.emplace(http::Pool::Options{.name = "query", .threads = 2, .nice = 5});
    const auto execute = [this](core::CommandContext with, events::SessionCommand command,
                                core::AppendDone done) {
      filter->apply(with.project, command);
      sessions->execute(std::move(with), std::move(command), std::move(done));
    };
    const auto writable = [this]() -> Status {
      const rocks::Stats stats = store->stats();
      if (!stats.serving) {
        return core::Error{core::Errc::unavailable, "a commit failed; the store is reopening"};
      }
      if (stats.space_short) return core::Error{core::Errc::out_of_space, "too little disk space"};
      return core::Ok{};
    };
    context.emplace(http::Context{store->log(), *views, hasher, *keyed_hash, clock, *blocking,
                                  metrics, limits, execute, ossl::random_hash, writable,
                                  store->log_id(), texts ? &texts->index() : nullptr,
                                  texts ? &texts->pool() : nullptr});
    context->prices = prices;
    context->prompts = prompts;
    context->execute_prompt = [this](core::CommandContext with, events::PromptCommand command,
                                     core::AppendDone done) {
      prompt_changes->execute(std::move(with), std::move(command), std::move(done));
    };
    context->experiments = experiment_desk;
    context->filter = &*filter;
    context->keys = keys;
    context->execute_keys = [this](core::CommandContext with, events::KeyCommand command,
                                   core::AppendDone done) {
      key_changes->execute(std::move(with), std::move(command), std::move(done));
    };
    context->tree = &store->tree();
    context->notary = notary.get();
    context->checkpoint = [this] { return stored_checkpoint(*store); };
    std::vector<http::AddedRoute> added;
    added.push_back(import_route({*keyed_hash, execute, ossl::random_hash}));
    live_verify = std::make_unique<LiveVerify>(*store, *keyed_hash);
    added.push_back(verify_route(*live_verify));
    if (auto status = build_gateway(settings, access, execute, writable); !status) return status;
    added.push_back(providers_route(*providers, *gateway));
    for (http::AddedRoute& route :
         erasure_routes({*erasures, *keyed_hash, ossl::random_hash,
                         [this](core::CommandContext with, events::ErasureCommand command,
                                core::AppendDone done) {
                           order(std::move(with), std::move(command), std::move(done));
                         }})) {
      added.push_back(std::move(route));
    }
    for (http::AddedRoute& route : retention_routes(retention)) added.push_back(std::move(route));
    SignTree sign;
    if (notary) sign = [this](const core::TreeHead& tree) { return signed_tree(*notary, tree); };
    backups.emplace(BackupSource{*store, settings.data, !is_read_only(access), std::move(sign)});
    for (http::AddedRoute& route : backup_routes(*backups, clock)) {
      added.push_back(std::move(route));
    }
    if (notary) {
      const auto sign_again = [this] {
        if (checkpointer) checkpointer->sign_again();
      };
      added.push_back(signing_key_route({*notary, clock, hasher, sign_again}));
    }
    for (http::AddedRoute& route : gateway_routes(*gateway)) added.push_back(std::move(route));
    auto made = http::Router::make(http::routes(*context, std::move(added)));
    if (!made) return made.error();
    router = *std::move(made);
    return core::Ok{};
  }
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Engine::~Engine() { (void)stop(); }

Result<std::unique_ptr<Engine>> Engine::open(const Settings& settings, Options options) {
  auto parts = std::make_unique<Parts>();
  for (const auto& [name, value] : settings.limits) {
    const Status set = parts->limits.set(name, value);
    if (!set) {
      const std::string field = "limits." + name;
      return core::Error{set.error().code, field + ": " + set.error().message, field};
    }
  }
  if (auto good = refuse_backup(settings.data); !good) return std::move(good).error();
  auto store =
      rocks::RocksStore::open(store_options(settings, options, parts->hasher, parts->equivalence));
  if (!store) return std::move(store).error();
  parts->store = *std::move(store);
  parts->provider_notice = options.provider_notice;
  if (auto status = parts->build_audit(settings, options); !status) return status.error();
  parts->build_write_side();
  if (auto status = parts->build_filter(settings); !status) return status.error();
  if (auto status = parts->build_keys(settings); !status) return status.error();
  if (!is_read_only(options.access)) {
    if (auto status = projections::drop_retired(parts->store->views()); !status) {
      return status.error();
    }
  }
  parts->build_read_side(options.access);
  if (auto status = parts->build_texts(settings, options); !status) return status.error();
  if (auto status = parts->build_erasures(settings); !status) return status.error();
  std::unique_ptr<Engine> engine(new Engine(std::move(parts)));
  Status routes = engine->parts_->build_routes(settings, options.access);
  if (!routes) return std::move(routes).error();
  if (!is_read_only(options.access)) engine->parts_->publish_prices();
  if (options.access == Access::operate) {
    if (auto started = engine->parts_->erasures->start(); !started) return started.error();
    engine->parts_->retention->start();
    engine->parts_->checkpointer->start();
    engine->parts_->watch_experiments(settings.experiments_check_every);
  }
  return engine;
}

Status Engine::stop() {
  Parts& parts = *parts_;
  if (!parts.store) return core::Ok{};
  parts.router.reset();  // what still waits for a position is cancelled
  if (parts.live_verify) parts.live_verify->stop();
  parts.left_calls.reset();
  if (parts.retention) parts.retention->stop();
  if (parts.erasures) parts.erasures->stop();  // it may wait for a backup
  parts.backups.reset();
  if (parts.price_publisher) parts.price_publisher->stop();
  if (parts.experiment_watch) parts.experiment_watch->stop();
  if (parts.blocking) parts.blocking->stop();
  if (parts.texts) parts.texts->stop();
  if (parts.timers) parts.timers->stop();
  parts.providers.reset();  // and so are calls, which are recorded as that
  {
    const std::lock_guard lock(parts.counting_mutex);
    parts.counting = false;
  }
  parts.experiment_desk->close();
  parts.sessions.reset();
  parts.prompt_changes.reset();
  parts.experiment_changes.reset();
  parts.units.reset();
  parts.key_changes.reset();
  parts.erasure_orders.reset();
  if (parts.deciding) parts.deciding->stop();
  parts.gateway.reset();
  parts.retention.reset();
  parts.erasures.reset();
  parts.views.reset();
  Status closed = parts.store->close();
  // What was acknowledged until now is signed; the files beside the database are still ours.
  if (parts.checkpointer) {
    if (auto signed_last = parts.checkpointer->finish(); !signed_last && closed) {
      closed = signed_last;
    }
    const std::lock_guard lock(parts.counting_mutex);
    parts.checkpointer.reset();
  }
  parts.notary.reset();
  parts.store.reset();
  return closed;
}

Result<std::string> Engine::reload(const Settings& settings) {
  return parts_->providers->reload(settings);
}

const http::Router& Engine::router() const { return *parts_->router; }
const http::Limits& Engine::limits() const { return parts_->limits; }
const core::KeyedHash& Engine::keyed_hash() const { return *parts_->keyed_hash; }
const http::KeyRing& Engine::keys() const { return parts_->keys; }
std::vector<gateway::BreakerStatus> Engine::breakers() const {
  const std::lock_guard lock(parts_->counting_mutex);
  if (!parts_->counting || !parts_->gateway) return {};
  return parts_->gateway->breakers();
}
std::optional<gateway::PolicyCounts> Engine::policies() const {
  const std::lock_guard lock(parts_->counting_mutex);
  if (!parts_->counting || !parts_->gateway) return {};
  return parts_->gateway->policies();
}
std::optional<Checkpointer::Status> Engine::checkpoints() const {
  const std::lock_guard lock(parts_->counting_mutex);
  if (!parts_->checkpointer) return {};
  return parts_->checkpointer->status();
}
std::optional<ErasureCounts> Engine::erasures() const {
  const std::lock_guard lock(parts_->counting_mutex);
  if (!parts_->counting || !parts_->erasures) return {};
  return parts_->erasures->counts();
}
const core::Clock& Engine::clock() const { return parts_->clock; }
std::optional<projections::SearchState> Engine::texts() const {
  if (!parts_->texts) return std::nullopt;
  return parts_->texts->index().state();
}
std::vector<std::pair<std::string, std::uint64_t>> Engine::filtered() const {
  return parts_->filter ? parts_->filter->counts()
                        : std::vector<std::pair<std::string, std::uint64_t>>{};
}
http::Pool& Engine::blocking() { return *parts_->blocking; }
http::Metrics& Engine::metrics() { return parts_->metrics; }
core::ProjectionRunner& Engine::views() { return *parts_->views; }
rocks::RocksStore& Engine::store() { return *parts_->store; }

std::vector<rocks::MemoryUse> Engine::memory_usage() const {
  std::vector<rocks::MemoryUse> uses = parts_->store->memory_usage();
  uses.push_back({"state_cache", parts_->state_bytes(),
                  core::CommandLoopOptions{}.state_cache_bytes + kPromptLoop.state_cache_bytes +
                      kExperimentLoop.state_cache_bytes + kAssignmentLoop.state_cache_bytes +
                      kKeyLoop.state_cache_bytes + kErasureLoop.state_cache_bytes});
  if (parts_->texts) {
    uses.push_back({"search", search::Search::memory_bytes(), search::kMemoryBudgetBytes});
  }
  return uses;
}

}  // namespace hansard::cli
