#include "experiments/experiment_json.h"

#include <algorithm>

#include "core/time.h"

namespace hansard::http {

using events::ExperimentCreated;
using events::Json;

namespace {

/// An event's facts and content side by side.
Json payloads(const events::ExperimentEvent& event) {
  const auto encoded = events::experiment_codec().encode(event);
  Json all{Json::Object{}};
  for (const std::string* payload : {&encoded.facts, &encoded.content}) {
    auto members = events::parse_json_object(*payload);
    if (!members) continue;  // our own writing
    for (auto& member : *members) all.add(std::move(member.key), std::move(member.value));
  }
  return all;
}

Json rename_share(const Json& variant, std::uint32_t share) {
  Json out{Json::Object{}};
  for (const auto& member : *variant.if_object()) {
    if (member.key == "share") {
      out.add("weight", part_json(share));
    } else {
      out.add(member.key, member.value);
    }
  }
  return out;
}

}  // namespace

Json part_json(std::uint32_t share) {
  return Json::number(static_cast<double>(share) / events::kSharesWhole);
}

Json plan_json(const ExperimentCreated& plan) {
  Json out{Json::Object{}};
  Json all = payloads(plan);
  for (auto& member : *all.if_object()) {
    if (member.key == "variants") {
      Json variants = Json::Array{};
      const auto& list = *member.value.if_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        variants.push(rename_share(list[i], plan.variants[i].share));
      }
      out.add("variants", std::move(variants));
    } else if (member.key == "coverage") {
      out.add("coverage", part_json(plan.coverage));
    } else {
      out.add(member.key, std::move(member.value));
    }
  }
  if (!plan.automatic) out.add("automatic", false);
  return out;
}

void add_shares(Json& json, const ExperimentCreated& plan, const events::Shares& shares) {
  json.add("edition", shares.edition);
  Json weights{Json::Object{}};
  const std::size_t count = std::min(plan.variants.size(), shares.of.size());
  for (std::size_t i = 0; i < count; ++i) {
    weights.add(plan.variants[i].name, part_json(shares.of[i]));
  }
  json.add("weights", std::move(weights));
  json.add("coverage", part_json(shares.coverage));
}

Json experiment_json(const std::string& name, const events::ExperimentState& state) {
  const ExperimentCreated& plan = *state.plan;
  Json out;
  out.add("experiment", name);
  out.add("status", events::to_word(state.status));
  out.add("plan", plan_json(plan));
  add_shares(out, plan, state.shares.back());
  Json editions = Json::Array{};
  for (const events::Shares& shares : state.shares) {
    Json each;
    add_shares(each, plan, shares);
    each.add("since", shares.since.value);
    editions.push(std::move(each));
  }
  out.add("editions", std::move(editions));
  if (state.started_at) out.add("started_at", core::format_time(*state.started_at));
  if (state.winner) out.add("winner", state.winner->variant);
  if (state.stopped) out.add("stopped", payloads(*state.stopped));
  if (state.concluded) out.add("concluded", payloads(*state.concluded));
  out.add("changed_at", core::format_time(state.changed_at));
  return out;
}

void add_changes(Json& json, const events::VariantPlan& variant) {
  if (variant.prompt) {
    Json prompt;
    prompt.add("name", variant.prompt->name);
    if (variant.prompt->version) {
      const events::PromptVersion& version = *variant.prompt->version;
      prompt.add("version",
                 version.is_number() ? Json(Json::Number{version.text}) : Json(version.text));
    }
    json.add("prompt", std::move(prompt));
  }
  if (variant.model) json.add("model", *variant.model);
  if (variant.provider) json.add("provider", *variant.provider);
  if (variant.parameters) json.add("parameters", *variant.parameters);
}

Json listed_json(const projections::ListedExperiment& listed) {
  Json out;
  out.add("experiment", listed.name);
  out.add("status", events::to_word(listed.status));
  out.add("unit", events::to_word(listed.unit));
  out.add("metric", listed.metric);
  Json variants = Json::Array{};
  for (const auto& variant : listed.variants) {
    Json each;
    each.add("name", variant.name);
    if (!variant.prompt.empty()) each.add("prompt", variant.prompt);
    variants.push(std::move(each));
  }
  out.add("variants", std::move(variants));
  out.add("automatic", listed.automatic);
  out.add("edition", listed.edition);
  if (listed.winner) out.add("winner", *listed.winner);
  out.add("created_at", core::format_time(listed.created_at));
  out.add("changed_at", core::format_time(listed.changed_at));
  return out;
}

}  // namespace hansard::http
