#include "access/exposing_request.h"

#include <algorithm>
#include <utility>

#include "http/experiment_desk.h"
#include "http/problem.h"
#include "shared/receipts.h"

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;

/// As often as other requests of a unit may be faster: once, since then it is on record. The rest
/// is for a log that lags behind.
constexpr int kAttemptsMax = 4;

struct Asked {
  const Context& context;
  PreparedCommand prepared;
  std::string unit;
  Responder respond;
  int attempts = 0;
};
using AskedPtr = std::shared_ptr<Asked>;

Error rejected(const std::string& why, const std::string& field) {
  return {.code = Errc::rejected, .message = field + ": " + why, .field = field};
}

events::RequestResponse& request_of(PreparedCommand& prepared) {
  auto& step = std::get<events::SessionStep>(prepared.command.body);
  return std::get<events::RequestResponse>(step);
}

/// Names the unit, and exposes it where it is new. `prepared` is a copy.
Result<PreparedCommand> exposing(const Asked& asked) {
  PreparedCommand prepared = asked.prepared;
  events::RequestResponse& request = request_of(prepared);
  if (!request.variant) return events::bad_field("unit", "needs a variant that it has");
  const std::string& name = request.variant->experiment;
  const core::ProjectId& project = prepared.with.project;
  const auto found = asked.context.experiments->find(project, name);
  if (!found) {
    Error error = found.error();
    error.field = "variant.experiment";
    return error;
  }
  const events::ExperimentState& state = **found;
  const auto index = state.variant(request.variant->variant);
  if (!index) {
    return events::bad_field("variant.variant",
                             name + " has no variant " + request.variant->variant);
  }
  const auto& ports = asked.context.experiments->ports();
  const auto unit = ports.experiments->assign(project, name, state, asked.unit);
  if (!unit) return unit.error();
  request.variant->unit = events::assignment_name(project, name, state.plan->unit, asked.unit,
                                                  asked.context.keyed_hash);
  if (*unit && (*unit)->exposed) {
    if ((*unit)->variant == *index) return prepared;
    return rejected(
        "the unit has variant " + state.plan->variants[(*unit)->variant].name + " on record",
        "variant.variant");
  }
  if (const std::string why = why_closed(state); !why.empty()) {
    return rejected(why + "; without a unit the call is recorded and exposes nobody", "unit");
  }
  events::Exposure exposure;
  exposure.name = *request.variant->unit;
  events::VariantAssigned& assigned = exposure.assigned;
  assigned.experiment = name;
  assigned.unit_kind = state.plan->unit;
  assigned.variant = request.variant->variant;
  assigned.edition = state.shares.back().edition;
  // The application's own choice has no place among the buckets.
  if (*unit && (*unit)->variant == *index) assigned.bucket = (*unit)->bucket;
  assigned.unit = asked.unit;
  auto stream = core::StreamId::make("assignment", exposure.name);
  if (!stream) return std::move(stream.error());
  prepared.with.checks.push_back({*std::move(stream), core::Expected::none()});
  request.exposure = std::move(exposure);
  return prepared;
}

void attempt(const AskedPtr& asked) {
  ++asked->attempts;
  auto prepared = exposing(*asked);
  if (!prepared) return asked->respond(problem(std::move(prepared.error())));
  prepared->with.may_block = true;
  const auto& checks = prepared->with.checks;
  const std::string stream = checks.empty() ? std::string() : checks.back().stream.text();
  asked->context.execute(
      std::move(prepared->with), std::move(prepared->command),
      [asked, stream](Result<core::Receipt> receipt) {
        const auto& seen = receipt ? std::vector<core::Violation>{} : receipt.error().violations;
        const bool exposed_meanwhile =
            !stream.empty() && std::any_of(seen.begin(), seen.end(),
                                           [&](const auto& each) { return each.stream == stream; });
        if (!exposed_meanwhile || asked->attempts == kAttemptsMax) {
          return answer_receipt(asked->respond)(std::move(receipt));
        }
        asked->context.blocking.post([asked] { attempt(asked); });
      });
}

}  // namespace

std::optional<events::Json> take_unit(events::Json& body) {
  auto* members = body.if_object();
  if (members == nullptr) return {};
  const auto found = std::find_if(members->begin(), members->end(),
                                  [](const auto& member) { return member.key == "unit"; });
  if (found == members->end()) return {};
  events::Json unit = std::move(found->value);
  members->erase(found);
  return unit;
}

void record_of_unit(const Context& context, const RecordKind& kind, const RequestPtr& request,
                    const Responder& respond, const Author& author, events::Json body,
                    std::string unit) {
  if (auto s = check_unit(unit); !s) return respond(problem(std::move(s.error())));
  auto prepared = prepare_command(context, kind, author, request->param("id"), std::move(body));
  if (!prepared) return respond(problem(std::move(prepared.error())));
  auto asked =
      std::make_shared<Asked>(Asked{context, *std::move(prepared), std::move(unit), respond});
  if (context.blocking.try_post([asked] { attempt(asked); })) return;
  respond(problem(Error{Errc::overloaded, "too many requests wait; try again in a moment"}));
}

}  // namespace hansard::http
