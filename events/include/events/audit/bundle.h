#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/merkle.h"
#include "core/signer.h"
#include "events/audit/key_chain.h"
#include "events/audit/note.h"
#include "events/json.h"

/// Bundles of proofs (`hansard-proof/1`): what a log says about some of its events, with all that
/// is needed to check it without the log. NDJSON; `adapters/cli/PROOFS.md` describes every byte.
/// Pure.
namespace hansard::events::audit {

/// An event of the largest size, its texts escaped as badly as can be, and the rest of its line.
inline constexpr std::size_t kMaxBundleLineBytes = 112U << 20;
/// Hashes of a path: one a bit of the size.
inline constexpr std::size_t kMaxPathHashes = 64;

/// The first line.
struct BundleHead {
  VerifierKey key;
  Note checkpoint;
  std::optional<Note> stream_head;  ///< then the events are all of that stream
  struct Older {                    ///< the log was of this size, and only grew since
    std::uint64_t size = 0;
    std::vector<core::Hash> path;
  };
  std::optional<Older> older;
  /// Keys of the same origin that handed over to `key`, oldest first: whoever has one of those from
  /// elsewhere can follow.
  std::vector<EarlierKey> earlier;
};
/// Newline included, as of the lines below.
std::string bundle_head_line(const core::Hasher& hasher, const BundleHead& head);
/// `path`: of the event's leaf, in the tree of the checkpoint.
std::string bundle_event_line(const core::Hasher& hasher, const core::RecordedEvent& event,
                              std::span<const core::Hash> path);
std::string bundle_end_line(std::uint64_t events);

/// What holds once a bundle was read to its end without an error.
struct BundleVerdict {
  Checkpoint checkpoint;
  VerifierKey key;
  bool key_given = false;  ///< by whoever checks, not by the bundle
  /// Changes of key between the one given, or the oldest that is told, and `key`.
  std::size_t key_changes = 0;
  std::optional<StreamHead> stream;
  std::uint64_t events = 0;
  std::uint64_t erased = 0;  ///< of them
  core::Timestamp first_recorded_at{};
  core::Timestamp last_recorded_at{};
  /// What the checkpoint from elsewhere said, when one was given: this log, then and since.
  std::optional<core::TreeHead> outside;
};

/// Reads a bundle line by line and stops at the first thing that is wrong. Trusts nothing in it:
/// memory is bounded by the longest line. Confined to one thread.
class BundleCheck {
 public:
  struct Trust {
    /// That must have signed, or handed over to who did.
    std::optional<VerifierKey> key;
    /// A note over a checkpoint that was kept elsewhere. The bundle must be of the same size, or
    /// say (`older`) how it grew from there. Any key that led to the bundle's may have signed it.
    std::optional<Note> checkpoint;
  };
  BundleCheck(const core::Hasher& hasher, const core::SignatureVerifier& verifier, Trust trust)
      : hasher_(hasher), verifier_(verifier), trust_(std::move(trust)) {}

  /// Takes the next line, without its newline. Errors: corruption, naming the line, the position of
  /// its event, and what is wrong. Nothing may follow an error.
  core::Status line(std::string_view text);
  /// After the last line. Errors: corruption (it ends too early).
  core::Result<BundleVerdict> finish();

 private:
  core::Status head(std::string_view text);
  core::Status check_keys(const Json& head);
  core::Status check_outside(const std::optional<BundleHead::Older>& older);
  core::Status event(std::string_view text);
  core::Status place(const core::RecordedEvent& event);
  core::Status end(std::uint64_t count);
  [[nodiscard]] core::Error wrong(const std::string& why) const;

  const core::Hasher& hasher_;
  const core::SignatureVerifier& verifier_;
  const Trust trust_;
  BundleVerdict verdict_;
  std::vector<core::PublicKey> keys_;  ///< that are trusted, oldest first; the bundle's last
  std::uint64_t changed_at_ = 0;       ///< size that the last change of key names
  std::uint64_t line_ = 0;
  std::optional<std::uint64_t> position_;  ///< of the event at hand
  std::uint64_t next_position_ = 0;        ///< the lowest that the next event may have
  bool ended_ = false;
};

}  // namespace hansard::events::audit
