#include "events/experiment/plan_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "events/experiment/metric.h"
#include "events/session/ids.h"
#include "experiment/check.h"
#include "session/fields.h"

namespace hansard::events {
namespace {

using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using fields::Bounds;
using fields::Members;
using fields::Path;
using fields::Reading;

/// Facts and content of a plan stand in one object.
struct PlanReader {
  Reading& reading;
  Members members;
  ExperimentCreated& plan;
  Path root = {};
  bool ok = true;

  template <class M, class... Mark>
  void fact(std::string_view name, M member, Mark...) {
    ok = ok && fields::read_field(reading, root, name, fields::kFactBounds, sizeof...(Mark) > 0,
                                  members, plan.*member);
  }
  template <class M>
  void content(std::string_view name, M member) {
    ok = ok && fields::read_field(reading, root, name, Bounds{}, false, members, plan.*member);
  }
};

std::optional<Json> take(Json::Object& object, std::string_view name) {
  const auto found = std::find_if(object.begin(), object.end(),
                                  [&](const Json::Member& each) { return each.key == name; });
  if (found == object.end()) return {};
  Json value = std::move(found->value);
  object.erase(found);
  if (value.is_null()) return {};
  return value;
}

/// A part of 1 as whole parts of kSharesWhole.
Result<std::uint32_t> part_of_whole(const Json& json, const std::string& field) {
  const auto part = json.as_double(field);
  if (!part) return part.error();
  if (*part < 0 || *part > 1) return bad_field(field, "expected a part of 1");
  const double parts = *part * kSharesWhole;
  const double whole = std::round(parts);
  // 0.3 is not exactly three tenths.
  if (std::fabs(parts - whole) > 1e-6) {
    return bad_field(field, "expected a whole number of ten-thousandths, as in 0.3333");
  }
  return static_cast<std::uint32_t>(whole);
}

/// `greeting@2` as an object; the version is what follows the last @.
Result<Json> prompt_of(Json said, const std::string& field) {
  const std::string* text = said.if_string();
  if (text == nullptr) return said;
  const auto at = text->rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == text->size()) {
    return bad_field(field, "expected a prompt and its version, as in greeting@2");
  }
  Json prompt;
  prompt.add("name", text->substr(0, at));
  prompt.add("version", text->substr(at + 1));
  return prompt;
}

Status canonical_variant(Json& json, const std::string& field) {
  auto* members = json.if_object();
  if (members == nullptr) return bad_field(field, "expected an object");
  if (json.find("share") != nullptr) {
    return bad_field(join_path(field, "share"), "say weight, a part of 1");
  }
  if (Json* prompt = json.find("prompt"); prompt != nullptr) {
    auto object = prompt_of(std::move(*prompt), join_path(field, "prompt"));
    if (!object) return std::move(object.error());
    *prompt = *std::move(object);
  }
  return Ok{};
}

/// Weights become shares.
Status canonical_variants(Json& body) {
  Json* list = body.find("variants");
  if (list == nullptr) return bad_field("variants", "the field is required");
  auto* variants = list->if_array();
  if (variants == nullptr) return bad_field("variants", "expected an array");
  std::vector<std::optional<Json>> weights;
  std::size_t given = 0;
  for (std::size_t i = 0; i < variants->size(); ++i) {
    Json& variant = (*variants)[i];
    if (auto s = canonical_variant(variant, join_path("variants", i)); !s) return s;
    weights.push_back(take(*variant.if_object(), "weight"));
    given += weights.back() ? 1 : 0;
  }
  if (given > 0 && given < weights.size()) {
    return bad_field("variants", "give every variant a weight, or none of them");
  }
  const auto equal = equal_shares(variants->size());
  for (std::size_t i = 0; i < variants->size(); ++i) {
    std::uint32_t share = equal[i];
    if (given > 0) {
      const auto part = part_of_whole(*weights[i], join_path(join_path("variants", i), "weight"));
      if (!part) return part.error();
      share = *part;
    }
    (*variants)[i].add("share", share);
  }
  return Ok{};
}

void canonical_metric(Json& json) {
  if (const std::string* name = json.if_string()) {
    Json metric;
    metric.add("name", *name);
    json = std::move(metric);
  }
}

void canonical_metrics(Json& body, std::string_view list) {
  Json* metrics = body.find(list);
  if (metrics == nullptr || !metrics->is_array()) return;
  for (Json& metric : *metrics->if_array()) canonical_metric(metric);
}

/// What only the plan as it is sent has: words of tags where the stored one has their hashes.
Status canonical_eligibility(Json& body, const core::ProjectId& project,
                             const core::KeyedHash& hash) {
  if (body.find("tags") != nullptr) return bad_field("tags", "say eligibility.tags");
  Json* eligibility = body.find("eligibility");
  if (eligibility == nullptr || !eligibility->is_object()) return Ok{};
  if (eligibility->find("tag_hashes") != nullptr) {
    return bad_field("eligibility.tag_hashes", "is computed from eligibility.tags");
  }
  auto tags = take(*eligibility->if_object(), "tags");
  if (!tags) return Ok{};
  const auto* members = tags->if_object();
  if (members == nullptr) return bad_field("eligibility.tags", "expected an object of strings");
  Json hashes{Json::Object{}};
  for (const auto& tag : *members) {
    const std::string field = join_path("eligibility.tags", tag.key);
    const std::string* value = tag.value.if_string();
    if (value == nullptr || value->empty()) return bad_field(field, "expected a string");
    if (tag.key.empty() || tag.key.size() > kMaxIdentifierBytes) {
      return bad_field("eligibility.tags", "keys have 1 to 64 bytes");
    }
    hashes.add(tag.key, tag_hash(project, tag.key, *value, hash));
  }
  eligibility->add("tag_hashes", std::move(hashes));
  body.add("tags", *std::move(tags));
  return Ok{};
}

void complete(MetricPlan& metric) {
  metric.source = experiment::source_of(metric);
  metric.goal = experiment::goal_of(metric);
  metric.aggregate = experiment::aggregate_of(metric);
  metric.missing = experiment::missing_of(metric);
}

void complete(ExperimentCreated& plan, bool guardrails_given) {
  complete(plan.metric);
  if (!guardrails_given && plan.metric.name != "errors") {
    MetricPlan errors;
    errors.name = "errors";
    plan.guardrails.push_back(std::move(errors));
  }
  for (MetricPlan& guardrail : plan.guardrails) {
    complete(guardrail);
    if (!guardrail.margin) guardrail.margin = 0;
  }
  for (MetricPlan& metric : plan.secondary) complete(metric);
}

Result<bool> take_flag(Json::Object& body, std::string_view name, bool fallback) {
  const auto value = take(body, name);
  if (!value) return fallback;
  return value->as_boolean(name);
}

Result<std::string> take_name(Json::Object& body) {
  const auto value = take(body, "name");
  if (!value) return bad_field("name", "the field is required");
  auto name = value->as_string("name");
  if (!name) return std::move(name.error());
  if (core::StreamId::is_plain_name(*name)) return *std::move(name);
  return bad_field("name", "an experiment's name has 1 to 100 of A-Z a-z 0-9 . _ ~ -");
}

}  // namespace

std::vector<std::uint32_t> equal_shares(std::size_t variants) {
  if (variants == 0) return {};
  const auto count = static_cast<std::uint32_t>(variants);
  std::vector<std::uint32_t> shares(variants, kSharesWhole / count);
  for (std::uint32_t i = 0; i < kSharesWhole % count; ++i) ++shares[i];
  return shares;
}

Result<AskedPlan> read_plan(Json body, const core::ProjectId& project,
                            const core::KeyedHash& hash) {
  if (auto repeated = first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  auto* object = body.if_object();
  if (object == nullptr) return bad_field("", "expected a JSON object");
  AskedPlan asked;
  auto name = take_name(*object);
  if (!name) return std::move(name.error());
  asked.name = *std::move(name);
  const auto start = take_flag(*object, "start", false);
  if (!start) return start.error();
  asked.start = *start;
  const auto automatic = take_flag(*object, "automatic", true);
  if (!automatic) return automatic.error();
  if (const auto coverage = take(*object, "coverage")) {
    const auto part = part_of_whole(*coverage, "coverage");
    if (!part) return part.error();
    body.add("coverage", *part);
  }
  if (auto s = canonical_variants(body); !s) return std::move(s.error());
  if (auto s = canonical_eligibility(body, project, hash); !s) return std::move(s.error());
  if (Json* metric = body.find("metric")) canonical_metric(*metric);
  canonical_metrics(body, "guardrails");
  canonical_metrics(body, "secondary");
  const Json* guardrails = body.find("guardrails");
  const bool guardrails_given = guardrails != nullptr && !guardrails->is_null();
  if (const Json* seed = body.find("seed"); seed == nullptr || seed->is_null()) {
    (void)take(*body.if_object(), "seed");
    body.add("seed", asked.name);
  }

  Reading reading{.strict = true};
  PlanReader reader{reading, Members(*body.if_object()), asked.plan};
  ExperimentCreated::fields(reader);
  if (!reader.ok || !reader.members.finish(reading, Path{}, nullptr)) {
    return *std::move(reading.error);
  }
  asked.plan.automatic = *automatic;
  complete(asked.plan, guardrails_given);
  if (auto s = check_event(ExperimentEvent(asked.plan)); !s) return std::move(s.error());
  return asked;
}

namespace {

Result<std::vector<std::uint32_t>> shares_by_name(const Json::Object& weights,
                                                  const ExperimentCreated& plan) {
  std::vector<std::uint32_t> shares;
  for (const VariantPlan& variant : plan.variants) {
    const auto found = std::find_if(weights.begin(), weights.end(), [&](const Json::Member& each) {
      return each.key == variant.name;
    });
    const std::string field = join_path("weights", variant.name);
    if (found == weights.end()) return bad_field(field, "every variant needs a weight");
    const auto share = part_of_whole(found->value, field);
    if (!share) return share.error();
    shares.push_back(*share);
  }
  for (const auto& each : weights) {
    const auto& all = plan.variants;
    if (std::none_of(all.begin(), all.end(),
                     [&](const VariantPlan& variant) { return variant.name == each.key; })) {
      return bad_field(join_path("weights", each.key), "there is no such variant");
    }
  }
  return shares;
}

Result<std::vector<std::uint32_t>> shares_in_order(const Json::Array& weights,
                                                   const ExperimentCreated& plan) {
  if (weights.size() != plan.variants.size()) {
    return bad_field("weights",
                     "expected " + std::to_string(plan.variants.size()) + ", one for each variant");
  }
  std::vector<std::uint32_t> shares;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto share = part_of_whole(weights[i], join_path("weights", i));
    if (!share) return share.error();
    shares.push_back(*share);
  }
  return shares;
}

/// Is it a field of a plan?
struct PlanFields {
  std::string_view wanted;
  bool found = false;
  template <class... A>
  void fact(std::string_view name, A...) {
    found = found || name == wanted;
  }
  template <class... A>
  void content(std::string_view name, A...) {
    found = found || name == wanted;
  }
};

}  // namespace

Result<AskedShares> read_shares(Json body, const ExperimentCreated& plan,
                                std::uint32_t coverage_now,
                                const std::vector<std::uint32_t>& shares_now) {
  if (auto repeated = first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  auto* object = body.if_object();
  if (object == nullptr) return bad_field("", "expected a JSON object");
  AskedShares asked{shares_now, coverage_now, {}};
  const auto weights = take(*object, "weights");
  const auto coverage = take(*object, "coverage");
  const auto comment = take(*object, "comment");
  for (const auto& member : *object) {
    PlanFields field{member.key};
    ExperimentCreated::fields(field);
    if (!field.found) return bad_field(member.key, "no such field");
    return Error{.code = core::Errc::rejected,
                 .message = member.key +
                            ": an experiment's plan does not change, only its weights "
                            "and coverage; make another experiment",
                 .field = member.key};
  }
  if (!weights && !coverage) return bad_field("weights", "the field is required, or coverage");
  if (weights) {
    auto shares = bad_field("weights", "expected an object of weights by variant, or a list");
    Result<std::vector<std::uint32_t>> read = shares;
    if (const auto* by_name = weights->if_object()) read = shares_by_name(*by_name, plan);
    if (const auto* in_order = weights->if_array()) read = shares_in_order(*in_order, plan);
    if (!read) return std::move(read.error());
    asked.shares = *std::move(read);
  }
  if (coverage) {
    const auto part = part_of_whole(*coverage, "coverage");
    if (!part) return part.error();
    asked.coverage = *part;
  }
  if (comment) {
    auto text = comment->as_string("comment");
    if (!text) return std::move(text.error());
    asked.comment = *std::move(text);
  }
  if (auto s = check_shares(asked.shares, asked.coverage, "weights"); !s) {
    return std::move(s.error());
  }
  return asked;
}

std::vector<std::string> remarks(const ExperimentCreated& plan) {
  std::vector<std::string> all;
  const VariantPlan& control = plan.variants.front();
  const auto same = [](const VariantPlan& a, const VariantPlan& b) {
    const auto text = [](const std::optional<Json>& json) { return json ? dump(*json) : ""; };
    const bool prompts =
        a.prompt.has_value() == b.prompt.has_value() &&
        (!a.prompt || (a.prompt->name == b.prompt->name && a.prompt->version == b.prompt->version));
    return prompts && a.model == b.model && a.provider == b.provider &&
           text(a.parameters) == text(b.parameters);
  };
  for (const VariantPlan& variant : plan.variants) {
    if (&variant == &control || !same(control, variant)) continue;
    all.push_back("variant " + variant.name + " changes nothing against " + control.name +
                  ": an A/A test, or an application that tells them apart itself");
  }
  if (plan.metric.goal == Goal::decrease && plan.metric.source == MetricSource::score) {
    all.push_back("less of " + plan.metric.name + " counts as better");
  }
  if (plan.automatic && plan.moves_label) {
    all.push_back("the label " + *plan.moves_label + " moves by itself when a variant wins");
  }
  if (plan.guardrails.empty()) all.emplace_back("no guardrail will stop it");
  return all;
}

bool eligible(const std::optional<Eligibility>& who, const CallTraits& call) {
  if (!who) return true;
  const auto among = [](const std::vector<std::string>& list, std::string_view value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  if (!among(who->agents, call.agent) || !among(who->models, call.model) ||
      !among(who->providers, call.provider)) {
    return false;
  }
  return std::all_of(who->tag_hashes.begin(), who->tag_hashes.end(), [&](const auto& wanted) {
    return call.tag_hashes != nullptr && std::find(call.tag_hashes->begin(), call.tag_hashes->end(),
                                                   wanted) != call.tag_hashes->end();
  });
}

}  // namespace hansard::events
