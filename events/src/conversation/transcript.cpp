#include "events/conversation/transcript.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "events/conversation/keys.h"
#include "events/conversation/utterance.h"

namespace hansard::events {

Digest Digester::utterance(std::string_view canonical) const {
  return keyed_hash_("utterance", project_, canonical);
}

Digest Digester::with_call(const Digest& answer, std::string_view canonical) const {
  std::string both(core::as_bytes(answer));
  both += canonical;
  return keyed_hash_("utterance with call", project_, both);
}

Digest Digester::prefix(const Digest& before, const Digest& next) const {
  std::string both(core::as_bytes(before));
  both += core::as_bytes(next);
  return keyed_hash_("conversation prefix", project_, both);
}

void Transcript::apply(const SessionEvent& event, core::Version version, std::string_view session) {
  std::visit(
      [&](const auto& each) {
        using E = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<E, ToolCalled>) return add_call(each, version);
        if constexpr (std::is_same_v<E, SessionCreated>) {
          user_hash_ = each.user_hash;
        } else if constexpr (std::is_same_v<E, SessionConfigured>) {
          if (each.system_hash) system_hash_ = each.system_hash;
        } else if constexpr (std::is_same_v<E, MessageSent>) {
          const bool aside = each.role == Role::system || each.role == Role::developer;
          add(aside ? UtteranceKind::aside : UtteranceKind::message, canonical(each),
              each.message_id, version, session);
        } else if constexpr (std::is_same_v<E, ResponseRequested>) {
          CallRecord& asked = call(each.call_id);
          asked.attempts = std::max(asked.attempts, each.attempt);
          asked.utterances = utterances_.size();
          if (asked.state == CallRecord::State::failed) asked.state = CallRecord::State::asked;
        } else if constexpr (std::is_same_v<E, ResponseFailed>) {
          CallRecord& failed = call(each.call_id);
          if (failed.state == CallRecord::State::asked && each.attempt >= failed.attempts) {
            failed.state = CallRecord::State::failed;
          }
        } else if constexpr (std::is_same_v<E, ResponseReceived>) {
          call(each.call_id).state = CallRecord::State::answered;
          add(UtteranceKind::answer, canonical(each), each.message_id, version, session);
          utterances_.back().call_id = each.call_id;
          utterances_.back().choice = each.choice;
          utterances_.back().given_id = given_id(each);
          answer_id_ = each.message_id;
        } else if constexpr (std::is_same_v<E, ToolCompleted> || std::is_same_v<E, ToolFailed>) {
          add(UtteranceKind::result, canonical(each),
              each.message_id.value_or(each.result_id.value_or(each.tool_call_id)), version,
              session);
        } else if constexpr (std::is_same_v<E, ContextOptimized>) {
          optimize(each, version, session);
        } else if constexpr (std::is_same_v<E, SessionEnded>) {
          ended_ = true;
        } else if constexpr (std::is_same_v<E, SessionReopened>) {
          ended_ = false;
        }
      },
      event);
}

void Transcript::add(UtteranceKind kind, std::string_view canonical, std::string message_id,
                     core::Version version, std::string_view session) {
  answer_id_.clear();
  Utterance said;
  said.kind = kind;
  said.digest = digester_->utterance(canonical);
  said.message_id = std::move(message_id);
  said.version = version;
  said.session = session;
  utterances_.push_back(std::move(said));
}

/// Tools are asked for by an answer before anything else is said. One that is named later changes
/// nothing here.
void Transcript::add_call(const ToolCalled& call, core::Version version) {
  if (answer_id_.empty() || answer_id_ != call.message_id) return;
  Utterance& answer = utterances_.back();
  answer.digest = digester_->with_call(answer.digest, canonical(call));
  answer.version = version;
}

void Transcript::optimize(const ContextOptimized& change, core::Version version,
                          std::string_view session) {
  const auto listed = [](const std::vector<std::string>& ids, const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  std::vector<std::string> calls;  ///< whose answers go together
  if (change.strategy != "choice") {
    for (const Utterance& said : utterances_) {
      const bool gone =
          listed(change.summarised, said.message_id) || listed(change.removed, said.message_id);
      if (gone && said.kind == UtteranceKind::answer) calls.push_back(said.call_id);
    }
  }
  std::optional<std::size_t> summary_at;
  std::vector<Utterance> left;
  for (Utterance& said : utterances_) {
    const bool summarised = listed(change.summarised, said.message_id);
    if (summarised && !summary_at) summary_at = left.size();
    const bool gone = summarised || listed(change.removed, said.message_id) ||
                      (said.kind == UtteranceKind::answer && listed(calls, said.call_id));
    if (!gone) left.push_back(std::move(said));
  }
  utterances_ = std::move(left);
  if (!change.summary) return;
  add(UtteranceKind::message, canonical_summary(change), {}, version, session);
  const auto place = utterances_.begin() + static_cast<std::ptrdiff_t>(summary_at.value_or(0));
  std::rotate(place, utterances_.end() - 1, utterances_.end());
}

CallRecord& Transcript::call(const std::string& call_id) {
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(),
                                  [&](const CallRecord& each) { return each.call_id == call_id; });
  if (found != calls_.rend()) return *found;
  calls_.push_back({call_id, CallRecord::State::asked, 0, utterances_.size()});
  return calls_.back();
}

std::size_t Transcript::bytes() const {
  return sizeof *this + utterances_.capacity() * (sizeof(Utterance) + 96) +
         calls_.capacity() * (sizeof(CallRecord) + 48);
}

}  // namespace hansard::events
