#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/tls.h"

namespace hansard::http {

/// The server's side of one TLS connection, as bytes in and bytes out: `Wire` moves them. OpenSSL
/// stays behind it. Confined to its loop.
class TlsSession {
 public:
  enum class State : std::uint8_t {
    ok,
    more,    ///< it needs bytes of the client first
    closed,  ///< the client said good-bye
    failed   ///< for good; what it has to say about it is in `take_output`
  };

  explicit TlsSession(std::shared_ptr<const TlsIdentity> identity);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Goes on with the handshake.
  State handshake();
  /// Bytes of the client, as they came.
  void feed(std::string_view bytes);
  /// Up to `room` bytes of what the client says, `got` of them.
  State read(char* into, std::size_t room, std::size_t& got);
  /// `ok` when there is something to `read`; takes nothing.
  State look();
  /// False: the connection has failed.
  bool write(std::string_view plain);
  /// Says good-bye, into the output.
  void say_goodbye();
  /// What is to be sent now.
  std::string take_output();

 private:
  State judge(int outcome);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::http
