#include "tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/assert.h"

namespace hansard::cli {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

/// The oldest error of this thread, which is the cause; the queue is empty afterwards.
std::string library_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the other side ended it" : reason;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

struct TlsAuthorities::Impl {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
};

TlsAuthorities::TlsAuthorities() : impl_(std::make_unique<Impl>()) {}
TlsAuthorities::~TlsAuthorities() = default;

core::Result<std::shared_ptr<const TlsAuthorities>> TlsAuthorities::read(
    const std::string& ca_file) {
  const std::shared_ptr<TlsAuthorities> made(new TlsAuthorities);
  SSL_CTX* context = made->impl_->context.get();
  HANSARD_ASSERT(context != nullptr, "there is memory");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ERR_clear_error();
  const bool read = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                    : SSL_CTX_load_verify_file(context, ca_file.c_str()) == 1;
  if (!read) {
    return core::Error{core::Errc::invalid_argument,
                       "ca_file: no certificate can be read from " +
                           (ca_file.empty() ? std::string("the system's place") : ca_file) + ": " +
                           library_error(),
                       "ca_file"};
  }
  ERR_clear_error();
  return std::shared_ptr<const TlsAuthorities>(made);
}

struct TlsClient::Impl {
  std::unique_ptr<SSL, Freed<SSL_free>> ssl;
};

TlsClient::TlsClient(const TlsAuthorities& authorities, int fd, const std::string& host)
    : impl_(std::make_unique<Impl>()) {
  impl_->ssl.reset(SSL_new(authorities.impl().context.get()));
  SSL* ssl = impl_->ssl.get();
  HANSARD_ASSERT(ssl != nullptr, "there is memory");
  SSL_set_fd(ssl, fd);
  SSL_set_connect_state(ssl);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_tlsext_host_name(ssl, host.c_str());
    SSL_set1_host(ssl, host.c_str());
  }
}

TlsClient::~TlsClient() = default;

ssize_t TlsClient::judge(int outcome) {
  SSL* ssl = impl_->ssl.get();
  waits_ = 0;
  const int code = errno;
  switch (SSL_get_error(ssl, outcome)) {
    case SSL_ERROR_WANT_READ:
      waits_ = POLLIN;
      return -1;
    case SSL_ERROR_WANT_WRITE:
      waits_ = POLLOUT;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      why_ = code != 0 ? std::strerror(code) : "the other side ended it";
      ERR_clear_error();
      return -1;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl);
  why_ = library_error();
  if (verified != X509_V_OK) {
    why_ =
        std::string("the certificate is not accepted: ") + X509_verify_cert_error_string(verified);
  }
  return -1;
}

ssize_t TlsClient::handshake() {
  ERR_clear_error();
  errno = 0;
  const int outcome = SSL_do_handshake(impl_->ssl.get());
  return outcome == 1 ? 1 : judge(outcome);
}

ssize_t TlsClient::read(char* into, std::size_t bytes) {
  std::size_t got = 0;
  ERR_clear_error();
  errno = 0;
  const int outcome = SSL_read_ex(impl_->ssl.get(), into, bytes, &got);
  return outcome == 1 ? static_cast<ssize_t>(got) : judge(outcome);
}

ssize_t TlsClient::write(std::string_view bytes) {
  std::size_t taken = 0;
  ERR_clear_error();
  errno = 0;
  const int outcome = SSL_write_ex(impl_->ssl.get(), bytes.data(), bytes.size(), &taken);
  return outcome == 1 ? static_cast<ssize_t>(taken) : judge(outcome);
}

}  // namespace hansard::cli
