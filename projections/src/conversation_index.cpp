#include "projections/conversation_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "event_kind.h"
#include "events/conversation/keys.h"
#include "events/conversation/utterance.h"
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
constexpr char kHead = 'h';
constexpr char kPast = 'p';

std::string_view cut(const Digest& digest) { return core::as_bytes(digest).substr(0, kHashBytes); }

std::string key_row(std::string_view hash, char kind, std::string_view session) {
  std::string key("k");
  key += hash;
  key += kind;
  key += session;
  return key;
}

/// How far one session is. On disk: flags, five digests, the hash of the answering call and of the
/// answer's message, then the hashes under which it is found now.
struct Fold {
  bool broken = false;    ///< what came before is not known here: found by its exchange only
  bool answered = false;  ///< some answer has been given
  bool choosing = false;  ///< the last step is an answer, of which further choices may come
  Digest before{};        ///< history before the last step
  Digest history{};       ///< with it
  Digest previous{};      ///< utterance before the last step; zero: none
  Digest last{};          ///< utterance of the last step, its first choice
  Digest choice{};        ///< of the choice that came last
  std::string call;       ///< hash of the call that the last step answers
  std::string message;    ///< hash of the message of that choice
  std::vector<std::string> found;  ///< head rows, by their hashes

  [[nodiscard]] std::string encode() const {
    std::string out;
    out += static_cast<char>((broken ? 1 : 0) | (answered ? 2 : 0) | (choosing ? 4 : 0));
    for (const Digest* digest : {&before, &history, &previous, &last, &choice}) {
      out += core::as_bytes(*digest);
    }
    std::string call_hash = call;
    call_hash.resize(kHashBytes);
    std::string message_hash = message;
    message_hash.resize(kHashBytes);
    out += call_hash;
    out += message_hash;
    for (const std::string& hash : found) out += hash;
    return out;
  }
  static Result<Fold> decode(std::string_view row) {
    constexpr std::size_t kFixed = 1 + 5 * sizeof(Digest) + 2 * kHashBytes;
    if (row.size() < kFixed || (row.size() - kFixed) % kHashBytes != 0) {
      return core::Error{core::Errc::corruption, "a row of conversation_index has no valid length"};
    }
    Fold fold;
    const auto flags = static_cast<unsigned char>(row[0]);
    fold.broken = (flags & 1U) != 0;
    fold.answered = (flags & 2U) != 0;
    fold.choosing = (flags & 4U) != 0;
    row.remove_prefix(1);
    for (Digest* digest : {&fold.before, &fold.history, &fold.previous, &fold.last, &fold.choice}) {
      std::memcpy(digest->data(), row.data(), digest->size());
      row.remove_prefix(digest->size());
    }
    fold.call = row.substr(0, kHashBytes);
    fold.message = row.substr(kHashBytes, kHashBytes);
    row.remove_prefix(2 * kHashBytes);
    for (; !row.empty(); row.remove_prefix(kHashBytes)) {
      fold.found.emplace_back(row.substr(0, kHashBytes));
    }
    return fold;
  }
};

bool is_zero(const Digest& digest) { return digest == Digest{}; }

/// Folds one event into its session.
class Step {
 public:
  Step(const Digester& digester, std::string_view session, Fold& fold, core::ReadModelBatch& batch)
      : digester_(digester), session_(session), fold_(fold), batch_(batch) {}

  void created(const events::SessionCreated& event) {
    if (event.parent) fold_.broken = true;
  }
  void say(std::string_view canonical) {
    next(digester_.utterance(canonical));
    fold_.choosing = false;
    if (!fold_.answered && !fold_.broken) find_by(fold_.history, false);
  }
  /// No turn of its own, but what an answer asks for stands right behind it.
  void aside() { fold_.message.clear(); }
  void answer(const events::ResponseReceived& event) {
    const Digest digest = digester_.utterance(canonical(event));
    const std::string call = hash(event.call_id);
    if (!fold_.choosing || fold_.call != call) {
      next(digest);
      // A client that has not received it opens again with what it said.
      if (!fold_.answered && !fold_.broken && !is_zero(fold_.previous)) {
        find_by(fold_.before, false);
      }
    }
    fold_.choosing = true;
    fold_.answered = true;
    fold_.call = call;
    fold_.message = hash(event.message_id);
    fold_.choice = digest;
    if (event.message_id.size() <= 200)
      find_by(events::answer_key(digester_, event.message_id), true);
    find_choice();
  }
  void call(const events::ToolCalled& event) {
    if (!fold_.choosing || fold_.message != hash(event.message_id)) return;
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
  [[nodiscard]] std::string hash(std::string_view id) const {
    return std::string(cut(events::answer_key(digester_, id)));
  }
  void next(const Digest& utterance) {
    for (const std::string& found : std::exchange(fold_.found, {})) {
      batch_.erase(key_row(found, kHead, session_));
    }
    fold_.previous = fold_.last;
    fold_.before = fold_.history;
    fold_.last = utterance;
    fold_.history = digester_.prefix(fold_.before, utterance);
  }
  void find_by(const Digest& key, bool for_ever) {
    const std::string found(cut(key));
    if (for_ever) batch_.put(key_row(found, kPast, session_), {});
    batch_.put(key_row(found, kHead, session_), {});
    if (std::find(fold_.found.begin(), fold_.found.end(), found) == fold_.found.end()) {
      fold_.found.push_back(found);
    }
  }
  void lose(const Digest& key) {
    const std::string found(cut(key));
    batch_.erase(key_row(found, kPast, session_));
    batch_.erase(key_row(found, kHead, session_));
    std::erase(fold_.found, found);
  }
  void find_choice() {
    if (!fold_.broken) find_by(digester_.prefix(fold_.before, fold_.choice), true);
    if (!is_zero(fold_.previous)) {
      find_by(events::exchange_key(digester_, fold_.previous, fold_.choice), false);
    }
  }
  /// Before the choice is another one, with a tool call more.
  void forget_choice() {
    if (!fold_.broken) lose(digester_.prefix(fold_.before, fold_.choice));
    if (!is_zero(fold_.previous)) {
      lose(events::exchange_key(digester_, fold_.previous, fold_.choice));
    }
  }

  const Digester& digester_;
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
    // Only the gateway says how a request looked.
    if (!asked->extra || asked->extra->find("dialect") == nullptr) return;
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
  if ((session.empty() && !alone) || !concerns(kind_of(event.type))) return Ok{};
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
  std::string row("s");
  row.append(event.project).append(1, '\0').append(session);
  Fold fold;
  if (const std::string* stored = batch.get(row)) {
    auto known = Fold::decode(*stored);
    if (!known) return known.error();
    fold = *std::move(known);
  }
  const Digester digester(keyed_hash_, *project);
  Step step(digester, session, fold, batch);
  if (decoded->erased) {
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

Result<std::vector<std::string>> find_conversations(const core::ReadModel& model, const Digest& key,
                                                    std::size_t most) {
  std::vector<std::string> sessions;
  for (const char kind : {kHead, kPast}) {
    const std::string prefix = key_row(cut(key), kind, {});
    const auto read = model.scan(prefix, {}, [&](std::string_view row, std::string_view) {
      std::string session(row.substr(prefix.size()));
      const bool known = std::find(sessions.begin(), sessions.end(), session) != sessions.end();
      if (!known) sessions.push_back(std::move(session));
      return sessions.size() < most;
    });
    if (!read) return read.error();
    if (sessions.size() >= most) break;
  }
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
    const auto attempt_at = key.rfind('\0');
    row::Reader reader(value);
    const std::uint64_t position = reader.varint();
    const std::uint64_t attempt = reader.varint();
    auto project = core::ProjectId::parse(key.substr(0, session_at));
    if (call_at == std::string_view::npos || attempt_at <= call_at || !reader.ok() || !project) {
      status = core::Error{core::Errc::corruption, "a row of an open call is damaged"};
      return false;
    }
    if (position < before.value) {
      calls.push_back({*std::move(project),
                       std::string(key.substr(session_at + 1, call_at - session_at - 1)),
                       std::string(key.substr(call_at + 1, attempt_at - call_at - 1)),
                       static_cast<std::uint32_t>(attempt)});
    }
    return true;
  });
  if (!status) return status.error();
  if (!read) return read.error();
  return calls;
}

}  // namespace hansard::projections
