#pragma once

#include <filesystem>
#include <memory>

#include "core/result.h"

namespace hansard::http {

/// A certificate with its key, as TCP listeners show it: TLS 1.2 or newer, HTTP/1.1 inside.
/// Immutable, thread-safe.
class TlsIdentity {
 public:
  /// Reads PEM files: the certificate first, then those between it and its authority; the key
  /// without a passphrase. Errors: invalid_argument, naming the field (`tls.certificate`,
  /// `tls.key`), the file and the reason: not readable, no PEM, a key of another certificate.
  static core::Result<std::shared_ptr<const TlsIdentity>> load(
      const std::filesystem::path& certificate, const std::filesystem::path& key);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  TlsIdentity();
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::http
