#include "events/audit/note.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "events/audit/base64.h"
#include "utf8.h"

namespace hansard::events::audit {
namespace {

using core::Errc;
using core::Error;
using core::Result;

constexpr std::string_view kStreamHeadMark = "hansard-stream-head/v1";
constexpr std::string_view kKeyChangeMark = "hansard-signing-key/v1";
constexpr char kEd25519 = 1;

Error wrong(std::string_view what, const std::string& why) {
  return Error{Errc::invalid_argument, std::string(what) + ": " + why};
}

bool is_key_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && is_utf8(name) &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '+';
         });
}

/// Decimal as `std::to_string` writes it.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return {};
  if (text.size() > 1 && text.front() == '0') return {};
  return number;
}

std::optional<core::Hash> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  core::Hash hash;
  if (!bytes || bytes->size() != hash.size()) return {};
  std::memcpy(hash.data(), bytes->data(), hash.size());
  return hash;
}

std::string_view bytes_of(const core::PublicKey& key) { return core::as_bytes(key); }

/// The lines of a text in which each is ended; nothing when the last one is not.
std::optional<std::vector<std::string_view>> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kSignatureMark)) {
    return wrong("note", "a line of signature must begin with an em dash and a space");
  }
  line.remove_prefix(kSignatureMark.size());
  const auto space = line.find(' ');
  NoteSignature signature;
  signature.name = std::string(line.substr(0, space));
  if (space == std::string_view::npos || !is_key_name(signature.name)) {
    return wrong("note", "a line of signature must have a name and base64");
  }
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() <= signature.hint.size()) {
    return wrong("note", "the signature of " + signature.name + " is no base64 of a key hint and " +
                             "a signature");
  }
  std::memcpy(signature.hint.data(), bytes->data(), signature.hint.size());
  signature.bytes = bytes->substr(signature.hint.size());
  return signature;
}

/// Three lines that both statements have.
Result<core::TreeHead> parse_tree(std::string_view what, std::string_view origin,
                                  std::string_view size, std::string_view root) {
  if (origin.empty()) return wrong(what, "the origin is empty");
  const auto number = parse_number(size);
  if (!number) return wrong(what, "the size is no decimal number");
  const auto hash = parse_hash(root);
  if (!hash) return wrong(what, "the root is not 32 bytes in base64");
  return core::TreeHead{*number, *hash};
}

}  // namespace

KeyHint key_hint(const core::Hasher& hasher, const VerifierKey& key) {
  const core::Hash hash =
      hasher.sha256({key.name, "\n", std::string_view(&kEd25519, 1), bytes_of(key.key)});
  KeyHint hint;
  std::memcpy(hint.data(), hash.data(), hint.size());
  return hint;
}

std::string to_text(const core::Hasher& hasher, const VerifierKey& key) {
  const KeyHint hint = key_hint(hasher, key);
  std::string bytes(1, kEd25519);
  bytes += bytes_of(key.key);
  return key.name + "+" + core::to_hex({reinterpret_cast<const char*>(hint.data()), hint.size()}) +
         "+" + to_base64(bytes);
}

Result<VerifierKey> parse_verifier_key(const core::Hasher& hasher, std::string_view text) {
  // Base64 may hold a "+", the name and the hint may not.
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) {
    return wrong("key", "expected name+hint+base64, as `vkey` of the log's head has it");
  }
  VerifierKey key;
  key.name = std::string(text.substr(0, first));
  if (!is_key_name(key.name)) return wrong("key", "its name is empty or has white space");
  const auto bytes = from_base64(text.substr(second + 1));
  if (!bytes || bytes->size() != 1 + key.key.size() || bytes->front() != kEd25519) {
    return wrong("key", "expected base64 of the byte 1 and an Ed25519 key of 32 bytes");
  }
  std::memcpy(key.key.data(), bytes->data() + 1, key.key.size());
  if (to_text(hasher, key) != text) {
    return wrong("key",
                 "the hint does not belong to the name and the key: one of them was changed");
  }
  return key;
}

std::string to_text(const Note& note) {
  std::string text = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    std::string bytes(reinterpret_cast<const char*>(signature.hint.data()), signature.hint.size());
    bytes += signature.bytes;
    text += kSignatureMark;
    text += signature.name + " " + to_base64(bytes) + "\n";
  }
  return text;
}

Result<Note> parse_note(std::string_view text) {
  if (text.size() > kMaxNoteBytes) {
    return Error{Errc::too_large, "a note has at most " + std::to_string(kMaxNoteBytes) + " bytes"};
  }
  if (!is_utf8(text)) return wrong("note", "it is not UTF-8");
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\n';
  });
  if (control) return wrong("note", "it has control characters");
  const auto blank = text.rfind("\n\n");  // the text itself may have empty lines
  if (blank == std::string_view::npos) {
    return wrong("note", "no empty line stands between its text and its signatures");
  }
  Note note;
  note.text = std::string(text.substr(0, blank + 1));
  const auto lines = lines_of(text.substr(blank + 2));
  if (!lines || lines->empty()) return wrong("note", "it ends without a line of signature");
  if (lines->size() > kMaxNoteSignatures) {
    return Error{Errc::too_large,
                 "a note has at most " + std::to_string(kMaxNoteSignatures) + " signatures"};
  }
  for (const std::string_view line : *lines) {
    auto signature = parse_signature(line);
    if (!signature) return std::move(signature.error());
    note.signatures.push_back(*std::move(signature));
  }
  return note;
}

Note sign_note(const core::Hasher& hasher, const core::Signer& signer, std::string_view name,
               std::string text) {
  HANSARD_ASSERT(!text.empty() && text.back() == '\n', "the lines of a note are ended");
  const VerifierKey key{std::string(name), signer.public_key()};
  HANSARD_ASSERT(is_key_name(key.name), "names of keys are made by origin_of");
  const core::Signature signature = signer.sign(text);
  Note note;
  note.text = std::move(text);
  note.signatures.push_back({key.name,
                             key_hint(hasher, key),
                             {reinterpret_cast<const char*>(signature.data()), signature.size()}});
  return note;
}

core::Status check_note(const core::Hasher& hasher, const core::SignatureVerifier& verifier,
                        const VerifierKey& key, const Note& note) {
  const KeyHint hint = key_hint(hasher, key);
  bool signed_by_key = false;
  for (const NoteSignature& each : note.signatures) {
    if (each.name != key.name || each.hint != hint) continue;
    core::Signature signature{};
    const bool whole = each.bytes.size() == signature.size();
    if (whole) std::memcpy(signature.data(), each.bytes.data(), signature.size());
    if (!whole || !verifier.verify(key.key, note.text, signature)) {
      return Error{Errc::rejected, "the signature of " + key.name + " is wrong"};
    }
    signed_by_key = true;
  }
  if (signed_by_key) return core::Ok{};
  return Error{Errc::rejected, "it is not signed by the key " + to_text(hasher, key)};
}

std::string origin_of(const core::Uuid& log_id, std::uint64_t epoch) {
  return "hansard/" + core::to_string(log_id) + "/" + std::to_string(epoch);
}

std::string to_text(const Checkpoint& checkpoint) {
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.tree.size) + "\n" +
                     to_base64(core::as_bytes(checkpoint.tree.root)) + "\n";
  for (const std::string& line : checkpoint.extensions) text += line + "\n";
  return text;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto lines = lines_of(text);
  if (!lines || lines->size() < 3) {
    return wrong("checkpoint", "expected lines of origin, size and root");
  }
  const auto tree = parse_tree("checkpoint", (*lines)[0], (*lines)[1], (*lines)[2]);
  if (!tree) return tree.error();
  Checkpoint checkpoint{std::string((*lines)[0]), *tree, {}};
  for (std::size_t i = 3; i < lines->size(); ++i) {
    if ((*lines)[i].empty()) return wrong("checkpoint", "an extension line is empty");
    checkpoint.extensions.emplace_back((*lines)[i]);
  }
  return checkpoint;
}

std::string to_text(const StreamHead& head) {
  return std::string(kStreamHeadMark) + "\n" +
         to_text(Checkpoint{head.origin, head.tree, {head.project, head.stream}}) +
         std::to_string(head.last.value) + "\n";
}

Result<StreamHead> parse_stream_head(std::string_view text) {
  constexpr std::string_view kWhat = "stream head";
  const auto lines = lines_of(text);
  if (!lines || lines->size() != 7 || lines->front() != kStreamHeadMark) {
    return wrong(kWhat, "expected the seven lines of " + std::string(kStreamHeadMark));
  }
  const auto tree = parse_tree(kWhat, (*lines)[1], (*lines)[2], (*lines)[3]);
  if (!tree) return tree.error();
  const auto last = parse_number((*lines)[6]);
  if (!last) return wrong(kWhat, "the version is no decimal number");
  if ((*lines)[4].empty() || (*lines)[5].empty()) {
    return wrong(kWhat, "the project or the stream is empty");
  }
  return StreamHead{std::string((*lines)[1]), *tree, std::string((*lines)[4]),
                    std::string((*lines)[5]), core::Version{*last}};
}

std::string to_text(const core::Hasher& hasher, const KeyChange& change) {
  return std::string(kKeyChangeMark) + "\n" +
         to_text(Checkpoint{change.origin, change.tree, {to_text(hasher, change.key)}});
}

Result<KeyChange> parse_key_change(const core::Hasher& hasher, std::string_view text) {
  constexpr std::string_view kWhat = "change of key";
  const auto lines = lines_of(text);
  if (!lines || lines->size() != 5 || lines->front() != kKeyChangeMark) {
    return wrong(kWhat, "expected the five lines of " + std::string(kKeyChangeMark));
  }
  const auto tree = parse_tree(kWhat, (*lines)[1], (*lines)[2], (*lines)[3]);
  if (!tree) return tree.error();
  auto key = parse_verifier_key(hasher, (*lines)[4]);
  if (!key) return std::move(key.error());
  return KeyChange{std::string((*lines)[1]), *tree, *std::move(key)};
}

}  // namespace hansard::events::audit
