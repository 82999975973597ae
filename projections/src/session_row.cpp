#include "session_row.h"

#include "usage_codec.h"

namespace hansard::projections {
namespace {

constexpr std::uint8_t kFormat = 1;
enum Flag : std::uint8_t {
  kEnded = 1,
  kCreated = 2,
  kFirstUserMessage = 4,
  kOccurred = 8,
  kModelsLeftOut = 16,
  kErasures = 32
};

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
constexpr char kSessionTag = 's';
constexpr char kOrderTag = 'a';

/// Differences of times as unsigned numbers: defined for any two values.
std::uint64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}
std::int64_t plus(std::int64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b);
}

std::string key(char tag, std::string_view project, std::size_t reserve) {
  std::string out;
  out.reserve(project.size() + reserve + 2);
  out += tag;
  row::Writer(out).name(project);
  return out;
}

template <class F>
void for_each_counter(SessionCounters& counters, F&& f) {
  for (auto* counter : {&counters.messages, &counters.responses, &counters.calls,
                        &counters.failures, &counters.tool_calls, &counters.tool_failures,
                        &counters.forks, &counters.scores, &counters.calls_without_usage}) {
    f(*counter);
  }
}

core::Timestamp time(std::int64_t us) { return core::Timestamp{std::chrono::microseconds{us}}; }

core::Error damaged() { return {core::Errc::corruption, "a row of view 'sessions' is damaged"}; }

std::optional<std::string> owned(const std::optional<std::string_view>& text) {
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

std::string session_key(std::string_view project, std::string_view name) {
  std::string out = key(kSessionTag, project, name.size());
  out += name;
  return out;
}

std::string order_prefix(std::string_view project) { return key(kOrderTag, project, 0); }

std::string order_key(std::string_view project, std::int64_t activity, std::string_view name) {
  std::string out = key(kOrderTag, project, 8 + name.size());
  row::Writer(out).big_endian_64(~(static_cast<std::uint64_t>(activity) ^ kSignBit));
  out += name;
  return out;
}

core::Result<OrderPlace> parse_order_key(std::string_view key, std::size_t prefix_bytes) {
  row::Reader in(key.substr(prefix_bytes));
  OrderPlace place;
  place.activity = static_cast<std::int64_t>(~in.big_endian_64() ^ kSignBit);
  place.name = in.rest();
  if (!in.ok() || place.name.empty()) return damaged();
  return place;
}

std::string encode(const StoredSession& session) {
  std::string out;
  out.reserve(96 + session.created.size() + session.models.size());
  row::Writer to(out);
  const bool erasures = session.erasures_asked != 0 || session.erasures_done != 0;
  to.byte(kFormat);
  to.byte(static_cast<std::uint8_t>(
      (session.ended ? kEnded : 0) | (session.created_at ? kCreated : 0) |
      (session.first_user_message ? kFirstUserMessage : 0) |
      (session.has_occurred ? kOccurred : 0) | (session.models_left_out ? kModelsLeftOut : 0) |
      (erasures ? kErasures : 0)));
  to.signed_varint(session.first_recorded);
  to.varint(minus(session.last_recorded, session.first_recorded));
  to.varint(minus(session.last_recorded, session.activity));
  if (session.has_occurred) {
    to.signed_varint(session.first_occurred);
    to.varint(minus(session.last_occurred, session.first_occurred));
  }
  to.varint(session.head);
  if (session.created_at) to.varint(*session.created_at);
  if (session.first_user_message) to.varint(*session.first_user_message);
  auto counters = session.counters;
  for_each_counter(counters, [&](std::uint64_t& counter) { to.varint(counter); });
  write_usage(to, session.counters.tokens);
  to.text(session.created);
  to.text(session.models);
  if (erasures) {
    to.varint(session.erasures_asked);
    to.varint(session.erasures_done);
  }
  return out;
}

core::Result<StoredSession> decode_session(std::string_view row) {
  row::Reader in(row);
  if (in.byte() != kFormat) return damaged();
  const std::uint8_t flags = in.byte();
  StoredSession session;
  session.ended = flags & kEnded;
  session.models_left_out = flags & kModelsLeftOut;
  session.first_recorded = in.signed_varint();
  session.last_recorded = plus(session.first_recorded, in.varint());
  session.activity = static_cast<std::int64_t>(
      minus(session.last_recorded, static_cast<std::int64_t>(in.varint())));
  session.has_occurred = flags & kOccurred;
  if (session.has_occurred) {
    session.first_occurred = in.signed_varint();
    session.last_occurred = plus(session.first_occurred, in.varint());
  }
  session.head = in.varint();
  if (flags & kCreated) session.created_at = in.varint();
  if (flags & kFirstUserMessage) session.first_user_message = in.varint();
  for_each_counter(session.counters, [&](std::uint64_t& counter) { counter = in.varint(); });
  session.counters.tokens = read_usage(in);
  session.created = in.text();
  session.models = in.text();
  if (flags & kErasures) {
    session.erasures_asked = in.varint();
    session.erasures_done = in.varint();
  }
  if (!in.done()) return damaged();
  return session;
}

std::string pack_created(const events::SessionCreated& created) {
  std::string out;
  row::Writer to(out);
  const auto packed =
      created.user_hash ? std::optional<std::string>(pack_hash(*created.user_hash)) : std::nullopt;
  to.optional_text(packed);
  to.optional_text(created.agent);
  to.optional_text(created.app);
  to.optional_text(created.source);
  to.optional_text(created.parent ? std::optional<std::string_view>(created.parent->session)
                                  : std::nullopt);
  if (created.parent) to.varint(created.parent->at_version);
  to.varint(created.tag_hashes.size());
  for (const auto& [name, hash] : created.tag_hashes) {
    to.text(name);
    to.text(pack_hash(hash));
  }
  return out;
}

core::Result<SessionRow> unpack_session(std::string_view name, std::string_view row) {
  const auto stored = decode_session(row);
  if (!stored) return stored.error();
  SessionRow out;
  out.name = name;
  if (stored->created_at) out.created_at = core::Position{*stored->created_at};
  if (stored->first_user_message) {
    out.first_user_message = core::Position{*stored->first_user_message};
  }
  if (!stored->created.empty()) {
    row::Reader in(stored->created);
    if (const auto hash = in.optional_text()) out.user_hash = unpack_hash(*hash);
    out.agent = owned(in.optional_text());
    out.app = owned(in.optional_text());
    out.source = owned(in.optional_text());
    out.parent = owned(in.optional_text());
    if (out.parent) out.parent_at_version = in.varint();
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      const auto tag = in.text();
      out.tag_hashes.emplace_back(tag, unpack_hash(in.text()));
    }
    if (!in.done()) return damaged();
  }
  row::Reader models(stored->models);
  while (models.ok() && !models.done()) out.models.emplace_back(models.text());
  if (!models.done()) return damaged();
  out.models_left_out = stored->models_left_out;
  out.ended = stored->ended;
  out.head = core::Version{stored->head};
  out.first_recorded = time(stored->first_recorded);
  out.last_recorded = time(stored->last_recorded);
  if (stored->has_occurred) {
    out.first_occurred = time(stored->first_occurred);
    out.last_occurred = time(stored->last_occurred);
  }
  out.activity = time(stored->activity);
  out.counters = stored->counters;
  out.erasures_asked = stored->erasures_asked;
  out.erasures_done = stored->erasures_done;
  return out;
}

}  // namespace hansard::projections
