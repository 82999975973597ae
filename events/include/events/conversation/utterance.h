#pragma once

#include <string>

#include "events/session/facts.h"

/// What is said in a conversation, by its meaning: the same text however a client echoes it. APIs
/// of models resend the whole history with every call, seldom letter by letter; what does not
/// change the meaning is left out, so that two histories can be compared.
///
///   left out    thinking (also between <think> and </think> in an answer), ids of messages and
///   tool
///               calls, members that are null, white space around a text, the order of members in
///               arguments, the text form of arguments; of an answer that says something or calls
///               tools, those that the provider ran itself
///   the same    a text and its list of text parts; a tool's output as text and as a list of texts
///
/// Pure. The texts hold what people said: keep only keyed hashes of them.
namespace hansard::events {

/// Of a message. Role and every part that is no tool result.
std::string canonical(const MessageSent& message);
/// Of an answer, without the tools it asked for: those are told beside it, one by one.
std::string canonical(const ResponseReceived& answer);
std::string canonical(const ToolCalled& call);
/// Of what a tool gave back, failure or not. What it belongs to is told by where it stands.
std::string canonical(const ToolCompleted& result);
std::string canonical(const ToolFailed& result);
/// Of the text that stands for messages no longer sent, as the message it is sent as.
std::string canonical_summary(const ContextOptimized& change);

}  // namespace hansard::events
