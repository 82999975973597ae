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

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using Align = Table::Align;

/// How often a build is looked at.
constexpr std::chrono::milliseconds kLook{50};

/// Splits a stream of pieces into lines.
class Lines {
 public:
  explicit Lines(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}
  void feed(std::string_view piece) {
    for (std::size_t end = piece.find('\n'); end != std::string_view::npos;
         end = piece.find('\n')) {
      held_ += piece.substr(0, end);
      piece.remove_prefix(end + 1);
      if (!held_.empty()) sink_(held_);
      held_.clear();
    }
    held_ += piece;
  }

 private:
  std::function<void(std::string_view)> sink_;
  std::string held_;
};

/// One event in a line: position, time, stream and version, type, then facts.
std::string event_line(const Json& event) {
  std::string when = text_at(event, "recorded_at").substr(0, 19);
  if (when.size() > 10) when[10] = ' ';
  std::string line = std::to_string(number_at(event, "position").value_or(0)) + "  " + when + "  " +
                     text_at(event, "stream") + "@" +
                     std::to_string(number_at(event, "version").value_or(0)) + "  " +
                     text_at(event, "type");
  const Json* facts = event.find("facts");
  if (facts != nullptr) line += "  " + dump(*facts);
  return printable(line);
}

void print_views(const Json::Array& views, const Output& output) {
  Table table({{"view"},
               {"version", Align::right},
               {"state"},
               {"checkpoint", Align::right},
               {"behind", Align::right},
               {"error", Align::left, true}});
  for (const Json& view : views) {
    std::string error = text_at(view, "error");
    if (const auto at = number_at(view, "failed_at")) {
      error = "at position " + std::to_string(*at) + " (" + text_at(view, "failed_event") +
              "): " + error;
    }
    table.add({text_at(view, "name"), std::to_string(number_at(view, "version").value_or(0)),
               text_at(view, "phase"), grouped(number_at(view, "checkpoint").value_or(0)),
               grouped(number_at(view, "behind").value_or(0)), error});
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
}

const Json* find_view(const Json::Array& views, const std::string& name) {
  for (const Json& view : views) {
    if (text_at(view, "name") == name) return &view;
  }
  return nullptr;
}

/// Waits until `name` neither catches up nor builds. Errors: internal when it stopped.
core::Status settle(Backend& backend, const std::string& name) {
  Progress progress(name);
  for (;; std::this_thread::sleep_for(kLook)) {
    const auto answer = get_json(backend, "/v1/admin/projections");
    if (!answer) return answer.error();
    const Json* view = find_view(list_at(*answer, "projections"), name);
    if (view == nullptr) return Error{Errc::not_found, "no view " + name};
    const std::string phase = text_at(*view, "phase");
    if (phase == "live") return core::Ok{};
    if (phase == "stopped") {
      return Error{Errc::internal, "view " + name + " stopped: " + text_at(*view, "error")};
    }
    const std::uint64_t done =
        number_at(*view, phase == "building" ? "building_checkpoint" : "checkpoint").value_or(0);
    progress.show(done, number_at(*answer, "checkpoint").value_or(0), phase);
  }
}

}  // namespace

Result<int> run_tail(Backend& backend, const TailCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("events");
  if (command.from) {
    target.query("from", std::to_string(*command.from));
  } else {
    target.query("last", std::to_string(command.last));
  }
  for (const std::string& type : command.types) target.query("type", type);
  const bool follow = command.follow && backend.live();
  if (command.follow && !follow) {
    std::fprintf(stderr, "no server runs on %s: nothing to follow\n",
                 printable(backend.place()).c_str());
  }
  if (follow) target.query("follow", "true");
  bool writable = true;
  Lines lines([&](std::string_view line) {
    // A followed log comes in frames; only those of events are for people, as plain lines are.
    std::string event_line_of_frame;
    if (follow) {
      constexpr std::string_view kEventFrame = "{\"frame\":\"event\",";
      if (line.substr(0, kEventFrame.size()) != kEventFrame) return;
      event_line_of_frame.append("{").append(line.substr(kEventFrame.size()));
      line = event_line_of_frame;
    }
    if (output.json) {
      std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    } else if (const auto event = events::parse_json(line)) {
      std::puts(event_line(*event).c_str());
    }
    writable = std::fflush(stdout) == 0;
  });
  const core::Status status = backend.stream(target.text(), [&](std::string_view piece) {
    lines.feed(piece);
    return writable;  // whoever read us has gone
  });
  if (!status) return status.error();
  return 0;
}

Result<int> run_projections(Backend& backend, const ProjectionsCommand& command,
                            const Output& output) {
  const std::string all = "/v1/admin/projections";
  if (command.action != ProjectionsCommand::Action::list) {
    const bool retry = command.action == ProjectionsCommand::Action::retry;
    TargetBuilder target;
    target.segment("v1").segment("admin").segment("projections").segment(command.name);
    target.segment(retry ? "retry" : "rebuild");
    const auto asked = call_json(backend, Call{http::Method::post, target.text(), "{}"});
    if (!asked) return asked.error();
    const core::Status settled = settle(backend, command.name);
    if (!settled) return settled.error();
  }
  const auto answer = get_json(backend, all);
  if (!answer) return answer.error();
  const Json::Array& views = list_at(*answer, "projections");
  if (output.json) {
    std::puts(dump(*answer).c_str());
  } else {
    print_views(views, output);
  }
  // A stopped view is told by the exit code too, so that a script need not read the table.
  for (const Json& view : views) {
    if (text_at(view, "phase") == "stopped") return core::traits(Errc::internal).exit_code;
  }
  return 0;
}

}  // namespace hansard::cli
