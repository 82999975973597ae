// `hansard erase`, `hansard hold`, `hansard retention`.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

#include "commands.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;

/// An erasure takes as long as the tables that it rewrites are large.
constexpr std::chrono::milliseconds kFirstLook{20};
constexpr std::chrono::milliseconds kLookMax{1000};

void add_text(Json& body, std::string_view key, const std::string& value) {
  if (!value.empty()) body.add(std::string(key), value);
}

std::string streams_text(std::uint64_t streams) {
  return grouped(streams) + (streams == 1 ? " stream" : " streams");
}

std::string line_of(const Json& erasure) {
  const std::string state = text_at(erasure, "state");
  std::string line = state == "dry_run"  ? "would erase "
                     : state == "erased" ? "erased "
                                         : "erasing ";
  line += grouped(number_at(erasure, "events").value_or(0)) + " events in " +
          streams_text(number_at(erasure, "streams").value_or(0));
  if (state != "dry_run") line += "  " + text_at(erasure, "erasure_id");
  if (const std::string phase = text_at(erasure, "phase"); !phase.empty()) {
    line += "  (" + phase + ")";
  }
  return line;
}

void print_erasure(const Json& erasure, const Output& output) {
  if (output.json) {
    std::printf("%s\n", dump(erasure).c_str());
    return;
  }
  std::printf("%s\n", line_of(erasure).c_str());
  for (const Json& stream : list_at(erasure, "held")) {
    std::printf("held: %s\n", printable(text_of(&stream)).c_str());
  }
}

/// Looks until the last file is gone.
Result<Json> see_through(Backend& backend, Json erasure) {
  const std::string id = text_at(erasure, "erasure_id");
  std::string told;
  for (auto pause = kFirstLook; text_at(erasure, "state") == "erasing";
       pause = std::min(2 * pause, kLookMax)) {
    if (const std::string error = text_at(erasure, "error"); error != told) {
      std::fprintf(stderr, "hansard: tried again: %s\n", error.c_str());
      told = error;
    }
    std::this_thread::sleep_for(pause);
    auto again =
        get_json(backend, TargetBuilder().segment("v1").segment("erasures").segment(id).text());
    if (!again) return again;
    erasure = *std::move(again);
  }
  return erasure;
}

}  // namespace

Result<int> run_erase(Backend& backend, const EraseCommand& command, const Output& output) {
  if (command.list) {
    const auto listed = get_json(backend, "/v1/admin/erasures");
    if (!listed) return listed.error();
    if (output.json) {
      std::printf("%s\n", dump(*listed).c_str());
      return 0;
    }
    for (const Json& erasure : list_at(*listed, "erasures")) print_erasure(erasure, output);
    return 0;
  }
  Json body(Json::Object{});
  add_text(body, "session", command.session);
  add_text(body, "message", command.message);
  add_text(body, "stream", command.stream);
  add_text(body, "user", command.user);
  add_text(body, "reason", command.reason);
  add_text(body, "comment", command.comment);
  add_text(body, "id", command.id);
  if (command.dry_run) body.add("dry_run", true);
  auto answer = call_json(backend, {http::Method::post, "/v1/erasures", dump(body)});
  if (!answer) return answer.error();
  // Without a server it is this process that does it.
  if (command.wait || !backend.live()) {
    answer = see_through(backend, *std::move(answer));
    if (!answer) return answer.error();
  }
  print_erasure(*answer, output);
  return 0;
}

Result<int> run_hold(Backend& backend, const HoldCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("sessions").segment(command.session).segment("hold");
  if (command.release) target.segment("release");
  Json body(Json::Object{});
  add_text(body, "hold", command.hold);
  add_text(body, "reason", command.reason);
  add_text(body, "comment", command.comment);
  const auto answer = call_json(backend, {http::Method::post, target.text(), dump(body)});
  if (!answer) return answer.error();
  if (output.json) {
    std::printf("%s\n", dump(*answer).c_str());
  } else {
    std::printf("%s: the hold %s %s\n", printable(command.session).c_str(),
                printable(text_at(*answer, "hold")).c_str(),
                command.release ? "is released" : "stands");
  }
  return 0;
}

Result<int> run_retention(Backend& backend, const RetentionCommand& command, const Output& output) {
  const Call call{command.apply ? http::Method::post : http::Method::get, "/v1/admin/retention",
                  command.apply ? "{}" : ""};
  const auto answer = call_json(backend, call);
  if (!answer) return answer.error();
  if (output.json) {
    std::printf("%s\n", dump(*answer).c_str());
  } else {
    if (list_at(*answer, "rules").empty()) {
      std::puts("no rule is configured: [[retention]] in hansard.toml");
    }
    for (const Json& rule : list_at(*answer, "rules")) {
      std::printf("%s: %s of %s sessions, %s events%s\n", printable(text_at(rule, "rule")).c_str(),
                  command.apply ? "erasing" : "would erase",
                  grouped(number_at(rule, "sessions").value_or(0)).c_str(),
                  grouped(number_at(rule, "events").value_or(0)).c_str(),
                  number_at(rule, "held").value_or(0) == 0
                      ? ""
                      : (", " + grouped(number_at(rule, "held").value_or(0)) + " held").c_str());
    }
  }
  if (!command.apply || backend.live()) return 0;
  for (const Json& rule : list_at(*answer, "rules")) {
    const std::string id = text_at(rule, "erasure_id");
    if (id.empty()) continue;
    auto erasure =
        get_json(backend, TargetBuilder().segment("v1").segment("erasures").segment(id).text());
    if (!erasure) return erasure.error();
    if (auto done = see_through(backend, *std::move(erasure)); !done) return done.error();
  }
  return 0;
}

}  // namespace hansard::cli
