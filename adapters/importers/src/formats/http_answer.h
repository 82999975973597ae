#pragma once

#include <vector>

#include "events/dialects/apis.h"
#include "events/session/commands.h"
#include "formats/http_exchange.h"

namespace hansard::importers {

/// What became of a call: the steps of its answer, or one FailResponse with what had come of it.
/// A stream is put together; of its cadence only the cuts are known, so its track has no times.
/// @param streams  the call asked for a stream
std::vector<events::SessionStep> read_http_answer(const events::Api& api,
                                                  const HttpExchange& exchange, bool streams,
                                                  const events::AnswerIds& ids);

}  // namespace hansard::importers
