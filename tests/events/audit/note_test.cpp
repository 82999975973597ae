#include "events/audit/note.h"

#include <gtest/gtest.h>

#include "events/audit/base64.h"
#include "events/json.h"
#include "events/system/events.h"
#include "ossl/ed25519.h"
#include "support/events.h"
#include "support/golden.h"

namespace hansard::events::audit {
namespace {

using core::Errc;
using support::hasher;

const std::string kDash = "\xe2\x80\x94 ";

TEST(Base64, IsThatOfRfc4648AndReadStrictly) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(to_base64("\xfb\xff\xfe"), "+//+");
  for (const char* wrong : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n",
                            "Zm 9", "Zm-_", "=Zg="}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

/// The example of c2sp.org/signed-note, whose key and signature are given there.
TEST(Note, ReadsTheKeyAndNoteThatGoPrints) {
  const auto key = parse_verifier_key(
      hasher(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "PeterNeumann");
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n"
      "\n" +
      kDash +
      "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb"
      "6KE6RyyBwJnAM=\n";
  const auto note = parse_note(text);
  ASSERT_TRUE(note);
  EXPECT_EQ(to_text(*note), text);
  EXPECT_TRUE(check_note(hasher(), ossl::Ed25519Verifier(), *key, *note));
  auto other = *note;
  other.text[3] = 'Y';
  EXPECT_EQ(check_note(hasher(), ossl::Ed25519Verifier(), *key, other).error().code,
            Errc::rejected);
}

TEST(Note, IsSignedAndCheckedAmongSignaturesOfOthers) {
  const auto key = ossl::Ed25519Key::draw();
  const ossl::Ed25519Verifier verifier;
  const VerifierKey ours{"log/1", key.public_key()};
  EXPECT_EQ(*parse_verifier_key(hasher(), to_text(hasher(), ours)), ours);

  auto note = sign_note(hasher(), key, "log/1", "a line\n");
  EXPECT_TRUE(check_note(hasher(), verifier, ours, note));
  note.signatures.insert(note.signatures.begin(), {"a.witness", {1, 2, 3, 4}, "of another kind"});
  EXPECT_EQ(*parse_note(to_text(note)), note);
  EXPECT_TRUE(check_note(hasher(), verifier, ours, note));

  // Another name, another key, no signature of ours; and a wrong one beside a right one.
  EXPECT_FALSE(check_note(hasher(), verifier, {"log/2", key.public_key()}, note));
  EXPECT_FALSE(
      check_note(hasher(), verifier, {"log/1", ossl::Ed25519Key::draw().public_key()}, note));
  note.signatures.push_back(note.signatures.back());
  note.signatures.back().bytes[0] ^= 1;
  EXPECT_FALSE(check_note(hasher(), verifier, ours, note));
  note.signatures.back().bytes.pop_back();
  EXPECT_FALSE(check_note(hasher(), verifier, ours, note));
}

TEST(Note, KeysAreReadStrictly) {
  const VerifierKey key{"log/1", ossl::Ed25519Key::draw().public_key()};
  const std::string text = to_text(hasher(), key);
  auto other_name = text;
  other_name[4] = '2';
  auto other_hint = text;
  other_hint[6] = text[6] == '0' ? '1' : '0';
  const std::string cut = text.substr(0, text.size() - 4);
  for (const std::string& wrong :
       {std::string(), std::string("log/1"), std::string("log/1+00000000"), other_name, other_hint,
        cut, text + "\n", " " + text}) {
    EXPECT_FALSE(parse_verifier_key(hasher(), wrong)) << wrong;
  }
}

TEST(Note, IsReadStrictly) {
  const auto key = ossl::Ed25519Key::draw();
  const std::string text = to_text(sign_note(hasher(), key, "n", "text\n"));
  ASSERT_TRUE(parse_note(text));
  const std::string signature = text.substr(text.find(kDash));
  EXPECT_EQ(parse_note("a\n\nb\n\n" + signature)->text, "a\n\nb\n");  // lines may be empty
  for (const std::string& wrong :
       {std::string(), std::string("text\n"), std::string("text\n\n"), "text\n" + signature,
        text.substr(0, text.size() - 1), text + "\n", text + "x\n", "te\rxt\n\n" + signature,
        "te\xffxt\n\n" + signature, "text\n\n- n " + signature.substr(kDash.size() + 2),
        "text\n\n" + kDash + "n AAAAAA==\n", "text\n\n" + kDash + "n\n",
        "text\n\n" + kDash + " AAAAAAA=\n", "text\n\n" + kDash + "a+b AAAAAAA=\n"}) {
    EXPECT_EQ(parse_note(wrong).error().code, Errc::invalid_argument) << wrong;
  }
  EXPECT_EQ(parse_note(std::string(kMaxNoteBytes, 'x') + "\n\n" + signature).error().code,
            Errc::too_large);
  std::string many = "text\n\n";
  for (std::size_t i = 0; i <= kMaxNoteSignatures; ++i) many += signature;
  EXPECT_EQ(parse_note(many).error().code, Errc::too_large);
}

TEST(Checkpoint, IsThreeLinesAndWhatOthersAdd) {
  const core::Hash root = hasher().sha256({"root"});
  const std::string base64 = to_base64(core::as_bytes(root));
  Checkpoint checkpoint{"hansard/x/1", {20852163, root}, {}};
  EXPECT_EQ(to_text(checkpoint), "hansard/x/1\n20852163\n" + base64 + "\n");
  EXPECT_EQ(*parse_checkpoint(to_text(checkpoint)), checkpoint);
  checkpoint.extensions = {"more", "and more"};
  EXPECT_EQ(*parse_checkpoint(to_text(checkpoint)), checkpoint);
  for (const std::string& wrong :
       {std::string(), std::string("hansard/x/1\n1\n"), "\n1\n" + base64 + "\n",
        "o\n01\n" + base64 + "\n", "o\n-1\n" + base64 + "\n", "o\n+1\n" + base64 + "\n",
        "o\n\n" + base64 + "\n", "o\n18446744073709551616\n" + base64 + "\n", "o\n1\n" + base64,
        "o\n1\n" + base64 + "\n\n", "o\n1\n" + base64.substr(4) + "\n"}) {
    EXPECT_EQ(parse_checkpoint(wrong).error().code, Errc::invalid_argument) << wrong;
  }
}

TEST(StreamHead, IsAStatementThatIsNoCheckpoint) {
  const core::Hash root = hasher().sha256({"root"});
  const StreamHead head{"hansard/x/1", {7, root}, "default", "session-s1", core::Version{3}};
  const std::string text = to_text(head);
  EXPECT_EQ(text, "hansard-stream-head/v1\nhansard/x/1\n7\n" + to_base64(core::as_bytes(root)) +
                      "\ndefault\nsession-s1\n3\n");
  EXPECT_EQ(*parse_stream_head(text), head);
  EXPECT_FALSE(parse_checkpoint(text));
  for (const std::string& wrong :
       {text + "4\n", text.substr(0, text.size() - 2), text.substr(text.find('\n') + 1),
        to_text(Checkpoint{"hansard/x/1", {7, root}, {"default", "session-s1", "3", "x"}})}) {
    EXPECT_EQ(parse_stream_head(wrong).error().code, Errc::invalid_argument) << wrong;
  }
}

TEST(SigningKeyRotatedEvent, KeepsItsStoredForm) {
  const auto golden = parse_json(support::golden("events/SigningKeyRotated.v1.json"));
  ASSERT_TRUE(golden) << golden.error().message;
  const std::string facts = dump(*golden->find("facts"));
  const auto event = decode_system("SigningKeyRotated", 1, facts, "{}");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(encode(*event).facts, facts);
  const auto& rotated = std::get<SigningKeyRotated>(*event);
  const auto note = parse_note(rotated.note);
  ASSERT_TRUE(note);
  const auto old_key = parse_verifier_key(hasher(), rotated.old_key);
  ASSERT_TRUE(old_key);
  EXPECT_TRUE(check_note(hasher(), ossl::Ed25519Verifier(), *old_key, *note));
  EXPECT_EQ(to_text(hasher(), parse_key_change(hasher(), note->text)->key), rotated.new_key);
}

TEST(Origin, NamesTheLogAndItsEpoch) {
  EXPECT_EQ(origin_of(core::Uuid{}, 2), "hansard/00000000-0000-0000-0000-000000000000/2");
}

}  // namespace
}  // namespace hansard::events::audit
