#include "openapi/experiment_docs.h"

#include <algorithm>
#include <array>

#include "core/assert.h"

namespace hansard::http {

namespace {

using Answer = RouteDoc::Answer;
using Others = SchemaDoc::Others;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kWrites = "Hansard-Durability Hansard-Expected-Version";
constexpr std::string_view kUnitWrites = "Hansard-Durability";
constexpr std::array<Answer, 2> kReceipt{{{200, kJson, "Receipt"}, {201, kJson, "Receipt"}}};
constexpr std::array<Answer, 2> kCreated{
    {{200, kJson, "ExperimentReceipt"}, {201, kJson, "ExperimentReceipt"}}};
constexpr std::array<Answer, 1> kListed{{{200, kJson, "ExperimentList"}}};
constexpr std::array<Answer, 1> kShown{{{200, kJson, "Experiment"}}};
constexpr std::array<Answer, 1> kAssigned{{{200, kJson, "Assignment"}}};
constexpr std::array<Answer, 2> kExposed{
    {{200, kJson, "ExposureReceipt"}, {201, kJson, "ExposureReceipt"}}};
constexpr std::array<Answer, 2> kRecorded{
    {{200, kJson, "OutcomeAnswer"}, {201, kJson, "OutcomeAnswer"}}};

constexpr std::string_view kPart = R"({"type":"number","minimum":0,"maximum":1})";
constexpr std::string_view kWeights =
    R"({"type":"object","additionalProperties":{"type":"number","minimum":0,"maximum":1}})";
constexpr std::string_view kNumber = R"({"type":"number"})";
constexpr std::string_view kAnything = R"({"type":["number","boolean","string"]})";

constexpr MemberDoc kMetric[] = {
    {"name", "text",
     "Of scores and outcomes, or errors, latency_us, ttft_us, cost_usd, tokens, calls."},
    {"source?", "score|call", "Unless said: call where the name is one of those, else score."},
    {"goal?", "increase|decrease", "Unless said: decrease of calls' metrics but calls."},
    {"aggregate?", "mean|sum|last|ratio", "What a unit's values are taken together to."},
    {"missing?", "left_out|zero", "What a unit without a value counts as; left_out unless said."},
    {"category?", "text", "The value is whether it is this word."},
    {"margin?", kNumber, "Of a guardrail: harm tolerated, as a part of the control's mean; 0."},
};
constexpr std::string_view kPrompt = R"({"type":["string","object"]})";
constexpr std::string_view kMetricOrName =
    R"({"anyOf":[{"type":"string"},{"$ref":"#/components/schemas/ExperimentMetric"}]})";
constexpr std::string_view kMetrics = R"({"type":"array","items":{"oneOf":[{"type":"string"},)"
                                      R"({"$ref":"#/components/schemas/ExperimentMetric"}]}})";
constexpr MemberDoc kVariant[] = {
    {"name", "text", "Of the variant; the first of a plan is the control."},
    {"weight?", kPart, "Its part of the units; absent everywhere: equal parts."},
    {"prompt?", kPrompt, "The prompt version that its calls get: greeting@2, or name and version."},
    {"model?", "text", "The model that its calls go to."},
    {"provider?", "text", "The provider that its calls go to."},
    {"parameters?", "object", "Members put over those of the call's own body."},
};
constexpr std::string_view kEligibility =
    R"({"type":"object","properties":{"agents":{"type":"array","items":{"type":"string"}},)"
    R"("models":{"type":"array","items":{"type":"string"}},)"
    R"("providers":{"type":"array","items":{"type":"string"}},)"
    R"("tags":{"type":"object","additionalProperties":{"type":"string"}}}})";
constexpr std::string_view kUnitDoc = R"({"enum":["user","session","request"]})";
constexpr MemberDoc kPlanBody[] = {
    {"name", "text", "Names the experiment."},
    {"variants", "list of ExperimentVariant", "2 to 16, the control first."},
    {"metric", kMetricOrName, "What decides."},
    {"unit?", kUnitDoc, "What has a variant as a whole; user unless said."},
    {"guardrails?", kMetrics, "What must not get worse; errors unless said."},
    {"secondary?", kMetrics, "What is told beside, and never decides."},
    {"coverage?", kPart, "The part of all units that takes part; 1 unless said."},
    {"seed?", "text", "Units are spread by it; the name unless said."},
    {"eligibility?", kEligibility, "Which calls may take part; all unless said."},
    {"minimum_sample?", "count",
     "Units a variant before any verdict; 200 unless said, at least 20."},
    {"alpha?", kNumber, "Probability of a winner where there is none; 0.05 unless said."},
    {"horizon?", "count", "Units at which it ends without a difference; absent: it goes on."},
    {"moves_label?", "text", "The label that moves to the winner's prompt version."},
    {"automatic?", "flag", "It acts by itself on what it finds; true unless said."},
    {"hypothesis?", "text", "What is expected, and why."},
    {"metadata?", "object", "Whatever belongs to it."},
    {"start?", "flag", "At once; false unless said."},
};
constexpr MemberDoc kCreatedReceipt[] = {
    {"experiment", "text", "Its name."},
    {"remarks", "list of text", "What is legal and yet worth a second look."},
    {"...", "Receipt", ""},
};
constexpr MemberDoc kWeightsBody[] = {
    {"weights?", R"({"type":["object","array"]})", "By variant, or in their order; parts of 1."},
    {"coverage?", kPart, "The part of all units that takes part; as it is unless said."},
    {"comment?", "text", "Why it is done."},
};
constexpr MemberDoc kCommentBody[] = {{"comment?", "text", "Why it is done."}};
constexpr MemberDoc kListedVariant[] = {
    {"name", "text", "Of the variant."},
    {"prompt?", "text", "Its version, as in greet@2."},
};
constexpr std::string_view kStatus =
    R"({"enum":["planned","running","paused","stopped","concluded"]})";
constexpr MemberDoc kListedExperiment[] = {
    {"experiment", "text", "Its name."},
    {"status", kStatus, "How it stands."},
    {"unit", kUnitDoc, "What has a variant as a whole."},
    {"metric", "text", "What decides."},
    {"variants", "list of ListedVariant", "The control first."},
    {"automatic", "flag", "It acts by itself."},
    {"edition", "count", "How often units were spread anew."},
    {"winner?", "text", "The variant that won."},
    {"created_at", "Time", "When it was planned."},
    {"changed_at", "Time", "When something happened to it last."},
};
constexpr MemberDoc kExperimentList[] = {
    {"experiments", "list of ListedExperiment", "In order of their names."},
    {"next?", "text", "Cursor of the following page."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr MemberDoc kEdition[] = {
    {"edition", "count", "0: as planned."},
    {"weights", kWeights, "By variant."},
    {"coverage", kPart, "The part of all units that takes part."},
    {"since", "Position", "From here on."},
};
constexpr MemberDoc kHistoryEntry[] = {
    {"version", "count", "In the experiment's stream."},
    {"position", "Position", "In the log."},
    {"type", "text", "Of the event."},
    {"recorded_at", "Time", "When it happened."},
    {"actor?", "text", "The key that acted."},
    {"erased?", "flag", "True where its content was destroyed."},
};
constexpr std::string_view kOutcomeOf = R"({"type":"object","additionalProperties":true})";
constexpr MemberDoc kExperimentAnswer[] = {
    {"experiment", "text", "Its name."},
    {"status", kStatus, "How it stands."},
    {"plan", kOutcomeOf, "As it is stored, with every default; shares as weights."},
    {"edition", "count", "How often units were spread anew."},
    {"weights", kWeights, "Of units that come now, by variant."},
    {"coverage", kPart, "The part of all units that takes part."},
    {"editions", "list of ExperimentEdition", "How units were spread, oldest first."},
    {"started_at?", "Time", "The first time."},
    {"winner?", "text", "The variant that won."},
    {"stopped?", kOutcomeOf, "Why it was stopped: reason, variant, metric, evidence, comment."},
    {"concluded?", kOutcomeOf, "What it came to: conclusion, evidence, comment."},
    {"changed_at", "Time", "When something happened to it last."},
    {"history", "list of ExperimentHistoryEntry", "Who did what, oldest first."},
    {"remarks", "list of text", "What is legal and yet worth a second look."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr MemberDoc kAssignBody[] = {
    {"unit", "text", "The user, session or request, as the application calls it."},
    {"agent?", "text", "Of the call, for eligibility."},
    {"model?", "text", "That the call would ask without the experiment, for eligibility."},
    {"provider?", "text", "Likewise, as there."},
    {"tags?", "map of text", "Of the call, for eligibility."},
    {"expose?", "flag", "Record it at once, as the route exposures does."},
};
constexpr MemberDoc kAssignment[] = {
    {"experiment", "text", "Its name."},
    {"in_experiment", "flag", "False: make the call as it is."},
    {"reason?", R"({"enum":["planned","paused","stopped","concluded","not_eligible","coverage"]})",
     "Why it takes no part."},
    {"winner?", "text", "The variant that won, where it takes no part."},
    {"variant?", "text", "The variant of the unit."},
    {"prompt?", kOutcomeOf, "Name and version."},
    {"model?", "text", "The model to call."},
    {"provider?", "text", "The provider to call."},
    {"parameters?", kOutcomeOf, "Members to put over those of the call's own body."},
    {"edition?", "count", "Of the weights that it was drawn by."},
    {"bucket?", "count", "Of 10,000, where it was drawn."},
    {"exposed?", "flag", "True: on record, and never another variant."},
    {"checkpoint", "Position", "One past the last position of the log."},
};
constexpr MemberDoc kExposureBody[] = {
    {"unit", "text", "The user, session or request, as the application calls it."},
    {"variant?", "text", "That it met; absent: the one that it is assigned."},
    {"session?", "text", "Where it met it."},
    {"call_id?", "text", "By which call."},
    {"occurred_at?", "Time", "When it happened."},
};
constexpr MemberDoc kExposureReceipt[] = {
    {"variant", "text", "On record."},
    {"duplicate", "flag", "True: it was exposed before."},
    {"events?", "list of RecordReceipt", "As in Receipt."},
    {"position?", "Position", "Likewise, as there."},
    {"version?", "count", "Likewise, as there."},
    {"at_least?", "Position", "Likewise, as there."},
    {"durability?", "strict|relaxed", "Likewise, as there."},
};
constexpr MemberDoc kOutcomeBody[] = {
    {"unit?", "text", "As it was exposed."},
    {"metric?", "text", "Of the plan, or any other name."},
    {"value?", kAnything, "A number, true or false, or a category; or text instead."},
    {"text?", "text", "Words that no number is made of."},
    {"outcome_id?", "text", "Names the outcome: the same again is the same."},
    {"revision?", "count", "1 unless said; the next one corrects it."},
    {"metadata?", "object", "Whatever belongs to it."},
    {"occurred_at?", "Time", "When it happened."},
    {"outcomes?", R"({"type":"array","maxItems":1000,"items":{"type":"object"}})",
     "Several at once, instead of the others."},
};
constexpr MemberDoc kOutcomeResult[] = {
    {"outcome_id?", "text", "As it was sent."},
    {"status", "recorded|duplicate|failed", "What became of it."},
    {"position?", "Position", "Where it is."},
    {"code?", "text", "Of the error, as in problems."},
    {"detail?", "text", "What is wrong."},
    {"field?", "text", "To blame."},
};
constexpr MemberDoc kOutcomeAnswer[] = {
    {"events?", "list of RecordReceipt", "Of one outcome: as in Receipt."},
    {"position?", "Position", "Likewise, as there."},
    {"version?", "count", "Likewise, as there."},
    {"at_least?", "Position", "Likewise, as there."},
    {"durability?", "strict|relaxed", "Likewise, as there."},
    {"duplicate?", "flag", "Likewise, as there."},
    {"recorded?", "count", "Of a list: new ones."},
    {"duplicates?", "count", "Those that were known."},
    {"failed?", "count", "Those that were refused."},
    {"results?", "list of OutcomeResult", "In the order of the list."},
    {"checkpoint?", "Position", "One past the last position of the log."},
};

constexpr MemberDoc kJudgement[] = {
    {"experiment", "text", "Its name."},
    {"decision", R"({"enum":["wait","winner","harm","no_difference","blocked"]})",
     "What the numbers say."},
    {"variant?", "text", "That won, or does harm."},
    {"metric?", "text", "That tells."},
    {"reasons", "list of text", "In words; the first says the decision."},
    {"acted", "flag", "True: by this look it was declared, stopped or concluded."},
    {"status", kStatus, "How it stands now."},
    {"checkpoint", "Position", "One past the last position that it rests on."},
};
constexpr std::array<Answer, 1> kDecided{{{200, kJson, "ExperimentJudgement"}}};
constexpr SchemaDoc kSchemas[] = {
    {"ExperimentJudgement", "What a look at an experiment found.", kJudgement},
    {"ExperimentMetric", "What is measured of units.", kMetric, Others::refused},
    {"ExperimentVariant", "One arm of an experiment.", kVariant, Others::refused},
    {"ExperimentBody", "A plan.", kPlanBody, Others::refused},
    {"ExperimentReceipt", "A plan on record.", kCreatedReceipt},
    {"WeightsBody", "How units are spread from now on.", kWeightsBody, Others::refused},
    {"CommentBody", "A word about it.", kCommentBody, Others::refused},
    {"ListedVariant", "One arm, in a list.", kListedVariant},
    {"ListedExperiment", "An experiment in a list.", kListedExperiment},
    {"ExperimentList", "Experiments by name.", kExperimentList},
    {"ExperimentEdition", "How units were spread since a moment.", kEdition},
    {"ExperimentHistoryEntry", "Something that happened to it.", kHistoryEntry, Others::verbatim},
    {"Experiment", "An experiment.", kExperimentAnswer},
    {"AssignBody", "A unit, and what its call is like.", kAssignBody, Others::refused},
    {"Assignment", "The variant of a unit.", kAssignment},
    {"ExposureBody", "A unit that met its variant.", kExposureBody, Others::refused},
    {"ExposureReceipt", "An exposure on record.", kExposureReceipt},
    {"OutcomeBody", "What came of a unit.", kOutcomeBody, Others::refused},
    {"OutcomeResult", "What became of one outcome.", kOutcomeResult},
    {"OutcomeAnswer", "What became of one or several.", kOutcomeAnswer},
};

struct Documented {
  RouteDoc doc;
  std::string_view body;
};
constexpr Documented kRoutes[] = {
    {{Method::post, "/v1/experiments", "", kWrites, kCreated}, "ExperimentBody"},
    {{Method::get, "/v1/experiments", "status prefix limit cursor at_least", "", kListed}, ""},
    {{Method::get, "/v1/experiments/{name}", "as_of at_least", "", kShown}, ""},
    {{Method::post, "/v1/experiments/{name}/start", "", kWrites, kReceipt}, "CommentBody"},
    {{Method::post, "/v1/experiments/{name}/pause", "", kWrites, kReceipt}, "CommentBody"},
    {{Method::post, "/v1/experiments/{name}/stop", "", kWrites, kReceipt}, "CommentBody"},
    {{Method::post, "/v1/experiments/{name}/conclude", "", kWrites, kReceipt}, "CommentBody"},
    {{Method::post, "/v1/experiments/{name}/weights", "", kWrites, kReceipt}, "WeightsBody"},
    {{Method::post, "/v1/experiments/{name}/decide", "", kUnitWrites, kDecided}, ""},
    {{Method::post, "/v1/experiments/{name}/assign", "", kUnitWrites, kAssigned}, "AssignBody"},
    {{Method::post, "/v1/experiments/{name}/exposures", "", kUnitWrites, kExposed}, "ExposureBody"},
    {{Method::post, "/v1/experiments/{name}/outcomes", "", kUnitWrites, kRecorded}, "OutcomeBody"},
};

}  // namespace

AddedRoute documented_experiment(Route route) {
  const auto* found =
      std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const Documented& each) {
        return each.doc.method == route.method && each.doc.pattern == route.pattern;
      });
  HANSARD_ASSERT(found != std::end(kRoutes), "every route about experiments is told of here");
  // Schemas are told once, with the first route.
  const auto schemas = found == std::begin(kRoutes) ? std::span<const SchemaDoc>(kSchemas)
                                                    : std::span<const SchemaDoc>();
  return {std::move(route), found->doc, found->body, schemas};
}

}  // namespace hansard::http
