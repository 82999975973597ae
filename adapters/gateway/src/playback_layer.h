#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "late_exchange.h"
#include "layer.h"
#include "recorded_answer.h"

namespace hansard::gateway {

/// Requests whose place among their answers is remembered; the least recently asked goes first, and
/// begins anew.
inline constexpr std::size_t kPlayedMax = 65'536;
/// Answers looked at for one call, where the first ones were erased.
inline constexpr std::size_t kPlaybackTriesMax = 16;

/// Answers from the record, where the route's mode says so. Of several answers to one request the
/// first call of this process gets the first, the next the second, and so on in the order in which
/// they were recorded; once all were given, the last again.
class PlaybackLayer final : public Layer {
 public:
  /// `ports` outlives this.
  PlaybackLayer(const Ports& ports, std::unique_ptr<Layer> next)
      : ports_(ports), next_(std::move(next)) {}

  std::unique_ptr<core::ProviderExchange> start(RoutedCall call, std::shared_ptr<CallWatch> watch,
                                                HeadDone head) override;
  void forget(const core::ProjectId& project, const SessionNames& sessions) override {
    next_->forget(project, sessions);
  }
  void count(PolicyCounts& to) const override;

 private:
  using Found = core::Result<std::optional<AnswerOnRecord>>;

  void play(LateExchange& call);
  Found find(const RoutedCall& call);
  void miss(LateExchange& call);
  std::size_t next_place(const RoutedCall& call);

  const Ports& ports_;
  const std::unique_ptr<Layer> next_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};

  using Key = std::pair<std::string, std::string>;  ///< project, request
  struct Played {
    std::size_t times = 0;
    std::list<Key>::iterator age;
  };
  std::mutex mutex_;
  std::map<Key, Played> played_;  ///< by mutex_
  std::list<Key> ages_;           ///< latest first; by mutex_
};

}  // namespace hansard::gateway
