#include "conversations.h"

#include <algorithm>
#include <utility>

#include "events/conversation/keys.h"
#include "transcripts.h"

namespace hansard::gateway {

using core::Ok;
using core::Result;
using core::Status;
using events::Digest;
using events::PlaceKind;
using events::Placement;
using events::SessionEvent;
using events::Transcript;
using events::Utterance;
using events::UtteranceKind;

namespace {

/// One past the last answer of what is asked; 0: there is none.
std::size_t end_of_answers(const events::Asked& asked) {
  for (std::size_t i = asked.answers.size(); i > 0; --i) {
    if (asked.answers[i - 1]) return i;
  }
  return 0;
}

/// The utterances of a conversation that a call knows, in their order; null is what stands for
/// others that are sent no longer.
std::vector<const Utterance*> known_of(const Transcript& transcript, const events::Asked& asked,
                                       const Placement& placement) {
  std::vector<const Utterance*> known;
  for (const Utterance& said : transcript.utterances()) {
    if (said.kind == UtteranceKind::aside) continue;
    if (placement.summary && known.size() == *placement.summary) known.push_back(nullptr);
    if (known.size() == placement.known) break;
    if (said.digest != asked.history[known.size()]) continue;  // another choice, or left out
    known.push_back(&said);
  }
  return known;
}

}  // namespace

Conversations::Conversations(const core::EventLog& log, const core::KeyedHash& keyed_hash,
                             FindSessions find)
    : log_(log), keyed_hash_(keyed_hash), find_(std::move(find)) {}

Result<Conversations::Place> Conversations::place(const Call& given,
                                                  const std::string& fresh_session,
                                                  const Adds& adds) {
  const std::lock_guard lock(mutex_);
  Call call = given;
  const auto unsent = prepend_known(call);
  if (!unsent) return unsent.error();
  auto found = candidates(call);
  if (!found) return found.error();
  std::vector<events::Candidate> compared;
  for (const Conversation* each : *found) compared.push_back({&each->transcript, each->last_used});
  const auto under_way = [this](std::string_view id) { return under_way_.contains(id); };
  Placement placement = events::place(call.asked, compared, under_way);
  if (placement.kind == PlaceKind::forks && !(*found)[placement.candidate]->versions_known) {
    auto status = leave_where_recorded(*(*found)[placement.candidate], call, placement);
    if (!status) return status.error();
  }

  Place place;
  place.placement = placement;
  place.call_id = placement.kind == PlaceKind::again ? placement.call_id : call.call_id;
  Conversation* base = placement.kind == PlaceKind::fresh ? nullptr : (*found)[placement.candidate];
  const bool leaves = placement.kind == PlaceKind::forks;
  place.is_new = leaves || base == nullptr;
  place.session =
      leaves || base == nullptr ? call.session.value_or(fresh_session) : base->key.second;
  if (base != nullptr) {
    place.system_hash = base->transcript.system_hash();
    if (!leaves) place.said = base->transcript.utterances().size();
    for (const Utterance* said : known_of(base->transcript, call.asked, placement)) {
      place.message_ids.push_back(said == nullptr ? std::string() : said->message_id);
    }
    place.message_ids.erase(place.message_ids.begin(),
                            place.message_ids.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                            *unsent, place.message_ids.size())));
  }

  const std::vector<SessionEvent> events = adds(place);
  if (leaves) {
    // A child begins with what it inherits, which the log will say; until then nobody joins it.
    under_way_.insert(place.call_id);
    return place;
  }
  if (base == nullptr) {
    entries_.push_front(
        Conversation{{call.project.text(), place.session}, Transcript(digester(call.project))});
    by_key_[entries_.front().key] = entries_.begin();
    base = &entries_.front();
  }
  say(*base, events);
  under_way_.insert(place.call_id);
  trim();
  return place;
}

/// What was only told here has no version yet: where to leave at is the log's to say. What is not
/// on record yet is not inherited but said again.
Status Conversations::leave_where_recorded(const Conversation& from, const Call& call,
                                           Placement& placement) {
  const auto logged =
      load_transcript(log_, codec_, digester(call.project), call.project, from.key.second);
  if (!logged) return logged.error();
  auto known = known_of(from.transcript, call.asked, placement);
  for (; *logged && !known.empty(); known.pop_back()) {
    for (const Utterance& said : (*logged)->utterances()) {
      if (known.back() == nullptr || said.message_id != known.back()->message_id ||
          said.digest != known.back()->digest) {
        continue;
      }
      placement.parent = said.session;
      placement.at_version = said.version;
      placement.known = known.size();
      return Ok{};
    }
  }
  placement = Placement{};
  return Ok{};
}

/// A call that names an answer instead of sending what was said before it sends all of that.
/// @return how many utterances that is
Result<std::size_t> Conversations::prepend_known(Call& call) {
  if (!call.goes_on_from) return std::size_t{0};
  const Digest key = events::answer_key(digester(call.project), *call.goes_on_from);
  auto sessions = sessions_of(call.project, key);
  if (!sessions) return sessions.error();
  for (const std::string& session : *sessions) {
    auto conversation = get({call.project.text(), session});
    if (!conversation) return conversation.error();
    if (*conversation == nullptr) continue;
    std::vector<Digest> before;
    std::vector<bool> answers;
    for (const Utterance& said : (*conversation)->transcript.utterances()) {
      if (said.kind == UtteranceKind::aside) continue;
      before.push_back(said.digest);
      answers.push_back(said.kind == UtteranceKind::answer);
      if (said.given_id != *call.goes_on_from || !answers.back()) continue;
      auto& asked = call.asked;
      asked.history.insert(asked.history.begin(), before.begin(), before.end());
      asked.answers.insert(asked.answers.begin(), answers.begin(), answers.end());
      return before.size();
    }
  }
  return std::size_t{
      0};  // of an answer that is not on record nothing is known: a conversation of its own
}

Result<std::vector<Conversations::Conversation*>> Conversations::candidates(const Call& call) {
  std::vector<Conversation*> found;
  if (call.session) {
    auto named = get({call.project.text(), *call.session});
    if (!named) return named.error();
    if (*named != nullptr) found.push_back(*named);
    return found;
  }
  const auto& history = call.asked.history;
  if (history.empty()) return found;
  const events::Digester& digests = digester(call.project);
  const std::size_t answers = end_of_answers(call.asked);
  const std::size_t whole = answers == 0 ? history.size() : answers;
  const Digest key = events::history_key(digests, std::span(history).first(whole));
  if (auto status = look_up(call, key, found); !status) return status.error();
  if (found.empty() && answers >= 2) {
    const Digest exchange =
        events::exchange_key(digests, history[answers - 2], history[answers - 1]);
    if (auto status = look_up(call, exchange, found); !status) return status.error();
  }
  return found;
}

Status Conversations::look_up(const Call& call, const Digest& key,
                              std::vector<Conversation*>& found) {
  auto sessions = sessions_of(call.project, key);
  if (!sessions) return sessions.error();
  for (const std::string& session : *sessions) {
    auto conversation = get({call.project.text(), session});
    if (!conversation) return conversation.error();
    if (*conversation != nullptr) found.push_back(*conversation);
  }
  return Ok{};
}

Result<std::vector<std::string>> Conversations::sessions_of(const core::ProjectId& project,
                                                            const Digest& key) {
  const auto noted = keys_.find(key);
  if (noted != keys_.end() && noted->second.asked_index) return noted->second.sessions;
  auto found = find_(project, key, kCandidatesMax);
  if (!found || noted == keys_.end()) return found;
  // What was said here is later than what the index knows.
  auto& sessions = noted->second.sessions;
  for (const std::string& session : *found) {
    const bool known = std::find(sessions.begin(), sessions.end(), session) != sessions.end();
    if (!known && sessions.size() < kCandidatesMax) sessions.insert(sessions.begin(), session);
  }
  noted->second.asked_index = true;
  return sessions;
}

Result<Conversations::Conversation*> Conversations::get(const Key& key) {
  const auto at_hand = by_key_.find(key);
  if (at_hand != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, at_hand->second);
    return &*at_hand->second;
  }
  auto project = core::ProjectId::parse(key.first);
  if (!project) return project.error();
  auto loaded = load_transcript(log_, codec_, digester(*project), *project, key.second);
  if (!loaded) return loaded.error();
  if (!*loaded) return nullptr;
  entries_.push_front(Conversation{key, **std::move(loaded)});
  by_key_[key] = entries_.begin();
  touch(entries_.front());
  note_keys(entries_.front());
  return &entries_.front();
}

void Conversations::end_call(const std::string& call_id) {
  if (const auto found = under_way_.find(call_id); found != under_way_.end()) {
    under_way_.erase(found);
  }
}

bool Conversations::try_ended(const Key& key, const std::string& call_id,
                              std::span<const SessionEvent> said) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return false;
  const auto found = by_key_.find(key);
  if (!said.empty() && found == by_key_.end()) return false;
  end_call(call_id);
  if (said.empty()) {
    forget(key);
  } else {
    say(*found->second, said);
    trim();
  }
  return true;
}

void Conversations::ended(const Key& key, const std::string& call_id,
                          std::span<const SessionEvent> said) {
  const std::lock_guard lock(mutex_);
  end_call(call_id);
  if (said.empty()) return forget(key);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    say(*found->second, said);
  } else {
    // A fork, or one that was put away: read, so that its keys are noted. Where that fails, the
    // index will know it.
    static_cast<void>(get(key));
  }
  trim();
}

void Conversations::forget(const core::ProjectId& project, const SessionNames& sessions) {
  const auto concerned = [&](const Conversation& conversation) {
    if (conversation.key.first != project.text()) return false;
    if (sessions.contains(conversation.key.second)) return true;
    const auto& said = conversation.transcript.utterances();
    return std::any_of(said.begin(), said.end(),
                       [&](const Utterance& each) { return sessions.contains(each.session); });
  };
  const std::lock_guard lock(mutex_);
  std::vector<Key> gone;
  SessionNames names;
  for (const Conversation& conversation : entries_) {
    if (!concerned(conversation)) continue;
    gone.push_back(conversation.key);
    names.insert(conversation.key.second);
  }
  for (const Key& key : gone) forget(key);
  names.insert(sessions.begin(), sessions.end());
  // A key of another project's session of that name goes, too: the index still knows it.
  for (auto noted = keys_.begin(); noted != keys_.end();) {
    const auto next = std::next(noted);
    auto& found = noted->second.sessions;
    std::erase_if(found, [&](const std::string& session) { return names.contains(session); });
    if (found.empty()) {
      key_ages_.erase(noted->second.age);
      keys_.erase(noted);
    } else {
      noted->second.asked_index = false;
    }
    noted = next;
  }
}

std::size_t Conversations::under_way() const {
  const std::lock_guard lock(mutex_);
  return under_way_.size();
}

void Conversations::say(Conversation& conversation, std::span<const SessionEvent> events) {
  for (const SessionEvent& event : events) {
    conversation.transcript.apply(event, {}, conversation.key.second);
  }
  conversation.versions_known = false;
  touch(conversation);
  note_keys(conversation);
}

void Conversations::touch(Conversation& conversation) {
  conversation.last_used = ++uses_;
  bytes_ -= conversation.bytes;
  conversation.bytes = conversation.transcript.bytes();
  bytes_ += conversation.bytes;
}

/// Not while somebody looks at several conversations.
void Conversations::trim() {
  while (bytes_ > kConversationBytesMax && entries_.size() > 1) forget(Key(entries_.back().key));
}

void Conversations::note_keys(const Conversation& conversation) {
  auto project = core::ProjectId::parse(conversation.key.first);
  if (!project) return;
  for (const Digest& key : events::head_keys(digester(*project), conversation.transcript)) {
    note_key(key, conversation.key.second);
  }
}

void Conversations::note_key(const Digest& key, const std::string& session) {
  auto found = keys_.find(key);
  if (found == keys_.end()) {
    key_ages_.push_front(key);
    found = keys_.emplace(key, Noted{{}, false, key_ages_.begin()}).first;
  } else {
    key_ages_.splice(key_ages_.begin(), key_ages_, found->second.age);
  }
  auto& sessions = found->second.sessions;
  std::erase(sessions, session);
  sessions.push_back(session);
  if (sessions.size() > kCandidatesMax) sessions.erase(sessions.begin());
  if (keys_.size() > kKeysMax) {
    keys_.erase(key_ages_.back());
    key_ages_.pop_back();
  }
}

void Conversations::forget(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  bytes_ -= found->second->bytes;
  entries_.erase(found->second);
  by_key_.erase(found);
}

const events::Digester& Conversations::digester(const core::ProjectId& project) {
  const std::lock_guard lock(digesters_mutex_);
  return digesters_.try_emplace(project.text(), keyed_hash_, project).first->second;
}

}  // namespace hansard::gateway
