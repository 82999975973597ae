#include "tls_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace hansard::providers::testing {

namespace {

EVP_PKEY* new_key() { return EVP_EC_gen("P-256"); }

void add_extension(X509* certificate, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* new_certificate(const char* name, EVP_PKEY* key, long number, int days) {
  constexpr long kDay = 24L * 3600;
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * kDay);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

template <class Write>
void write_file(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  write(file);
  std::fclose(file);
}

}  // namespace

Certificates make_certificates(const std::string& folder, const std::string& names, int days) {
  const Certificates made{folder + "/ca.pem", folder + "/server.pem", folder + "/server.key"};
  EVP_PKEY* ca_key = new_key();
  X509* ca = new_certificate("Hansard test authority", ca_key, 1, 1);
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(ca, ca, NID_key_usage, "critical,keyCertSign");
  X509_sign(ca, ca_key, EVP_sha256());

  EVP_PKEY* key = new_key();
  X509* server = new_certificate("Hansard test server", key, 2, days);
  X509_set_issuer_name(server, X509_get_subject_name(ca));
  add_extension(server, ca, NID_subject_alt_name, names);
  X509_sign(server, ca_key, EVP_sha256());

  write_file(made.ca_file, [&](std::FILE* file) { PEM_write_X509(file, ca); });
  write_file(made.chain_file, [&](std::FILE* file) { PEM_write_X509(file, server); });
  write_file(made.key_file, [&](std::FILE* file) {
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(server);
  X509_free(ca);
  EVP_PKEY_free(key);
  EVP_PKEY_free(ca_key);
  return made;
}

struct TlsPeer::Impl {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL* ssl = nullptr;
  std::string buffer;
};

TlsPeer::TlsPeer(Peer& peer, const Certificates& certificates) : impl_(std::make_unique<Impl>()) {
  SSL_CTX_use_certificate_chain_file(impl_->context, certificates.chain_file.c_str());
  SSL_CTX_use_PrivateKey_file(impl_->context, certificates.key_file.c_str(), SSL_FILETYPE_PEM);
  // Takes what the client prefers, as hosts do that speak HTTP/2 as well.
  SSL_CTX_set_alpn_select_cb(
      impl_->context,
      [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned,
         void*) {
        *out = in + 1;
        *size = in[0];
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  impl_->ssl = SSL_new(impl_->context);
  SSL_set_fd(impl_->ssl, peer.fd());
}

TlsPeer::~TlsPeer() {
  SSL_free(impl_->ssl);
  SSL_CTX_free(impl_->context);
}

bool TlsPeer::handshake() { return SSL_accept(impl_->ssl) == 1; }

std::string TlsPeer::server_name() const {
  const char* name = SSL_get_servername(impl_->ssl, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string TlsPeer::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(impl_->ssl, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsPeer::read_request() {
  std::string& buffer = impl_->buffer;
  std::size_t whole = std::string::npos;
  while (buffer.size() < whole) {
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t length = buffer.find("Content-Length: ");
      whole = end + 4 + (length < end ? std::stoul(buffer.substr(length + 16)) : 0);
      if (buffer.size() >= whole) break;
    }
    char bytes[16384];
    const int got = SSL_read(impl_->ssl, bytes, sizeof bytes);
    if (got <= 0) return {};
    buffer.append(bytes, static_cast<std::size_t>(got));
  }
  std::string request = buffer.substr(0, whole);
  buffer.erase(0, whole);
  return request;
}

bool TlsPeer::send(std::string_view bytes) {
  return SSL_write(impl_->ssl, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

bool TlsPeer::send_in_records(std::string_view bytes, std::size_t record) {
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    if (!send(bytes.substr(at, record))) return false;
  }
  return true;
}

void TlsPeer::goodbye() { SSL_shutdown(impl_->ssl); }

bool TlsPeer::update_keys() {
  return SSL_key_update(impl_->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
         SSL_do_handshake(impl_->ssl) == 1;
}

}  // namespace hansard::providers::testing
