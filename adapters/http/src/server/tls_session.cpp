#include "server/tls_session.h"

#include "core/assert.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

namespace hansard::http {

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

core::Error refused(std::string_view field, const std::filesystem::path& file,
                    std::string_view why) {
  return {core::Errc::invalid_argument,
          std::string(field) + ": " + file.string() + ": " + std::string(why), std::string(field)};
}

core::Status readable(std::string_view field, const std::filesystem::path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (in && in.peek() != std::ifstream::traits_type::eof()) return core::Ok{};
  return refused(field, file, errno != 0 ? std::strerror(errno) : "it is empty");
}

/// Asked for the passphrase of a key: there is nobody to ask.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// HTTP/1.1 where the client offers it; a client that offers only others is told so.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  static constexpr std::array<unsigned char, 9> kOurs{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs.data(), kOurs.size(), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsIdentity::Impl {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context{SSL_CTX_new(TLS_server_method())};
};

TlsIdentity::TlsIdentity() : impl_(std::make_unique<Impl>()) {}
TlsIdentity::~TlsIdentity() = default;

core::Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::load(
    const std::filesystem::path& certificate, const std::filesystem::path& key) {
  constexpr std::string_view kCertificate = "tls.certificate";
  constexpr std::string_view kKey = "tls.key";
  if (auto status = readable(kCertificate, certificate); !status) return std::move(status.error());
  if (auto status = readable(kKey, key); !status) return std::move(status.error());
  const std::shared_ptr<TlsIdentity> made(new TlsIdentity);
  SSL_CTX* context = made->impl_->context.get();
  if (context == nullptr) {
    return core::Error{core::Errc::internal, "cannot prepare TLS: " + library_error(), "tls"};
  }
  ERR_clear_error();
  bool asked = false;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return refused(kCertificate, certificate, "no certificate: " + library_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string why = library_error();
    if (asked) return refused(kKey, key, "it has a passphrase, and nobody is there to say it");
    return refused(kKey, key, "no key for the certificate: " + why);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return refused(kKey, key, "it belongs to another certificate: " + library_error());
  }
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  ERR_clear_error();
  return std::shared_ptr<const TlsIdentity>(made);
}

struct TlsSession::Impl {
  std::shared_ptr<const TlsIdentity> identity;
  std::unique_ptr<SSL, Freed<SSL_free>> ssl;
  BIO* in = nullptr;   ///< owned by `ssl`
  BIO* out = nullptr;  ///< owned by `ssl`
};

TlsSession::TlsSession(std::shared_ptr<const TlsIdentity> identity)
    : impl_(std::make_unique<Impl>()) {
  impl_->ssl.reset(SSL_new(identity->impl().context.get()));
  impl_->identity = std::move(identity);
  impl_->in = BIO_new(BIO_s_mem());
  impl_->out = BIO_new(BIO_s_mem());
  HANSARD_ASSERT(impl_->ssl && impl_->in != nullptr && impl_->out != nullptr, "there is memory");
  // An empty buffer means "nothing yet", not the end.
  BIO_set_mem_eof_return(impl_->in, -1);
  BIO_set_mem_eof_return(impl_->out, -1);
  SSL_set_bio(impl_->ssl.get(), impl_->in, impl_->out);
  SSL_set_accept_state(impl_->ssl.get());
}

TlsSession::~TlsSession() = default;

TlsSession::State TlsSession::judge(int outcome) {
  const int error = SSL_get_error(impl_->ssl.get(), outcome);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return State::more;
    case SSL_ERROR_ZERO_RETURN:
      return State::closed;
    default:
      return State::failed;
  }
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

TlsSession::State TlsSession::read(char* into, std::size_t room, std::size_t& got) {
  ERR_clear_error();
  const int outcome = SSL_read_ex(impl_->ssl.get(), into, room, &got);
  return outcome == 1 ? State::ok : judge(outcome);
}

TlsSession::State TlsSession::look() {
  char byte = 0;
  std::size_t got = 0;
  ERR_clear_error();
  const int outcome = SSL_peek_ex(impl_->ssl.get(), &byte, 1, &got);
  return outcome == 1 ? State::ok : judge(outcome);
}

bool TlsSession::write(std::string_view plain) {
  while (!plain.empty()) {
    std::size_t taken = 0;
    ERR_clear_error();
    if (SSL_write_ex(impl_->ssl.get(), plain.data(), plain.size(), &taken) != 1) {
      ERR_clear_error();
      return false;
    }
    plain.remove_prefix(taken);
  }
  return true;
}

void TlsSession::say_goodbye() {
  ERR_clear_error();
  SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();
}

std::string TlsSession::take_output() {
  std::string bytes(BIO_ctrl_pending(impl_->out), '\0');
  if (!bytes.empty()) BIO_read(impl_->out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace hansard::http
