#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "tls/session.h"

namespace hansard::cli {

/// The client's side of one TLS connection over a socket that does not block. Confined to one
/// thread.
class TlsClient {
 public:
  /// `fd` stays open while this lives.
  TlsClient(std::unique_ptr<tls::Session> session, int fd)
      : session_(std::move(session)), fd_(fd) {}

  // As recv and send: bytes, 0 at the end, -1 when `waits` says what must happen first, or when it
  // has failed.
  ssize_t handshake();
  ssize_t read(char* into, std::size_t bytes);
  ssize_t write(std::string_view bytes);
  /// POLLIN or POLLOUT after a -1; 0: it has failed.
  [[nodiscard]] short waits() const { return waits_; }
  /// Why it has failed.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  bool flush();
  bool fill();
  ssize_t failed(std::string why);

  std::unique_ptr<tls::Session> session_;
  const int fd_;
  std::string output_;  ///< to be sent
  short waits_ = 0;
  std::string why_;
};

}  // namespace hansard::cli
