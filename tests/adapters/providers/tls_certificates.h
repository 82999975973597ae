#pragma once

#include <memory>
#include <string>

#include "upstream_server.h"

namespace hansard::providers::testing {

/// A certificate authority of a test's own, and a server's certificate that it has signed.
struct Certificates {
  std::string ca_file;     ///< PEM
  std::string chain_file;  ///< the server's certificate
  std::string key_file;
};

/// Makes them in `folder`. @param names  subject alternative names: `DNS:localhost`, `IP:127.0.0.1`
/// @param days  how long the certificate is valid from now; negative: it has expired
Certificates make_certificates(const std::string& folder, const std::string& names, int days = 1);

/// The server's side of TLS over a peer's connection. Blocking.
class TlsPeer {
 public:
  TlsPeer(Peer& peer, const Certificates& certificates);
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  bool handshake();
  [[nodiscard]] std::string server_name() const;  ///< that the client asked for
  [[nodiscard]] std::string protocol() const;     ///< agreed on by ALPN
  std::string read_request();
  bool send(std::string_view bytes);
  /// A record each for so many bytes.
  bool send_in_records(std::string_view bytes, std::size_t record);
  /// Says that nothing follows, as TLS does.
  void goodbye();
  bool update_keys();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::providers::testing
