#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/limits.h"
#include "server/pending.h"
#include "tls/session.h"

namespace hansard::http {

/// Bytes in and out of one socket, each wait with a deadline. TCP and unix sockets share the code
/// (generic protocol), so it is instantiated once. With TLS what is read and written here is what
/// is said inside. Confined to its event loop. Shared, because timers and watches may fire after
/// the connection ended.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Time = std::chrono::steady_clock::time_point;

  /// @param tls  null: plain.
  Wire(Socket socket, const Limits& limits, std::unique_ptr<tls::Session> tls = nullptr);

  /// Before anything else on a wire with TLS; under the guard. Plain ones are ready.
  enum class Greeting : std::uint8_t {
    ready,
    failed,  ///< no TLS that both sides speak, or the client went, or the guard expired
    plain    ///< the client speaks without TLS; so does the wire now, to say so
  };
  boost::asio::awaitable<Greeting> greet();

  // One timer guards every wait on the socket. It is re-armed lazily, so that moving a deadline
  // later costs nothing.

  /// Cancels this and later waits at `until`.
  void guard(Time until);
  void unguard() { deadline_ = Time::max(); }
  /// The guard's time came; until the next `guard`.
  [[nodiscard]] bool expired() const { return expired_; }

  /// Bytes read and not yet used.
  [[nodiscard]] std::string_view unread() const;
  /// Ends a read and a write that are under way; what was read stays.
  void interrupt();
  void use(std::size_t bytes) { begin_ += bytes; }
  /// Forgets what is unread, and gives back memory beyond `bytes`.
  void shrink(std::size_t bytes);
  /// Reads once, into a buffer of at least `room` bytes. False: the client went, the guard expired,
  /// or the wire was cut.
  boost::asio::awaitable<bool> fill(std::size_t room);
  /// Writes both, one after the other. `body` outlives the call. False: as above, or the client
  /// takes too few bytes (`body_stall_ms`, `bytes_per_second`).
  boost::asio::awaitable<bool> write(std::string head, std::string_view body);
  /// Ends our half, reads and drops what the client still sends for a moment: closing with unread
  /// bytes makes the kernel reset the connection, and the client would lose the answer that
  /// explains why it ends.
  boost::asio::awaitable<void> linger();

  /// Sleeps until `pending` is complete, `until`, a hang-up while watched, or `wake`.
  template <class T>
  boost::asio::awaitable<std::optional<T>> wait_for(std::shared_ptr<Pending<T>> pending,
                                                    Time until) {
    if (!cut_ && pending->must_sleep()) {
      boost::system::error_code woken;
      wake_.expires_at(until);
      co_await wake_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
    }
    co_return pending->finish();
  }
  /// The same, leaving `pending` to a later look (`poll`).
  template <class T>
  boost::asio::awaitable<void> sleep_for(std::shared_ptr<Pending<T>> pending, Time until) {
    if (!cut_ && pending->must_sleep()) co_await sleep_until(until);
  }
  /// Sleeps until `until` or `wake`.
  boost::asio::awaitable<void> sleep_until(Time until);
  template <class T>
  std::shared_ptr<Pending<T>> make_pending() {
    return std::make_shared<Pending<T>>(wake_);
  }
  void wake() { wake_.cancel(); }

  /// Notices the client's end while nothing is read: see `hung_up`. Until `unwatch`.
  void watch();
  void unwatch();
  [[nodiscard]] bool hung_up() const { return hung_up_; }

  /// Every wait ends now and later ones fail; what is being written may still be written when
  /// `politely`.
  void cut(bool politely);
  [[nodiscard]] bool is_cut() const { return cut_; }
  void close();
  [[nodiscard]] boost::asio::any_io_executor executor() { return socket_.get_executor(); }

  /// When a body that began at `began` and has come (or gone) `bytes` far must have gone further.
  /// Judged by bytes of the body, so that padding it with empty chunks buys no time.
  [[nodiscard]] Time body_deadline(Time began, std::uint64_t bytes) const;

 private:
  boost::asio::awaitable<bool> fill_decrypted();
  boost::asio::awaitable<bool> read_raw();
  boost::asio::awaitable<bool> write_raw(std::string bytes);
  boost::asio::awaitable<bool> write_encrypted(std::string head, std::string_view body);
  void say_goodbye();
  void sleep_until_deadline();
  void on_timer(std::uint64_t generation);

  const Limits& limits_;
  Socket socket_;
  std::unique_ptr<tls::Session> tls_;  ///< null: plain
  std::string raw_;                    ///< what was read last, still encrypted
  std::string buffer_;                 ///< unread bytes are [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  boost::asio::steady_timer timer_;  ///< of `guard`
  Time deadline_ = Time::max();
  std::uint64_t generation_ = 0;
  bool timer_runs_ = false;
  bool expired_ = false;

  boost::asio::steady_timer wake_;  ///< of `wait_for`
  bool watching_ = false;
  bool hung_up_ = false;
  bool cut_ = false;
};

}  // namespace hansard::http
