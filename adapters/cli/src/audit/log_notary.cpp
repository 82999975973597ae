#include "audit/log_notary.h"

#include <algorithm>
#include <future>
#include <utility>
#include <variant>

#include "events/system/events.h"
#include "ossl/random.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::audit::EarlierKey;
using events::audit::Note;
using events::audit::VerifierKey;

constexpr const char* kKeyFile = "signing.pem";
constexpr const char* kNextKeyFile = "signing.next.pem";  // while the key is being changed
constexpr std::size_t kKeyFileBytesMax = 4096;

core::ProjectId log_project() { return core::ProjectId::parse("_log").value(); }
core::StreamId system_stream() { return core::StreamId::parse("system").value(); }

core::AppendRequest event_of(const events::SigningKeyRotated& rotated, core::Timestamp now,
                             const core::KeyId& actor, const core::Hasher& hasher) {
  events::EncodedEvent encoded = events::encode(rotated);
  core::NewEvent event;
  event.stream = system_stream();
  event.type = encoded.type;
  event.schema = encoded.schema;
  // Made of the key, so that whoever finishes a change finds it.
  event.id = core::EventId{core::uuid_v8(hasher.sha256({"hansard signing key ", rotated.new_key}))};
  event.occurred_at = now;
  event.facts = std::move(encoded.facts);
  event.content = std::move(encoded.content);
  event.salt = ossl::random_hash();
  core::seal(event, hasher);
  core::AppendRequest request;
  request.project = log_project();
  request.records.push_back(std::move(event));
  request.recorded_at = now;
  request.actor = actor;
  return request;
}

}  // namespace

LogNotary::LogNotary(rocks::RocksStore& store, const core::Hasher& hasher, bool read_only)
    : store_(store),
      hasher_(hasher),
      origin_(events::audit::origin_of(store.log_id(), store.epoch())),
      read_only_(read_only) {}

std::filesystem::path LogNotary::path(const char* name) const {
  return store_.directory() / "keys" / name;
}

VerifierKey LogNotary::named(const core::PublicKey& key) const { return {origin_, key}; }

Result<std::optional<ossl::Ed25519Key>> LogNotary::read(const std::filesystem::path& path) const {
  const auto text = rocks::read_file(store_.own_files(), path, kKeyFileBytesMax);
  if (!text) return text.error();
  if (!*text) return std::optional<ossl::Ed25519Key>{};
  auto key = ossl::Ed25519Key::parse_pem(**text);
  if (!key) return Error{Errc::corruption, path.string() + ": " + key.error().message};
  return std::optional<ossl::Ed25519Key>(*std::move(key));
}

Result<std::unique_ptr<LogNotary>> LogNotary::open(rocks::RocksStore& store,
                                                   const core::Hasher& hasher, bool read_only) {
  std::unique_ptr<LogNotary> notary(new LogNotary(store, hasher, read_only));
  auto key = notary->read(notary->path(kKeyFile));
  if (!key) return std::move(key.error());
  notary->key_ = *std::move(key);
  if (auto settled = notary->settle(); !settled) return std::move(settled.error());
  if (notary->key_ || read_only) return notary;
  std::error_code ignored;
  if (std::filesystem::exists(store.directory() / "checkpoint", ignored)) {
    return Error{Errc::rejected,
                 notary->path(kKeyFile).string() +
                     " is missing, and the checkpoint beside it was signed with it. Put the file "
                     "back (`hansard backup --with-signing-key` keeps it), or, if it is lost, go "
                     "on under another key in another epoch: `hansard doctor --new-signing-key`"};
  }
  auto drawn = ossl::Ed25519Key::draw();
  if (auto kept = rocks::replace_file(store.own_files(), notary->path(kKeyFile), drawn.pem());
      !kept) {
    return std::move(kept.error());
  }
  notary->key_ = std::move(drawn);
  return notary;
}

/// A change of key stands once its event does.
Status LogNotary::settle() {
  auto next = read(path(kNextKeyFile));
  if (!next) return std::move(next.error());
  if (!*next) return core::Ok{};
  const std::string text = events::audit::to_text(hasher_, named((*next)->public_key()));
  const core::EventId id{core::uuid_v8(hasher_.sha256({"hansard signing key ", text}))};
  const auto recorded = store_.log().find(log_project(), id);
  if (!recorded) return recorded.error();
  if (*recorded) {
    const std::unique_lock lock(mutex_);
    key_ = *std::move(next);
    earlier_.reset();
  }
  if (read_only_) return core::Ok{};
  rocks::OwnFiles& files = store_.own_files();
  auto moved = *recorded ? files.rename(path(kNextKeyFile), path(kKeyFile))
                         : files.remove(path(kNextKeyFile));
  if (!moved) return moved;
  return files.sync_directory(path(kKeyFile).parent_path());
}

Result<VerifierKey> LogNotary::key() const {
  const std::shared_lock lock(mutex_);
  if (key_) return named(key_->public_key());
  return Error{Errc::not_found,
               "there is no signing key yet; the first command that writes draws one"};
}

Result<Note> LogNotary::sign(std::string text) const {
  const std::shared_lock lock(mutex_);
  if (key_) return events::audit::sign_note(hasher_, *key_, origin_, std::move(text));
  return Error{Errc::not_found,
               "there is no signing key yet; the first command that writes draws one"};
}

Result<std::vector<EarlierKey>> LogNotary::read_earlier_keys() const {
  const auto now = key();
  if (!now && now.error().code == Errc::not_found) return std::vector<EarlierKey>{};
  if (!now) return now.error();
  struct Change {
    EarlierKey from;
    core::PublicKey to;
  };
  const ossl::Ed25519Verifier verifier;
  std::vector<Change> changes;  // in the order of the log; whoever may append could write one
  const auto read = store_.log().read_stream(
      log_project(), system_stream(), core::Version{}, [&](const core::RecordedEvent& event) {
        if (event.type != events::SigningKeyRotated::kType) return true;
        const auto decoded = events::decode_system(event.type, event.schema, event.facts, "{}");
        if (!decoded) return true;
        const auto& rotated = std::get<events::SigningKeyRotated>(*decoded);
        const auto old_key = events::audit::parse_verifier_key(hasher_, rotated.old_key);
        auto note = events::audit::parse_note(rotated.note);
        if (!old_key || !note || !check_note(hasher_, verifier, *old_key, *note)) return true;
        const auto change = events::audit::parse_key_change(hasher_, note->text);
        if (change && change->origin == old_key->name) {
          changes.push_back({{*old_key, *std::move(note)}, change->key.key});
        }
        return true;
      });
  if (!read) return read.error();
  // Back from the key of now: only what leads to it counts.
  std::vector<EarlierKey> keys;
  core::PublicKey next = now->key;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->to != next || keys.size() == events::audit::kMaxEarlierKeys) continue;
    next = change->from.key.key;
    keys.push_back(std::move(change->from));
  }
  std::reverse(keys.begin(), keys.end());
  return keys;
}

Result<std::vector<EarlierKey>> LogNotary::earlier_keys() const {
  {
    const std::shared_lock lock(mutex_);
    if (earlier_) return *earlier_;
  }
  const std::lock_guard no_change(rotating_);
  auto keys = read_earlier_keys();
  if (!keys) return keys;
  const std::unique_lock lock(mutex_);
  earlier_ = *keys;
  return keys;
}

Result<std::vector<core::PublicKey>> LogNotary::all_keys() const {
  const auto earlier = earlier_keys();
  if (!earlier) return earlier.error();
  std::vector<core::PublicKey> keys;
  for (const EarlierKey& each : *earlier) keys.push_back(each.key.key);
  const auto now = key();
  if (now) keys.push_back(now->key);
  return keys;
}

Result<LogNotary::Rotated> LogNotary::rotate(const core::Clock& clock, const core::KeyId& actor) {
  if (read_only_) return Error{Errc::unsupported, "the directory was opened read-only"};
  const std::lock_guard one_at_a_time(rotating_);
  if (auto settled = settle(); !settled) return std::move(settled.error());
  const auto old_key = key();
  if (!old_key) return old_key.error();
  auto drawn = ossl::Ed25519Key::draw();
  const VerifierKey new_key = named(drawn.public_key());
  const core::TreeHead tree = store_.log().tree();
  auto note =
      sign(events::audit::to_text(hasher_, events::audit::KeyChange{origin_, tree, new_key}));
  if (!note) return std::move(note.error());
  rocks::OwnFiles& files = store_.own_files();
  if (auto kept = rocks::replace_file(files, path(kNextKeyFile), drawn.pem()); !kept) {
    return std::move(kept.error());
  }
  const events::SigningKeyRotated rotated{events::audit::to_text(hasher_, *old_key),
                                          events::audit::to_text(hasher_, new_key), tree.size,
                                          events::audit::to_text(*note)};
  std::promise<Result<core::Receipt>> promise;
  auto receipt = promise.get_future();
  store_.log().append(
      event_of(rotated, clock.now(), actor, hasher_),
      [&promise](Result<core::Receipt> told) { promise.set_value(std::move(told)); });
  const auto told = receipt.get();
  // After `unavailable` nobody knows: the next start looks whether the event is there.
  if (!told) {
    if (told.error().code != Errc::unavailable) (void)files.remove(path(kNextKeyFile));
    return told.error();
  }
  {
    const std::unique_lock lock(mutex_);
    key_ = std::move(drawn);
    earlier_.reset();  // read again, as it stands in the log
  }
  if (auto settled = settle(); !settled) return std::move(settled.error());
  return Rotated{*old_key, new_key, told->records.front()};
}

}  // namespace hansard::cli
