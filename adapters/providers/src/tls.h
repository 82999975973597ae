#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::providers {

/// Whom to trust: the system's authorities, or those in a file. Immutable, shared by connections.
class TlsContext {
 public:
  /// @param ca_file  PEM; empty: the system's. Reads files.
  /// @param verify   false only for loopback hosts with certificates of their own making
  /// Errors: invalid_argument (the file cannot be read or holds no certificate), internal.
  static core::Result<std::shared_ptr<const TlsContext>> create(const std::string& ca_file,
                                                                bool verify);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  TlsContext();
  std::unique_ptr<Impl> impl_;
};

/// The client's side of one TLS connection (1.2 or later), without a socket: bytes in, bytes out.
/// It moves what it is given and never waits. Confined to one thread.
class TlsSession {
 public:
  /// @param host  a name (sent as SNI) or an address; the certificate must be for it
  static core::Result<std::unique_ptr<TlsSession>> create(std::shared_ptr<const TlsContext> context,
                                                          const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class State {
    ok,      ///< handshake: done. reading: all that came is read
    more,    ///< bytes of the other side are needed
    closed,  ///< the other side has said that nothing follows
    failed,  ///< see `why`
  };
  State handshake();
  /// Takes bytes of the network.
  void feed(std::string_view bytes);
  /// Appends what can be read to `plain`: `more`, `closed` or `failed`.
  State decrypt(std::string& plain);
  /// @return false when it failed. @pre the handshake is done.
  bool encrypt(std::string_view plain);
  /// What must go to the network now; after each of the calls above there may be something.
  std::string take_output();
  /// Bytes that were fed and not looked at yet.
  [[nodiscard]] bool has_input() const;
  /// Of the last failure: a sentence without secrets.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  struct Impl;
  TlsSession();
  State judge(int outcome);
  std::unique_ptr<Impl> impl_;
  std::string why_;
};

}  // namespace hansard::providers
