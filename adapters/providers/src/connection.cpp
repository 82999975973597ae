#include "connection.h"

#include <algorithm>
#include <utility>

namespace hansard::providers {

namespace {

/// So much is encrypted ahead of the network.
constexpr std::size_t kEncryptBytes = 64U << 10;
/// So much goes out before others have their turn: a fast reader must not hold up every stream.
constexpr std::size_t kTurnBytes = 256U << 10;
/// So that what is decrypted, with the rest of an earlier record, stays within 64 KiB.
constexpr std::size_t kCipherBytes = 48U << 10;

}  // namespace

Connection::Connection(Loop& loop, Lookups& lookups, std::shared_ptr<const Upstream> upstream,
                       std::shared_ptr<Scoreboard> scoreboard)
    : loop_(loop),
      lookups_(lookups),
      upstream_(std::move(upstream)),
      scoreboard_(std::move(scoreboard)),
      dial_(std::make_unique<Dial>(loop)) {}

Connection::~Connection() { close(); }

void Connection::open(std::function<void(std::optional<core::Error>)> done) {
  on_open_ = std::move(done);
  lookups_.find(upstream_->url.host, [weak = weak_from_this()](const Lookups::Found& found) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    if (found.addresses.empty()) {
      self->unreachable(found.why.empty() ? "no address" : found.why);
    } else {
      self->connect(found.addresses);
    }
  });
}

void Connection::unreachable(const std::string& why) {
  opened(
      core::Error{core::Errc::unavailable,
                  upstream_->name + ": no connection to " + upstream_->url.authority() + ": " + why,
                  "connect"});
}

void Connection::connect(std::vector<std::string> addresses) {
  stage_ = "connecting to";
  // `dial_` and `socket_` are this object's own, and call nobody once they are gone or closed.
  dial_->start(std::move(addresses), upstream_->url.port,
               [this](std::unique_ptr<Socket> socket, const std::string& why) {
                 dial_.reset();
                 if (socket == nullptr) return unreachable(why);
                 socket_ = std::move(socket);
                 if (upstream_->tls == nullptr) return opened(std::nullopt);
                 stage_ = "shaking hands with";
                 auto session = tls::Session::connect(upstream_->tls, upstream_->url.host);
                 if (!session) return opened(std::move(session).error());
                 tls_ = *std::move(session);
                 shake_hands();
               });
}

void Connection::shake_hands() {
  const auto state = tls_->handshake();
  flush();  // also when it failed: the other side is told why
  if (state == tls::Session::State::ok) {
    opened(std::nullopt);
    return;
  }
  const auto failed = [this](const std::string& why) {
    opened(core::Error{core::Errc::unavailable,
                       upstream_->name + ": no TLS with " + upstream_->url.authority() + ": " + why,
                       "tls"});
  };
  if (state != tls::Session::State::more) {
    failed(tls_->why());
    return;
  }
  socket_->when_readable([this, failed] {
    const auto room = loop_.scratch();
    const Socket::Moved moved = socket_->read(room);
    if (moved.ended) {
      failed(moved.why.empty() ? "it ended the connection" : moved.why);
      return;
    }
    tls_->feed({room.data(), moved.bytes});
    shake_hands();
  });
}

void Connection::opened(std::optional<core::Error> error) {
  const auto self = shared_from_this();  // whoever is told may let go of us
  if (!error) {
    counted_ = true;
    scoreboard_->update([](ProviderStatus& status) {
      ++status.connects;
      ++status.connections_open;
    });
  }
  const auto tell = std::exchange(on_open_, nullptr);
  if (tell) tell(std::move(error));
}

void Connection::send(std::string_view first, std::string_view second,
                      std::function<void()> progress, std::function<void(bool)> done) {
  first_ = first;
  second_ = second;
  on_progress_ = std::move(progress);
  on_sent_ = std::move(done);
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->closed_) self->write_on();
  });
}

void Connection::write_on() {
  for (std::size_t gone = 0; gone < kTurnBytes;) {
    if (tls_ != nullptr && cipher_.empty()) {
      std::string_view& from = first_.empty() ? second_ : first_;
      const std::string_view piece = from.substr(0, kEncryptBytes);
      if (!tls_->write(piece)) write_failed_ = true;
      from.remove_prefix(piece.size());
      cipher_ = tls_->take_output();
    }
    if (write_failed_) return sent(false);
    Socket::Moved moved;
    if (tls_ != nullptr) {
      moved = socket_->write(cipher_, {});
      cipher_.erase(0, moved.bytes);
    } else {
      moved = socket_->write(first_, second_);
      const std::size_t of_first = std::min(moved.bytes, first_.size());
      first_.remove_prefix(of_first);
      second_.remove_prefix(moved.bytes - of_first);
    }
    if (moved.ended) return sent(false);
    if (first_.empty() && second_.empty() && cipher_.empty()) return sent(true);
    if (moved.bytes == 0) break;
    gone += moved.bytes;
    if (on_progress_) on_progress_();
  }
  socket_->when_writable([this] {
    const auto self = shared_from_this();
    write_on();
  });
}

void Connection::sent(bool whole) {
  write_failed_ = write_failed_ || !whole;
  first_ = {};
  second_ = {};
  on_progress_ = nullptr;
  const auto tell = std::exchange(on_sent_, nullptr);
  if (tell) tell(whole);
}

/// What TLS itself has to say (handshake, key updates): it goes out with the data, or now.
void Connection::flush() {
  cipher_ += tls_->take_output();
  if (cipher_.empty() || on_sent_ || write_failed_) return;
  const Socket::Moved moved = socket_->write(cipher_, {});
  cipher_.erase(0, moved.bytes);
  if (moved.ended) {
    write_failed_ = true;  // reading will say so, too
  } else if (!cipher_.empty()) {
    socket_->when_writable([this] {
      const auto self = shared_from_this();
      if (on_sent_) {
        write_on();
      } else {
        flush();
      }
    });
  }
}

void Connection::receive(std::function<void(const Received&)> done) {
  on_received_ = std::move(done);
  if (std::exchange(reading_, true)) return;
  if (tls_ != nullptr && tls_->has_input()) {
    loop_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && !self->closed_) self->read_on();
    });
    return;
  }
  wait_readable();
}

void Connection::wait_readable() {
  socket_->when_readable([this] { read_on(); });
}

void Connection::read_on() {
  const auto self = shared_from_this();
  std::string plain;  // not kept: connections wait most of their time
  const Received received = tls_ == nullptr ? read_plain() : read_tls(plain);
  if (received.bytes.empty() && !received.ended) {
    wait_readable();
    return;
  }
  reading_ = false;
  const auto tell = std::exchange(on_received_, nullptr);
  if (tell) tell(received);
}

Connection::Received Connection::read_plain() {
  const auto room = loop_.scratch();
  const Socket::Moved moved = socket_->read(room);
  return {{room.data(), moved.bytes}, moved.ended, moved.why.empty(), moved.why};
}

Connection::Received Connection::read_tls(std::string& plain) {
  const auto room = loop_.scratch().first(kCipherBytes);
  const Socket::Moved moved = socket_->read(room);
  tls_->feed({room.data(), moved.bytes});
  const auto state = tls_->read_all(plain);
  flush();
  Received received{plain, moved.ended, false, moved.why};
  if (state == tls::Session::State::closed) {
    received.ended = true;
    received.clean = true;
  } else if (state == tls::Session::State::failed) {
    received.ended = true;
    received.why = tls_->why();
  }
  return received;
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  if (counted_) scoreboard_->update([](ProviderStatus& status) { --status.connections_open; });
  dial_.reset();
  socket_.reset();
  on_open_ = nullptr;
  on_progress_ = nullptr;
  on_sent_ = nullptr;
  on_received_ = nullptr;
}

}  // namespace hansard::providers
