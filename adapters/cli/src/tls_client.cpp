#include "tls_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hansard::cli {

using State = tls::Session::State;

ssize_t TlsClient::failed(std::string why) {
  waits_ = 0;
  why_ = std::move(why);
  return -1;
}

/// Sends what is to be sent. @return whether all of it is; otherwise as after a -1
bool TlsClient::flush() {
  output_ += session_->take_output();
  while (!output_.empty()) {
    const ssize_t sent = ::send(fd_, output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      output_.erase(0, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      waits_ = POLLOUT;
      return false;
    } else if (errno != EINTR) {
      failed(std::strerror(errno));
      return false;
    }
  }
  return true;
}

/// Takes what the other side has sent. @return whether there was something; otherwise as after a -1
bool TlsClient::fill() {
  std::array<char, 16U << 10> bytes;
  for (;;) {
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got > 0) {
      session_->feed({bytes.data(), static_cast<std::size_t>(got)});
      return true;
    }
    if (got == 0) {
      failed("the other side ended it");
      return false;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      waits_ = POLLIN;
      return false;
    }
    if (errno != EINTR) {
      failed(std::strerror(errno));
      return false;
    }
  }
}

ssize_t TlsClient::handshake() {
  for (;;) {
    const State state = session_->handshake();
    const bool sent = flush();  // also when it failed: the other side is told why
    if (state == State::failed) return failed(session_->why());
    if (!sent) return -1;
    if (state == State::ok) return 1;
    if (state == State::closed) return failed("the other side ended it");
    if (!fill()) return -1;
  }
}

ssize_t TlsClient::read(char* into, std::size_t bytes) {
  for (;;) {
    std::size_t got = 0;
    const State state = session_->read(into, bytes, got);
    if (state == State::ok) return static_cast<ssize_t>(got);
    if (state == State::closed) return 0;
    if (state == State::failed) return failed(session_->why());
    if (!flush() || !fill()) return -1;
  }
}

ssize_t TlsClient::write(std::string_view bytes) {
  if (!flush()) return -1;  // what was taken before goes first
  constexpr std::size_t kPieceBytes = 64U << 10;
  const std::string_view piece = bytes.substr(0, kPieceBytes);
  if (!session_->write(piece)) return failed(session_->why());
  // Taken: what cannot be sent now is sent before the next piece, or before something is read.
  if (!flush() && waits_ == 0) return -1;
  return static_cast<ssize_t>(piece.size());
}

}  // namespace hansard::cli
