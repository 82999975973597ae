#include "fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "events/json.h"
#include "events/session/facts.h"
#include "events/session/ids.h"

namespace hansard::gateway {

namespace {

constexpr std::string_view kOurs = "hansard-";
constexpr std::string_view kTag = "hansard-tag-";
constexpr std::size_t kTagsMax = 32;  ///< that a call may name; a session takes 64
constexpr std::string_view kOurKeys = "hsd_";
constexpr std::size_t kSecretBytesMin = 8;  ///< shorter ones would be found in any text
/// In a query or a cookie, which say other things, too.
constexpr std::size_t kPairedSecretBytesMin = 16;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Of the connection, not of the message (RFC 9110, 7.6.1), and what the sender computes anew.
bool is_of_connection(const std::string& name) {
  constexpr std::array<std::string_view, 11> kNames{"connection",
                                                    "keep-alive",
                                                    "proxy-connection",
                                                    "proxy-authenticate",
                                                    "proxy-authorization",
                                                    "te",
                                                    "trailer",
                                                    "transfer-encoding",
                                                    "upgrade",
                                                    "content-length",
                                                    "host"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Values of `name=value` pairs, or what stands alone, as far as they are long enough to be a key.
void add_values(std::string_view pairs, char between, std::vector<std::string>& secrets) {
  while (!pairs.empty()) {
    const std::string_view pair = pairs.substr(0, pairs.find(between));
    pairs.remove_prefix(std::min(pair.size() + 1, pairs.size()));
    const auto equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? pair : pair.substr(equals + 1);
    if (value.size() >= kPairedSecretBytesMin) secrets.emplace_back(value);
  }
}

std::optional<std::string> owned(std::optional<std::string_view> value) {
  if (!value || value->empty()) return {};
  return std::string(*value);
}

}  // namespace

std::optional<std::string_view> find_field(const Fields& fields, std::string_view name) {
  const std::string wanted = lower(name);
  for (const core::HttpField& field : fields) {
    if (lower(field.name) == wanted) return field.value;
  }
  return {};
}

std::optional<std::uint64_t> content_length(const Fields& fields) {
  const auto text = find_field(fields, "Content-Length");
  if (!text) return {};
  std::uint64_t length = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, length);
  if (read.ec != std::errc{} || read.ptr != end) return {};
  return length;
}

void set_field(Fields& fields, std::string_view name, std::string_view value) {
  const std::string wanted = lower(name);
  std::erase_if(fields, [&](const core::HttpField& field) { return lower(field.name) == wanted; });
  fields.push_back({std::string(name), std::string(value)});
}

Fields to_provider(const Fields& fields) {
  Fields out;
  for (const core::HttpField& field : fields) {
    const std::string name = lower(field.name);
    if (is_of_connection(name) || name == "expect" || name.starts_with(kOurs)) continue;
    // Whatever field it stands in.
    if (field.value.find(kOurKeys) == std::string::npos) out.push_back(field);
  }
  return out;
}

Fields to_client(const Fields& fields) {
  Fields out;
  for (const core::HttpField& field : fields) {
    const std::string name = lower(field.name);
    if (!is_of_connection(name) && name != "date") out.push_back(field);  // the edge sets its own
  }
  return out;
}

std::vector<std::string> secrets_in(const Fields& fields, std::string_view target) {
  constexpr std::array<std::string_view, 4> kNames{"authorization", "x-api-key", "api-key",
                                                   "x-goog-api-key"};
  std::vector<std::string> secrets;
  const std::size_t mark = std::min(target.find('?'), target.size());
  add_values(target.substr(std::min(mark + 1, target.size())), '&', secrets);
  for (const core::HttpField& field : fields) {
    const std::string name = lower(field.name);
    if (name == "cookie") add_values(field.value, ';', secrets);
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) continue;
    const auto scheme = field.value.find_last_of(' ');
    std::string secret = field.value.substr(scheme == std::string::npos ? 0 : scheme + 1);
    if (secret.size() >= kSecretBytesMin) secrets.push_back(std::move(secret));
  }
  return secrets;
}

core::Status check_identity(const Fields& fields) {
  std::set<std::string> tags;
  for (const core::HttpField& field : fields) {
    const std::string name = lower(field.name);
    const bool tag = name.starts_with(kTag);
    const auto bad = [&](const std::string& what) -> core::Status {
      return core::Error{core::Errc::invalid_argument, field.name + ": " + what, field.name};
    };
    if (!tag && name != "hansard-session" && name != "hansard-user" && name != "hansard-agent") {
      continue;
    }
    const std::size_t most =
        name == "hansard-session" ? events::kMaxExternalIdBytes : events::kMaxFactTextBytes;
    if (!tag && field.value.empty()) return bad("must not be empty");
    if (field.value.size() > most) return bad("is longer than " + std::to_string(most) + " bytes");
    std::string quoted;
    events::dump_string_to(field.value, quoted);
    if (!events::check_json(quoted)) return bad("is not UTF-8");
    if (!tag) continue;
    const std::string key = name.substr(kTag.size());
    if (key.empty()) return bad("names no tag");
    if (key.size() > events::kMaxIdentifierBytes) return bad("the tag's name is too long");
    tags.insert(key);
    if (tags.size() > kTagsMax) {
      return bad("more than " + std::to_string(kTagsMax) + " tags");
    }
  }
  return core::Ok{};
}

CallIdentity identity_of(const Fields& fields, const events::CallRequest& request) {
  CallIdentity identity;
  identity.session = owned(find_field(fields, "Hansard-Session"));
  if (!identity.session && request.conversation && !request.conversation->empty() &&
      request.conversation->size() <= events::kMaxExternalIdBytes) {
    identity.session = request.conversation;
  }
  identity.user = owned(find_field(fields, "Hansard-User"));
  if (!identity.user) identity.user = request.user;
  identity.agent = owned(find_field(fields, "Hansard-Agent"));
  for (const auto& [key, value] : request.tags) {
    if (!key.empty() && key.size() <= events::kMaxIdentifierBytes) {
      identity.tags.emplace_back(key, value);
    }
  }
  for (const core::HttpField& field : fields) {
    const std::string name = lower(field.name);
    if (!name.starts_with(kTag) || name.size() == kTag.size()) continue;
    const std::string key = name.substr(kTag.size());
    std::erase_if(identity.tags, [&](const auto& tag) { return tag.first == key; });
    identity.tags.emplace_back(key, field.value);
  }
  // Those of the header stand last.
  while (identity.tags.size() > kTagsMax) identity.tags.erase(identity.tags.begin());
  const auto retries = find_field(fields, "x-stainless-retry-count");
  identity.retry = retries && !retries->empty() && *retries != "0";
  return identity;
}

}  // namespace hansard::gateway
