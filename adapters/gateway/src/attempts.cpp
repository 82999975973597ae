#include "attempts.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "answer_tee.h"
#include "outcome.h"
#include "own_answer.h"
#include "targets.h"

namespace hansard::gateway {

using core::Result;
using events::Policy;
using std::chrono::milliseconds;

namespace {

/// Pieces of a failed answer that are read: each is a step of ours.
constexpr std::size_t kFailedPiecesMax = 256;
/// Random bytes of the name of a translated answer.
constexpr std::size_t kNameBytes = 12;

class RunExchange final : public core::ProviderExchange {
 public:
  explicit RunExchange(std::shared_ptr<AttemptRun> run) : run_(std::move(run)) {}
  ~RunExchange() override { run_->cancel(); }
  RunExchange(const RunExchange&) = delete;
  RunExchange& operator=(const RunExchange&) = delete;
  void next(std::function<void(Result<std::string>)> done) override { run_->next(std::move(done)); }

 private:
  std::shared_ptr<AttemptRun> run_;
};

/// Of calls without a route that an experiment sends elsewhere.
const RouteOptions kNoRules;

class AttemptsLayer final : public Layer {
 public:
  AttemptsLayer(const Ports& ports, Breakers& breakers) : ports_(ports), breakers_(breakers) {}

  std::unique_ptr<core::ProviderExchange> start(RoutedCall call, std::shared_ptr<CallWatch> watch,
                                                HeadDone head) override {
    if (call.route == nullptr && call.variant_provider) call.route = &kNoRules;
    if (call.route == nullptr) {
      watch->goes_out({call.call.provider, {}, events::ServedFrom::provider});
      return ports_.providers.start(std::move(call.call), std::move(head));
    }
    auto run = std::make_shared<AttemptRun>(ports_, breakers_, counts_, std::move(call),
                                            std::move(watch), std::move(head));
    run->start();
    return std::make_unique<RunExchange>(std::move(run));
  }
  void count(PolicyCounts& to) const override {
    to.retries += counts_.retries;
    to.fallbacks += counts_.fallbacks;
    to.breaker_refused += counts_.refused;
  }

 private:
  const Ports& ports_;
  Breakers& breakers_;
  AttemptCounts counts_;  ///< outlives the runs, as the layers outlive calls
};

const events::Api* api_of(const RoutedCall& call) {
  if (call.call.method != "POST") return nullptr;
  return events::api_at(std::string_view(call.call.target).substr(0, call.call.target.find('?')));
}

std::uint64_t microseconds(std::chrono::steady_clock::duration time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

std::unique_ptr<Layer> make_attempts(const Ports& ports, Breakers& breakers) {
  return std::make_unique<AttemptsLayer>(ports, breakers);
}

/// A thread that drives the call: whoever cancels waits for it.
class AttemptRun::Busy {
 public:
  explicit Busy(AttemptRun& run) : run_(run) {
    const Lock lock(run_.mutex_);
    run_.busy_.push_back(std::this_thread::get_id());
  }
  ~Busy() {
    const Lock lock(run_.mutex_);
    const auto me = std::find(run_.busy_.begin(), run_.busy_.end(), std::this_thread::get_id());
    run_.busy_.erase(me);
    run_.idle_.notify_all();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  AttemptRun& run_;
};

AttemptRun::AttemptRun(const Ports& ports, Breakers& breakers, AttemptCounts& counts,
                       RoutedCall call, std::shared_ptr<CallWatch> watch, HeadDone head)
    : ports_(ports),
      breakers_(breakers),
      counts_(counts),
      watch_(std::move(watch)),
      route_name_(call.call.provider),
      route_(*call.route),
      api_(api_of(call)),
      keyholder_(keyholder_of(route_, route_name_)),
      began_(ports.now()),
      call_(std::move(call)),
      head_(std::move(head)) {}

/// The end of a draw: its beginning may have become a name.
std::uint64_t AttemptRun::draw() const {
  const core::Hash hash = ports_.draw_random();
  std::uint64_t drawn = 0;
  std::memcpy(&drawn, hash.data() + hash.size() - sizeof drawn, sizeof drawn);
  return drawn;
}

void AttemptRun::start() {
  const Busy busy(*this);
  Lock lock(mutex_);
  const bool draws = route_.targets.size() > 1 && !call_.variant_provider;
  plan_ = plan_of(route_, route_name_, draws ? draw() : 0);
  if (call_.variant_provider) send_to(*call_.variant_provider);
  if (call_.variant_model && !plan_.empty()) plan_.front().model.reset();
  if (draws) decided_.push_back({"target", "drawn", plan_.front().provider, {}});
  if (!take_place(0, "after_open")) return stop(std::move(lock));
  go(std::move(lock));
}

/// The provider that an experiment chose, as the route knows it or as it is configured; the
/// fallbacks stay: a unit is answered before it is measured.
void AttemptRun::send_to(const std::string& provider) {
  Target target{provider, {}, {}, 1};
  const auto is_it = [&](const Target& known) { return known.provider == provider; };
  const auto drawn = std::find_if(route_.targets.begin(), route_.targets.end(), is_it);
  const auto later = std::find_if(route_.fallbacks.begin(), route_.fallbacks.end(), is_it);
  if (drawn != route_.targets.end()) {
    target = *drawn;
  } else if (later != route_.fallbacks.end()) {
    target = *later;
  } else if (ports_.dialect_of) {
    if (std::string dialect = ports_.dialect_of(provider); !dialect.empty()) {
      target.dialect = std::move(dialect);
    }
  }
  plan_ = {std::move(target)};
  plan_.insert(plan_.end(), route_.fallbacks.begin(), route_.fallbacks.end());
}

/// Finds the first target from `from` on whose breaker lets a call through.
bool AttemptRun::take_place(std::size_t from, const std::string& reason) {
  for (std::size_t i = from; i < plan_.size(); ++i) {
    const std::string& provider = plan_[i].provider;
    const bool same = i == at_ && turn_ > 0;
    auto words = same ? Result<std::optional<Translation>>(std::optional<Translation>())
                      : words_for(plan_[i]);
    if (!words) {
      decided_.push_back({"fallback", "untranslatable", provider, {}});
      continue;
    }
    auto permit = breakers_.enter(route_name_, provider);
    if (!permit.allowed()) {
      decided_.push_back({"breaker", "open", provider, {}});
      ++counts_.refused;
      refused_for_ = std::min(refused_for_.value_or(permit.retry_after()), permit.retry_after());
      continue;
    }
    if (i != at_) {
      decided_.push_back({"fallback", reason, provider, {}});
      ++counts_.fallbacks;
      at_ = i;
      made_ = 0;
    }
    if (permit.trial()) decided_.push_back({"breaker", "trial", provider, {}});
    permit_ = std::move(permit);
    if (!same) translation_ = *std::move(words);
    return true;
  }
  return false;
}

/// The call in another dialect, where the target speaks one. Errors: there is no way to say it.
Result<std::optional<Translation>> AttemptRun::words_for(const Target& target) const {
  if (!target.dialect || api_ == nullptr || speaks(*target.dialect, *api_)) {
    return std::optional<Translation>();
  }
  const core::Hash drawn = ports_.draw_random();
  auto made = Translation::make(call_.call, *api_, *target.dialect,
                                core::to_hex(core::as_bytes(drawn).substr(0, kNameBytes)));
  if (!made) return made.error();
  return std::optional<Translation>(*std::move(made));
}

core::ProviderCall AttemptRun::call_for(const Target& target) {
  core::ProviderCall call;
  const bool last = made_ >= route_.retry.attempts_max && at_ + 1 >= plan_.size();
  if (translation_) {
    call = translation_->call();
  } else if (last) {
    call = std::move(call_.call);
  } else {
    call = call_.call;
  }
  call.provider = target.provider;
  if (target.provider != keyholder_) drop_keys(call.fields);
  if (call.deadlines && call.deadlines->total.count() > 0) {
    const auto spent = std::chrono::duration_cast<milliseconds>(ports_.now() - began_);
    call.deadlines->total = std::max(milliseconds(1), call.deadlines->total - spent);
  }
  return call;
}

/// Makes the next attempt, at the place taken for it.
void AttemptRun::go(Lock lock) {
  ++made_;
  const std::uint64_t turn = ++turn_;
  came_.reset();
  body_.clear();
  pieces_ = 0;
  whole_ = false;
  const Target& target = plan_[at_];
  SentTo to{target.provider, {}, events::ServedFrom::provider};
  const auto deadlines = call_.call.deadlines;
  core::ProviderCall call = call_for(target);
  call_.call.deadlines = deadlines;  // of the whole call, also when the rest went out
  if (target.model) {
    if (auto body = with_model(call.body, *target.model)) {
      call.body = *std::move(body);
      to.model = target.model;
    }
  }
  const auto policies = std::exchange(decided_, {});
  sent_at_ = ports_.now();
  lock.unlock();
  for (const Policy& policy : policies) watch_->decided(policy);
  watch_->goes_out(std::move(to));
  std::shared_ptr<core::ProviderExchange> exchange = ports_.providers.start(
      std::move(call),
      [self = shared_from_this(), turn](Head head) { self->head_came(turn, std::move(head)); });
  lock.lock();
  if (gone_) {
    lock.unlock();
    return;  // and the exchange goes, outside the lock
  }
  exchange_ = std::move(exchange);
  if (came_) decide(std::move(lock));
}

void AttemptRun::head_came(std::uint64_t turn, Head head) {
  const Busy busy(*this);
  Lock lock(mutex_);
  if (gone_ || turn != turn_ || came_) return;
  came_ = std::move(head);
  if (exchange_) decide(std::move(lock));
}

/// The head of an attempt is there, or the reason why there is none.
void AttemptRun::decide(Lock lock) {
  const Verdict verdict = *came_ ? judge((*came_)->status) : judge(came_->error());
  permit_.settle(verdict.provider_well);
  const auto step = step_after(verdict);
  if (!step) return pass(std::move(lock));
  step_ = *step;
  reason_ = verdict.reason;
  if (*came_) return drain(std::move(lock));
  failed(std::move(lock));
}

bool AttemptRun::in_time(milliseconds pause) const {
  const auto& deadlines = call_.call.deadlines;
  if (!deadlines || deadlines->total.count() == 0) return true;
  return ports_.now() + pause < began_ + deadlines->total;
}

std::optional<AttemptRun::Step> AttemptRun::step_after(const Verdict& verdict) const {
  const RetryOptions& retry = route_.retry;
  if (verdict.may_pass && made_ < retry.attempts_max) {
    const auto asked =
        *came_ ? retry_after((*came_)->fields, ports_.clock.now()) : std::optional<milliseconds>();
    const milliseconds pause = asked ? *asked : backoff(retry, made_, draw());
    const bool patient = !asked || *asked <= retry.retry_after_max;
    if (patient && in_time(pause) &&
        breakers_.closed_for(route_name_, plan_[at_].provider) <= pause) {
      return Step{true, pause};
    }
  }
  if (!verdict.elsewhere || !in_time(milliseconds(0))) return {};
  const bool can = std::any_of(
      plan_.begin() + static_cast<std::ptrdiff_t>(at_) + 1, plan_.end(), [&](const Target& target) {
        return breakers_.closed_for(route_name_, target.provider).count() == 0;
      });
  return can ? std::optional<Step>(Step{}) : std::nullopt;
}

/// Reads what the failed attempt says about itself: it is recorded, and may still be the answer.
void AttemptRun::drain(Lock lock) {
  reads_ = Reads::failure;
  const std::uint64_t turn = turn_;
  const auto ends = [self = shared_from_this(), turn] {
    const Busy busy(*self);
    Lock late(self->mutex_);
    const bool reads = self->reads_ == Reads::failure && turn == self->turn_;
    if (reads && !self->gone_) self->failed(std::move(late));
  };
  // Set under the lock: it must be in its place before it can fire. The one before is let go of
  // after the lock: its callback may be waiting for it, and letting go waits for the callback.
  const auto before = std::move(timer_);
  timer_ = ports_.after(kFailedBodyPatience, ends);
  if (timer_ == nullptr) return failed(std::move(lock));  // nobody would end the wait
  ask(std::move(lock));
}

/// Asks for pieces as long as they are there at once: no piece comes within the one before.
void AttemptRun::ask(Lock lock) {
  if (std::exchange(asking_, true)) {
    again_ = true;
    return;
  }
  do {
    again_ = false;
    auto exchange = exchange_;
    const std::uint64_t turn = turn_;
    lock.unlock();
    exchange->next([self = shared_from_this(), turn](Result<std::string> bytes) {
      self->piece_came(turn, std::move(bytes));
    });
    exchange = nullptr;  // outside the lock
    lock.lock();
  } while (again_ && reads_ != Reads::nothing && !gone_ && exchange_);
  asking_ = false;
}

void AttemptRun::piece_came(std::uint64_t turn, Result<std::string> bytes) {
  const Busy busy(*this);
  Lock lock(mutex_);
  if (gone_ || turn != turn_ || reads_ == Reads::nothing) return;
  const bool answer = reads_ == Reads::answer;
  if (bytes && !bytes->empty()) {
    body_ += *bytes;
    const std::size_t most = answer ? kAnswerBytesMax : kFailedBytesMax;
    const bool enough = body_.size() > most || (!answer && ++pieces_ >= kFailedPiecesMax);
    if (!enough) return ask(std::move(lock));
    bytes =
        core::Error{core::Errc::unavailable, "the answer is too long to be translated", "protocol"};
  }
  if (!answer) {
    whole_ = bytes && bytes->empty();
    return failed(std::move(lock));
  }
  const bool well = (*came_)->status >= 200 && (*came_)->status <= 299;
  if (!bytes && well) {
    reads_ = Reads::nothing;
    came_ = bytes.error();
    return decide(std::move(lock));
  }
  translate(std::move(lock));
}

/// The answer of a provider in another dialect is there, or what came of an error.
void AttemptRun::translate(Lock lock) {
  reads_ = Reads::nothing;
  auto answer = translation_->answer(**came_, body_);
  if (!answer) {
    came_ = answer.error();
    return decide(std::move(lock));
  }
  came_ = std::move(answer->head);
  std::shared_ptr<core::ProviderExchange> exchange = std::move(answer->body);
  exchange_.swap(exchange);
  tell(std::move(lock));
  // And the one that gave it goes outside the lock.
}

events::FailResponse AttemptRun::failure() const {
  const std::uint64_t latency_us = microseconds(ports_.now() - sent_at_);
  const events::Api& api = translation_ ? translation_->provider_api() : *call_.api;
  if (*came_) return refused(api, (*came_)->status, body_, latency_us);
  const Outcome outcome = broken_off(*call_.api, came_->error(), nullptr, {}, latency_us);
  return std::get<events::FailResponse>(outcome);
}

/// The attempt is over, and something else is tried.
void AttemptRun::failed(Lock lock) {
  reads_ = Reads::nothing;
  const std::uint64_t turn = turn_;
  const milliseconds pause = step_.pause;
  std::optional<events::FailResponse> failure;
  if (call_.api != nullptr) failure = this->failure();
  auto exchange = std::move(exchange_);
  auto timer = std::move(timer_);
  exchange_ = nullptr;
  timer_ = nullptr;
  lock.unlock();
  exchange = nullptr;
  timer = nullptr;
  if (failure) watch_->attempt_failed(*std::move(failure));
  if (pause.count() == 0) return resume(turn);
  lock.lock();
  if (gone_ || turn != turn_) return;
  timer_ = ports_.after(pause, [self = shared_from_this(), turn] { self->resume(turn); });
  if (timer_ == nullptr) give_up(std::move(lock));
}

void AttemptRun::resume(std::uint64_t turn) {
  const Busy busy(*this);
  Lock lock(mutex_);
  if (gone_ || turn != turn_ || !head_) return;
  const std::size_t was = at_;
  const auto pause = step_.pause;
  if (!take_place(step_.again ? at_ : at_ + 1, reason_)) return give_up(std::move(lock));
  if (at_ == was) {
    const auto wait_us = static_cast<std::uint64_t>(pause.count()) * 1000;
    decided_.push_back({"retry", reason_, plan_[at_].provider, wait_us});
    ++counts_.retries;
  }
  go(std::move(lock));
}

/// Nothing else can be tried after all: what the last attempt came to is the answer.
void AttemptRun::give_up(Lock lock) {
  if (*came_ && !whole_) return stop(std::move(lock));
  if (*came_ && translation_) return translate(std::move(lock));
  if (*came_) exchange_ = body_at_hand(std::move(body_));
  tell(std::move(lock));
}

/// What came goes to the client.
void AttemptRun::pass(Lock lock) {
  if (!*came_ || !translation_) return tell(std::move(lock));
  reads_ = Reads::answer;
  ask(std::move(lock));
}

void AttemptRun::tell(Lock lock) {
  const auto head = std::exchange(head_, nullptr);
  Head came = *std::move(came_);
  const auto policies = std::exchange(decided_, {});
  lock.unlock();
  for (const Policy& policy : policies) watch_->decided(policy);
  head(std::move(came));
}

/// Every provider that could be asked is kept from calls.
void AttemptRun::stop(Lock lock) {
  const std::string body =
      error_body(call_.api, "hansard_unavailable",
                 "the provider of " + route_name_ + " has been failing, and is left alone for now");
  exchange_ = body_at_hand(body);
  const auto head = std::exchange(head_, nullptr);
  const auto policies = std::exchange(decided_, {});
  const auto wait = refused_for_;
  lock.unlock();
  for (const Policy& policy : policies) watch_->decided(policy);
  watch_->stopped();
  head(own_head(503, body.size(), wait));
}

void AttemptRun::next(std::function<void(Result<std::string>)> done) {
  Lock lock(mutex_);
  const auto exchange = exchange_;  // `cancel` may take it away meanwhile
  lock.unlock();
  if (exchange) exchange->next(std::move(done));
}

void AttemptRun::cancel() {
  Lock lock(mutex_);
  gone_ = true;
  const auto head = std::exchange(head_, nullptr);
  auto exchange = std::move(exchange_);
  auto timer = std::move(timer_);
  exchange_ = nullptr;
  timer_ = nullptr;
  permit_ = {};  // no verdict
  lock.unlock();
  exchange = nullptr;
  timer = nullptr;
  lock.lock();
  const auto me = std::this_thread::get_id();
  idle_.wait(lock, [&] {
    return std::all_of(busy_.begin(), busy_.end(),
                       [&](std::thread::id each) { return each == me; });
  });
}

}  // namespace hansard::gateway
