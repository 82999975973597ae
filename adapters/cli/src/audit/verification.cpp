#include "audit/verification.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "audit/checkpoint_file.h"
#include "audit/log_notary.h"
#include "audit/texts.h"
#include "audit/view_check.h"
#include "ossl/hasher.h"
#include "projections/registry.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::Json;

/// Each view on one thread at a time, in the order of the registry.
Result<std::vector<ViewCheck>> check_views(rocks::RocksStore& store,
                                           const core::KeyedHash& keyed_hash,
                                           const VerifyPlan& plan, const VerifyWatch& watch) {
  const auto projections = projections::all(keyed_hash);
  std::vector<ViewCheck> checks(projections.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> error;  // guarded by mutex
  const auto run = [&] {
    for (std::size_t i = next++; i < projections.size(); i = next++) {
      const core::Projection& projection = *projections[i];
      const std::uint64_t end = store.log().end().value;
      auto check = check_view(store, projection, plan.view_bytes_max, [&](core::Position at) {
        const std::lock_guard lock(mutex);
        return !error && (!watch || watch({projection.name(), at.value, end, 0}));
      });
      if (check) {
        checks[i] = *std::move(check);
        continue;
      }
      const std::lock_guard lock(mutex);
      if (!error) error = check.error();
      next = projections.size();
    }
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < plan.threads && i < projections.size(); ++i) helpers.emplace_back(run);
  run();
  for (std::thread& helper : helpers) helper.join();
  if (error) return *std::move(error);
  return checks;
}

Result<std::optional<search::SearchCheck>> check_texts(const rocks::RocksStore& store,
                                                       const core::EventLog& log,
                                                       const VerifyWatch& watch) {
  const auto copy = TextsCopy::make(store.directory());
  if (!copy) return copy.error();
  std::error_code ignored;
  if (!std::filesystem::exists((*copy)->database(), ignored)) {
    return std::optional<search::SearchCheck>{};
  }
  const std::uint64_t end = log.end().value;
  auto checked = search::check(log, core::to_string(store.log_id()), (*copy)->database(),
                               (*copy)->folder(), [&](core::Position at) {
                                 return !watch || watch({"texts", at.value, end, 0});
                               });
  if (!checked) return checked.error();
  return std::optional(*std::move(checked));
}

/// What the directory calls its signed checkpoint. A key that cannot be read is a fault of it, too.
Result<CheckpointFound> own_checkpoint(rocks::RocksStore& store) {
  const ossl::OpenSslHasher hasher;
  const auto notary = LogNotary::open(store, hasher, true);
  if (notary) return inspect_checkpoint(store, **notary, hasher);
  if (notary.error().code == Errc::unavailable) return notary.error();
  return CheckpointFound{{}, notary.error().message};
}

std::string hex(const core::Hash& hash) { return core::to_hex(core::as_bytes(hash)); }

Json head_json(const core::TreeHead& head) {
  Json out;
  out.add("size", head.size);
  out.add("root", hex(head.root));
  return out;
}

/// What is to be done, a sentence each.
Json remedies(const Verification& found) {
  const rocks::VerifyReport& log = found.log;
  Json out(Json::Array{});
  const bool altered = log.lost_events + log.event_faults + log.root_faults + log.wrong_heads != 0;
  if (altered) {
    out.push(
        Json("Events are the truth: what is lost or altered cannot be rebuilt from here; "
             "restore a backup, or go on knowing it."));
  }
  const bool views_differ = std::any_of(found.views.begin(), found.views.end(),
                                        [](const ViewCheck& view) { return !view.sound(); });
  const bool texts_differ = found.texts && !found.texts->fault.empty();
  if (log.index_faults + log.tree_faults != 0 || views_differ || texts_differ) {
    out.push(
        Json("`hansard doctor --repair` rebuilds indexes, tiles, views and search from the "
             "events; it never touches an event."));
  }
  return out;
}

Json view_json(const ViewCheck& view) {
  Json one;
  one.add("name", view.name);
  one.add("checkpoint", view.checkpoint.value);
  one.add("rows", view.rows);
  one.add("differing", view.differing);
  if (!view.first.empty()) one.add("first", view.first);
  if (!view.remark.empty()) one.add("remark", view.remark);
  if (!view.fault.empty()) one.add("fault", view.fault);
  return one;
}

void add_line(std::string& text, std::string_view label, const std::string& line) {
  text += label;
  text.append(label.size() < 9 ? 9 - label.size() : 1, ' ');
  text += line + "\n";
}

std::string count_at(const Json& object, std::string_view key) {
  return grouped(number_at(object, key).value_or(0));
}

std::string view_line(const Json& view, bool& sound) {
  const std::string name = text_at(view, "name") + ": ";
  const std::string remark = text_at(view, "remark");
  const std::string fault = text_at(view, "fault");
  if (!remark.empty()) return name + remark;
  sound = fault.empty() && number_at(view, "differing").value_or(0) == 0;
  if (!fault.empty()) return name + printable(fault);
  if (sound) {
    return name + count_at(view, "rows") + " rows equal a rebuild up to position " +
           count_at(view, "checkpoint");
  }
  return name + count_at(view, "differing") + " rows differ from a rebuild, the first at " +
         printable(text_at(view, "first"));
}

void add_heads(const Json& report, std::string& text) {
  if (const auto held = number_at(report, "heads"); held && *held != 0) {
    add_line(text, "signed", grouped(*held) + " signed checkpoints hold");
  }
  if (const auto open = number_at(report, "heads_unchecked"); open && *open != 0) {
    add_line(text, "FAULT",
             grouped(*open) +
                 " signed checkpoints stand on events that cannot "
                 "be had");
  }
  const Json* wrong = report.find("first_wrong_head");
  if (wrong == nullptr) return;
  add_line(text, "FAULT",
           count_at(report, "wrong_heads") +
               " signed checkpoints are not of this log; the "
               "smallest is of " +
               count_at(*wrong, "size") + " events");
  add_line(text, "", "  kept    " + text_at(*wrong, "root"));
  const std::string found = text_at(*wrong, "found");
  add_line(text, "",
           "  here    " + (found.empty() ? "the log is shorter: it has " +
                                               count_at(report, "log_events") + " events"
                                         : found));
}

}  // namespace

bool Verification::sound() const {
  return log.sound() &&
         std::all_of(views.begin(), views.end(),
                     [](const ViewCheck& view) { return view.sound(); }) &&
         checkpoint_fault.empty() && (!texts || texts->fault.empty());
}

Result<Verification> verify_all(rocks::RocksStore& store, const core::KeyedHash& keyed_hash,
                                const VerifyPlan& plan, const VerifyWatch& watch) {
  rocks::VerifyOptions options;
  options.threads = plan.threads;
  options.trusted = plan.trusted;
  options.heads = plan.heads;
  if (watch) {
    options.progress = [&](core::Position read, core::Position end, std::uint64_t bytes) {
      return watch({"events", read.value, end.value, bytes});
    };
  }
  Verification found;
  if (plan.checkpoint) {
    auto own = own_checkpoint(store);
    if (!own) return std::move(own).error();
    if (own->tree) options.heads.push_back(*own->tree);
    found.checkpoint_fault = std::move(own->fault);
  }
  auto report = store.verify(options);
  if (!report) return std::move(report).error();
  found.log = *std::move(report);
  if (found.log.lost_events != 0) return found;
  if (plan.views) {
    auto views = check_views(store, keyed_hash, plan, watch);
    if (!views) return std::move(views).error();
    found.views = *std::move(views);
  }
  if (plan.texts) {
    auto texts = check_texts(store, store.log(), watch);
    if (!texts) return std::move(texts).error();
    found.texts = *std::move(texts);
  }
  return found;
}

Json to_json(const Verification& found) {
  const rocks::VerifyReport& report = found.log;
  Json out;
  out.add("sound", found.sound());
  out.add("events", report.events);
  out.add("event_bytes", report.event_bytes);
  out.add("from", report.from.value);
  out.add("end", report.end.value);
  out.add("streams", report.streams);
  out.add("tiles", report.tiles);
  if (report.tree) {
    out.add("tree_size", report.tree->size);
    out.add("root", hex(report.tree->root));
  }
  out.add("lost_events", report.lost_events);
  out.add("event_faults", report.event_faults);
  out.add("index_faults", report.index_faults);
  out.add("tree_faults", report.tree_faults);
  out.add("root_faults", report.root_faults);
  out.add("other_faults", report.other_faults);
  out.add("heads", report.heads);
  out.add("heads_unchecked", report.heads_unchecked);
  out.add("wrong_heads", report.wrong_heads);
  if (report.first_wrong) {
    Json wrong = head_json(report.first_wrong->given);
    if (report.first_wrong->found) wrong.add("found", hex(*report.first_wrong->found));
    out.add("first_wrong_head", std::move(wrong));
  }
  out.add("log_events", report.log_events);
  if (report.first) out.add("first_position", report.first->position.value);
  Json faults(Json::Array{});
  for (const rocks::Fault& fault : report.faults) {
    Json one;
    one.add("position", fault.position.value);
    one.add("what", fault.what);
    faults.push(std::move(one));
  }
  out.add("faults", std::move(faults));
  Json lost(Json::Array{});
  for (const rocks::LostRange& range : report.lost) {
    Json one;
    one.add("from", range.from.value);
    one.add("end", range.end.value);
    one.add("why", range.why);
    lost.push(std::move(one));
  }
  out.add("lost", std::move(lost));
  Json list(Json::Array{});
  for (const ViewCheck& view : found.views) list.push(view_json(view));
  out.add("views", std::move(list));
  if (!found.checkpoint_fault.empty()) out.add("checkpoint_fault", found.checkpoint_fault);
  if (found.texts) {
    Json texts;
    texts.add("checkpoint", found.texts->checkpoint.value);
    texts.add("rows", found.texts->rows);
    if (!found.texts->fault.empty()) texts.add("fault", found.texts->fault);
    out.add("texts", std::move(texts));
  }
  out.add("remedies", remedies(found));
  return out;
}

std::string verification_text(const Json& report) {
  std::string text;
  const std::uint64_t from = number_at(report, "from").value_or(0);
  add_line(text, "events",
           count_at(report, "events") + " of " + count_at(report, "event_bytes") + " bytes" +
               (from == 0 ? "" : " from position " + grouped(from) + " on") + ", " +
               count_at(report, "streams") + " streams, " + count_at(report, "tiles") +
               " tree tiles");
  if (const std::string root = text_at(report, "root"); !root.empty()) {
    add_line(text, "root", root + " over " + count_at(report, "tree_size"));
  }
  for (const Json& range : list_at(report, "lost")) {
    add_line(text, "LOST",
             "positions " + std::to_string(number_at(range, "from").value_or(0)) + " to " +
                 std::to_string(number_at(range, "end").value_or(1) - 1) + ": " +
                 printable(text_at(range, "why")));
  }
  for (const Json& fault : list_at(report, "faults")) {
    add_line(text, "FAULT",
             "position " + std::to_string(number_at(fault, "position").value_or(0)) + ": " +
                 printable(text_at(fault, "what")));
  }
  add_heads(report, text);
  for (const Json& view : list_at(report, "views")) {
    bool sound = true;
    const std::string line = view_line(view, sound);
    add_line(text, sound ? "view" : "FAULT", sound ? line : "view " + line);
  }
  if (const Json* texts = report.find("texts")) {
    const std::string fault = text_at(*texts, "fault");
    const std::string equal = count_at(*texts, "rows") + " rows equal a rebuild up to position " +
                              count_at(*texts, "checkpoint");
    const std::string remark = text_at(*texts, "remark");
    add_line(text, fault.empty() ? "texts" : "FAULT",
             !fault.empty()    ? "index of texts: " + printable(fault)
             : !remark.empty() ? "index of texts: " + remark
                               : equal);
  }
  if (const std::string fault = text_at(report, "checkpoint_fault"); !fault.empty()) {
    add_line(text, "FAULT", "checkpoint: " + printable(fault));
  }
  for (const Json& remedy : list_at(report, "remedies")) text += text_of(&remedy) + "\n";
  text += flag_at(report, "sound") ? "sound\n" : "NOT SOUND\n";
  return text;
}

}  // namespace hansard::cli
