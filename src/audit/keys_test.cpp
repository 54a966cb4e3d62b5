#include "audit/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "audit/checkpoint.h"
#include "audit/test_support.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

using test::TempDir;

TEST(KeysTest, APublicKeyIsReadInBothForms) {
  TempDir dir;
  for (int i = 0; i < 150; ++i) {
    std::string seed(32, static_cast<char>(i));
    const auto signer = make_ed25519_signer(seed);
    ASSERT_TRUE(signer);
    const PublicKey key = (*signer)->public_key();
    test::write_file(dir / "plain", to_base64(bytes_of(key.bytes)) + "\n");
    auto read = load_public_key(dir / "plain");
    ASSERT_TRUE(read) << i << ": " << read.error().message;
    EXPECT_EQ(*read, key);
    test::write_file(dir / "named", verifier_key("doorward.log/gateway-x/1", key) + "\n");
    read = load_public_key(dir / "named");
    ASSERT_TRUE(read) << i << ": " << read.error().message;
    EXPECT_EQ(*read, key);
  }
}

TEST(KeysTest, WhatIsNoKeyIsRefused) {
  TempDir dir;
  EXPECT_FALSE(load_public_key(dir / "none"));
  for (const std::string text : {"", "abc", "AAAA", "name+12345678+AAAA", "++"}) {
    test::write_file(dir / "key", text);
    EXPECT_FALSE(load_public_key(dir / "key")) << text;
  }
}

// RFC 8032 section 7.1, test 2.
TEST(KeysTest, SignsAsTheStandardSays) {
  const auto seed = from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const auto signer = make_ed25519_signer(*seed);
  ASSERT_TRUE(signer);
  const PublicKey key = (*signer)->public_key();
  EXPECT_EQ(to_hex(bytes_of(key.bytes)), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = (*signer)->sign("\x72");
  ASSERT_TRUE(signature);
  EXPECT_EQ(to_hex(bytes_of(*signature)),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aee"
            "b00d291612bb0c00");
  EXPECT_TRUE(verify_signature(key, "\x72", *signature));
  EXPECT_FALSE(verify_signature(key, "\x73", *signature));
  EXPECT_FALSE(verify_signature(PublicKey{0x06, key.bytes}, "\x72", *signature));
  EXPECT_FALSE(make_ed25519_signer("short"));
}

TEST(KeysTest, ASecretIsDrawnOnceAndKeptToItsOwner) {
  TempDir dir;
  const auto first = load_or_create_secret(dir / "keys", "digest");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->size(), 32u);
  EXPECT_EQ(load_or_create_secret(dir / "keys", "digest"), *first);
  EXPECT_NE(load_or_create_secret(dir / "keys", "other"), *first);
  ASSERT_EQ(::chmod((dir / "keys/digest.key").c_str(), 0640), 0);
  EXPECT_EQ(load_or_create_secret(dir / "keys", "digest").error().kind, ErrorKind::denied);
  ASSERT_EQ(::chmod((dir / "keys/digest.key").c_str(), 0600), 0);
  test::write_file(dir / "keys/digest.key", "short");
  EXPECT_EQ(load_or_create_secret(dir / "keys", "digest").error().kind, ErrorKind::corrupt);
}

TEST(CheckpointTest, ANoteIsOpenedWithTheKeyThatSignedItOnly) {
  const auto signer = make_ed25519_signer(std::string(32, 'a'));
  const auto other = make_ed25519_signer(std::string(32, 'b'));
  Checkpoint checkpoint{"gateway-1", 3, 42, sha256("root")};
  const std::string note = *sign_checkpoint(checkpoint, **signer);
  EXPECT_EQ(note.substr(0, note.find("\n\n") + 1), note_text(checkpoint));
  const std::vector<PublicKey> keys = {(*other)->public_key(), (*signer)->public_key()};
  EXPECT_EQ(*open_checkpoint(note, keys), checkpoint);
  EXPECT_EQ(open_checkpoint(note, std::vector<PublicKey>{(*other)->public_key()}).error().kind,
            ErrorKind::denied);
  EXPECT_EQ(open_checkpoint(note, {}).error().kind, ErrorKind::denied);
  EXPECT_EQ(*parse_checkpoint(note), checkpoint);
  // A change to any byte is refused, or leaves a note that says the same.
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open_checkpoint(changed, keys)) << i;
  }
  // A witness may add its line.
  EXPECT_EQ(*open_checkpoint(note + "\xe2\x80\x94 witness.example/w AAAAAAAA\n", keys), checkpoint);
  // The signature of one log does not vouch for another.
  std::string renamed = note;
  for (std::size_t at = 0; (at = renamed.find("gateway-1", at)) != std::string::npos;)
    renamed.replace(at, 9, "gateway-2");
  EXPECT_FALSE(open_checkpoint(renamed, keys));
}

TEST(CheckpointTest, AFileOfNotesIsSplitAndATornEndTold) {
  const auto signer = make_ed25519_signer(std::string(32, 'a'));
  std::vector<std::string> notes;
  std::string file;
  for (std::uint64_t size = 1; size <= 3; ++size) {
    notes.push_back(*sign_checkpoint({"w-1", 1, size, Digest{}}, **signer));
    file += (file.empty() ? "" : "\n") + notes.back();
  }
  bool torn = true;
  EXPECT_EQ(split_notes(file, &torn), notes);
  EXPECT_FALSE(torn);
  EXPECT_TRUE(split_notes("", &torn).empty());
  EXPECT_FALSE(torn);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto found = split_notes(std::string_view(file).substr(0, size), &torn);
    EXPECT_LE(found.size(), 3u);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], notes[i]) << size;
  }
}

}  // namespace
}  // namespace doorward::audit
