#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "dial.h"
#include "lookups.h"
#include "scoreboard.h"
#include "socket.h"
#include "tls/session.h"
#include "upstream.h"

namespace hansard::providers {

/// A connection to a provider, plain or TLS: bytes out, bytes in. Knows nothing of HTTP.
/// Callbacks come on the loop, never before the call returns, and none after `close`.
/// Confined to the loop; held by `shared_ptr`, since waits under way refer to it weakly.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// `lookups` and `loop` outlive it.
  Connection(Loop& loop, Lookups& lookups, std::shared_ptr<const Upstream> upstream,
             std::shared_ptr<Scoreboard> scoreboard);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Looks up the name, connects, shakes hands. `done` gets the error, field `connect` or `tls`, or
  /// nothing. Without a deadline: the owner has one.
  void open(std::function<void(std::optional<core::Error>)> done);

  /// Sends both, one after the other; they live until `done` or `close`. `progress` is told when
  /// some of it went out; `done`, whether all of it did. @pre open, nothing is being sent.
  void send(std::string_view first, std::string_view second, std::function<void()> progress,
            std::function<void(bool whole)> done);

  struct Received {
    std::string_view bytes;  ///< until the callback returns; at most `Loop::kScratchBytes`
    bool ended = false;      ///< nothing follows
    bool clean = false;      ///< ... and the other side said so
    std::string why;         ///< it broke
  };
  /// The next bytes, as soon as there are any. Asking again replaces who is told. @pre open.
  void receive(std::function<void(const Received&)> done);
  /// Where it is on its way: `looking up`, `connecting to`, `shaking hands with`.
  [[nodiscard]] std::string_view stage() const { return stage_; }
  void close();

 private:
  void connect(std::vector<std::string> addresses);
  void unreachable(const std::string& why);
  void shake_hands();
  void opened(std::optional<core::Error> error);
  void write_on();
  void sent(bool whole);
  void wait_readable();
  void read_on();
  Received read_plain();
  Received read_tls(std::string& plain);
  void flush();

  Loop& loop_;
  Lookups& lookups_;
  const std::shared_ptr<const Upstream> upstream_;
  const std::shared_ptr<Scoreboard> scoreboard_;
  std::string_view stage_ = "looking up";
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<tls::Session> tls_;
  bool closed_ = false;
  bool counted_ = false;

  std::unique_ptr<Dial> dial_;  ///< until connected
  std::function<void(std::optional<core::Error>)> on_open_;

  std::string_view first_;
  std::string_view second_;
  std::function<void()> on_progress_;
  std::function<void(bool)> on_sent_;
  std::string cipher_;  ///< encrypted and not sent yet
  bool write_failed_ = false;

  std::function<void(const Received&)> on_received_;
  bool reading_ = false;
};

}  // namespace hansard::providers
