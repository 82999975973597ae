#pragma once

#include <optional>

#include "call_recorder.h"
#include "kept_answer.h"
#include "projections/gateway_calls.h"

namespace hansard::gateway {

/// An answer as the record has it.
struct AnswerOnRecord {
  KeptAnswer answer;
  SentTo sent;  ///< when it was given
};

/// From its events alone. Nothing: it was erased, or cannot be had again. Blocks on storage.
/// Errors: those of the log.
core::Result<std::optional<AnswerOnRecord>> answer_on_record(
    const core::EventLog& log, const core::ProjectId& project, const events::Api& api,
    const projections::RecordedAnswer& place);

}  // namespace hansard::gateway
