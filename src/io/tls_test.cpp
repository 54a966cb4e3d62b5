#include "io/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "io/test_certificate.h"

namespace doorward::io {
namespace {

using test::Certificate;
using test::Key;
using test::make_certificate;
using test::make_key;

struct Server {
  explicit Server(const char* names = "DNS:good.test,IP:127.0.0.1", long from = -3600, long to = 3600)
      : key(make_key()), certificate(make_certificate(key.get(), names, from, to)) {
    std::string name = "/tmp/doorward-ca-XXXXXX";
    const int fd = ::mkstemp(name.data());
    ca_file = name;
    FILE* file = ::fdopen(fd, "w");
    PEM_write_X509(file, certificate.get());
    std::fclose(file);
  }
  ~Server() {
    if (thread.joinable()) thread.join();
    ::unlink(ca_file.c_str());
  }

  /// Serves one connection that echoes one message; returns the client's end.
  Fd serve(int max_version = TLS1_3_VERSION) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    thread = std::thread([this, fd = ends[1], max_version] {
      SSL_CTX* context = SSL_CTX_new(TLS_server_method());
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context, max_version);
      SSL_CTX_use_certificate(context, certificate.get());
      SSL_CTX_use_PrivateKey(context, key.get());
      SSL* ssl = SSL_new(context);
      SSL_set_fd(ssl, fd);
      char buffer[1024];
      if (SSL_accept(ssl) == 1) {
        const int n = SSL_read(ssl, buffer, sizeof buffer);
        if (n > 0) SSL_write(ssl, buffer, n);
        if (polite) SSL_shutdown(ssl);
      }
      SSL_free(ssl);
      SSL_CTX_free(context);
      ::close(fd);
    });
    return Fd(ends[0]);
  }

  Key key;
  Certificate certificate;
  std::string ca_file;
  std::thread thread;
  bool polite = true;
};

/// Shakes hands on a blocking descriptor, so that every call ends with a verdict.
std::string shake(Server& server, const std::string& host, const std::string& ca_file, Stream* out = nullptr,
                  int max_version = TLS1_3_VERSION) {
  auto context = TlsContext::create({ca_file});
  EXPECT_TRUE(context) << context.error().message;
  auto stream = context->wrap(server.serve(max_version), host);
  EXPECT_TRUE(stream);
  const IoResult result = stream->handshake();
  const std::string verdict = result.state == IoState::ok ? "ok" : stream->error_text(result);
  if (out != nullptr) *out = std::move(*stream);
  return verdict;
}

TEST(Tls, CarriesBytesBothWaysAndEndsInOrder) {
  Server server;
  Stream stream;
  ASSERT_EQ(shake(server, "good.test", server.ca_file, &stream), "ok");
  EXPECT_TRUE(stream.is_tls());
  const iovec pieces[] = {{const_cast<char*>("he"), 2}, {const_cast<char*>("llo"), 3}};
  EXPECT_EQ(stream.write(std::span(pieces).first(1)).bytes, 2u);
  char buffer[64];
  const IoResult got = stream.read(buffer);
  EXPECT_EQ(std::string(buffer, got.bytes), "he");
  EXPECT_FALSE(got.drained);
  EXPECT_EQ(stream.read(buffer).state, IoState::eof);
}

TEST(Tls, ACutConnectionIsAnErrorAndNoEnd) {
  Server server;
  server.polite = false;
  Stream stream;
  ASSERT_EQ(shake(server, "good.test", server.ca_file, &stream), "ok");
  stream.write("x");
  char buffer[64];
  EXPECT_EQ(stream.read(buffer).state, IoState::ok);
  EXPECT_EQ(stream.read(buffer).state, IoState::error);
}

TEST(Tls, T240_AcceptsTheRightNameAndAddress) {
  Server byaddress;
  EXPECT_EQ(shake(byaddress, "127.0.0.1", byaddress.ca_file), "ok");
  Server old;
  EXPECT_EQ(shake(old, "good.test", old.ca_file, nullptr, TLS1_2_VERSION), "ok");
}

TEST(Tls, T240_FailsClosed) {
  {
    Server server;
    EXPECT_NE(shake(server, "good.test", "").find("self"), std::string::npos) << "self-signed";
  }
  {
    Server server;
    EXPECT_NE(shake(server, "evil.test", server.ca_file).find("hostname mismatch"), std::string::npos);
  }
  {
    Server server;
    EXPECT_NE(shake(server, "127.0.0.2", server.ca_file).find("IP address mismatch"), std::string::npos);
  }
  {
    Server server("DNS:good.test", -7200, -3600);
    EXPECT_NE(shake(server, "good.test", server.ca_file).find("expired"), std::string::npos);
  }
  {
    Server server("DNS:good.test", 3600, 7200);
    EXPECT_NE(shake(server, "good.test", server.ca_file).find("not yet valid"), std::string::npos);
  }
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    Server server;
    EXPECT_NE(shake(server, "good.test", server.ca_file, nullptr, version), "ok") << version;
  }
  {
    Server server("DNS:*.test");
    EXPECT_NE(shake(server, "a.b.test", server.ca_file), "ok") << "a wildcard is one label";
  }
}

TEST(Tls, NothingMovesBeforeTheHandshake) {
  Server server;
  auto context = TlsContext::create({server.ca_file});
  auto stream = context->wrap(server.serve(), "good.test");
  char buffer[8];
  EXPECT_EQ(stream->read(buffer).state, IoState::error);
  EXPECT_EQ(stream->write("x").state, IoState::error);
  stream->close();
}

TEST(Tls, BadOptionsAreRefused) {
  EXPECT_FALSE(TlsContext::create({"/no/such/file"}));
  EXPECT_FALSE(TlsContext::create({"/etc/passwd"}));
  auto context = TlsContext::create({""});
  ASSERT_TRUE(context);
  EXPECT_FALSE(context->wrap(Fd(::dup(0)), ""));
}

}  // namespace
}  // namespace doorward::io
