#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "text/json_view.h"
#include "text/terminal.h"
#include "transfer/import_file.h"
#include "transfer/import_print.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::Json;
using Reports = std::vector<ImportReport>;

/// What `import DIR` looks at; anything else in a directory is skipped.
bool may_hold_conversations(const std::filesystem::path& file) {
  static constexpr std::string_view kEndings[] = {".json", ".jsonl", ".ndjson", ".eval", ".traj"};
  std::string name = file.filename().string();
  for (const std::string_view packed : {".zst", ".gz"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

/// Why a file of a ChatGPT export is not taken by itself; empty where it is no such file.
std::string_view of_an_export(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const bool feedback = name == "message_feedback.json";
  if (!feedback && name != "user.json" && name != "shared_conversations.json") return {};
  std::error_code failed;
  for (std::filesystem::directory_iterator each(file.parent_path(), failed), end;
       !failed && each != end; each.increment(failed)) {
    if (!each->path().filename().string().starts_with("conversations")) continue;
    return feedback ? "read with the conversations beside it" : "holds no conversations";
  }
  return {};
}

/// The files of a directory and below it, by name. What cannot be listed is told in `skipped`.
std::vector<std::string> files_below(const std::string& directory, std::vector<Remark>& skipped) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code failed;
  fs::recursive_directory_iterator each(directory, failed);
  for (; !failed && each != fs::recursive_directory_iterator(); each.increment(failed)) {
    std::error_code unknown;
    if (!each->is_regular_file(unknown)) continue;
    if (const std::string_view why = of_an_export(each->path()); !why.empty()) {
      skipped.push_back({0, each->path().string(), std::string(why)});
    } else if (may_hold_conversations(each->path())) {
      files.push_back(each->path().string());
    } else {
      skipped.push_back({0, each->path().string(), "no ending of conversations"});
    }
  }
  if (failed) skipped.push_back({0, directory, failed.message()});
  std::sort(files.begin(), files.end());
  return files;
}

Json remarks_json(std::vector<Remark>& remarks) {
  Json list(Json::Array{});
  for (Remark& remark : remarks) {
    Json one;
    one.add("line", remark.line);
    if (!remark.path.empty()) one.add("path", std::move(remark.path));
    one.add("reason", std::move(remark.reason));
    list.push(std::move(one));
  }
  return list;
}

Json report_json(ImportReport& report) {
  Json out;
  out.add("file", report.file);
  out.add("format", report.format.empty() ? Json() : Json(report.format));
  out.add("conversations", report.conversations());
  out.add("records", report.records);
  out.add("taken", report.taken);
  out.add("grown", report.grown);
  out.add("known", report.known);
  out.add("failed", report.failed);
  out.add("messages", report.messages);
  out.add("new_events", report.new_events);
  out.add("known_events", report.known_events);
  out.add("attached", report.attached);
  out.add("unplaced", report.unplaced);
  out.add("unplaced_pieces", remarks_json(report.unplaced_remarks));
  out.add("failures", remarks_json(report.failures));
  return out;
}

void print_remarks(const ImportReport& report, const std::vector<Remark>& remarks,
                   const char* what) {
  for (const Remark& remark : remarks) {
    const std::string path = remark.path.empty() ? "" : remark.path + ": ";
    std::fprintf(stderr, "%s:%llu: %s: %s%s\n", printable(report.file).c_str(),
                 static_cast<unsigned long long>(remark.line), what, printable(path).c_str(),
                 printable(remark.reason).c_str());
  }
}

void print_report_remarks(const ImportReport& report) {
  print_remarks(report, report.failures, "not recorded");
  print_remarks(report, report.unplaced_remarks, "left out");
}

void print_tables(const Reports& reports, const Output& output) {
  using Align = Table::Align;
  Table table({{"file", Align::left, true},
               {"format", Align::left},
               {"conversations", Align::right},
               {"new", Align::right},
               {"grown", Align::right},
               {"known", Align::right},
               {"failed", Align::right},
               {"messages", Align::right},
               {"events added", Align::right},
               {"attached", Align::right},
               {"unknown", Align::right}});
  for (const ImportReport& report : reports) {
    table.add({report.file, report.format, grouped(report.conversations()), grouped(report.taken),
               grouped(report.grown), grouped(report.known), grouped(report.failed),
               grouped(report.messages), grouped(report.new_events), grouped(report.attached),
               grouped(report.unplaced)});
    print_report_remarks(report);
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
}

/// Goes through every file, and says what became of each.
template <class Take>
Reports take_files(const ImportCommand& command, std::vector<Remark>& skipped, const Take& take) {
  const importers::Format* format = importers::format_named(command.format);  // null: auto
  std::vector<std::string> files;
  for (const std::string& name : command.files) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(name, unknown)) {
      files.push_back(name);
      continue;
    }
    for (std::string& file : files_below(name, skipped)) files.push_back(std::move(file));
  }
  Reports reports;
  for (const std::string& file : files) {
    ImportReport& report = reports.emplace_back();
    report.file = file;
    const Status status = take(format, report);
    if (!status) {
      // The next file may be fine; a store that does not answer is not.
      report.fail(0, status.error().code, status.error().message);
      if (core::traits(status.error().code).retry == core::Retry::same) break;
    }
  }
  return reports;
}

int exit_code(const Reports& reports) {
  for (const ImportReport& report : reports) {
    if (report.worst) return core::traits(*report.worst).exit_code;
  }
  return 0;
}

void print_skipped(const std::vector<Remark>& skipped) {
  for (const Remark& each : skipped) {
    std::fprintf(stderr, "%s: skipped: %s\n", printable(each.path).c_str(), each.reason.c_str());
  }
}

}  // namespace

Result<int> run_import(Backend& backend, const ImportCommand& command, const Output& output) {
  std::vector<Remark> skipped;
  Reports reports =
      take_files(command, skipped, [&](const importers::Format* format, ImportReport& report) {
        return import_file(backend, format, report);
      });
  if (output.json) {
    Json list(Json::Array{});
    for (ImportReport& report : reports) list.push(report_json(report));
    Json out;
    out.add("files", std::move(list));
    out.add("skipped", remarks_json(skipped));
    std::puts(dump(out).c_str());
  } else {
    print_tables(reports, output);
    print_skipped(skipped);
  }
  return exit_code(reports);
}

Result<int> run_import_print(const ImportCommand& command) {
  std::vector<Remark> skipped;
  const Reports reports = take_files(command, skipped, print_file);
  for (const ImportReport& report : reports) print_report_remarks(report);
  print_skipped(skipped);
  return exit_code(reports);
}

}  // namespace hansard::cli
