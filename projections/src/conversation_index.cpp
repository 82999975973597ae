#include "projections/conversation_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "event_kind.h"
#include "events/conversation/keys.h"
#include "events/conversation/utterance.h"
#include "events/erasure/facts.h"
#include "events/session/codec.h"
#include "projections/row.h"

namespace hansard::projections {
namespace {

using core::Ok;
using core::Result;
using core::Status;
using events::Digest;
using events::Digester;

constexpr std::size_t kHashBytes = 16;
constexpr char kPast = 'p';
constexpr char kNow = 'x';
/// Conversations with one past of which those are picked that end with it.
constexpr std::size_t kPastsMax = 64;

std::string_view cut(const Digest& digest) { return core::as_bytes(digest).substr(0, kHashBytes); }

std::string key_row(char kind, std::string_view hash, std::string_view session) {
  std::string key(1, kind);
  key += hash;
  key += session;
  return key;
}
std::string fold_row(std::string_view project, std::string_view session) {
  std::string row("s");
  row.append(project).append(1, '\0').append(session);
  return row;
}

/// Hashes in one 'r' row.
constexpr std::uint64_t kNotedPerRow = 64;
std::string noted_row(std::string_view project, std::string_view session, std::uint64_t number) {
  std::string row("r");
  row.append(project).append(1, '\0').append(session).append(1, '\0');
  row::Writer(row).big_endian_64(number);
  return row;
}

/// Tells ids apart, FNV-1a: which call an answer belongs to, within one session.
std::uint64_t short_hash(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char each : id) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  return hash;
}

/// How far one session is. On disk: flags, five digests, the hash of the answering call and of the
/// answer's message, how many hashes are noted, how many `now` has, those, then those of `heads`.
struct Fold {
  bool broken = false;           ///< what came before is not known here: found by its exchange only
  bool answered = false;         ///< some answer has been given
  bool choosing = false;         ///< the last step is an answer, of which further choices may come
  Digest before{};               ///< history before the last step
  Digest history{};              ///< with it
  Digest previous{};             ///< utterance before the last step; zero: none
  Digest last{};                 ///< utterance of the last step, its first choice
  Digest choice{};               ///< of the choice that came last
  std::uint64_t call = 0;        ///< hash of the call that the last step answers
  std::uint64_t message = 0;     ///< of the message of that choice; 0: what it asks for is said
  std::uint64_t noted = 0;       ///< hashes in 'r' rows
  std::vector<std::string> now;  ///< hashes it is found by until it goes on
  std::vector<std::string> heads;  ///< hashes of the histories it ends with, a choice each

  [[nodiscard]] std::string encode() const {
    std::string out;
    out += static_cast<char>((broken ? 1 : 0) | (answered ? 2 : 0) | (choosing ? 4 : 0));
    for (const Digest* digest : {&before, &history, &previous, &last, &choice}) {
      out += core::as_bytes(*digest);
    }
    row::Writer writer(out);
    for (const std::uint64_t number : {call, message, noted, std::uint64_t{now.size()}}) {
      writer.varint(number);
    }
    for (const auto* hashes : {&now, &heads}) {
      for (const std::string& hash : *hashes) out += hash;
    }
    return out;
  }
  static Result<Fold> decode(std::string_view row) {
    Fold fold;
    const core::Error damaged{core::Errc::corruption,
                              "a row of conversation_index has no valid length"};
    if (row.size() < 1 + 5 * sizeof(Digest)) return damaged;
    const auto flags = static_cast<unsigned char>(row[0]);
    fold.broken = (flags & 1U) != 0;
    fold.answered = (flags & 2U) != 0;
    fold.choosing = (flags & 4U) != 0;
    row.remove_prefix(1);
    for (Digest* digest : {&fold.before, &fold.history, &fold.previous, &fold.last, &fold.choice}) {
      std::memcpy(digest->data(), row.data(), digest->size());
      row.remove_prefix(digest->size());
    }
    row::Reader reader(row);
    fold.call = reader.varint();
    fold.message = reader.varint();
    fold.noted = reader.varint();
    const std::uint64_t count = reader.varint();
    row = reader.rest();
    if (!reader.ok() || row.size() % kHashBytes != 0 || count > row.size() / kHashBytes) {
      return damaged;
    }
    for (std::size_t i = 0; !row.empty(); ++i, row.remove_prefix(kHashBytes)) {
      (i < count ? fold.now : fold.heads).emplace_back(row.substr(0, kHashBytes));
    }
    return fold;
  }
};

bool is_zero(const Digest& digest) { return digest == Digest{}; }

/// Folds one event into its session.
class Step {
 public:
  Step(const Digester& digester, std::string_view project, std::string_view session, Fold& fold,
       core::ReadModelBatch& batch)
      : digester_(digester), project_(project), session_(session), fold_(fold), batch_(batch) {}

  /// Whatever the session is found by.
  void forget() {
    for (const std::string& found : fold_.now) batch_.erase(key_row(kNow, found, session_));
    for (std::uint64_t number = 0; number * kNotedPerRow < fold_.noted; ++number) {
      const std::string key = noted_row(project_, session_, number);
      const std::string* row = batch_.get(key);
      if (row == nullptr) continue;
      const std::string hashes = *row;
      for (std::size_t at = 0; at + kHashBytes <= hashes.size(); at += kHashBytes) {
        batch_.erase(key_row(kPast, std::string_view(hashes).substr(at, kHashBytes), session_));
      }
      batch_.erase(key);
    }
    fold_ = Fold{};
    fold_.broken = true;
  }

  void created(const events::SessionCreated& event) {
    if (event.parent) fold_.broken = true;
  }
  void say(std::string_view canonical) {
    next(digester_.utterance(canonical));
    fold_.choosing = false;
    if (!fold_.answered && !fold_.broken) find_now(fold_.history);
  }
  /// No turn of its own, but what an answer asks for stands right behind it.
  void aside() { fold_.message = 0; }
  void answer(const events::ResponseReceived& event) {
    const Digest digest = digester_.utterance(canonical(event));
    const std::uint64_t call = short_hash(event.call_id);
    if (!fold_.choosing || fold_.call != call) {
      next(digest);
      // A client that has not received it opens again with what it said.
      if (!fold_.answered && !fold_.broken && !is_zero(fold_.previous)) find_now(fold_.before);
    }
    fold_.choosing = true;
    fold_.answered = true;
    fold_.call = call;
    fold_.message = short_hash(event.message_id);
    fold_.choice = digest;
    const std::string_view named = events::given_id(event);
    if (!named.empty()) {
      find_past(cut(events::answer_key(digester_, named)));
    }
    find_choice();
  }
  void call(const events::ToolCalled& event) {
    if (!fold_.choosing || fold_.message != short_hash(event.message_id)) return;
    forget_choice();
    const bool first = fold_.choice == fold_.last;
    fold_.choice = digester_.with_call(fold_.choice, canonical(event));
    if (first) {
      fold_.last = fold_.choice;
      fold_.history = digester_.prefix(fold_.before, fold_.last);
    }
    find_choice();
  }
  void optimized() { fold_.broken = true; }

 private:
  void next(const Digest& utterance) {
    for (const std::string& found : std::exchange(fold_.now, {})) {
      batch_.erase(key_row(kNow, found, session_));
    }
    fold_.heads.clear();
    fold_.previous = fold_.last;
    fold_.before = fold_.history;
    fold_.last = utterance;
    fold_.history = digester_.prefix(fold_.before, utterance);
  }
  static bool add(std::vector<std::string>& hashes, const Digest& key) {
    if (std::find(hashes.begin(), hashes.end(), cut(key)) != hashes.end()) return false;
    hashes.emplace_back(cut(key));
    return true;
  }
  void find_now(const Digest& key) {
    if (add(fold_.now, key)) batch_.put_new(key_row(kNow, cut(key), session_), {});
  }
  void find_past(std::string_view hash) {
    batch_.put(key_row(kPast, hash, session_), {});
    const std::string key = noted_row(project_, session_, fold_.noted++ / kNotedPerRow);
    const std::string* row = batch_.get(key);
    std::string hashes = row == nullptr ? std::string() : *row;
    batch_.put(key, hashes.append(hash));
  }
  void find_choice() {
    if (!fold_.broken) {
      const Digest history = digester_.prefix(fold_.before, fold_.choice);
      if (add(fold_.heads, history)) find_past(cut(history));
    }
    if (!is_zero(fold_.previous)) {
      find_now(events::exchange_key(digester_, fold_.previous, fold_.choice));
    }
  }
  /// Before the choice is another one, with a tool call more.
  void forget_choice() {
    if (!fold_.broken) {
      const Digest history = digester_.prefix(fold_.before, fold_.choice);
      if (std::erase(fold_.heads, cut(history)) > 0) {
        batch_.erase(key_row(kPast, cut(history), session_));
      }
    }
    if (is_zero(fold_.previous)) return;
    const Digest exchange = events::exchange_key(digester_, fold_.previous, fold_.choice);
    if (std::erase(fold_.now, cut(exchange)) > 0) {
      batch_.erase(key_row(kNow, cut(exchange), session_));
    }
  }

  const Digester& digester_;
  const std::string_view project_;
  const std::string_view session_;
  Fold& fold_;
  core::ReadModelBatch& batch_;
};

std::string open_row(std::string_view project, std::string_view session, std::string_view call,
                     std::uint32_t attempt) {
  std::string row("o");
  row.append(project).append(1, '\0').append(session).append(1, '\0').append(call);
  row.append(1, '\0').append(std::to_string(attempt));
  return row;
}

/// Calls that nobody has told the end of.
void note_call(const core::RecordedEvent& event, std::string_view session,
               const events::SessionEvent& said, core::ReadModelBatch& batch) {
  if (const auto* asked = std::get_if<events::ResponseRequested>(&said)) {
    // Only the gateway says what asks the same.
    if (!asked->request_hash) return;
    std::string value;
    row::Writer writer(value);
    writer.varint(event.position.value);
    writer.varint(asked->attempt);
    batch.put(open_row(event.project, session, asked->call_id, asked->attempt), std::move(value));
  } else if (const auto* answer = std::get_if<events::ResponseReceived>(&said)) {
    const std::string row =
        open_row(event.project, session, answer->call_id, answer->attempt.value_or(1));
    if (batch.get(row)) batch.erase(row);
  } else if (const auto* failed = std::get_if<events::ResponseFailed>(&said)) {
    const std::string row = open_row(event.project, session, failed->call_id, failed->attempt);
    if (batch.get(row)) batch.erase(row);
  }
}

bool concerns(EventKind kind) {
  switch (kind) {
    case EventKind::session_created:
    case EventKind::message_sent:
    case EventKind::response_requested:
    case EventKind::response_received:
    case EventKind::response_failed:
    case EventKind::tool_called:
    case EventKind::tool_completed:
    case EventKind::tool_failed:
    case EventKind::context_optimized:
      return true;
    default:
      return false;
  }
}

}  // namespace

Status ConversationIndex::apply(const core::RecordedEvent& event,
                                core::ReadModelBatch& batch) const {
  const std::string_view session = session_name(event.stream);
  const bool alone = event.stream.starts_with(kCallsPrefix);
  const bool forgets = !session.empty() && event.type == events::ErasureRequested::kType;
  if ((session.empty() && !alone) || (!forgets && !concerns(kind_of(event.type)))) return Ok{};
  static const events::SessionCodec codec;
  const auto decoded = codec.decode(event);
  if (!decoded) return decoded.error();
  const auto project = core::ProjectId::parse(event.project);
  if (!project) return project.error();
  if (alone) {
    const std::string name(event.stream.substr(kCallsPrefix.size()));
    note_call(event, ":" + name, decoded->event, batch);
    return Ok{};
  }
  note_call(event, session, decoded->event, batch);
  const std::string row = fold_row(event.project, session);
  Fold fold;
  if (const std::string* stored = batch.get(row)) {
    auto known = Fold::decode(*stored);
    if (!known) return known.error();
    fold = *std::move(known);
  }
  const Digester digester(keyed_hash_, *project);
  Step step(digester, event.project, session, fold, batch);
  if (forgets) {
    step.forget();
  } else if (decoded->erased) {
    fold.broken = true;  // what was said is gone, and so is what it would be found by
  } else if (const auto* created = std::get_if<events::SessionCreated>(&decoded->event)) {
    step.created(*created);
  } else if (const auto* sent = std::get_if<events::MessageSent>(&decoded->event)) {
    const bool aside = sent->role == events::Role::system || sent->role == events::Role::developer;
    aside ? step.aside() : step.say(canonical(*sent));
  } else if (const auto* answer = std::get_if<events::ResponseReceived>(&decoded->event)) {
    step.answer(*answer);
  } else if (const auto* call = std::get_if<events::ToolCalled>(&decoded->event)) {
    step.call(*call);
  } else if (const auto* done = std::get_if<events::ToolCompleted>(&decoded->event)) {
    step.say(canonical(*done));
  } else if (const auto* failed = std::get_if<events::ToolFailed>(&decoded->event)) {
    step.say(canonical(*failed));
  } else if (std::holds_alternative<events::ContextOptimized>(decoded->event)) {
    step.optimized();
  }
  batch.put(row, fold.encode());
  return batch.status();
}

Result<std::vector<std::string>> find_conversations(const core::ReadModel& model,
                                                    const core::ProjectId& project,
                                                    const Digest& key, std::size_t most) {
  const std::string_view hash = cut(key);
  const auto sessions_at = [&](char kind, std::size_t limit) -> Result<std::vector<std::string>> {
    std::vector<std::string> sessions;
    const std::string prefix = key_row(kind, hash, {});
    const auto read = model.scan(prefix, {}, [&](std::string_view row, std::string_view) {
      sessions.emplace_back(row.substr(prefix.size()));
      return sessions.size() < limit;
    });
    if (!read) return read.error();
    return sessions;
  };
  auto now = sessions_at(kNow, most);
  if (!now) return now.error();
  auto past = sessions_at(kPast, kPastsMax);
  if (!past) return past.error();
  std::vector<std::string> sessions = *std::move(now);
  std::vector<std::string> gone_on;
  for (std::string& session : *past) {
    if (past->size() > 1) {
      const auto stored = model.get(fold_row(project.text(), session));
      if (!stored) return stored.error();
      const auto fold = *stored ? Fold::decode(**stored) : Result<Fold>(Fold{});
      if (!fold) return fold.error();
      if (std::find(fold->heads.begin(), fold->heads.end(), hash) == fold->heads.end()) {
        gone_on.push_back(std::move(session));
        continue;
      }
    }
    sessions.push_back(std::move(session));
  }
  sessions.insert(sessions.end(), gone_on.begin(), gone_on.end());
  if (sessions.size() > most) sessions.resize(most);
  std::reverse(sessions.begin(), sessions.end());  // what fits best stands last
  return sessions;
}

Result<std::vector<OpenCall>> open_calls(const core::ReadModel& model, core::Position before) {
  std::vector<OpenCall> calls;
  Status status = Ok{};
  const auto read = model.scan("o", {}, [&](std::string_view key, std::string_view value) {
    key.remove_prefix(1);
    const auto session_at = key.find('\0');
    const auto call_at = key.find('\0', session_at + 1);
    // The versions before had no attempt in the key; theirs answer until this one is built.
    const auto attempt_at = key.rfind('\0');
    const auto call_end = attempt_at == call_at ? key.size() : attempt_at;
    row::Reader reader(value);
    const std::uint64_t position = reader.varint();
    const std::uint64_t attempt = reader.varint();
    auto project = core::ProjectId::parse(key.substr(0, session_at));
    if (call_at == std::string_view::npos || !reader.ok() || !project) {
      status = core::Error{core::Errc::corruption, "a row of an open call is damaged"};
      return false;
    }
    if (position < before.value) {
      calls.push_back({*std::move(project),
                       std::string(key.substr(session_at + 1, call_at - session_at - 1)),
                       std::string(key.substr(call_at + 1, call_end - call_at - 1)),
                       static_cast<std::uint32_t>(attempt)});
    }
    return true;
  });
  if (!status) return status.error();
  if (!read) return read.error();
  return calls;
}

}  // namespace hansard::projections
