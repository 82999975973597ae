#include "events/conversation/keys.h"

#include <string>

namespace hansard::events {

Digest history_key(const Digester& digester, std::span<const Digest> history) {
  Digest key{};
  for (const Digest& each : history) key = digester.prefix(key, each);
  return key;
}

Digest exchange_key(const Digester& digester, const Digest& before, const Digest& answer) {
  return digester.with_call(digester.prefix(before, answer), "exchange");
}

Digest answer_key(const Digester& digester, std::string_view answer_id) {
  return digester.utterance("answer " + std::string(answer_id));
}

std::string_view given_id(const ResponseReceived& answer) {
  if (!answer.extra) return {};
  for (const char* member : {"body", "raw"}) {
    const Json* body = answer.extra->find(member);
    const Json* object = body == nullptr ? nullptr : body->find("object");
    const Json* id = body == nullptr ? nullptr : body->find("id");
    if (object == nullptr || !object->is_string() || *object->if_string() != "response") continue;
    if (id != nullptr && id->is_string()) return *id->if_string();
  }
  return {};
}

std::vector<Digest> head_keys(const Digester& digester, const Transcript& transcript) {
  std::vector<Digest> history;
  std::vector<const Utterance*> choices;  ///< of the call that came last
  bool answered = false;
  bool opening = true;  ///< no answer but the one it ends with
  for (const Utterance& said : transcript.utterances()) {
    if (said.kind == UtteranceKind::aside) continue;
    const bool answer = said.kind == UtteranceKind::answer;
    if (answer && !choices.empty() && choices.front()->call_id == said.call_id) {
      choices.push_back(&said);
      continue;
    }
    choices.clear();
    opening = !answered;
    answered = answered || answer;
    if (answer) choices.push_back(&said);
    history.push_back(said.digest);
  }
  if (history.empty()) return {};
  if (!answered) return {history_key(digester, history)};
  std::vector<Digest> keys;
  if (choices.empty()) return keys;
  history.pop_back();
  const Digest before = history_key(digester, history);
  if (opening && !history.empty()) keys.push_back(before);
  for (const Utterance* choice : choices) {
    keys.push_back(digester.prefix(before, choice->digest));
    if (!history.empty()) {
      keys.push_back(exchange_key(digester, history.back(), choice->digest));
    }
    if (!choice->given_id.empty()) keys.push_back(answer_key(digester, choice->given_id));
  }
  return keys;
}

}  // namespace hansard::events
