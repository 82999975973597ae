#pragma once

#include <memory>
#include <string_view>

#include "core/hash.h"

namespace hansard::ossl {

/// SHA-256 of bytes that come in pieces. Confined to one thread. Running out of memory inside
/// OpenSSL stops the process.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  /// Of everything added; then it begins anew.
  core::Hash finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace hansard::ossl
