#include "answer_cache.h"

#include <utility>

namespace hansard::gateway {

namespace {

/// What an entry takes beside its answer, about.
constexpr std::size_t kEntryBytes = 256;

}  // namespace

std::shared_ptr<const CachedAnswer> AnswerCache::find(const core::Hash& key, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->until <= now) {
    drop(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->answer;
}

void AnswerCache::keep(const core::Hash& key, std::shared_ptr<const CachedAnswer> answer,
                       Time now) {
  const std::size_t bytes =
      kEntryBytes + answer->answer.bytes() + dump(answer->answer.track).size();
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
  if (bytes > options_.bytes_max || options_.entries_max == 0) return;
  while (!entries_.empty() &&
         (entries_.size() >= options_.entries_max || bytes_ + bytes > options_.bytes_max)) {
    drop(std::prev(entries_.end()));
  }
  entries_.push_front({key, std::move(answer), now + options_.ttl, bytes});
  by_key_[key] = entries_.begin();
  bytes_ += bytes;
}

void AnswerCache::forget(std::string_view project, const SessionNames& sessions) {
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->answer->project == project && sessions.contains(entry->answer->session)) {
      drop(entry);
    }
    entry = next;
  }
}

std::size_t AnswerCache::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t AnswerCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void AnswerCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace hansard::gateway
