#include "http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "server/connection.h"
#include "server/listen.h"

namespace hansard::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr int kThreadsMax = 4;
/// Connections that are being told "too many" at one time; further ones are closed unanswered.
constexpr std::size_t kRefusalsMax = 64;
/// The operator's way in stays open when the network's is full.
constexpr std::size_t kLocalReserve = 16;
constexpr std::chrono::milliseconds kAcceptPause{50};  ///< when descriptors or memory run out

/// The open connections, so that `stop` can reach and await them. Thread-safe.
class Registry {
 public:
  void add(const std::shared_ptr<Connection>& connection, std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    open_.emplace(id, connection);
  }
  void remove(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    open_.erase(id);
    if (open_.empty()) empty_.notify_all();
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Connection>> out;
    for (const auto& [id, weak] : open_) {
      if (auto connection = weak.lock()) out.push_back(std::move(connection));
    }
    return out;
  }
  bool wait_empty(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, patience, [&] { return open_.empty(); });
  }
  void wait_empty() {
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [&] { return open_.empty(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::unordered_map<std::uint64_t, std::weak_ptr<Connection>> open_;
};

std::string peer_name(const tcp::socket& socket) {
  error_code failed;
  const auto endpoint = socket.remote_endpoint(failed);
  return failed ? "unknown" : endpoint.address().to_string();
}

std::string peer_name(const stream_protocol::socket& /*socket*/) { return "local"; }

void prepare(tcp::socket& socket) {
  error_code ignored;  // both only improve things
  socket.set_option(tcp::no_delay(true), ignored);
  // A peer that vanished without a word is noticed by the kernel, also on an endless answer.
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

void prepare(stream_protocol::socket& /*socket*/) {}

/// One event loop, one thread: whatever runs on it runs one at a time, so it is the strand of its
/// connections. A loop that several threads share wakes two of them for every event.
struct Loop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

int loop_count(const ServerOptions& options) {
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return options.threads > 0 ? options.threads : std::min(cores, kThreadsMax);
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions with, Router table, KeyRing ring, Pool& blocking, const Log& to,
       Metrics& counted, const core::Clock& clock)
      : options(std::move(with)),
        router(std::make_shared<const Router>(std::move(table))),
        keys(std::move(ring)),
        gate(*router, keys, options.limits, options.default_project),
        shared{options.limits, gate, router, blocking, to, counted, clock},
        log(to),
        identity(options.tls),
        loops(static_cast<std::size_t>(loop_count(options))) {}

  core::Status open();
  void run_threads();
  template <class Acceptor>
  asio::awaitable<void> accept_all(Acceptor& acceptor);
  template <class Socket>
  void serve(Socket socket);

  const ServerOptions options;
  const std::shared_ptr<const Router> router;
  KeyRing keys;
  Gate gate;
  Shared shared;
  const Log& log;
  Registry serving;
  Registry refusing;
  std::atomic<std::uint64_t> next_id = 1;
  std::uint16_t port = 0;
  bool unix_bound = false;
  std::mutex identity_mutex;
  std::shared_ptr<const tls::Context> identity;  ///< guarded by `identity_mutex`; null: plain

  std::deque<Loop> loops;
  /// Acceptors live here, and hand connections out in turn.
  asio::io_context& accepts = loops.front().io;
  std::size_t next_loop = 0;  ///< confined to `accepts`
  std::vector<tcp::acceptor> acceptors;
  std::optional<stream_protocol::acceptor> local;
  bool running = false;
  std::size_t accepting = 0;  ///< accept loops running; guarded by `mutex`
  std::mutex mutex;
  std::condition_variable accept_ended;
};

core::Status Server::Impl::open() {
  for (const ListenAddress& address : options.listen) {
    const auto loopback = is_loopback(address);
    if (!loopback) return loopback.error();
    if (!*loopback && keys.empty()) {
      return core::Error{core::Errc::invalid_argument,
                         address.host +
                             " is reachable from other machines: configure a key first, or listen "
                             "on 127.0.0.1",
                         "listen"};
    }
  }
  for (const ListenAddress& address : options.listen) {
    auto acceptor = listen_tcp(accepts, address);
    if (!acceptor) return acceptor.error();
    if (acceptors.empty()) port = acceptor->local_endpoint().port();
    acceptors.push_back(*std::move(acceptor));
  }
  if (!options.unix_socket.empty()) {
    auto acceptor = listen_unix(accepts, options.unix_socket);
    if (!acceptor) return acceptor.error();
    local.emplace(*std::move(acceptor));
    unix_bound = true;
  }
  return core::Ok{};
}

template <class Acceptor>
asio::awaitable<void> Server::Impl::accept_all(Acceptor& acceptor) {
  using Socket = typename Acceptor::protocol_type::socket;
  asio::steady_timer pause(accepts);
  while (!shared.stopping) {
    error_code failed;
    Socket socket(loops[next_loop++ % loops.size()].io);
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, failed));
    if (!failed) {
      serve(std::move(socket));
    } else if (acceptor.is_open() && failed != asio::error::operation_aborted) {
      log.write("http", Level::warn, "cannot accept a connection",
                {{"why", std::string_view(failed.message())}});
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    }
  }
}

template <class Socket>
void Server::Impl::serve(Socket socket) {
  constexpr bool kLocal = std::is_same_v<Socket, stream_protocol::socket>;
  prepare(socket);
  const std::uint64_t id = next_id++;
  const std::size_t room = options.limits[Limit::connections] + (kLocal ? kLocalReserve : 0);
  const bool full = serving.size() >= room;
  if (full && refusing.size() >= kRefusalsMax) return;  // the socket closes
  Registry& registry = full ? refusing : serving;
  std::string peer = peer_name(socket);
  auto executor = socket.get_executor();
  std::unique_ptr<tls::Session> secure;
  if constexpr (!kLocal) {
    const std::lock_guard lock(identity_mutex);
    if (identity) secure = tls::Session::accept(identity);
  }
  auto connection = std::make_shared<Connection>(shared, Wire::Socket(std::move(socket)), id,
                                                 std::move(peer), kLocal, std::move(secure));
  registry.add(connection, id);
  // The handler, not the coroutine, keeps the connection: its frame never outlives the object.
  auto ended = [this, connection, id, &registry](const std::exception_ptr& failure) {
    if (failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& why) {
        log.write("http", Level::error, "connection ended by a fault",
                  {{"why", std::string_view(why.what())}});
      }
      connection->stop_hard();
    }
    registry.remove(id);
  };
  if (full) {
    asio::co_spawn(executor, connection->refuse(), std::move(ended));
  } else {
    asio::co_spawn(executor, connection->run(), std::move(ended));
  }
}

void Server::Impl::run_threads() {
  const auto accept_loop_ended = [this](const std::exception_ptr& failure) {
    if (failure) log.write("http", Level::error, "an accept loop ended by a fault");
    const std::lock_guard lock(mutex);
    if (--accepting == 0) accept_ended.notify_all();
  };
  accepting = acceptors.size() + (local ? 1 : 0);
  for (tcp::acceptor& acceptor : acceptors) {
    asio::co_spawn(accepts, accept_all(acceptor), accept_loop_ended);
  }
  if (local) asio::co_spawn(accepts, accept_all(*local), accept_loop_ended);
  for (Loop& loop : loops) {
    loop.thread = std::thread([&loop] {
      pthread_setname_np(pthread_self(), "http");
      loop.io.run();
    });
  }
  running = true;
}

Server::Server(ServerOptions options, Router router, KeyRing keys, Pool& blocking, const Log& log,
               Metrics& metrics, const core::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(router), std::move(keys), blocking,
                                   log, metrics, clock)) {}

Server::~Server() { stop(); }

core::Status Server::start() {
  if (auto opened = impl_->open(); !opened) {
    impl_->acceptors.clear();
    impl_->local.reset();
    return opened;
  }
  impl_->run_threads();
  impl_->keys.on_end([&server = *impl_] {
    for (const auto& connection : server.serving.all()) connection->look_at_hold();
  });
  return core::Ok{};
}

void Server::stop() {
  Impl& server = *impl_;
  if (!server.running) return;
  server.keys.on_end(nullptr);
  server.shared.stopping = true;
  asio::post(server.accepts, [&server] {
    error_code ignored;
    for (tcp::acceptor& acceptor : server.acceptors) acceptor.close(ignored);
    if (server.local) server.local->close(ignored);
  });
  {
    std::unique_lock lock(server.mutex);
    server.accept_ended.wait(lock, [&] { return server.accepting == 0; });
  }
  if (server.unix_bound) {
    std::error_code ignored;
    std::filesystem::remove(server.options.unix_socket, ignored);
  }
  for (const auto& connection : server.serving.all()) connection->stop_politely();
  if (!server.serving.wait_empty(server.options.limits.duration(Limit::stop_ms))) {
    server.shared.metrics.limit_hit(Limit::stop_ms);
    server.log.write("http", Level::warn, "cutting off requests at the stop deadline",
                     {{"connections", static_cast<std::int64_t>(server.serving.size())}});
  }
  for (const auto& connection : server.serving.all()) connection->stop_hard();
  for (const auto& connection : server.refusing.all()) connection->stop_hard();
  server.serving.wait_empty();
  server.refusing.wait_empty();
  for (Loop& loop : server.loops) loop.io.stop();
  for (Loop& loop : server.loops) loop.thread.join();
  server.running = false;
}

void Server::show(std::shared_ptr<const tls::Context> identity) {
  const std::lock_guard lock(impl_->identity_mutex);
  impl_->identity = std::move(identity);
}

std::uint16_t Server::port() const { return impl_->port; }

}  // namespace hansard::http
