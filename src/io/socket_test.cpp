#include "io/socket.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "io/acceptor.h"
#include "io/file.h"
#include "io/resolver.h"
#include "io/stream.h"

namespace doorward::io {
namespace {

struct Folder {
  Folder() {
    std::string name = "/tmp/doorward-io-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

Result<Fd> listen_somewhere(std::uint16_t& port) {
  auto listener = listen_tcp(*Address::parse("127.0.0.1", 0));
  if (listener) port = local_address(listener->get())->port();
  return listener;
}

TEST(Address, ParsesLiteralsOnly) {
  EXPECT_EQ(Address::parse("127.0.0.1", 80)->to_string(), "127.0.0.1:80");
  EXPECT_EQ(Address::parse("[::1]", 80)->to_string(), "[::1]:80");
  EXPECT_EQ(Address::parse("::1", 80)->host_to_string(), "::1");
  EXPECT_TRUE(Address::parse("127.9.9.9", 0)->is_loopback());
  EXPECT_TRUE(Address::parse("::ffff:127.0.0.1", 0)->is_loopback());
  EXPECT_FALSE(Address::parse("10.0.0.1", 0)->is_loopback());
  EXPECT_FALSE(Address::parse("::", 0)->is_loopback());
  for (const std::string_view text : {"127.0.0.1:80", "[::1]:65535", "0.0.0.0:0"}) EXPECT_EQ(Address::from_text(text)->to_string(), text);
  for (const std::string_view text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:8x", "::1:80", "[127.0.0.1]:80",
                                      "[::1]", "[::1:80", "localhost:80", ":80"}) {
    EXPECT_FALSE(Address::from_text(text)) << text;
  }
  using namespace std::string_literals;
  for (const std::string& text : {""s, "localhost"s, "127.1"s, "0x7f.1"s, "127.0.0.01"s, "1.2.3.4 "s,
                                  "::1%lo"s, "127.0.0.1\0"s, "[127.0.0.1"s}) {
    EXPECT_FALSE(Address::parse(text, 1)) << text;
  }
}

TEST(Socket, AcceptsAndConnects) {
  Loop loop;
  std::uint16_t port = 0;
  auto listener = listen_somewhere(port);
  ASSERT_TRUE(listener) << listener.error().message;
  Stream served;
  std::string peer;
  Acceptor acceptor(loop, std::move(*listener), [&](Fd fd, const Address& from) {
    served = Stream(std::move(fd));
    peer = from.host_to_string();
  });
  ASSERT_TRUE(acceptor.start());
  auto client = connect_tcp(*Address::parse("127.0.0.1", port));
  ASSERT_TRUE(client);
  while (!served) loop.poll(100'000);
  EXPECT_EQ(peer, "127.0.0.1");
  EXPECT_EQ(connect_result(client->get()), 0);
  Stream stream(std::move(*client));
  EXPECT_EQ(stream.write("hi").bytes, 2u);
  char buffer[8];
  IoResult got;
  do got = served.read(buffer);
  while (got.state == IoState::would_block);
  EXPECT_EQ(got.bytes, 2u);
}

TEST(Socket, ARefusedConnectionNamesItsReason) {
  std::uint16_t port = 0;
  { auto listener = listen_somewhere(port); }
  auto client = connect_tcp(*Address::parse("127.0.0.1", port));
  if (client) {
    EXPECT_EQ(connect_result(client->get()), ECONNREFUSED);
  } else {
    EXPECT_NE(client.error().message.find("ECONNREFUSED"), std::string::npos);
  }
}

TEST(Socket, ATakenPortIsAConflict) {
  std::uint16_t port = 0;
  auto listener = listen_somewhere(port);
  const auto second = listen_tcp(*Address::parse("127.0.0.1", port));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::conflict);
}

TEST(Socket, UnixSocketsArePrivateAndKnowTheirPeer) {
  const Folder folder;
  const std::string path = folder.path + "/control.sock";
  auto listener = listen_unix(path);
  ASSERT_TRUE(listener) << listener.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(listen_unix(path).error().kind, ErrorKind::conflict);
  auto client = connect_unix(path);
  ASSERT_TRUE(client);
  const Accepted accepted = accept_one(listener->get());
  ASSERT_TRUE(accepted.fd);
  EXPECT_TRUE(accepted.peer.empty());
  EXPECT_EQ(peer_credentials(accepted.fd.get())->uid, ::getuid());
  EXPECT_EQ(peer_credentials(accepted.fd.get())->pid, ::getpid());
  listener->reset();
  EXPECT_TRUE(listen_unix(path)) << "a stale socket is replaced";
  std::ofstream(folder.path + "/file") << "x";
  EXPECT_FALSE(listen_unix(folder.path + "/file"));
  EXPECT_FALSE(listen_unix(folder.path + "/" + std::string(120, 'x')));
}

TEST(Acceptor, T325_WaitsQuietlyWhenDescriptorsRunOut) {
  Loop loop;
  std::uint16_t port = 0;
  auto listener = listen_somewhere(port);
  ASSERT_TRUE(listener);
  std::vector<Fd> served;
  Acceptor acceptor(loop, std::move(*listener),
                    [&](Fd fd, const Address&) { served.push_back(std::move(fd)); });
  ASSERT_TRUE(acceptor.start());
  auto client = connect_tcp(*Address::parse("127.0.0.1", port));
  ASSERT_TRUE(client);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const Fd probe(::dup(0));
  const rlimit none{static_cast<rlim_t>(probe.get()), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 5; ++i) loop.poll(20'000);
  EXPECT_TRUE(served.empty());
  EXPECT_GE(acceptor.refused(), 1u);
  EXPECT_LE(acceptor.refused(), 4u) << "it spins";
  ::setrlimit(RLIMIT_NOFILE, &before);
  for (int i = 0; i < 100 && served.empty(); ++i) loop.poll(50'000);
  EXPECT_EQ(served.size(), 1u);
}

TEST(Resolver, AnswersOnTheLoop) {
  Loop loop;
  Resolver resolver;
  int answers = 0;
  resolver.resolve("127.0.0.1", 80, loop, [&](Result<std::vector<Address>> found) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->front().to_string(), "127.0.0.1:80");
    ++answers;
  });
  resolver.resolve("localhost", 81, loop, [&](Result<std::vector<Address>> found) {
    ASSERT_TRUE(found) << found.error().message;
    for (const Address& address : *found) EXPECT_TRUE(address.is_loopback());
    ++answers;
  });
  resolver.resolve("no-such-host.invalid", 81, loop, [&](Result<std::vector<Address>> found) {
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find("no-such-host.invalid"), std::string::npos);
    ++answers;
  });
  while (answers < 3) loop.poll(100'000);
}

TEST(File, ReadsWithABound) {
  const Folder folder;
  const std::string path = folder.path + "/a";
  ASSERT_TRUE(write_file_atomic(path, "hello"));
  EXPECT_EQ(*read_file(path, 5), "hello");
  EXPECT_EQ(read_file(path, 4).error().kind, ErrorKind::exhausted);
  EXPECT_EQ(read_file(folder.path + "/b", 4).error().kind, ErrorKind::not_found);
  EXPECT_EQ(read_file(folder.path, 4).error().kind, ErrorKind::invalid);
  ASSERT_EQ(::mkfifo((folder.path + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder.path + "/fifo", 4).error().kind, ErrorKind::invalid);
}

TEST(File, ReplacesWholeFilesAndLeavesNothingBehind) {
  const Folder folder;
  const std::string path = folder.path + "/a";
  ASSERT_TRUE(write_file_atomic(path, "one", 0640));
  ASSERT_TRUE(write_file_atomic(path, std::string(100'000, 'x'), 0600));
  EXPECT_EQ(read_file(path, 1 << 20)->size(), 100'000u);
  struct stat info {};
  ::stat(path.c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(write_file_atomic(folder.path + "/none/a", "x"));
  ASSERT_TRUE(make_directory(folder.path + "/target"));
  EXPECT_FALSE(write_file_atomic(folder.path + "/target", "x"));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path)) ++entries;
  EXPECT_EQ(entries, 2u);
}

TEST(File, MakesFoldersWithTheirParents) {
  const Folder folder;
  ASSERT_TRUE(make_directory(folder.path + "/a/b/c"));
  ASSERT_TRUE(make_directory(folder.path + "/a/b/c"));
  struct stat info {};
  ::stat((folder.path + "/a/b").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_TRUE(write_file_atomic(folder.path + "/f", "x"));
  EXPECT_FALSE(make_directory(folder.path + "/f"));
  EXPECT_FALSE(make_directory(folder.path + "/f/g"));
}

TEST(File, ALockIsHeldOnce) {
  const Folder folder;
  const std::string path = folder.path + "/lock";
  {
    auto lock = FileLock::acquire(path);
    ASSERT_TRUE(lock);
    EXPECT_EQ(FileLock::acquire(path).error().kind, ErrorKind::conflict);
  }
  EXPECT_TRUE(FileLock::acquire(path));
}

}  // namespace
}  // namespace doorward::io
