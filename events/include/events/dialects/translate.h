#pragma once

#include <cstdint>
#include <span>

#include "core/result.h"
#include "events/dialects/request.h"

/// One request, told to another API: what a fallback to another provider sends. Pure.
namespace hansard::events {

/// The request of the API `to` that asks nearest to what `asked` does.
///
/// - Messages: those that say `window`. System text stands where the API wants it: beside the
///   messages (Anthropic, Responses) that of before the first other message, elsewhere before them.
/// - Tools, their choice, the bound of the answer, temperature, top_p, top_k, stops, seed, the
///   schema or kind of the answer, reasoning effort and the user are said in the words of `to`, as
///   far as it has any; tools that a provider runs itself and all else are left out. Where the API
///   wants a bound (Anthropic) and none was given, it is `kAnswerTokensMax`.
/// - The model stays as it was named; whoever sends the request elsewhere knows the name there.
/// - Within one dialect, nothing changes but the messages.
///
/// @param asked   as `from.split` gave it
/// @param window  all that is sent: the events of its messages, and, where it goes on from an
/// answer
///                that the provider keeps, those before
/// Errors: unsupported (`from` or `to` is no API for conversations that we know; which one).
core::Result<CallRequest> translate(const CallRequest& asked, const RequestDialect& from,
                                    std::span<const SessionEvent> window, const RequestDialect& to);

inline constexpr std::uint64_t kAnswerTokensMax = 4096;

}  // namespace hansard::events
