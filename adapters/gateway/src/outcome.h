#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "answer_tee.h"
#include "call_recorder.h"
#include "core/error.h"
#include "events/session/commands.h"
#include "kept_answer.h"

namespace hansard::gateway {

/// What became of a call, as it is recorded: an answer in steps, or a failure.
using Outcome = std::variant<std::vector<events::SessionStep>, events::FailResponse>;

/// Of an answer that came to its end.
/// @param status  of HTTP
/// @param whole   gets the answer itself, where it is whole and none of an error; may be null
/// @param clean   takes out of the body what is not recorded, and says whether there was any; may
///                be empty. `whole` is as it came.
Outcome outcome_of(const events::Api& api, int status, AnswerTee& tee, const events::AnswerIds& ids,
                   std::uint64_t latency_us, std::shared_ptr<const KeptAnswer>* whole = nullptr,
                   const std::function<bool(events::Json&)>& clean = {});

/// Of one that did not: the provider failed, or the client went.
/// @param tee  what had come of it, or null
Outcome broken_off(const events::Api& api, const core::Error& error, AnswerTee* tee,
                   const events::AnswerIds& ids, std::uint64_t latency_us);

/// Of one that the provider answered with an error.
/// @param status  of HTTP
/// @param body    as far as it came
events::FailResponse refused(const events::Api& api, int status, const std::string& body,
                             std::uint64_t latency_us);

/// What the cost of an attempt follows from.
struct Spent {
  std::string provider;
  std::string model;  ///< that answered, else that was asked; empty: not known
  std::string tier;   ///< in the provider's word; empty: not said
  std::optional<events::Usage> usage;
};
/// @param to     where it went
/// @param asked  the model that the client named
Spent spent_by(const Outcome& outcome, const SentTo& to, const std::optional<std::string>& asked);

/// Tokens that the provider counted.
std::uint64_t tokens_in(const std::optional<events::Usage>& usage);
std::uint64_t tokens_in(const Outcome& outcome);

/// Takes the client's keys out of what a provider said: some say in their errors which key they
/// got.
void redact(events::FailResponse& failure, const std::vector<std::string>& secrets);
void redact(std::vector<events::SessionStep>& answer, const std::vector<std::string>& secrets);
void redact(events::Json& value, const std::vector<std::string>& secrets);

}  // namespace hansard::gateway
