#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "tls/context.h"

namespace hansard::tls {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

struct Context::Impl {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context;
};

/// The oldest error of this thread, which is the cause; the queue is empty afterwards.
inline std::string library_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

inline core::Error internal(std::string_view what) {
  return {core::Errc::internal, std::string(what) + ": " + library_error(), "tls"};
}

}  // namespace hansard::tls
