#include "providers/client.h"

#include <atomic>
#include <future>
#include <unordered_map>
#include <utility>

#include "call.h"
#include "core/assert.h"

namespace hansard::providers {

using core::Errc;
using core::Error;

namespace {

using Upstreams = std::map<std::string, std::shared_ptr<const Upstream>, std::less<>>;
using Boards = std::map<std::string, std::shared_ptr<Scoreboard>, std::less<>>;

core::Result<Upstreams> compile_all(const Settings& settings) {
  Upstreams upstreams;
  TlsContexts contexts;
  for (const auto& [name, one] : settings.providers) {
    auto upstream = compile(name, one, contexts);
    if (!upstream) return std::move(upstream).error();
    upstreams.emplace(name, *std::move(upstream));
  }
  return upstreams;
}

/// The loop and what is confined to it. Exchanges hold it, so that one that outlives the client
/// still finds its loop, stopped.
class Engine {
 public:
  Engine() : lookups_(loop_) {}

  Loop& loop() { return loop_; }

  // Confined to the loop:
  void use(const Upstreams& upstreams, const Boards& boards) {
    for (auto it = pools_.begin(); it != pools_.end();) {
      const auto next = upstreams.find(it->first);
      if (next != upstreams.end() && it->second->upstream()->same_connections(*next->second)) {
        it->second->change(next->second);
        ++it;
      } else {
        it->second->retire();
        it = pools_.erase(it);
      }
    }
    for (const auto& [name, upstream] : upstreams) {
      if (pools_.contains(name)) continue;
      pools_.emplace(name, std::make_shared<Pool>(loop_, lookups_, upstream, boards.at(name)));
    }
  }
  void begin(const std::shared_ptr<Call>& call, const std::string& provider) {
    calls_.emplace(call.get(), call);
    const auto pool = pools_.find(provider);
    call->begin(pool == pools_.end() ? nullptr : pool->second);
  }
  void end(const std::shared_ptr<Call>& call) {
    calls_.erase(call.get());
    call->cancel();
  }
  void shut_down() {
    const auto calls = std::exchange(calls_, {});
    for (const auto& [address, weak] : calls) {
      if (const auto call = weak.lock()) call->fail({Errc::cancelled, "stopping", "stopping"});
    }
    for (const auto& [name, pool] : pools_) pool->retire();
    pools_.clear();
  }

  std::atomic<std::size_t> active = 0;  ///< exchanges that exist

 private:
  Loop loop_;
  Lookups lookups_;
  std::map<std::string, std::shared_ptr<Pool>, std::less<>> pools_;
  std::unordered_map<Call*, std::weak_ptr<Call>> calls_;
};

class Exchange final : public core::ProviderExchange {
 public:
  Exchange(std::shared_ptr<Engine> engine, std::shared_ptr<Call> call)
      : engine_(std::move(engine)), call_(std::move(call)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() override {
    call_->gate().shut(engine_->loop());
    --engine_->active;
    // Moved, so that the last of the call goes where all of it has been: on the loop.
    engine_->loop().post([engine = engine_.get(), call = std::move(call_)] { engine->end(call); });
  }
  void next(std::function<void(core::Result<std::string>)> done) override {
    const bool posted = engine_->loop().post([call = call_, done] { call->next(done); });
    if (!posted) done(Error{Errc::cancelled, "stopping", "stopping"});
  }

 private:
  const std::shared_ptr<Engine> engine_;
  std::shared_ptr<Call> call_;
};

}  // namespace

struct Client::Impl {
  explicit Impl(const core::Clock& with) : clock(with) {}

  void use(const Upstreams& next_upstreams);

  const core::Clock& clock;
  std::shared_ptr<Engine> engine = std::make_shared<Engine>();
  std::mutex reloading;  ///< one at a time
  mutable std::mutex mutex;
  Boards boards;        ///< guarded by `mutex`
  Upstreams upstreams;  ///< likewise
};

void Client::Impl::use(const Upstreams& next_upstreams) {
  Boards next;
  {
    const std::lock_guard lock(mutex);
    for (const auto& entry : next_upstreams) {
      const std::string& name = entry.first;
      const Upstream& upstream = *entry.second;
      const auto known = boards.find(name);
      next[name] = known == boards.end() ? std::make_shared<Scoreboard>(clock) : known->second;
      next[name]->update([&](ProviderStatus& status) {
        status.name = name;
        status.dialect = upstream.settings.dialect;
        status.base_url = upstream.url.text();
        status.key_configured = upstream.key_configured;
        status.key_missing = upstream.key_missing;
      });
    }
    boards = next;
    upstreams = next_upstreams;
  }
  HANSARD_ASSERT(!engine->loop().on_thread(), "the loop cannot wait for itself");
  // Waiting for it keeps who reloads in a circle from piling up work that delays every call.
  std::promise<void> used;
  engine->loop().post([&] {
    engine->use(next_upstreams, next);
    used.set_value();
  });
  used.get_future().wait();
}

std::vector<core::HttpField> Client::added_fields(const std::string& provider) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->upstreams.find(provider);
  if (found == impl_->upstreams.end()) return {};
  return found->second->fields;
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

core::Result<std::unique_ptr<Client>> Client::create(const Settings& settings,
                                                     const core::Clock& clock) {
  auto upstreams = compile_all(settings);
  if (!upstreams) return std::move(upstreams).error();
  std::unique_ptr<Client> client(new Client(std::make_unique<Impl>(clock)));
  client->impl_->use(*upstreams);
  return client;
}

Client::~Client() {
  impl_->engine->loop().stop([engine = impl_->engine.get()] { engine->shut_down(); });
}

std::unique_ptr<core::ProviderExchange> Client::start(
    core::ProviderCall call, std::function<void(core::Result<core::ProviderHead>)> head) {
  Engine& engine = *impl_->engine;
  std::string provider = call.provider;
  auto made = std::make_shared<Call>(engine.loop(), std::move(call), std::move(head));
  const bool fits = ++engine.active <= kCallsMax;
  engine.loop().post([&engine, made, provider = std::move(provider), fits] {
    if (fits) {
      engine.begin(made, provider);
    } else {
      made->fail({Errc::overloaded,
                  "all " + std::to_string(kCallsMax) + " calls that may be under way are",
                  "calls"});
    }
  });
  return std::make_unique<Exchange>(impl_->engine, std::move(made));
}

core::Status Client::reload(const Settings& settings) {
  auto upstreams = compile_all(settings);
  if (!upstreams) return std::move(upstreams).error();
  const std::lock_guard lock(impl_->reloading);
  impl_->use(*upstreams);
  return core::Ok{};
}

std::vector<ProviderStatus> Client::status() const {
  Boards boards;
  {
    const std::lock_guard lock(impl_->mutex);
    boards = impl_->boards;
  }
  std::vector<ProviderStatus> all;
  all.reserve(boards.size());
  for (const auto& [name, board] : boards) all.push_back(board->read());
  return all;
}

}  // namespace hansard::providers
