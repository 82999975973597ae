#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "breaker.h"
#include "gateway/breaker_status.h"
#include "gateway/routes.h"

namespace hansard::gateway {

/// The breakers of every route that has a rule: one for each provider it may call. They are the
/// route's own, since its rules are. Threads: safe to call concurrently; a short lock a breaker.
class Breakers {
  struct Guarded;

 public:
  using Now = std::function<Breaker::Time()>;
  using Changed = std::function<void(const BreakerStatus&)>;
  using Routes = std::map<std::string, RouteOptions, std::less<>>;

  /// @param changed  told of every change, on the thread that caused it; may be empty
  Breakers(const Routes& routes, Now now, Changed changed = {});
  ~Breakers();

  /// A call's leave to go to a provider. Gives its place back when it is destroyed without a
  /// verdict. Confined to one thread at a time.
  class Permit {
   public:
    Permit() = default;  ///< there is no breaker: allowed
    Permit(Breakers* of, Guarded* at, Breaker::Pass pass) : of_(of), at_(at), pass_(pass) {}
    ~Permit() { settle({}); }
    Permit(Permit&& other) noexcept
        : of_(other.of_), at_(std::exchange(other.at_, nullptr)), pass_(other.pass_) {}
    Permit& operator=(Permit&& other) noexcept;
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

    [[nodiscard]] bool allowed() const { return at_ == nullptr || pass_.allowed; }
    [[nodiscard]] bool trial() const { return at_ != nullptr && pass_.trial; }
    [[nodiscard]] std::chrono::milliseconds retry_after() const { return pass_.retry_after; }
    /// Once; later ones are passed over.
    /// @param well  how the provider did; nothing: that cannot be told
    void settle(std::optional<bool> well);

   private:
    Breakers* of_ = nullptr;
    Guarded* at_ = nullptr;
    Breaker::Pass pass_;
  };
  Permit enter(std::string_view route, std::string_view provider);
  /// How long until a call may pass, as far as can be told; 0: now.
  [[nodiscard]] std::chrono::milliseconds closed_for(std::string_view route,
                                                     std::string_view provider) const;

  /// By route and provider.
  [[nodiscard]] std::vector<BreakerStatus> status() const;

 private:
  using Key = std::pair<std::string, std::string>;
  struct Guarded {
    Guarded(Key named, const BreakerOptions& options) : key(std::move(named)), breaker(options) {}
    const Key key;
    mutable std::mutex mutex;
    Breaker breaker;
  };

  void tell(const BreakerStatus& changed) const;

  const Now now_;
  const Changed changed_;
  std::map<Key, std::unique_ptr<Guarded>> all_;  ///< never changes: read without a lock
};

}  // namespace hansard::gateway
