#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "call_recorder.h"
#include "gateway/ports.h"
#include "gateway/routes.h"
#include "kept_answer.h"

namespace hansard::gateway {

/// An answer and where it came from.
struct CachedAnswer {
  KeptAnswer answer;
  SentTo sent;  ///< when it was given first
  std::string project;
  std::string session;  ///< it was recorded in
};

/// Answers by what was asked, for a while: the least recently used goes first. Bounded in entries
/// and bytes by its options. Threads: safe to call concurrently; cost O(log entries).
class AnswerCache {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit AnswerCache(CacheOptions options) : options_(options) {}

  /// Null: there is none, or it is too old.
  std::shared_ptr<const CachedAnswer> find(const core::Hash& key, Time now);
  /// In place of what is there. What is larger than the whole cache is not kept.
  void keep(const core::Hash& key, std::shared_ptr<const CachedAnswer> answer, Time now);
  /// Lets go of what was said in these conversations. Cost: O(entries), a look-up each.
  void forget(std::string_view project, const SessionNames& sessions);

  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Entry {
    core::Hash key;
    std::shared_ptr<const CachedAnswer> answer;
    Time until;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;
  void drop(Entries::iterator entry);

  const CacheOptions options_;
  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  Entries entries_;  ///< most recently used first
  std::map<core::Hash, Entries::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace hansard::gateway
