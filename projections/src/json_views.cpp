#include <limits>
#include <utility>

#include "json_entry.h"
#include "projections/json.h"

namespace hansard::projections {
namespace {

using events::Json;

Json to_json(const DurationSums& sums) {
  Json out;
  out.add("count", sums.count);
  if (sums.count == 0) return out;
  out.add("sum_us", sums.sum_us);
  out.add("avg_us", sums.sum_us / sums.count);
  out.add("min_us", sums.min_us);
  out.add("max_us", sums.max_us);
  return out;
}

void add_amount(Json& out, const char* key,
                const std::optional<events::pricing::WidePicoUsd>& pico) {
  if (!pico) return;
  Json money = Json::Object{};
  if (*pico <= std::numeric_limits<std::int64_t>::max()) {
    money.add("pico_usd", static_cast<std::int64_t>(*pico));
  }
  money.add("usd", events::pricing::exact_dollars(*pico));
  out.add(key, std::move(money));
}

void add_costs(Json& out, const CostSums& sums) {
  add_amount(out, "cost", sums.cost);
  add_amount(out, "saved_cost", sums.saved);
  add_amount(out, "cost_as_model", sums.as_model);
  for (const auto& [key, calls] : {std::pair("calls_unpriced", sums.calls_unpriced),
                                   std::pair("calls_partly_priced", sums.calls_partly_priced),
                                   std::pair("calls_cost_estimated", sums.calls_cost_estimated)}) {
    if (calls > 0) out.add(key, calls);
  }
}

void add_sums(Json& to, const UsageSums& sums) {
  to.add("calls", sums.calls);
  to.add("failures", sums.failures);
  to.add("calls_without_usage", sums.calls_without_usage);
  if (sums.calls_estimated > 0) to.add("calls_estimated", sums.calls_estimated);
  to.add("tokens", projections::to_json(sums.tokens));
  to.add("latency", to_json(sums.latency));
  to.add("ttft", to_json(sums.ttft));
  if (sums.costs) add_costs(to, *sums.costs);
}

void add_key(Json& to, UsageDimension dimension, const UsageKey& key) {
  const std::string name(to_word(dimension));
  switch (key.kind) {
    case UsageKey::Kind::known:
      to.add(name, key.text);
      break;
    case UsageKey::Kind::erased:
      to.add(name, kErasedText);
      to.add("erased", true);
      break;
    case UsageKey::Kind::unknown:
      // A day is always a text, so that a column of days has one type.
      to.add(name, dimension == UsageDimension::day ? Json("unknown") : Json());
      break;
  }
  if (!key.id.empty()) to.add("user_hash", key.id);
}

}  // namespace

Json to_json(const SessionListing& listing) {
  const SessionRow& row = listing.row;
  const SessionText& text = listing.text;
  Json out;
  out.add("session_id", text.session_id.value_or(row.name));
  out.add("stream", "session-" + row.name);
  out.add("status", to_word(listing.status));
  if (text.erased) {
    if (row.user_hash) out.add("user", kErasedText);
  } else {
    add_text(out, "user", text.user);
    add_text(out, "title", text.title);
  }
  if (text.preview_erased) {
    out.add("preview", kErasedText);
  } else {
    add_text(out, "preview", text.preview);
  }
  add_text(out, "user_hash", row.user_hash);
  add_text(out, "agent", row.agent);
  add_text(out, "app", row.app);
  add_text(out, "source", row.source);
  if (text.erased && !row.tag_hashes.empty()) out.add("tags", erased_tags(row.tag_hashes));
  if (!text.erased && !text.tags.empty()) out.add("tags", to_json(text.tags));
  Json models = Json::Array{};
  for (const std::string& model : row.models) models.push(model);
  out.add("models", std::move(models));
  if (row.models_left_out) out.add("models_left_out", true);
  if (row.parent) {
    Json parent;
    parent.add("session", *row.parent);
    parent.add("at_version", row.parent_at_version);
    out.add("forked_from", std::move(parent));
  }
  out.add("last_activity_at", core::format_time(row.activity));
  out.add("first_recorded_at", core::format_time(row.first_recorded));
  out.add("last_recorded_at", core::format_time(row.last_recorded));
  add_time(out, "first_occurred_at", row.first_occurred);
  add_time(out, "last_occurred_at", row.last_occurred);
  out.add("head_version", row.head.value);
  out.add("counts", to_json(row.counters));
  out.add("tokens", to_json(row.counters.tokens));
  if (row.erasing()) out.add("erasing", true);
  if (text.erased || text.preview_erased || row.erasures_done > 0) out.add("erased", true);
  return out;
}

Json to_json(const SessionPage& page) {
  Json out;
  Json sessions = Json::Array{};
  for (const SessionListing& listing : page.sessions) sessions.push(to_json(listing));
  out.add("sessions", std::move(sessions));
  add_text(out, "next", page.next);
  out.add("checkpoint", page.checkpoint.value);
  return out;
}

Json to_json(const UsageAnswer& answer) {
  Json out;
  Json group_by = Json::Array{};
  for (const UsageDimension dimension : answer.group_by) group_by.push(to_word(dimension));
  out.add("group_by", std::move(group_by));
  Json groups = Json::Array{};
  for (const UsageGroup& group : answer.groups) {
    Json one;
    for (std::size_t i = 0; i < group.keys.size(); ++i) {
      add_key(one, answer.group_by[i], group.keys[i]);
    }
    add_sums(one, group.sums);
    groups.push(std::move(one));
  }
  out.add("groups", std::move(groups));
  Json total;
  add_sums(total, answer.total);
  out.add("total", std::move(total));
  if (answer.undated_calls_left_out > 0) {
    out.add("undated_calls_left_out", answer.undated_calls_left_out);
  }
  out.add("checkpoint", answer.checkpoint.value);
  return out;
}

}  // namespace hansard::projections
