#include "io/tls_server.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/encoding.h"
#include "base/hash.h"
#include "io/peer_certificate.h"
#include "io/test_certificate.h"

namespace doorward::io {
namespace {

/// A self-signed pair in files; it is its own authority.
struct Pair {
  explicit Pair(const char* names = "DNS:localhost", long from = -3600, long to = 3600)
      : key(test::make_key()), certificate(test::make_certificate(key.get(), names, from, to)) {
    std::string made = "/tmp/doorward-tls-XXXXXX";
    folder = ::mkdtemp(made.data());
    test::write_pem(folder + "/cert.pem", [&](FILE* file) { PEM_write_X509(file, certificate.get()); });
    test::write_pem(folder + "/key.pem", [&](FILE* file) {
      PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~Pair() { std::filesystem::remove_all(folder); }
  TlsServerOptions options() const { return {folder + "/cert.pem", folder + "/key.pem", {}, {}}; }

  test::Key key;
  test::Certificate certificate;
  std::string folder;
};

/// A client on a thread: shakes hands, sends `text`, reads up to as much back.
class Client {
 public:
  Client(int fd, const Pair* shown, std::string text)
      : thread_([this, fd, shown, text = std::move(text)] {
          SSL_CTX* context = SSL_CTX_new(TLS_client_method());
          if (shown != nullptr) {
            SSL_CTX_use_certificate(context, shown->certificate.get());
            SSL_CTX_use_PrivateKey(context, shown->key.get());
          }
          SSL* ssl = SSL_new(context);
          SSL_set_fd(ssl, fd);
          if (SSL_connect(ssl) == 1 && SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0) {
            char buffer[256];
            while (got.size() < text.size()) {
              const int n = SSL_read(ssl, buffer, sizeof buffer);
              if (n <= 0) break;
              got.append(buffer, static_cast<std::size_t>(n));
            }
          }
          ERR_clear_error();
          SSL_free(ssl);
          SSL_CTX_free(context);
          ::close(fd);
        }) {}
  ~Client() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  std::string got;

 private:
  std::thread thread_;
};

/// Two ends of a blocking connection, so that every call ends with a verdict.
std::pair<Fd, int> ends() {
  int pair[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  return {Fd(pair[0]), pair[1]};
}

TEST(TlsServer, TellsWhoTheClientIs) {
  const Pair own;
  const Pair agent("DNS:agent.example,URI:spiffe://example/a,email:a@example,IP:192.0.2.1,IP:2001:db8::1");
  TlsServerOptions options = own.options();
  options.client_ca = agent.folder + "/cert.pem";
  options.client_certificates = ClientCertificates::required;
  auto server = TlsServer::create(options);
  ASSERT_TRUE(server) << server.error().message;
  auto [fd, other] = ends();
  Client client(other, &agent, "hi");
  auto stream = (*server)->wrap(std::move(fd));
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->peer_certificate(), nullptr);
  const IoResult shaken = stream->handshake();
  ASSERT_EQ(shaken.state, IoState::ok) << stream->error_text(shaken);
  const PeerCertificate* peer = stream->peer_certificate();
  ASSERT_NE(peer, nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_X509(agent.certificate.get(), &der);
  EXPECT_EQ(peer->sha256, sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)}));
  OPENSSL_free(der);
  EXPECT_EQ(peer->subject, "CN=doorward test");
  EXPECT_EQ(peer->names, (std::vector<std::string>{"DNS:agent.example", "URI:spiffe://example/a",
                                                   "EMAIL:a@example", "IP:192.0.2.1", "IP:2001:db8::1"}));
  char buffer[8];
  EXPECT_EQ(stream->read(buffer).bytes, 2u);
  EXPECT_EQ(stream->write("hi").bytes, 2u);
}

TEST(TlsServer, AClientWithoutACertificateIsNobody) {
  for (const ClientCertificates wanted : {ClientCertificates::optional, ClientCertificates::required}) {
    const Pair own;
    TlsServerOptions options = own.options();
    options.client_ca = own.folder + "/cert.pem";
    options.client_certificates = wanted;
    auto server = TlsServer::create(options);
    ASSERT_TRUE(server) << server.error().message;
    auto [fd, other] = ends();
    Client client(other, nullptr, "x");
    auto stream = (*server)->wrap(std::move(fd));
    const IoResult shaken = stream->handshake();
    EXPECT_EQ(shaken.state, wanted == ClientCertificates::optional ? IoState::ok : IoState::error);
    EXPECT_EQ(stream->peer_certificate(), nullptr);
    if (shaken.state == IoState::ok) {
      char buffer[8];
      EXPECT_EQ(stream->read(buffer).bytes, 1u);
      EXPECT_EQ(stream->write("x").bytes, 1u);
    }
    stream->close();
  }
}

TEST(TlsServer, ASessionMovesToAnotherThreadWithItsUnreadPlaintext) {
  const Pair own;
  auto server = TlsServer::create(own.options());
  ASSERT_TRUE(server) << server.error().message;
  auto [fd, other] = ends();
  Client client(other, nullptr, "first and second");
  auto stream = (*server)->wrap(std::move(fd));
  ASSERT_EQ(stream->handshake().state, IoState::ok);
  char buffer[64];
  ASSERT_EQ(stream->read(std::span(buffer).first(5)).bytes, 5u);
  std::thread([moved = std::move(*stream)]() mutable {
    char rest[64];
    const IoResult got = moved.read(rest);
    EXPECT_EQ(std::string(rest, got.bytes), " and second");
    EXPECT_EQ(moved.write("first").bytes, 5u);
    EXPECT_EQ(moved.write(std::string_view(rest, got.bytes)).bytes, got.bytes);
  }).join();
  client.join();
  EXPECT_EQ(client.got, "first and second");
}

TEST(TlsServer, NewMaterialIsForNewConnectionsOnly) {
  const Pair old;
  const Pair renewed;
  auto server = TlsServer::create(old.options());
  ASSERT_TRUE(server);
  auto [fd, other] = ends();
  Client client(other, nullptr, "x");
  auto stream = (*server)->wrap(std::move(fd));
  ASSERT_EQ(stream->handshake().state, IoState::ok);
  auto material = TlsServer::load(renewed.options());
  ASSERT_TRUE(material);
  (*server)->use(std::move(*material));
  char buffer[8];
  EXPECT_EQ(stream->read(buffer).bytes, 1u);
  EXPECT_EQ(stream->write("x").bytes, 1u);
}

std::string why_not(const TlsServerOptions& options) {
  const auto server = TlsServer::create(options);
  return server ? "accepted" : server.error().message;
}

TEST(TlsServer, T240_RefusesFilesThatCannotServe) {
  const Pair own;
  const Pair other;
  const auto with = [&](auto change) {
    TlsServerOptions options = own.options();
    change(options);
    return why_not(options);
  };
  EXPECT_EQ(with([](TlsServerOptions&) {}), "accepted");
  EXPECT_NE(with([&](auto& o) { o.key = other.options().key; }).find("is not the key"), std::string::npos);
  EXPECT_NE(with([](auto& o) { o.certificate = "/no/such/file"; }).find("/no/such/file"), std::string::npos);
  EXPECT_NE(with([](auto& o) { o.key = "/no/such/file"; }).find("/no/such/file"), std::string::npos);
  EXPECT_NE(with([](auto& o) { o.certificate = o.key; }).find("no PEM certificate"), std::string::npos);
  EXPECT_NE(with([](auto& o) { o.key = o.certificate; }).find("no PEM private key"), std::string::npos);
  EXPECT_NE(why_not(Pair("DNS:a", -7200, -3600).options()).find("has expired"), std::string::npos);
  EXPECT_NE(why_not(Pair("DNS:a", 3600, 7200).options()).find("not valid yet"), std::string::npos);
  EXPECT_NE(with([](auto& o) {
              o.client_ca = o.key;
              o.client_certificates = ClientCertificates::optional;
            }).find("client_ca"),
            std::string::npos);
  ::chmod(own.options().key.c_str(), 0644);
  EXPECT_NE(with([](auto&) {}).find("every user"), std::string::npos);
}

}  // namespace
}  // namespace doorward::io
