#pragma once

#include <vector>

#include "events/json.h"
#include "families.h"
#include "http/experiment_desk.h"
#include "shared/body_fields.h"
#include "shared/receipts.h"

/// Shared by the routes of experiments and of their units.
namespace hansard::http {

/// Who acts, by a request's key and headers. Errors: those of `write_options`.
core::Result<Hand> hand_of(const Request& request);

/// Answers with the members of `head` and the receipt's, or with the problem.
core::AppendDone answer_with_receipt(Responder respond, events::Json head);

AddedRoute experiment_decide_route(const ReadsPtr& reads);

/// `assign`, `exposures`, `outcomes`.
std::vector<AddedRoute> experiment_unit_routes(const ReadsPtr& reads);

/// Outcomes in one request.
inline constexpr std::size_t kOutcomesMax = 1'000;

}  // namespace hansard::http
