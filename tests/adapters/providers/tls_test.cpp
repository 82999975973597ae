// TLS against a server with a certificate authority of the test's own.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "talk.h"
#include "tls_certificates.h"

namespace hansard::providers::testing {
namespace {

class ProviderTls : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // the test server's OpenSSL writes to connections that are gone
    folder_ = std::filesystem::temp_directory_path() /
              ("hansard-tls-" + std::to_string(::getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    certificates_ = make_certificates(folder_, "DNS:localhost,IP:127.0.0.1");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] ProviderSettings settings_for(const UpstreamServer& server,
                                              const std::string& host = "localhost") const {
    ProviderSettings settings =
        provider_at("https://" + host + ":" + std::to_string(server.port()));
    settings.ca_file = certificates_.ca_file;
    return settings;
  }
  [[nodiscard]] static core::Error error_of(const ProviderSettings& settings) {
    const auto client = client_with(settings_with(settings));
    Talk talk(*client, post("{}"));
    const auto head = talk.head();
    if (head) return {core::Errc::internal, "it worked", "none"};
    return head.error();
  }

  std::filesystem::path folder_;
  Certificates certificates_;
};

TEST_F(ProviderTls, CarriesCallsByNameAndByAddress) {
  Mailbox<std::string> names;
  UpstreamServer server([&](Peer& peer, int) {
    TlsPeer tls(peer, certificates_);
    if (!tls.handshake()) return;
    names.put(tls.server_name() + " " + tls.protocol());
    while (!tls.read_request().empty()) tls.send(ok("secret"));
  });
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const auto client = client_with(settings_with(settings_for(server, host)));
    for (int i = 0; i < 3; ++i) {
      Talk talk(*client, post("{}"));
      const auto head = talk.head();
      ASSERT_TRUE(head) << head.error().message;
      EXPECT_EQ(*talk.rest(), "secret");
    }
    EXPECT_EQ(status_of(*client).connects, 1U);
    EXPECT_EQ(status_of(*client).reuses, 2U);
  }
  EXPECT_EQ(names.take(), "localhost http/1.1");
  EXPECT_EQ(names.take(), " http/1.1") << "an address is no name to ask for";
}

TEST_F(ProviderTls, RefusesAnAuthorityItDoesNotKnow) {
  UpstreamServer server([&](Peer& peer, int) { TlsPeer(peer, certificates_).handshake(); });
  ProviderSettings settings = settings_for(server);
  settings.ca_file.clear();
  const core::Error error = error_of(settings);
  EXPECT_EQ(error.field, "tls");
  EXPECT_EQ(error.code, core::Errc::unavailable);
  EXPECT_NE(error.message.find("certificate"), std::string::npos) << error.message;
}

TEST_F(ProviderTls, RefusesACertificateForSomebodyElse) {
  const Certificates other = make_certificates(folder_, "DNS:example.com,IP:127.0.0.2");
  UpstreamServer server([&](Peer& peer, int) { TlsPeer(peer, other).handshake(); });
  EXPECT_EQ(error_of(settings_for(server)).field, "tls");
  const core::Error error = error_of(settings_for(server, "127.0.0.1"));
  EXPECT_EQ(error.field, "tls");
  EXPECT_NE(error.message.find("mismatch"), std::string::npos) << error.message;
}

TEST_F(ProviderTls, RefusesACertificateThatHasExpired) {
  const Certificates old = make_certificates(folder_, "DNS:localhost", -1);
  UpstreamServer server([&](Peer& peer, int) { TlsPeer(peer, old).handshake(); });
  const core::Error error = error_of(settings_for(server));
  EXPECT_EQ(error.field, "tls");
  EXPECT_NE(error.message.find("expired"), std::string::npos) << error.message;
}

TEST_F(ProviderTls, MayTrustAnythingOnThisMachineWhenToldTo) {
  UpstreamServer server([&](Peer& peer, int) {
    TlsPeer tls(peer, certificates_);
    if (tls.handshake() && !tls.read_request().empty()) tls.send(ok("trusted"));
  });
  ProviderSettings settings = settings_for(server);
  settings.ca_file.clear();
  settings.insecure_skip_verify = true;
  const auto client = client_with(settings_with(settings));
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  EXPECT_EQ(*talk.rest(), "trusted");
}

TEST_F(ProviderTls, NamesWhatIsNoTls) {
  UpstreamServer plain([](Peer& peer, int) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.ended();
  });
  EXPECT_EQ(error_of(settings_for(plain)).field, "tls");
  UpstreamServer closing([](Peer& peer, int) { peer.silent(std::chrono::milliseconds(1)); });
  EXPECT_EQ(error_of(settings_for(closing)).field, "tls");
}

TEST_F(ProviderTls, AHandshakeHasTheDeadlineOfConnecting) {
  UpstreamServer silent([](Peer& peer, int) { peer.ended(); });
  ProviderSettings settings = settings_for(silent);
  settings.deadlines.connect = std::chrono::milliseconds(200);
  const core::Error error = error_of(settings);
  EXPECT_EQ(error.code, core::Errc::timed_out);
  EXPECT_EQ(error.field, "connect");
  EXPECT_NE(error.message.find("shaking hands"), std::string::npos) << error.message;
}

TEST_F(ProviderTls, HandsOnEachRecordBeforeTheNextOneExists) {
  Mailbox<int> seen;
  UpstreamServer server([&](Peer& peer, int) {
    TlsPeer tls(peer, certificates_);
    if (!tls.handshake() || tls.read_request().empty()) return;
    tls.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
      if (i == 10) {
        EXPECT_TRUE(tls.update_keys());
      }
      tls.send(chunk("data: " + std::to_string(i) + "\n\n"));
      if (!seen.take()) return;
    }
    tls.send("0\r\n\r\n");
    peer.ended();
  });
  const auto client = client_with(settings_with(settings_for(server)));
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(talk.head());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(*talk.next(), "data: " + std::to_string(i) + "\n\n");
    seen.put(i);
  }
  EXPECT_EQ(*talk.next(), "");
}

TEST_F(ProviderTls, MovesLargeBodiesBothWays) {
  std::string body(8U << 20, 'a');
  for (std::size_t i = 0; i < body.size(); i += 4099) body[i] = static_cast<char>('a' + i % 26);
  UpstreamServer server([&](Peer& peer, int number) {
    TlsPeer tls(peer, certificates_);
    if (!tls.handshake()) return;
    const std::string request = tls.read_request();
    const bool same = request.ends_with(body);
    tls.send_in_records(ok(same ? body : "different"), number == 0 ? 16384 : 997);
    peer.ended();
  });
  for (int i = 0; i < 2; ++i) {
    const auto client = client_with(settings_with(settings_for(server)));
    Talk talk(*client, post(body));
    ASSERT_TRUE(talk.head());
    std::string got;
    for (;;) {
      auto piece = talk.next();
      ASSERT_TRUE(piece);
      if (piece->empty()) break;
      EXPECT_LE(piece->size(), 64U << 10);
      got += *piece;
    }
    EXPECT_TRUE(got == body);
  }
}

TEST_F(ProviderTls, ABodyWithoutALengthNeedsAGoodbye) {
  // Without one, whoever is in between could have cut it off.
  for (const bool goodbye : {true, false}) {
    UpstreamServer server([&](Peer& peer, int) {
      TlsPeer tls(peer, certificates_);
      if (!tls.handshake() || tls.read_request().empty()) return;
      tls.send("HTTP/1.1 200 OK\r\n\r\nbody");
      if (goodbye) tls.goodbye();
    });
    const auto client = client_with(settings_with(settings_for(server)));
    Talk talk(*client, post("{}"));
    EXPECT_EQ(failure(talk), goodbye ? "none" : "truncated");
  }
}

TEST_F(ProviderTls, CancelClosesTheConnection) {
  Mailbox<bool> closed;
  Mailbox<bool> here;
  UpstreamServer server([&](Peer& peer, int) {
    TlsPeer tls(peer, certificates_);
    if (!tls.handshake()) return;
    tls.read_request();
    here.put(true);
    closed.put(peer.ended());
  });
  const auto client = client_with(settings_with(settings_for(server)));
  Talk talk(*client, post("{}"));
  ASSERT_TRUE(here.take());
  talk.cancel();
  EXPECT_EQ(closed.take(), true);
}

TEST_F(ProviderTls, NewCertificatesNeedNewConnections) {
  UpstreamServer server([&](Peer& peer, int) {
    TlsPeer tls(peer, certificates_);
    if (!tls.handshake()) return;
    while (!tls.read_request().empty()) tls.send(ok("x"));
  });
  const ProviderSettings settings = settings_for(server);
  const auto client = client_with(settings_with(settings));
  const auto call = [&] {
    Talk talk(*client, post("{}"));
    const auto head = talk.head();
    return head ? *talk.rest() : head.error().field;
  };
  EXPECT_EQ(call(), "x");
  ProviderSettings stricter = settings;
  stricter.ca_file.clear();
  ASSERT_TRUE(client->reload(settings_with(stricter)));
  EXPECT_EQ(call(), "tls") << "a connection that was trusted by other rules is not used";
}

}  // namespace
}  // namespace hansard::providers::testing
