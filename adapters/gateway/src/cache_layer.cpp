#include "cache_layer.h"

#include <array>
#include <string_view>
#include <utility>

#include "call_price.h"
#include "fields.h"

namespace hansard::gateway {

namespace {

/// What the client says about caching (RFC 9111, 5.2.1).
struct CacheControl {
  bool no_cache = false;
  bool no_store = false;
};

CacheControl cache_control(const Fields& fields) {
  std::string text(find_field(fields, "Cache-Control").value_or(""));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  CacheControl control;
  control.no_cache = text.find("no-cache") != std::string::npos;
  control.no_store = text.find("no-store") != std::string::npos;
  return control;
}

}  // namespace

std::unique_ptr<core::ProviderExchange> CacheLayer::start(RoutedCall call,
                                                          std::shared_ptr<CallWatch> watch,
                                                          HeadDone head) {
  if (call.route == nullptr || !call.route->cache || call.prompt == nullptr) {
    return next_->start(std::move(call), std::move(watch), std::move(head));
  }
  const CacheControl control = cache_control(call.call.fields);
  if (control.no_store) {
    watch->decided({"cache", "bypassed"});
    ++bypassed_;
    return next_->start(std::move(call), std::move(watch), std::move(head));
  }
  const auto cache = cache_of(call);
  const core::Hash key = key_of(call);
  if (!control.no_cache) {
    if (const auto found = cache->find(key, ports_.now())) {
      const AnswerForm form = form_of(*call.api, call.prompt->request.stream, call.call.body);
      if (auto pieces = written(found->answer, form)) {
        watch->decided({"cache", "hit"});
        ++hits_;
        watch->when_over(
            [this, project = call.identity.project](const CallEnd& end) { saved(project, end); });
        watch->goes_out({found->sent.provider, found->sent.model, events::ServedFrom::cache});
        head(kept_head(*call.api, form, "cache"));
        return give(*std::move(pieces));
      }
    }
  }
  watch->decided({"cache", control.no_cache ? "bypassed" : "miss"});
  ++(control.no_cache ? bypassed_ : misses_);
  watch->keep_answer();
  watch->when_over(
      [cache, key, ports = &ports_, project = call.identity.project.text()](const CallEnd& end) {
        if (!end.answer || end.sent.served_from != events::ServedFrom::provider) return;
        auto kept = std::make_shared<CachedAnswer>();
        kept->answer = *end.answer;
        kept->sent = end.sent;
        kept->project = project;
        kept->session = end.session;
        cache->keep(key, std::move(kept), ports->now());
      });
  return next_->start(std::move(call), std::move(watch), std::move(head));
}

void CacheLayer::saved(const core::ProjectId& project, const CallEnd& end) {
  const auto charges = cost_of(ports_, project, end.spent);
  if (!charges || charges->unpriced != 0) ++saved_unpriced_;
  if (charges) saved_pico_usd_ += static_cast<std::int64_t>(charges->pico_usd);
}

void CacheLayer::forget(const core::ProjectId& project, const SessionNames& sessions) {
  std::vector<std::shared_ptr<AnswerCache>> caches;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [route, cache] : caches_) caches.push_back(cache);
  }
  for (const auto& cache : caches) cache->forget(project.text(), sessions);
  next_->forget(project, sessions);
}

std::shared_ptr<AnswerCache> CacheLayer::cache_of(const RoutedCall& call) {
  const std::lock_guard lock(mutex_);
  auto& cache = caches_[call.call.provider];
  if (!cache) cache = std::make_shared<AnswerCache>(*call.route->cache);
  return cache;
}

/// Whatever the answer hangs on: where it is asked, in which version of the API, and what.
core::Hash CacheLayer::key_of(const RoutedCall& call) const {
  constexpr std::array<std::string_view, 3> kVersions{"anthropic-version", "anthropic-beta",
                                                      "openai-beta"};
  std::string asked = call.call.provider + '\0' + call.call.target;
  for (const std::string_view name : kVersions) {
    asked += '\0';
    asked += find_field(call.call.fields, name).value_or("");
  }
  asked += '\0';
  asked += call.prompt->request_hash;
  return ports_.keyed_hash("cache", call.identity.project.text(), asked);
}

void CacheLayer::count(PolicyCounts& to) const {
  next_->count(to);
  to.cache_hits += hits_;
  to.cache_misses += misses_;
  to.cache_bypassed += bypassed_;
  to.cache_saved_pico_usd += saved_pico_usd_;
  to.cache_saved_unpriced += saved_unpriced_;
  const std::lock_guard lock(mutex_);
  for (const auto& [route, cache] : caches_) {
    to.cache_entries += cache->entries();
    to.cache_bytes += cache->bytes();
  }
}

}  // namespace hansard::gateway
