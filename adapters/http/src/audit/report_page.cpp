#include "audit/report_page.h"

#include <map>
#include <utility>
#include <variant>

#include "events/pricing/dollars.h"
#include "events/pricing/priced_call.h"
#include "events/pricing/raw_usage.h"
#include "projections/counters.h"

namespace hansard::http {

namespace {

using projections::Entry;
using projections::EntryInfo;

/// For a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : made_visible(text, false))
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

core::Status Report::write(const events::pricing::PriceBook& book) {
  out_.heading(1, "Audit report of one conversation");
  about();
  verdict();
  who();
  orders();
  costs(book);
  if (auto status = told(); !status) return status;
  accesses();
  how_to_check();
  return core::Ok{};
}

std::string Report::key_text(const core::KeyId& actor) const {
  if (actor.is_nil()) return "nobody (no key: the unix socket, or loopback without keys)";
  const auto name = names_.find(actor);
  const std::string id = core::to_string(actor);
  return name == names_.end() ? "key " + id : "key " + name->second + " (" + id + ")";
}

void Report::about() {
  out_.fact("session", session_);
  out_.fact("project", request_.principal.project.text());
  out_.fact("stream", found_.history.stream.text());
  out_.fact("log", core::to_string(context_.log_id));
  out_.fact("recorded", core::format_time(found_.began) + " to " + core::format_time(found_.ended));
  out_.fact("positions",
            std::to_string(found_.first.value) + " to " + std::to_string(found_.last.value));
  out_.fact("made", core::format_time(request_.received_at));
  out_.fact("for", key_text(request_.principal.actor));
}

void Report::verdict() {
  out_.heading(2, "Verdict");
  const core::TreeHead tree = context_.log.tree();
  const std::string last = std::to_string(found_.events - 1);
  if (!found_.gapless) {
    out_.sentence("The chain of versions is NOT complete: at least one of the versions 0 to " +
                  last + " is missing or out of order.");
    return;
  }
  out_.sentence("The chain of versions is complete: " + std::to_string(found_.events) +
                " events, versions 0 to " + last +
                ", none missing, none twice. All of them are leaves of the tree of " +
                std::to_string(tree.size) + " events with the root below.");
  out_.fact("root", core::to_hex(core::as_bytes(tree.root)));
  out_.sentence(
      "This page is what the server says. That nothing was added, changed or dropped is shown by "
      "the proof, which needs no trust in the server: see the end.");
}

void Report::who() {
  out_.heading(2, "Who");
  const auto* created = found_.history.created
                            ? std::get_if<events::SessionCreated>(&found_.history.created->event)
                            : nullptr;
  if (created != nullptr) {
    const bool erased = found_.history.created->info.erased;
    const auto named = [&](std::string_view label, const std::optional<std::string>& value,
                           bool content) {
      if (content && erased) {
        out_.fact(label, "erased" + order_of(found_.history.created->info, {}));
      } else if (value) {
        out_.fact(label, *value);
      }
    };
    named("user", created->user, true);
    named("title", created->title, true);
    named("agent", created->agent, false);
    named("app", created->app, false);
    named("source", created->source, false);
  }
  for (const auto& [actor, count] : found_.actors) {
    out_.fact("written by",
              key_text(actor) + ": " + std::to_string(count) + (count == 1 ? " event" : " events"));
  }
  if (found_.history.origin) {
    out_.fact("forked from", found_.history.origin->session + " at version " +
                                 std::to_string(found_.history.origin->at_version.value));
  }
  for (const Entry& entry : found_.history.entries) {
    const auto* fork = std::get_if<events::SessionForked>(&entry.event);
    if (fork == nullptr || entry.info.inherited_from) continue;
    out_.fact("fork", fork->child + " leaves at version " + std::to_string(fork->at_version));
  }
}

void Report::orders() {
  if (found_.orders.empty()) return;
  out_.heading(2, "Erasures and holds");
  for (const Order& order : found_.orders) {
    out_.fact(core::format_time(order.at) + " " + order.type + " by " + key_text(order.actor),
              events::dump(order.facts));
  }
}

std::string Report::order_of(const EntryInfo& info, std::string_view message_id) const {
  for (const Order& order : found_.orders) {
    const bool later = info.inherited_from || order.version > info.version;
    if (!order.erases() || !later) continue;
    const std::string only = order.fact("message_id");
    if (!only.empty() && only != message_id) continue;
    return " by order " + order.fact("erasure_id") + " of " + core::format_time(order.at) +
           ", reason " + order.fact("reason");
  }
  return " by order of an earlier conversation, or before this page";
}

void Report::costs(const events::pricing::PriceBook& book) {
  struct Sums {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::uint64_t unpriced = 0;
    events::Usage usage;
    events::pricing::WidePicoUsd pico = 0;
  };
  std::map<std::string, Sums> models;
  for (const Entry& entry : found_.history.entries) {
    if (entry.info.inherited_from) continue;
    if (const auto* failed = std::get_if<events::ResponseFailed>(&entry.event)) {
      ++models[failed->model.value_or("unknown")].failures;
      continue;
    }
    const auto* answer = std::get_if<events::ResponseReceived>(&entry.event);
    if (answer == nullptr || answer->choice != 0) continue;
    Sums& sums = models[answer->model.value_or("unknown")];
    ++sums.calls;
    if (answer->usage) projections::add_usage(sums.usage, *answer->usage);
    const std::string provider = answer->provider.value_or("");
    const std::string model = answer->model.value_or("");
    events::pricing::CallToPrice call;
    call.provider = provider;
    call.model = model;
    call.occurred_at = entry.info.occurred_at;
    call.usage = answer->usage;
    const auto priced = events::pricing::cost_of(book, request_.principal.project.text(), call);
    if (priced.reason != events::pricing::NoCost::none) ++sums.unpriced;
    sums.pico += priced.cost.pico_usd;
  }
  if (models.empty()) return;
  out_.heading(2, "Models and costs");
  for (const auto& [model, sums] : models) {
    const auto tokens = [](const std::optional<std::uint64_t>& known) {
      return known ? std::to_string(*known) : std::string("unknown");
    };
    out_.fact("model", model);
    out_.fact("calls", std::to_string(sums.calls) + ", failed " + std::to_string(sums.failures));
    out_.fact("tokens", tokens(projections::input_tokens(sums.usage)) + " in, " +
                            tokens(projections::output_tokens(sums.usage)) + " out");
    out_.fact(
        "cost",
        "$" + events::pricing::rounded_dollars(sums.pico, 6) +
            (sums.unpriced > 0 ? ", " + std::to_string(sums.unpriced) + " calls unpriced" : ""));
  }
  out_.sentence("Costs are by the list prices in force when a call occurred, without tiers.");
}

void Report::accesses() {
  out_.heading(2, "Who read it");
  out_.sentence(
      "Exports, proofs, erasures and backups by any key, and readings by keys with scope audit; "
      "whoever reads without a key leaves no trace.");
  for (const AccessSeen& access : found_.accesses) {
    out_.fact(core::format_time(access.at),
              access.kind + ", " + access.route + ", " + key_text(access.actor));
  }
  if (found_.accesses_cut) out_.sentence("There are more; this page shows the first of them.");
  if (found_.accesses.empty()) out_.sentence("None on record.");
}

void Report::how_to_check() {
  out_.heading(2, "How to check it yourself");
  out_.sentence(
      "Make the proof, keep it with this page, and check it on any machine, also without this "
      "server. A copy of a checkpoint that was kept elsewhere pins the history before it.");
  out_.lines("hansard prove --session " + quoted(session_) +
             " > proof.json\nhansard check-proof proof.json\n");
  out_.sentence("Whoever holds the data directory checks every byte of it:");
  out_.lines("hansard verify\n");
}

}  // namespace hansard::http
