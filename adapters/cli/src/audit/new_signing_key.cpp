#include "audit/new_signing_key.h"

#include <filesystem>
#include <string>

#include "audit/checkpoint_file.h"
#include "audit/log_notary.h"
#include "core/tree.h"
#include "events/audit/key_chain.h"
#include "events/audit/note.h"
#include "ossl/ed25519.h"

namespace hansard::cli {

namespace {

namespace audit = events::audit;
namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Result;
using core::Status;

/// That no key of the directory signed `note`.
Status check_lost(rocks::RocksStore& store, const core::Hasher& hasher, const audit::Note& note,
                  const std::string& origin) {
  const auto notary = LogNotary::open(store, hasher, true);
  if (!notary && notary.error().code == Errc::corruption) return core::Ok{};  // no key at all
  if (!notary) return notary.error();
  const auto keys = (*notary)->all_keys();
  if (!keys) return keys.error();
  if (!check_note_of(hasher, ossl::Ed25519Verifier(), *keys, origin, note)) return core::Ok{};
  return Error{Errc::rejected,
               "the key that signed the checkpoint is there: a start goes on with it, and POST "
               "/v1/admin/signing-key/rotate changes it so that others can follow"};
}

/// The epoch of an origin of this log, up to the one of now; 0: it is of another.
std::uint64_t epoch_of(const rocks::RocksStore& store, const std::string& origin) {
  for (std::uint64_t epoch = store.epoch(); epoch != 0; --epoch) {
    if (origin == audit::origin_of(store.log_id(), epoch)) return epoch;
  }
  return 0;
}

}  // namespace

Status leave_signing_key(rocks::RocksStore& store, const core::Hasher& hasher) {
  const fs::path place = store.directory() / "checkpoint";
  const auto wrong = [&](const std::string& why) {
    return Error{Errc::corruption, "the checkpoint in " + place.string() + ": " + why};
  };
  const auto text = stored_checkpoint(store);
  if (!text) return text.error();
  if (!*text) {
    return Error{Errc::rejected,
                 "nothing is signed here yet: the next start draws a key by itself"};
  }
  const auto note = audit::parse_note(**text);
  if (!note) return wrong(note.error().message);
  const auto checkpoint = audit::parse_checkpoint(note->text);
  if (!checkpoint) return wrong(checkpoint.error().message);
  const std::uint64_t epoch = epoch_of(store, checkpoint->origin);
  if (epoch == 0) return wrong("it is of " + checkpoint->origin);
  if (auto lost = check_lost(store, hasher, *note, checkpoint->origin); !lost) return lost;
  const core::TreeHead now = store.tree().head();
  const auto then = checkpoint->tree.size > now.size
                        ? Result<core::TreeHead>(now)
                        : core::head_at(hasher, store.tree(), checkpoint->tree.size);
  if (!then) return then.error();
  if (*then != checkpoint->tree) {
    return wrong("the log is not what it says, of " + std::to_string(checkpoint->tree.size) +
                 " events; a new key mends nothing of that. Restore a backup");
  }
  // An earlier one: this was cut off.
  if (epoch == store.epoch()) {
    if (auto begun = store.begin_epoch(); !begun) return begun;
  }
  rocks::OwnFiles& files = store.own_files();
  const fs::path keys = store.directory() / "keys";
  std::error_code ignored;
  if (fs::exists(keys / "signing.pem", ignored)) {
    const fs::path aside = keys / ("signing.replaced-" + std::to_string(epoch) + ".pem");
    if (auto moved = files.rename(keys / "signing.pem", aside); !moved) return moved;
    if (auto synced = files.sync_directory(keys); !synced) return synced;
  }
  const fs::path aside = place.string() + ".epoch-" + std::to_string(epoch);
  if (auto moved = files.rename(place, aside); !moved) return moved;
  return files.sync_directory(store.directory());
}

}  // namespace hansard::cli
