#include "scripted/provider.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "exchange.h"

namespace hansard::scripted {

using core::Errc;
using core::Error;

struct Provider::Impl {
  struct Counts {
    std::uint64_t calls = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t cancelled = 0;
  };
  struct UnderWay {
    std::weak_ptr<Call> call;
    std::string provider;
  };

  const core::Clock* clock;
  core::Timestamp started;
  std::atomic<std::uint64_t> answers{0};

  mutable std::mutex mutex;
  // All below is guarded by mutex.
  std::shared_ptr<const Providers> providers;
  std::map<const Call*, UnderWay> calls;
  std::map<std::string, Counts, std::less<>> counts;

  [[nodiscard]] std::shared_ptr<const Providers> current() const {
    const std::lock_guard lock(mutex);
    return providers;
  }
  void ended(const Call* call, bool whole) {
    const std::lock_guard lock(mutex);
    const auto found = calls.find(call);
    if (found == calls.end()) return;
    Counts& of = counts[found->second.provider];
    ++(whole ? of.succeeded : of.cancelled);
    calls.erase(found);
  }
};

namespace {

/// Ends a call when its owner does.
class Exchange final : public core::ProviderExchange {
 public:
  /// @param gone  told whether the answer came whole
  Exchange(std::shared_ptr<Call> call, std::function<void(const Call*, bool)> gone)
      : call_(std::move(call)), gone_(std::move(gone)) {}
  ~Exchange() override { gone_(call_.get(), call_->drop()); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  void next(std::function<void(core::Result<std::string>)> done) override {
    call_->next(std::move(done));
  }

 private:
  std::shared_ptr<Call> call_;
  std::function<void(const Call*, bool)> gone_;
};

std::string hex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  do {
    out.push_back(kDigits[number % 16]);
    number /= 16;
  } while (number != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

Provider::Provider(Providers providers, const core::Clock& clock)
    : impl_(std::make_shared<Impl>()), timer_(std::make_shared<Timer>()) {
  impl_->providers = std::make_shared<const Providers>(std::move(providers));
  impl_->clock = &clock;
  impl_->started = clock.now();
}

Provider::~Provider() {
  timer_->stop();
  std::vector<std::shared_ptr<Call>> calls;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [unused, under_way] : impl_->calls) {
      if (auto alive = under_way.call.lock()) calls.push_back(std::move(alive));
    }
  }
  for (const auto& call : calls) call->stop();
}

bool Provider::has(std::string_view name) const { return impl_->current()->contains(name); }

void Provider::reload(Providers providers) {
  auto fresh = std::make_shared<const Providers>(std::move(providers));
  const std::lock_guard lock(impl_->mutex);
  impl_->providers.swap(fresh);
}

std::vector<Status> Provider::status() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Status> all;
  for (const auto& [name, scripted] : *impl_->providers) {
    const auto counted = impl_->counts.find(name);
    const Impl::Counts of = counted == impl_->counts.end() ? Impl::Counts{} : counted->second;
    all.push_back({name, scripted.dialect, of.calls, of.succeeded, of.cancelled});
  }
  return all;
}

std::unique_ptr<core::ProviderExchange> Provider::start(
    core::ProviderCall call, std::function<void(core::Result<core::ProviderHead>)> head) {
  Impl& impl = *impl_;
  std::optional<Error> error;
  Reply reply;
  const auto providers = impl.current();
  const auto found = providers->find(call.provider);
  if (found == providers->end()) {
    error = Error{Errc::not_found, "no provider is called " + call.provider, "provider"};
  } else {
    const std::uint64_t number = ++impl.answers;
    const auto since = static_cast<std::uint64_t>(impl.started.time_since_epoch().count());
    reply = reply_to(found->second, call, {hex(since) + hex(number), impl.clock->now()});
  }
  auto made =
      std::make_shared<Call>(timer_, std::move(reply),
                             call.deadlines.value_or(core::ProviderDeadlines{}), std::move(head));
  {
    const std::lock_guard lock(impl.mutex);
    if (!error && impl.calls.size() >= kCallsMax) {
      error = Error{Errc::overloaded, "too many calls are under way", "calls"};
    }
    if (!error) {
      impl.calls.emplace(made.get(), Impl::UnderWay{made, call.provider});
      ++impl.counts[call.provider].calls;
    }
  }
  auto exchange = std::make_unique<Exchange>(
      made,
      [impl_shared = impl_](const Call* ended, bool whole) { impl_shared->ended(ended, whole); });
  made->begin(std::move(error));
  return exchange;
}

}  // namespace hansard::scripted
