#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/result.h"

namespace hansard::tls {

/// Whom one side of TLS trusts, and what it shows: TLS 1.2 or newer, HTTP/1.1 inside, without
/// compression and renegotiation. Immutable, thread-safe, shared by connections.
class Context {
 public:
  /// Of a client.
  /// @param ca_file  PEM, who may vouch for a server; empty: the system's authorities. Reads files.
  /// @param verify   false only for loopback hosts with certificates of their own making
  /// Errors: invalid_argument (`ca_file`: it cannot be read, or holds no certificate), internal.
  static core::Result<std::shared_ptr<const Context>> client(const std::string& ca_file,
                                                             bool verify);
  /// Of a server. Reads PEM files: the certificate first, then those between it and its authority;
  /// the key without a passphrase. Errors: invalid_argument, naming the field (`tls.certificate`,
  ///   `tls.key`), the file and the reason: not readable, no PEM, a key of another certificate.
  static core::Result<std::shared_ptr<const Context>> server(
      const std::filesystem::path& certificate, const std::filesystem::path& key);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  explicit Context(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::tls
