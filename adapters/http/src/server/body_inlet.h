#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/metrics.h"
#include "server/hold_watch.h"
#include "server/request_parser.h"
#include "server/wire.h"

namespace hansard::http {

/// Reads a request's body while its handler runs: one piece from the wire for each that is asked
/// for, so a handler that does not ask stops the client (its bytes wait in the kernel). The
/// handler's half (`next`, `hold`) may be used from any thread and may outlive the connection;
/// the rest is confined to the wire's loop.
class BodyInlet final : public BodyIntake, public std::enable_shared_from_this<BodyInlet> {
 public:
  using Time = Wire::Time;

  /// @param total  bytes of bodies held by all connections together; outlives the connection.
  BodyInlet(std::shared_ptr<Wire> wire, std::shared_ptr<RequestParser> parser, const Limits& limits,
            Metrics& metrics, std::atomic<std::uint64_t>& total, HoldWatch hold);

  void next(std::function<void(core::Result<std::string>)> done) override;
  bool hold(std::uint64_t bytes) override;

  /// Reads until the body's end, a failure or `close`.
  boost::asio::awaitable<void> run();
  /// Nothing more is read: `run` ends soon. What the handler still asks for is `cancelled`.
  void close();
  /// The handler is told `why` instead of more: the server stops, or the key has ended.
  void stop(core::Error why);
  /// `run` has ended; nothing of the connection is used any more.
  void detach();
  /// Sleeps until then.
  boost::asio::awaitable<void> ended();

  [[nodiscard]] bool over() const { return over_; }
  /// When a handler that neither asks nor answers has taken too long.
  [[nodiscard]] Time handler_deadline() const;
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  using Done = std::function<void(core::Result<std::string>)>;

  boost::asio::awaitable<bool> asked();
  boost::asio::awaitable<core::Result<std::string>> read_piece();
  void give(core::Result<std::string> piece);
  void guard(Time until);
  void unguard();

  const std::shared_ptr<Wire> wire_;
  const std::shared_ptr<RequestParser> parser_;
  const Limits& limits_;
  const HoldWatch hold_;
  Metrics& metrics_;
  boost::asio::steady_timer asked_;
  boost::asio::steady_timer guard_;
  boost::asio::steady_timer ended_;
  std::uint64_t guard_generation_ = 0;
  bool reading_ = false;
  bool stalled_ = false;
  std::optional<core::Error> stopped_;  ///< why
  bool closed_ = false;
  bool over_ = false;
  std::chrono::steady_clock::duration waited_{};  ///< for the client, in all
  std::uint64_t received_ = 0;
  Time idle_since_;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  Done wanted_;
  std::optional<core::Result<std::string>> last_;  ///< what every later `next` is told
  std::atomic<std::uint64_t>* total_;              ///< null once detached
  std::uint64_t held_ = 0;
};

}  // namespace hansard::http
