#include "backup/backup_desk.h"

#include <pthread.h>

#include <utility>

#include "backup/file_copy.h"
#include "events/json.h"
#include "http/problem.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using http::MemberDoc;
using http::SchemaDoc;
using Phase = BackupDesk::Phase;

constexpr const char* kPattern = "/v1/admin/backup";

const char* word(Phase phase) {
  switch (phase) {
    case Phase::running:
      return "running";
    case Phase::done:
      return "done";
    case Phase::failed:
      return "failed";
    case Phase::none:
      break;
  }
  return "none";
}

Json to_json(const BackupDesk::State& state) {
  Json out;
  out.add("state", word(state.phase));
  if (state.phase == Phase::none) return out;
  out.add("number", state.number);
  out.add("to", state.to);
  out.add("began_at", core::format_time(state.began_at));
  out.add("done_bytes", state.done_bytes);
  out.add("total_bytes", state.total_bytes);
  if (state.manifest) {
    const BackupManifest& manifest = *state.manifest;
    out.add("made_at", core::format_time(manifest.made_at));
    out.add("log_id", core::to_string(manifest.log_id));
    out.add("epoch", manifest.epoch);
    out.add("tree_size", manifest.tree.size);
    out.add("root", core::to_hex(core::as_bytes(manifest.tree.root)));
    out.add("signed", !manifest.note.empty());
    out.add("signing_key", manifest.find(kSigningKeyName) != nullptr);
    out.add("files", manifest.files.size());
    out.add("bytes", manifest.bytes());
  }
  if (state.error) {
    Json error;
    error.add("code", core::traits(state.error->code).name);
    error.add("detail", state.error->message);
    out.add("error", std::move(error));
  }
  return out;
}

Result<BackupOrder> read_order(const std::string& body) {
  auto json = events::parse_json_object(body);
  if (!json) return std::move(json).error();
  BackupOrder order;
  bool named = false;
  for (const Json::Member& member : *json) {
    if (member.key == "to") {
      const std::string* to = member.value.if_string();
      if (to == nullptr || to->empty() || to->find('\0') != std::string::npos) {
        return events::bad_field("to", "expected a path on the machine of the engine");
      }
      order.to = *to;
      named = true;
    } else if (member.key == "with_signing_key") {
      const bool* flag = member.value.if_boolean();
      if (flag == nullptr) return events::bad_field("with_signing_key", "expected true or false");
      order.with_signing_key = *flag;
    } else {
      return events::bad_field(member.key, "unknown field");
    }
  }
  if (!named) return events::bad_field("to", "is missing");
  return order;
}

constexpr MemberDoc kOrder[] = {
    {"to", "text", "Absolute path, on the machine of the engine, of a directory to be made."},
    {"with_signing_key?", "flag", "Take the signing key along: who has it can sign another past."},
};
constexpr MemberDoc kError[] = {
    {"code", "Code", "What kind of error it was."},
    {"detail", "text", "What happened."},
};
constexpr MemberDoc kState[] = {
    {"state", "none|running|done|failed", "Of the backup under way, or of the last one."},
    {"number?", "count", "Which one since the start, from 1."},
    {"to?", "text", "Where it goes."},
    {"began_at?", "text", "When it was asked for."},
    {"done_bytes?", "count", "Of the log's files, copied so far."},
    {"total_bytes?", "count", "To be copied; 0: not known yet."},
    {"made_at?", "text", "When it was asked for, as its manifest tells."},
    {"log_id?", "text", "Whose backup it is."},
    {"epoch?", "count", "The log's epoch."},
    {"tree_size?", "count", "Events in it."},
    {"root?", "text", "Root of the tree over them, in hex."},
    {"signed?", "flag", "Whether it holds a signed checkpoint of exactly that."},
    {"signing_key?", "flag", "Whether the signing key is in it."},
    {"files?", "count", "Files in it."},
    {"bytes?", "count", "Their bytes."},
    {"error?", "BackupError", "Why it failed; nothing is left of it."},
};
constexpr SchemaDoc kSchemas[] = {
    {"BackupOrder", "Where a backup is to be made.", kOrder, SchemaDoc::Others::refused},
    {"BackupError", "Why a backup was not made.", kError},
    {"BackupState", "How a backup goes.", kState},
};
constexpr http::RouteDoc::Answer kBegun[] = {{202, "application/json", "BackupState"}};
constexpr http::RouteDoc::Answer kTold[] = {{200, "application/json", "BackupState"}};

}  // namespace

Result<BackupDesk::State> BackupDesk::begin(BackupOrder order) {
  std::unique_lock lock(mutex_);
  if (stopped_) return Error{Errc::cancelled, "the engine is stopping"};
  if (state_.phase == Phase::running) {
    return Error{Errc::rejected, "a backup to " + state_.to + " is under way; one at a time"};
  }
  auto place = begin_backup(source_, order);
  if (!place) return place.error();
  if (thread_.joinable()) thread_.join();  // it has nothing left to do
  State next;
  next.phase = Phase::running;
  next.number = state_.number + 1;
  next.to = order.to.string();
  next.began_at = order.made_at;
  state_ = std::move(next);
  progress_.done = 0;
  progress_.total = 0;
  thread_ = std::thread([this, order = std::move(order), place = *std::move(place)]() mutable {
    run(order, std::move(place));
  });
  return state_;
}

void BackupDesk::run(const BackupOrder& order, Workplace place) {
  pthread_setname_np(pthread_self(), "backup");
  work_in_background();
  auto made = make_backup(source_, order, std::move(place), progress_);
  const std::lock_guard lock(mutex_);
  state_.done_bytes = progress_.done;
  state_.total_bytes = progress_.total;
  if (made) {
    state_.manifest = *std::move(made);
    state_.phase = Phase::done;
  } else {
    state_.error = std::move(made).error();
    state_.phase = Phase::failed;
  }
}

BackupDesk::State BackupDesk::state() const {
  const std::lock_guard lock(mutex_);
  State state = state_;
  if (state.phase == Phase::running) {
    state.done_bytes = progress_.done;
    state.total_bytes = progress_.total;
  }
  return state;
}

void BackupDesk::stop() {
  std::thread last;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    progress_.stop = true;
    last = std::move(thread_);
  }
  if (last.joinable()) last.join();
}

std::vector<http::AddedRoute> backup_routes(BackupDesk& desk, const core::Clock& clock) {
  std::vector<http::AddedRoute> out;
  http::Route begin(http::Method::post, kPattern,
                    http::Rule{http::Scope::admin, http::Access::backup});
  begin.runs = http::Runs::pool;
  begin.takes = http::Takes::json;
  begin.doc = "Begin a backup of the whole log, to a directory of the engine's machine";
  begin.about_log = true;
  begin.handler = [&desk, &clock](const http::RequestPtr& request, const http::Responder& respond) {
    if (!request->principal.sees_all_projects()) {
      return respond(http::problem({core::Errc::forbidden,
                                    "a backup is of all projects: it is for the unix socket, and "
                                    "for keys of project _log"}));
    }
    auto order = read_order(request->body);
    if (!order) return respond(http::problem(std::move(order).error()));
    order->made_at = clock.now();
    const auto begun = desk.begin(*std::move(order));
    if (!begun) return respond(http::problem(begun.error()));
    respond(http::json_response(202, dump(to_json(*begun))));
  };
  const http::RouteDoc begin_doc{begin.method, kPattern, "", "", kBegun};
  out.push_back({std::move(begin), begin_doc, "BackupOrder", kSchemas});

  http::Route told(http::Method::get, kPattern, http::Rule{http::Scope::admin, http::Access::none});
  told.runs = http::Runs::pool;
  told.doc = "How the backup under way goes, or how the last one went";
  told.handler = [&desk](const http::RequestPtr& /*request*/, const http::Responder& respond) {
    respond(http::json_response(200, dump(to_json(desk.state()))));
  };
  const http::RouteDoc told_doc{told.method, kPattern, "", "", kTold};
  out.push_back({std::move(told), told_doc, "", {}});
  return out;
}

}  // namespace hansard::cli
