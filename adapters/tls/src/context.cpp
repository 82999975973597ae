#include "tls/context.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "library.h"

namespace hansard::tls {

namespace {

using core::Errc;
using core::Error;
using core::Result;

/// The only protocol we speak inside; a host that prefers another one must not pick it.
constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

Error refused(std::string_view field, const std::filesystem::path& file, std::string_view why) {
  return {Errc::invalid_argument,
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
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11.data(), kHttp11.size(), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// What both sides have. Connections wait most of their time: they need no buffers meanwhile.
Result<std::unique_ptr<Context::Impl>> prepared(const SSL_METHOD* method) {
  auto impl = std::make_unique<Context::Impl>();
  impl->context.reset(SSL_CTX_new(method));
  SSL_CTX* context = impl->context.get();
  if (context == nullptr) return internal("cannot prepare TLS");
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return impl;
}

}  // namespace

Context::Context(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Context::~Context() = default;

Result<std::shared_ptr<const Context>> Context::client(const std::string& ca_file, bool verify) {
  auto impl = prepared(TLS_client_method());
  if (!impl) return std::move(impl).error();
  SSL_CTX* context = (*impl)->context.get();
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size()) != 0) {
    return internal("cannot prepare TLS");
  }
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return internal("cannot read the system's certificate authorities");
    }
  } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    return Error{Errc::invalid_argument,
                 "no certificate can be read from " + ca_file + ": " + library_error(), "ca_file"};
  }
  ERR_clear_error();
  return std::shared_ptr<const Context>(new Context(*std::move(impl)));
}

Result<std::shared_ptr<const Context>> Context::server(const std::filesystem::path& certificate,
                                                       const std::filesystem::path& key) {
  constexpr std::string_view kCertificate = "tls.certificate";
  constexpr std::string_view kKey = "tls.key";
  if (auto status = readable(kCertificate, certificate); !status) return std::move(status.error());
  if (auto status = readable(kKey, key); !status) return std::move(status.error());
  auto impl = prepared(TLS_server_method());
  if (!impl) return std::move(impl).error();
  SSL_CTX* context = (*impl)->context.get();
  bool asked = false;
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
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
  return std::shared_ptr<const Context>(new Context(*std::move(impl)));
}

}  // namespace hansard::tls
