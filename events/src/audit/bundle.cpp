#include "events/audit/bundle.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "core/event_bytes.h"
#include "events/audit/base64.h"
#include "events/json.h"

namespace hansard::events::audit {
namespace {

using core::Errc;
using core::Error;
using core::Hash;
using core::Result;
using core::Status;

constexpr std::string_view kFormat = "hansard-proof/1";

void put(std::string& out, std::string_view name, std::string_view text) {
  out += out.size() == 1 ? "\"" : ",\"";
  out += name;
  out += "\":";
  dump_string_to(text, out);
}

void put_path(std::string& out, std::string_view name, std::span<const Hash> path) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += name;
  out += "\":[";
  for (std::size_t i = 0; i < path.size(); ++i) {
    out += i == 0 ? "\"" : ",\"";
    out += to_base64(core::as_bytes(path[i])) + "\"";
  }
  out += "]";
}

Error bad(std::string_view name, std::string_view what) {
  return Error{Errc::corruption, "'" + std::string(name) + "' " + std::string(what)};
}

/// A member that is a text. Errors say what is wrong with it.
Result<std::string> text_of(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return bad(name, "is not there, or no text");
  return *text;
}

Result<std::uint64_t> number_of(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  if (member == nullptr) return bad(name, "is not there");
  const auto number = member->as_uint(name);
  if (!number) return bad(name, "is no whole number");
  return *number;
}

Result<std::string> bytes_of(const Json& object, std::string_view name) {
  const auto text = text_of(object, name);
  if (!text) return text.error();
  auto bytes = from_base64(*text);
  if (!bytes) return bad(name, "is no base64");
  return *std::move(bytes);
}

Result<Hash> hash_of(const Json& object, std::string_view name) {
  const auto bytes = bytes_of(object, name);
  if (!bytes) return bytes.error();
  Hash hash;
  if (bytes->size() != hash.size()) return bad(name, "is not 32 bytes");
  std::memcpy(hash.data(), bytes->data(), hash.size());
  return hash;
}

Result<std::vector<Hash>> path_of(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const Json::Array* list = member == nullptr ? nullptr : member->if_array();
  if (list == nullptr) return bad(name, "is not there, or no list");
  if (list->size() > kMaxPathHashes) return bad(name, "has more than 64 hashes");
  std::vector<Hash> path;
  for (const Json& element : *list) {
    const std::string* text = element.if_string();
    const auto bytes = text == nullptr ? std::nullopt : from_base64(*text);
    Hash hash;
    if (!bytes || bytes->size() != hash.size()) return bad(name, "is no list of 32 bytes each");
    std::memcpy(hash.data(), bytes->data(), hash.size());
    path.push_back(hash);
  }
  return path;
}

Result<Note> note_of(const Json& object, std::string_view name) {
  const auto text = text_of(object, name);
  if (!text) return text.error();
  auto note = parse_note(*text);
  if (!note) return bad(name, "is no signed note: " + note.error().message);
  return note;
}

/// Members have one meaning: none twice, none that is not known, so that nothing stands in a bundle
/// that was not looked at.
Status only(const Json& object, std::initializer_list<std::string_view> names) {
  const Json::Object* members = object.if_object();
  if (members == nullptr) return Error{Errc::corruption, "it is no JSON object"};
  std::vector<std::string_view> seen;
  for (const Json::Member& member : *members) {
    if (std::find(names.begin(), names.end(), member.key) == names.end()) {
      return bad(member.key, "is no member of this line");
    }
    if (std::find(seen.begin(), seen.end(), member.key) != seen.end()) {
      return bad(member.key, "stands there twice");
    }
    seen.push_back(member.key);
  }
  return core::Ok{};
}

}  // namespace

std::string bundle_head_line(const core::Hasher& hasher, const BundleHead& head) {
  std::string out = "{";
  put(out, "format", kFormat);
  put(out, "origin", head.key.name);
  put(out, "vkey", to_text(hasher, head.key));
  put(out, "checkpoint", to_text(head.checkpoint));
  if (head.stream_head) put(out, "stream_head", to_text(*head.stream_head));
  if (!head.earlier.empty()) {
    Json list(Json::Array{});
    for (const EarlierKey& each : head.earlier) list.push(to_json(hasher, each));
    out += ",\"earlier\":";
    dump_to(list, out);
  }
  if (head.older) {
    out += ",\"older\":{\"size\":" + std::to_string(head.older->size);
    put_path(out, "path", head.older->path);
    out += "}";
  }
  return out + "}\n";
}

std::string bundle_event_line(const core::Hasher& hasher, const core::RecordedEvent& event,
                              std::span<const Hash> path) {
  std::string out = "{\"position\":" + std::to_string(event.position.value);
  put(out, "header", to_base64(event.header));
  put(out, "facts", event.facts);
  put(out, event.erased ? "commitment" : "salt", to_base64(event.salt_or_commitment));
  if (!event.erased) put(out, "content", event.content);
  put(out, "leaf", to_base64(core::as_bytes(core::leaf_hash(event, hasher))));
  put_path(out, "path", path);
  return out + "}\n";
}

std::string bundle_end_line(std::uint64_t events) {
  return "{\"end\":" + std::to_string(events) + "}\n";
}

Error BundleCheck::wrong(const std::string& why) const {
  std::string where = "line " + std::to_string(line_);
  if (position_) where += ", position " + std::to_string(*position_);
  return Error{Errc::corruption, where + ": " + why};
}

Status BundleCheck::line(std::string_view text) {
  ++line_;
  position_.reset();
  if (ended_) return wrong("something follows the last line");
  if (text.size() > kMaxBundleLineBytes) {
    return wrong("it has more than " + std::to_string(kMaxBundleLineBytes) + " bytes");
  }
  auto status = line_ == 1 ? head(text) : event(text);
  if (!status) return wrong(status.error().message);
  return core::Ok{};
}

Status BundleCheck::head(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return Error{Errc::corruption, "no JSON: " + json.error().message};
  if (auto known = only(
          *json, {"format", "origin", "vkey", "checkpoint", "stream_head", "earlier", "older"});
      !known) {
    return known;
  }
  const auto format = text_of(*json, "format");
  if (!format || *format != kFormat) return bad("format", "is not " + std::string(kFormat));
  const auto origin = text_of(*json, "origin");
  if (!origin) return origin.error();
  const auto vkey = text_of(*json, "vkey");
  if (!vkey) return vkey.error();
  const auto key = parse_verifier_key(hasher_, *vkey);
  if (!key) return bad("vkey", "is no key: " + key.error().message);
  if (key->name != *origin) return bad("vkey", "is of another name than 'origin'");
  verdict_.key = *key;
  if (auto good = check_keys(*json); !good) return good;

  const auto checkpoint_note = note_of(*json, "checkpoint");
  if (!checkpoint_note) return checkpoint_note.error();
  if (auto good = check_note(hasher_, verifier_, *key, *checkpoint_note); !good) {
    return bad("checkpoint", good.error().message);
  }
  const auto checkpoint = parse_checkpoint(checkpoint_note->text);
  if (!checkpoint) return bad("checkpoint", checkpoint.error().message);
  if (checkpoint->origin != *origin) return bad("checkpoint", "is of " + checkpoint->origin);
  verdict_.checkpoint = *checkpoint;
  if (checkpoint->tree.size < changed_at_) {
    return bad("earlier", "changes the key over more events than 'checkpoint' has");
  }

  if (json->find("stream_head") != nullptr) {
    const auto note = note_of(*json, "stream_head");
    if (!note) return note.error();
    if (auto good = check_note(hasher_, verifier_, *key, *note); !good) {
      return bad("stream_head", good.error().message);
    }
    const auto stream = parse_stream_head(note->text);
    if (!stream) return bad("stream_head", stream.error().message);
    if (stream->origin != *origin || stream->tree != checkpoint->tree) {
      return bad("stream_head", "is about another tree than 'checkpoint'");
    }
    verdict_.stream = *stream;
  }

  std::optional<BundleHead::Older> older;
  if (const Json* member = json->find("older")) {
    if (auto known = only(*member, {"size", "path"}); !known) return known;
    const auto size = number_of(*member, "size");
    if (!size) return size.error();
    auto path = path_of(*member, "path");
    if (!path) return std::move(path.error());
    older = BundleHead::Older{*size, *std::move(path)};
  }
  return check_outside(older);
}

/// Who may have signed: the bundle's key, and those that led to it from the one that is given.
Status BundleCheck::check_keys(const Json& head) {
  std::vector<EarlierKey> earlier;
  if (const Json* member = head.find("earlier")) {
    const Json::Array* list = member->if_array();
    if (list == nullptr || list->empty()) return bad("earlier", "is no list of keys");
    if (list->size() > kMaxEarlierKeys) return bad("earlier", "has more than 1000 keys");
    for (const Json& each : *list) {
      auto key = parse_earlier_key(hasher_, each);
      if (!key) return bad("earlier", key.error().message);
      if (key->key.name != verdict_.key.name) return bad("earlier", "is of another name");
      earlier.push_back(*std::move(key));
    }
  }
  const auto size = check_key_chain(hasher_, verifier_, earlier, verdict_.key);
  if (!size) return bad("earlier", size.error().message);
  changed_at_ = *size;
  for (const EarlierKey& each : earlier) keys_.push_back(each.key.key);
  keys_.push_back(verdict_.key.key);
  if (trust_.key) {
    const auto given = trust_.key->name == verdict_.key.name
                           ? std::find(keys_.begin(), keys_.end(), trust_.key->key)
                           : keys_.end();
    if (given == keys_.end()) {
      return Error{Errc::corruption,
                   "it was signed with the key " + to_text(hasher_, verdict_.key) +
                       ", not with the one given, " + to_text(hasher_, *trust_.key) +
                       ", and does not say that this one handed over to it"};
    }
    keys_.erase(keys_.begin(), given);
    verdict_.key_given = true;
  }
  verdict_.key_changes = keys_.size() - 1;
  return core::Ok{};
}

Status BundleCheck::check_outside(const std::optional<BundleHead::Older>& older) {
  if (!trust_.checkpoint) return core::Ok{};
  const auto fail = [](const std::string& why) {
    return Error{Errc::corruption, "the checkpoint from elsewhere " + why};
  };
  if (auto good = check_note_of(hasher_, verifier_, keys_, verdict_.key.name, *trust_.checkpoint);
      !good) {
    return fail("is not of this log: " + good.error().message);
  }
  const auto kept = parse_checkpoint(trust_.checkpoint->text);
  if (!kept) return fail("is none: " + kept.error().message);
  if (kept->origin != verdict_.checkpoint.origin) return fail("is of " + kept->origin);
  const core::TreeHead& now = verdict_.checkpoint.tree;
  const std::string sizes = "is over " + std::to_string(kept->tree.size) +
                            " events, that of the bundle over " + std::to_string(now.size);
  if (kept->tree.size == now.size) {
    if (kept->tree.root != now.root) return fail(sizes + " with another root: the log has forked");
  } else if (!older || older->size != kept->tree.size) {
    return fail(sizes +
                "; the bundle does not say how one grew into the other (make it with that "
                "checkpoint: `hansard prove --checkpoint FILE`)");
  } else if (!core::verify_consistency(hasher_, kept->tree, now, older->path)) {
    return fail(sizes + ", and is no beginning of it: the log has forked");
  }
  verdict_.outside = kept->tree;
  return core::Ok{};
}

Status BundleCheck::event(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return Error{Errc::corruption, "no JSON: " + json.error().message};
  if (json->find("end") != nullptr) {
    if (auto known = only(*json, {"end"}); !known) return known;
    const auto count = number_of(*json, "end");
    if (!count) return count.error();
    return end(*count);
  }
  const auto position = number_of(*json, "position");
  if (!position) return position.error();
  position_ = *position;
  const bool erased = json->find("commitment") != nullptr;
  const auto known =
      erased ? only(*json, {"position", "header", "facts", "commitment", "leaf", "path"})
             : only(*json, {"position", "header", "facts", "salt", "content", "leaf", "path"});
  if (!known) return known.error();

  const auto header = bytes_of(*json, "header");
  if (!header) return header.error();
  const auto facts = text_of(*json, "facts");
  if (!facts) return facts.error();
  const auto secret = hash_of(*json, erased ? "commitment" : "salt");
  if (!secret) return secret.error();
  const auto content = erased ? Result<std::string>(std::string()) : text_of(*json, "content");
  if (!content) return content.error();
  const auto leaf = hash_of(*json, "leaf");
  if (!leaf) return leaf.error();
  const auto path = path_of(*json, "path");
  if (!path) return path.error();

  // The header is read by the same eyes as in the store: as the beginning of a stored event.
  if (header->size() < core::kEventHeaderFixedBytes ||
      core::event_header_bytes(*header) != header->size()) {
    return bad("header", "is not as long as it says");
  }
  core::RecordedEvent given;
  given.header = *header;
  given.facts = *facts;
  given.content = *content;
  given.erased = erased;
  given.salt_or_commitment = core::as_bytes(*secret);
  const std::string stored = core::stored_form(given);
  const auto recorded = core::decode_event(stored);
  if (!recorded) return bad("header", "is none: " + recorded.error().message);
  if (recorded->position.value != *position) {
    return bad("header", "is of position " + std::to_string(recorded->position.value));
  }
  if (core::leaf_hash(given, hasher_) != *leaf) {
    return bad("leaf", "is not that of header, facts and content: one of them was changed");
  }
  if (!core::verify_inclusion(hasher_, *leaf, *position, verdict_.checkpoint.tree, *path)) {
    return bad("path",
               "does not lead from the leaf to the root of the checkpoint: the log that "
               "was signed has no such event there");
  }
  return place(*recorded);
}

Status BundleCheck::place(const core::RecordedEvent& event) {
  if (event.position.value < next_position_) {
    return Error{Errc::corruption, "its event is not behind the one before it"};
  }
  next_position_ = event.position.value + 1;
  if (verdict_.stream) {
    if (event.project != verdict_.stream->project || event.stream != verdict_.stream->stream) {
      return Error{Errc::corruption, "its event is not of the stream " + verdict_.stream->stream +
                                         " of project " + verdict_.stream->project};
    }
    if (event.version.value != verdict_.events) {
      return Error{Errc::corruption, "version " + std::to_string(event.version.value) +
                                         " of the stream stands where " +
                                         std::to_string(verdict_.events) + " is due"};
    }
  }
  if (verdict_.events == 0) verdict_.first_recorded_at = event.recorded_at;
  verdict_.last_recorded_at = event.recorded_at;
  ++verdict_.events;
  if (event.erased) ++verdict_.erased;
  return core::Ok{};
}

Status BundleCheck::end(std::uint64_t count) {
  if (count != verdict_.events) {
    return bad("end", "says " + std::to_string(count) + " events, there are " +
                          std::to_string(verdict_.events));
  }
  if (count == 0) return Error{Errc::corruption, "there is no event in it: it proves nothing"};
  if (verdict_.stream && verdict_.events != verdict_.stream->last.value + 1) {
    return Error{Errc::corruption,
                 "the stream has versions up to " + std::to_string(verdict_.stream->last.value) +
                     ", the bundle has " + std::to_string(verdict_.events) + " of them"};
  }
  ended_ = true;
  return core::Ok{};
}

Result<BundleVerdict> BundleCheck::finish() {
  if (ended_) return verdict_;
  ++line_;
  position_.reset();
  return wrong("the bundle ends before its last line, {\"end\":...}");
}

}  // namespace hansard::events::audit
