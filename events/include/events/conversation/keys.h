#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "events/conversation/transcript.h"

/// Under what a conversation can be found. Pure.
namespace hansard::events {

/// Of a whole history, utterance by utterance. Where a history ends with an answer, or is asked
/// without one, this finds the conversations that have it.
Digest history_key(const Digester& digester, std::span<const Digest> history);
/// Of the last two utterances, whatever came before: finds a conversation that is sent shortened.
Digest exchange_key(const Digester& digester, const Digest& before, const Digest& answer);
/// Of an answer by the name its provider gave it, where a call names it instead of sending what was
/// said.
Digest answer_key(const Digester& digester, std::string_view answer_id);

/// What the provider calls an answer that calls may name (OpenAI Responses); empty: none may.
std::string_view given_id(const ResponseReceived& answer);

/// Those of a conversation's head: of the answer it ends with (each choice is one), and of its
/// opening while that has no answer, or none but this. Empty where it ends otherwise.
std::vector<Digest> head_keys(const Digester& digester, const Transcript& transcript);

}  // namespace hansard::events
