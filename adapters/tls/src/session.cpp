#include "tls/session.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "core/assert.h"
#include "library.h"

namespace hansard::tls {

namespace {

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

struct Session::Impl {
  std::shared_ptr<const Context> context;
  std::unique_ptr<SSL, Freed<SSL_free>> ssl;
  BIO* in = nullptr;   ///< owned by `ssl`
  BIO* out = nullptr;  ///< owned by `ssl`
};

Session::Session(std::shared_ptr<const Context> context) : impl_(std::make_unique<Impl>()) {
  impl_->ssl.reset(SSL_new(context->impl().context.get()));
  impl_->context = std::move(context);
  impl_->in = BIO_new(BIO_s_mem());
  impl_->out = BIO_new(BIO_s_mem());
  HANSARD_ASSERT(impl_->ssl && impl_->in != nullptr && impl_->out != nullptr, "there is memory");
  // An empty buffer means "nothing yet", not the end.
  BIO_set_mem_eof_return(impl_->in, -1);
  BIO_set_mem_eof_return(impl_->out, -1);
  SSL_set_bio(impl_->ssl.get(), impl_->in, impl_->out);
}

Session::~Session() = default;

std::unique_ptr<Session> Session::accept(std::shared_ptr<const Context> context) {
  std::unique_ptr<Session> made(new Session(std::move(context)));
  SSL_set_accept_state(made->impl_->ssl.get());
  return made;
}

core::Result<std::unique_ptr<Session>> Session::connect(std::shared_ptr<const Context> context,
                                                        const std::string& host) {
  std::unique_ptr<Session> made(new Session(std::move(context)));
  SSL* ssl = made->impl_->ssl.get();
  SSL_set_connect_state(ssl);
  if (is_address(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1) {
      return internal("cannot check the address");
    }
    return made;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1 || SSL_set1_host(ssl, host.c_str()) != 1) {
    return internal("cannot check the host name");
  }
  return made;
}

Session::State Session::judge(int outcome) {
  SSL* ssl = impl_->ssl.get();
  switch (SSL_get_error(ssl, outcome)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      ERR_clear_error();
      return State::more;
    case SSL_ERROR_ZERO_RETURN:
      ERR_clear_error();
      return State::closed;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl);
  why_ = library_error();
  if (verified != X509_V_OK && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
    why_ =
        std::string("the certificate is not accepted: ") + X509_verify_cert_error_string(verified);
  }
  return State::failed;
}

Session::State Session::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(impl_->ssl.get());
  return outcome == 1 ? State::ok : judge(outcome);
}

void Session::feed(std::string_view bytes) {
  // Memory is all that can fail here, and that is the end of the process anyway.
  if (!bytes.empty()) BIO_write(impl_->in, bytes.data(), static_cast<int>(bytes.size()));
}

Session::State Session::read(char* into, std::size_t room, std::size_t& got) {
  ERR_clear_error();
  const int outcome = SSL_read_ex(impl_->ssl.get(), into, room, &got);
  return outcome == 1 ? State::ok : judge(outcome);
}

Session::State Session::read_all(std::string& plain) {
  constexpr std::size_t kRecordBytes = 16U << 10;  // the most that one read gives
  for (;;) {
    const std::size_t had = plain.size();
    plain.resize(had + kRecordBytes);
    std::size_t got = 0;
    const State state = read(plain.data() + had, kRecordBytes, got);
    plain.resize(had + got);
    if (state != State::ok) return state;
  }
}

Session::State Session::look() {
  char byte = 0;
  std::size_t got = 0;
  ERR_clear_error();
  const int outcome = SSL_peek_ex(impl_->ssl.get(), &byte, 1, &got);
  return outcome == 1 ? State::ok : judge(outcome);
}

bool Session::write(std::string_view plain) {
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

void Session::say_goodbye() {
  ERR_clear_error();
  SSL_shutdown(impl_->ssl.get());
  ERR_clear_error();
}

std::string Session::take_output() {
  std::string bytes(BIO_ctrl_pending(impl_->out), '\0');
  if (!bytes.empty()) BIO_read(impl_->out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

bool Session::has_input() const { return BIO_ctrl_pending(impl_->in) > 0; }

}  // namespace hansard::tls
