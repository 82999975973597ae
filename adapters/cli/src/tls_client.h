#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::cli {

/// Who may vouch for a server. Immutable, thread-safe.
class TlsAuthorities {
 public:
  /// @param ca_file  PEM; empty: those of the system. Errors: invalid_argument (`ca_file`).
  static core::Result<std::shared_ptr<const TlsAuthorities>> read(const std::string& ca_file);
  ~TlsAuthorities();
  TlsAuthorities(const TlsAuthorities&) = delete;
  TlsAuthorities& operator=(const TlsAuthorities&) = delete;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  TlsAuthorities();
  std::unique_ptr<Impl> impl_;
};

/// The client's side of one TLS connection (1.2 or newer) over a socket that does not block.
/// Confined to one thread.
class TlsClient {
 public:
  /// `fd` stays open while this lives. @param host  a name or an address, which the certificate
  /// must be of.
  TlsClient(const TlsAuthorities& authorities, int fd, const std::string& host);
  ~TlsClient();

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
  ssize_t judge(int outcome);

  struct Impl;
  std::unique_ptr<Impl> impl_;
  short waits_ = 0;
  std::string why_;
};

}  // namespace hansard::cli
