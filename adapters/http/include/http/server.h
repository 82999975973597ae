#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/time.h"
#include "http/keys.h"
#include "http/limits.h"
#include "http/log.h"
#include "http/metrics.h"
#include "http/pool.h"
#include "http/router.h"
#include "tls/context.h"

namespace hansard::http {

struct ListenAddress {
  std::string host = "127.0.0.1";  ///< a numeric address, or `localhost`
  std::uint16_t port = 7070;       ///< 0: any free one
};

/// Parses `host:port`, `[v6]:port` or `port`. Errors: invalid_argument.
core::Result<ListenAddress> parse_listen(std::string_view text);

struct ServerOptions {
  std::vector<ListenAddress> listen = {ListenAddress{}};
  std::filesystem::path unix_socket;  ///< empty: none; mode 0600; a stale one is replaced
  int threads = 0;                    ///< of the event loop; 0: one per core, at most 4
  Limits limits;
  core::ProjectId default_project;
  std::shared_ptr<const hansard::tls::Context> tls;  ///< of the TCP listeners; null: plain
};

/// The address that reaches a unix socket whatever the length of its path: `sockaddr_un` holds 107
/// bytes, so longer paths go through `/proc/self/fd` of their directory.
struct UnixAddress {
  /// Errors: not_found (no such directory).
  static core::Result<UnixAddress> of(const std::filesystem::path& socket);
  UnixAddress(UnixAddress&& other) noexcept;
  UnixAddress& operator=(UnixAddress&&) = delete;
  ~UnixAddress();
  std::string path;  ///< valid while this lives

 private:
  UnixAddress() = default;
  int directory_ = -1;
};

/// HTTP/1.1 on TCP and on a unix socket: an event loop on each of a few threads; a
/// connection stays with its own. Keep-alive, pipelined requests answered in order, `Expect:
/// 100-continue`, HEAD.
/// Threads: `start` and `stop` are called by one thread; the rest is internal.
class Server {
 public:
  /// References outlive the server. `blocking` runs the routes with `Runs::pool`.
  Server(ServerOptions options, Router router, KeyRing keys, Pool& blocking, const Log& log,
         Metrics& metrics, const core::Clock& clock);
  ~Server();  ///< stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds, then serves on threads of its own.
  /// Errors: invalid_argument (address; no key and an address beyond loopback), unavailable (port
  /// in
  ///   use, socket served by another process, no permission; names the address). Nothing stays
  ///   bound on an error.
  core::Status start();
  /// Stops accepting, closes idle connections, lets requests in flight finish within `stop_ms`,
  /// then cuts them off. Answers that come later are dropped; so handlers may still run: stop the
  /// pool and close the log afterwards. Idempotent.
  void stop();

  /// Connections from now on see this certificate; those that are open stay as they are. Any
  /// thread.
  /// @pre there was one at the start
  void show(std::shared_ptr<const tls::Context> identity);

  /// The port of the first TCP address. @pre started.
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::http
