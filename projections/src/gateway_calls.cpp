#include "projections/gateway_calls.h"

#include <algorithm>
#include <utility>

#include "event_kind.h"
#include "events/session/fast_facts.h"
#include "projections/row.h"

namespace hansard::projections {
namespace {

using core::Ok;
using core::Result;
using core::Status;

core::Error damaged(std::string_view what) {
  return {core::Errc::corruption, "a row of gateway_calls is damaged: " + std::string(what)};
}

std::string key_of(char kind, std::string_view project) {
  std::string key;
  row::Writer writer(key);
  writer.byte(static_cast<std::uint8_t>(kind));
  writer.name(project);
  return key;
}

std::string open_key(const core::RecordedEvent& event, std::string_view call_id) {
  std::string key = key_of('o', event.project);
  row::Writer writer(key);
  writer.name(event.stream);
  writer.bytes(call_id);
  return key;
}

std::string budget_key(std::string_view project, std::string_view name) {
  return key_of('b', project).append(name);
}

std::string answers_key(std::string_view project, std::string_view request_hash) {
  std::string key = key_of('a', project);
  row::Writer(key).name(request_hash);
  return key;
}

std::string charged_key(std::string_view project, std::string_view name) {
  std::string key = key_of('m', project);
  row::Writer(key).name(name);
  return key;
}

struct OpenRow {
  std::uint32_t attempt = 1;
  std::string request_hash;
  std::string provider;
  std::string model;
  std::vector<std::string> budgets;

  [[nodiscard]] std::string encode() const {
    std::string out;
    row::Writer writer(out);
    writer.varint(attempt);
    writer.text(request_hash);
    writer.text(provider);
    writer.text(model);
    for (const std::string& name : budgets) writer.text(name);
    return out;
  }
  static Result<OpenRow> decode(std::string_view bytes) {
    row::Reader reader(bytes);
    OpenRow open;
    open.attempt = static_cast<std::uint32_t>(reader.varint());
    open.request_hash = reader.text();
    open.provider = reader.text();
    open.model = reader.text();
    while (reader.ok() && !reader.done()) open.budgets.emplace_back(reader.text());
    if (!reader.done()) return damaged("an open call");
    return open;
  }
};

Result<BudgetUse> decode_use(std::string_view bytes) {
  row::Reader reader(bytes);
  BudgetUse use;
  use.requests = reader.varint();
  use.tokens = reader.varint();
  if (!reader.done()) return damaged("a budget");
  return use;
}

Status use_up(std::string_view project, const std::string& name, const BudgetUse& more,
              core::ReadModelBatch& batch) {
  const std::string key = budget_key(project, name);
  BudgetUse use;
  if (const std::string* known = batch.get(key)) {
    auto decoded = decode_use(*known);
    if (!decoded) return decoded.error();
    use = *decoded;
  }
  std::string out;
  row::Writer writer(out);
  writer.varint(use.requests + more.requests);
  writer.varint(use.tokens + more.tokens);
  batch.put(key, std::move(out));
  return batch.status();
}

/// Budgets that a call counts for: those that let it through, unless another policy stopped it.
std::vector<std::string> budgets_of(const events::ResponseRequested& request) {
  std::vector<std::string> names;
  if (!request.provider) return names;  // it went nowhere
  for (const events::Policy& policy : request.policies) {
    if (policy.name == "budget" && policy.outcome == "allowed" && policy.target) {
      names.push_back(*policy.target);
    }
  }
  return names;
}

Status asked(const core::RecordedEvent& event, const events::ResponseRequested& request,
             core::ReadModelBatch& batch) {
  OpenRow open;
  open.attempt = request.attempt;
  open.request_hash = request.request_hash.value_or("");
  open.provider = request.provider.value_or("");
  open.model = request.model.value_or("");
  open.budgets = budgets_of(request);
  for (const std::string& name : open.budgets) {
    if (auto status = use_up(event.project, name, {1, 0}, batch); !status) return status;
  }
  const std::string key = open_key(event, request.call_id);
  // Another attempt of ours at the same call is the same request to the budgets.
  if (open.budgets.empty() && open.attempt > 1) {
    if (const std::string* before = batch.get(key)) {
      auto known = OpenRow::decode(*before);
      if (!known) return known.error();
      open.budgets = std::move(known->budgets);
    }
  }
  if (open.request_hash.empty() && open.budgets.empty()) return batch.status();
  batch.put(key, open.encode());
  return batch.status();
}

std::uint64_t tokens_in(const std::optional<events::Usage>& usage) {
  std::uint64_t tokens = 0;
  if (!usage) return tokens;
  for_each_class(*usage, [&](std::string_view, std::optional<std::uint64_t> count) {
    tokens += count.value_or(0);
  });
  return tokens;
}

Result<std::optional<OpenRow>> open_call(const std::string& key, core::ReadModelBatch& batch) {
  const std::string* row = batch.get(key);
  if (row == nullptr) return std::optional<OpenRow>();
  auto open = OpenRow::decode(*row);
  if (!open) return open.error();
  return std::optional<OpenRow>(*std::move(open));
}

/// A row as `ChargedCall` is read from.
std::string encode_charge(const core::RecordedEvent& event, const OpenRow& open,
                          const events::OutcomeFacts& facts) {
  std::string out;
  row::Writer writer(out);
  writer.byte(event.occurred_at ? 1 : 0);
  if (event.occurred_at) writer.signed_varint(event.occurred_at->time_since_epoch().count());
  writer.text(facts.provider.value_or(open.provider));
  writer.text(facts.model.value_or(open.model));
  writer.text(facts.service_tier.value_or(""));
  writer.byte(facts.usage ? 1 : 0);
  if (!facts.usage) return out;
  std::uint64_t known = 0;
  std::uint64_t bit = 1;
  for_each_class(*facts.usage, [&](std::string_view, std::optional<std::uint64_t> count) {
    if (count) known |= bit;
    bit <<= 1;
  });
  writer.varint(known);
  for_each_class(*facts.usage, [&](std::string_view, std::optional<std::uint64_t> count) {
    if (count) writer.varint(*count);
  });
  return out;
}

Result<ChargedCall> decode_charge(std::string_view key, std::string_view bytes) {
  ChargedCall call;
  row::Reader at(key.substr(key.size() - sizeof(std::uint64_t)));
  for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i) {
    call.position.value = call.position.value << 8 | at.byte();
  }
  row::Reader reader(bytes);
  if (reader.byte() != 0) {
    call.occurred_at = core::Timestamp(std::chrono::microseconds(reader.signed_varint()));
  }
  call.provider = reader.text();
  call.model = reader.text();
  call.tier = reader.text();
  if (reader.byte() != 0) {
    struct Filler {
      row::Reader& reader;
      events::Usage& usage;
      std::uint64_t known;
      void field(std::string_view, std::optional<std::uint64_t> events::Usage::*member) {
        if ((known & 1) != 0) usage.*member = reader.varint();
        known >>= 1;
      }
    };
    call.usage.emplace();
    const std::uint64_t known = reader.varint();
    Filler filler{reader, *call.usage, known};
    events::Usage::fields(filler);
  }
  if (!reader.done()) return damaged("a charged call");
  return call;
}

Status charge(const core::RecordedEvent& event, bool is_answer, const OpenRow& open,
              const events::OutcomeFacts& facts, core::ReadModelBatch& batch) {
  const std::uint64_t tokens = tokens_in(facts.usage);
  for (const std::string& name : open.budgets) {
    // A failure that says nothing cost nothing; an answer that does not is one without a price.
    if (name.ends_with(kMoneyBudget) && (is_answer || facts.usage)) {
      std::string key = charged_key(event.project, name);
      row::Writer(key).big_endian_64(event.position.value);
      batch.put(key, encode_charge(event, open, facts));
    }
    if (tokens == 0) continue;
    if (auto status = use_up(event.project, name, {0, tokens}, batch); !status) return status;
  }
  return Ok{};
}

/// An answer, or a failure, which leaves the call open: it may be tried again.
Status outcome(const core::RecordedEvent& event, bool is_answer, core::ReadModelBatch& batch) {
  const auto call = events::text_fact(event, "call_id");
  if (!call) return call.error();
  if (!*call) return Ok{};
  const std::string call_id(**call);
  const std::string key = open_key(event, call_id);
  const auto open = open_call(key, batch);
  if (!open) return open.error();
  if (!*open) return batch.status();
  const auto facts = events::outcome_facts(event);
  if (!facts) return facts.error();
  if (facts->choice != 0) return batch.status();
  if (is_answer) batch.erase(key);
  // What was kept was paid when it was given first, and is on record there.
  const bool kept = facts->served_from == events::ServedFrom::cache ||
                    facts->served_from == events::ServedFrom::playback;
  if (kept) return batch.status();
  // Of calls outside conversations less is on record than it takes to give an answer again.
  const bool playable = !session_name(event.stream).empty() && !(*open)->request_hash.empty();
  if (is_answer && playable) {
    std::string place = answers_key(event.project, (*open)->request_hash);
    row::Writer(place).big_endian_64(event.position.value);
    std::string out;
    row::Writer writer(out);
    writer.text(event.stream);
    writer.text(call_id);
    writer.varint((*open)->attempt);
    batch.put(place, std::move(out));
  }
  if (auto status = charge(event, is_answer, **open, *facts, batch); !status) return status;
  return batch.status();
}

}  // namespace

Status GatewayCalls::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  const EventKind kind = kind_of(event.type);
  if (kind == EventKind::response_received) return outcome(event, true, batch);
  if (kind == EventKind::response_failed) return outcome(event, false, batch);
  if (kind != EventKind::response_requested) return Ok{};
  const auto decoded = events::session_codec().decode(event, events::Want::facts);
  if (!decoded) return decoded.error();
  const auto* request = std::get_if<events::ResponseRequested>(&decoded->event);
  return request == nullptr ? Status(Ok{}) : asked(event, *request, batch);
}

Result<std::optional<RecordedAnswer>> find_answer(const core::ReadModel& model,
                                                  const core::ProjectId& project,
                                                  std::string_view request_hash,
                                                  std::size_t index) {
  std::optional<std::string> row;
  const auto read = model.scan(answers_key(project.text(), request_hash), {},
                               [&](std::string_view, std::string_view value) {
                                 row = value;
                                 return index-- > 0;
                               });
  if (!read) return read.error();
  if (!row) return std::optional<RecordedAnswer>();
  row::Reader reader(*row);
  RecordedAnswer answer;
  answer.stream = reader.text();
  answer.call_id = reader.text();
  answer.attempt = static_cast<std::uint32_t>(reader.varint());
  if (!reader.done()) return damaged("an answer");
  return std::optional<RecordedAnswer>(std::move(answer));
}

Status charged_calls(const core::ReadModel& model, const core::ProjectId& project,
                     std::string_view name, const std::function<bool(const ChargedCall&)>& sink) {
  Status status = Ok{};
  const auto read = model.scan(charged_key(project.text(), name), {},
                               [&](std::string_view key, std::string_view row) {
                                 const auto call = decode_charge(key, row);
                                 if (!call) {
                                   status = call.error();
                                   return false;
                                 }
                                 return sink(*call);
                               });
  if (!read) return read.error();
  return status;
}

Result<BudgetUse> budget_use(const core::ReadModel& model, const core::ProjectId& project,
                             std::string_view name) {
  const auto row = model.get(budget_key(project.text(), name));
  if (!row) return row.error();
  if (!*row) return BudgetUse{};
  return decode_use(**row);
}

}  // namespace hansard::projections
