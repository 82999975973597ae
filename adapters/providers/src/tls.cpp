#include "tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "base_url.h"

namespace hansard::providers {

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
  return reason == nullptr ? "unknown reason" : reason;
}

core::Error internal(std::string_view what) {
  return {core::Errc::internal, std::string(what) + ": " + library_error(), "tls"};
}

/// The only protocol we speak inside; a host that prefers another one must not pick it.
constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

}  // namespace

struct TlsContext::Impl {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
};

TlsContext::TlsContext() : impl_(std::make_unique<Impl>()) {}
TlsContext::~TlsContext() = default;

core::Result<std::shared_ptr<const TlsContext>> TlsContext::create(const std::string& ca_file,
                                                                   bool verify) {
  const std::shared_ptr<TlsContext> made(new TlsContext);
  SSL_CTX* context = made->impl_->context.get();
  if (context == nullptr) return internal("cannot prepare TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Thousands of connections wait for a model most of their time: they need no buffers meanwhile.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size()) != 0) {
    return internal("cannot prepare TLS");
  }
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return internal("cannot read the system's certificate authorities");
    }
  } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    return core::Error{core::Errc::invalid_argument,
                       "no certificate can be read from " + ca_file + ": " + library_error(),
                       "ca_file"};
  }
  ERR_clear_error();
  return std::shared_ptr<const TlsContext>(made);
}

struct TlsSession::Impl {
  std::shared_ptr<const TlsContext> context;
  std::unique_ptr<SSL, Freed<SSL_free>> ssl;
  BIO* in = nullptr;   ///< owned by `ssl`
  BIO* out = nullptr;  ///< owned by `ssl`
};

TlsSession::TlsSession() : impl_(std::make_unique<Impl>()) {}
TlsSession::~TlsSession() = default;

core::Result<std::unique_ptr<TlsSession>> TlsSession::create(
    std::shared_ptr<const TlsContext> context, const std::string& host) {
  std::unique_ptr<TlsSession> made(new TlsSession);
  made->impl_->ssl.reset(SSL_new(context->impl().context.get()));
  made->impl_->context = std::move(context);
  SSL* ssl = made->impl_->ssl.get();
  std::unique_ptr<BIO, Freed<BIO_free>> in(BIO_new(BIO_s_mem()));
  std::unique_ptr<BIO, Freed<BIO_free>> out(BIO_new(BIO_s_mem()));
  if (ssl == nullptr || in == nullptr || out == nullptr) return internal("cannot prepare TLS");
  // An empty buffer means "nothing yet", not the end.
  BIO_set_mem_eof_return(in.get(), -1);
  BIO_set_mem_eof_return(out.get(), -1);
  made->impl_->in = in.release();
  made->impl_->out = out.release();
  SSL_set_bio(ssl, made->impl_->in, made->impl_->out);
  SSL_set_connect_state(ssl);
  if (is_address(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1) {
      return internal("cannot check the address");
    }
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1 || SSL_set1_host(ssl, host.c_str()) != 1) {
      return internal("cannot check the host name");
    }
  }
  return made;
}

TlsSession::State TlsSession::judge(int outcome) {
  SSL* ssl = impl_->ssl.get();
  switch (SSL_get_error(ssl, outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return State::more;
    case SSL_ERROR_ZERO_RETURN:
      return State::closed;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
    ERR_clear_error();
    why_ =
        std::string("the certificate is not accepted: ") + X509_verify_cert_error_string(verified);
  } else {
    why_ = library_error();
  }
  return State::failed;
}

TlsSession::State TlsSession::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(impl_->ssl.get());
  return outcome == 1 ? State::ok : judge(outcome);
}

void TlsSession::feed(std::string_view bytes) {
  // Memory is all that can fail here, and that is the end of the process anyway.
  if (!bytes.empty()) BIO_write(impl_->in, bytes.data(), static_cast<int>(bytes.size()));
}

TlsSession::State TlsSession::decrypt(std::string& plain) {
  constexpr std::size_t kRecordBytes = 16U << 10;  // the most that one read gives
  for (;;) {
    const std::size_t had = plain.size();
    plain.resize(had + kRecordBytes);
    std::size_t got = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(impl_->ssl.get(), plain.data() + had, kRecordBytes, &got);
    plain.resize(had + got);
    if (outcome != 1) return judge(outcome);
  }
}

bool TlsSession::encrypt(std::string_view plain) {
  while (!plain.empty()) {
    std::size_t taken = 0;
    ERR_clear_error();
    const int outcome = SSL_write_ex(impl_->ssl.get(), plain.data(), plain.size(), &taken);
    if (outcome != 1) {
      judge(outcome);
      return false;
    }
    plain.remove_prefix(taken);
  }
  return true;
}

std::string TlsSession::take_output() {
  std::string bytes(BIO_ctrl_pending(impl_->out), '\0');
  if (!bytes.empty()) BIO_read(impl_->out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool TlsSession::has_input() const { return BIO_ctrl_pending(impl_->in) > 0; }

}  // namespace hansard::providers
