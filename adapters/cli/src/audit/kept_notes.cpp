#include "audit/kept_notes.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

#include "events/audit/key_chain.h"
#include "events/audit/note_list.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"
#include "text/hex.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
namespace audit = events::audit;

constexpr std::size_t kPieceBytes = 64U << 10;

/// A note as a checkpoint that `trust` allows. Errors: invalid_argument.
Result<KeptCheckpoint> understand(std::string_view text, const NoteTrust& trust) {
  const auto wrong = [](const std::string& why) { return Error{Errc::invalid_argument, why}; };
  auto note = audit::parse_note(text);
  if (!note) return wrong(note.error().message);
  auto checkpoint = audit::parse_checkpoint(note->text);
  if (!checkpoint) return wrong(checkpoint.error().message);
  if (trust.log_id) {
    std::string ours = audit::origin_of(*trust.log_id, 1);
    ours.pop_back();  // of any epoch
    if (!checkpoint->origin.starts_with(ours)) {
      return wrong("it is of " + checkpoint->origin + ", not of this log (" + ours + "...)");
    }
  }
  if (!trust.keys.empty()) {
    const ossl::OpenSslHasher hasher;
    const ossl::Ed25519Verifier verifier;
    const auto good = audit::check_note_of(hasher, verifier, trust.keys, checkpoint->origin, *note);
    if (!good) return wrong(good.error().message);
  }
  return KeptCheckpoint{*std::move(note), *std::move(checkpoint)};
}

}  // namespace

Result<KeptNotes> KeptNotes::open(std::string file, NoteTrust trust) {
  KeptNotes notes(std::move(file), std::move(trust));
  if (!notes.in_) return notes.wrong(Errc::not_found, "cannot be read");
  return notes;
}

Error KeptNotes::wrong(Errc code, const std::string& why) const {
  return Error{code, file_ + ": " + why};
}

Result<std::optional<KeptCheckpoint>> KeptNotes::next() {
  while (true) {
    const bool ended = in_.eof();
    std::string_view rest = std::string_view(held_).substr(taken_);
    const auto note = audit::take_note(rest, ended);
    taken_ = held_.size() - rest.size();
    if (note) {
      ++notes_;
      auto kept = understand(*note, trust_);
      if (kept) return std::optional(*std::move(kept));
      return wrong(kept.error().code,
                   "note " + std::to_string(notes_) + ": " + kept.error().message);
    }
    if (ended) return std::optional<KeptCheckpoint>{};
    held_.erase(0, std::exchange(taken_, 0));
    if (held_.size() > audit::kMaxNoteBytes) {
      return wrong(Errc::invalid_argument, "note " + std::to_string(notes_ + 1) +
                                               ": it has more than " +
                                               std::to_string(audit::kMaxNoteBytes) + " bytes");
    }
    const std::size_t before = held_.size();
    held_.resize(before + kPieceBytes);
    in_.read(held_.data() + before, static_cast<std::streamsize>(kPieceBytes));
    held_.resize(before + static_cast<std::size_t>(in_.gcount()));
    if (!in_ && !in_.eof()) return wrong(Errc::unavailable, "cannot be read");
  }
}

Result<KeptCheckpoint> read_last_checkpoint(const std::string& file, const NoteTrust& trust) {
  const auto wrong = [&](Errc code, const std::string& why) {
    return Error{code, file + ": " + why};
  };
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return wrong(Errc::not_found, "cannot be read");
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(0, in.tellg()));
  // The last note, and one that was cut off behind it; what is before may be cut by this.
  const std::uint64_t wanted = std::min<std::uint64_t>(size, 3 * audit::kMaxNoteBytes);
  in.seekg(static_cast<std::streamoff>(size - wanted));
  std::string text(wanted, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in && !text.empty()) return wrong(Errc::unavailable, "cannot be read");
  const audit::NoteList list = audit::split_notes(text);
  if (list.notes.empty()) return wrong(Errc::invalid_argument, "it holds no whole signed note");
  tell_cut_off(file, list.cut_off.size());
  auto kept = understand(list.notes.back(), trust);
  if (!kept) return wrong(kept.error().code, "its last note: " + kept.error().message);
  return kept;
}

void tell_cut_off(const std::string& file, std::size_t bytes) {
  if (bytes == 0) return;
  std::fprintf(stderr,
               "%s: the last %s bytes are no whole note, cut off while they were written: left "
               "out\n",
               printable(file).c_str(), grouped(bytes).c_str());
}

Result<core::TreeHead> parse_head(std::string_view text) {
  const std::size_t colon = text.find(':');
  core::TreeHead head;
  const char* const end = text.data() + std::min(colon, text.size());
  const auto size = std::from_chars(text.data(), end, head.size);
  const auto root =
      colon == std::string_view::npos ? std::nullopt : parse_hex(text.substr(colon + 1));
  if (size.ec != std::errc{} || size.ptr != end || !root || root->size() != head.root.size()) {
    return Error{Errc::invalid_argument,
                 std::string(text) + ": expected SIZE:ROOT, the root as 64 hex digits"};
  }
  std::copy(root->begin(), root->end(), head.root.begin());
  return head;
}

}  // namespace hansard::cli
