#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "commands.h"
#include "import_route.h"
#include "importers/byte_source.h"
#include "importers/conversation.h"
#include "importers/record_splitter.h"
#include "json_view.h"
#include "terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

constexpr std::size_t kBatchItems = 64;
static_assert(kBatchItems <= kImportItemsMax);
constexpr std::size_t kBatchBytes = 2U << 20;
/// A record must fit the body of one request, with some room for its frame.
constexpr std::size_t kRecordBytesMax = (32U << 20) - 4096;
constexpr std::size_t kFrameDepth = 3;
constexpr int kAttemptsMax = 8;
constexpr std::chrono::milliseconds kFirstPause{100};
/// Remarks kept per kind; further ones are only counted.
constexpr std::size_t kRemarksMax = 1000;

struct Remark {
  std::uint64_t line = 0;
  std::string path;
  std::string reason;
};

/// What became of one file.
struct Report {
  std::string file;
  std::uint64_t records = 0;
  std::uint64_t taken = 0;  ///< new conversations
  std::uint64_t grown = 0;  ///< known ones that went on
  std::uint64_t known = 0;  ///< nothing new in them
  std::uint64_t failed = 0;
  std::uint64_t messages = 0;
  std::uint64_t new_events = 0;
  std::uint64_t known_events = 0;
  std::uint64_t attached = 0;
  std::uint64_t unplaced = 0;
  std::vector<Remark> unplaced_remarks;
  std::vector<Remark> failures;
  std::optional<Errc> worst;  ///< of the first failure

  void fail(std::uint64_t line, Errc code, std::string reason) {
    ++failed;
    if (!worst) worst = code;
    if (failures.size() < kRemarksMax) failures.push_back({line, {}, std::move(reason)});
  }
};

struct Item {
  std::uint64_t line = 0;
  std::uint64_t repeat = 0;
  std::string text;
};

Errc code_named(std::string_view name) {
  for (const core::ErrorTraits& row : core::error_table()) {
    if (row.name == name) return row.code;
  }
  return Errc::internal;
}

/// Sends the records of one file in batches.
class FileImport {
 public:
  FileImport(Backend& backend, Report& report) : backend_(backend), report_(report) {}

  Status run() {
    auto source = importers::open_source(report_.file);
    if (!source) return std::move(source).error();
    Progress progress(report_.file);
    Status status = Ok{};
    importers::RecordSplitter splitter(
        [&](importers::SourceRecord record) {
          if (status) status = take(std::move(record));
        },
        importers::is_message, {.record_bytes_max = kRecordBytesMax});
    for (;;) {
      auto piece = (*source)->next();
      if (!piece) {
        // What was read until here is still worth taking.
        if (status) status = flush();
        if (!status) return status;
        return std::move(piece).error();
      }
      if (piece->empty()) break;
      splitter.feed(*piece);
      if (!status) return status;
      progress.show((*source)->consumed(), (*source)->size(),
                    grouped(report_.records) + " records");
    }
    splitter.finish();
    if (status) status = flush();
    // The engine answers by batch, what never reached it was told before.
    std::stable_sort(report_.failures.begin(), report_.failures.end(),
                     [](const Remark& a, const Remark& b) { return a.line < b.line; });
    return status;
  }

 private:
  Status take(importers::SourceRecord record) {
    ++report_.records;
    if (!record.problem.empty()) {
      report_.fail(record.line, Errc::invalid_argument, std::move(record.problem));
      return Ok{};
    }
    const Status valid =
        events::check_json(record.text, {.depth = events::kMaxJsonDepth - kFrameDepth});
    if (!valid) {
      report_.fail(record.line, valid.error().code, valid.error().message);
      return Ok{};
    }
    const std::uint64_t repeat = repeats_[std::hash<std::string_view>{}(record.text)]++;
    const bool full = items_.size() == kBatchItems || bytes_ + record.text.size() > kBatchBytes;
    if (full) {
      const Status sent = flush();
      if (!sent) return sent;
    }
    bytes_ += record.text.size();
    items_.push_back({record.line, repeat, std::move(record.text)});
    return Ok{};
  }

  /// Sends what is held, and again what the engine could not take just now.
  Status flush() {
    std::chrono::milliseconds pause = kFirstPause;
    for (int attempt = 1; !items_.empty(); ++attempt, pause *= 2) {
      auto answer = call_json(backend_, Call{http::Method::post, "/v1/import", body()});
      const bool last = attempt == kAttemptsMax;
      if (!answer) {
        const Error& error = answer.error();
        const bool again = core::traits(error.code).retry == core::Retry::same;
        const bool refused = error.code == Errc::too_large || error.code == Errc::invalid_argument;
        if (refused) {
          for (const Item& item : items_) report_.fail(item.line, error.code, error.message);
          items_.clear();
          break;
        }
        if (!again || last) return error;
      } else if (list_at(*answer, "results").size() != items_.size()) {
        return Error{Errc::internal, "the import was answered with a wrong number of results"};
      } else {
        settle(list_at(*answer, "results"), last);
        if (items_.empty()) break;
      }
      std::this_thread::sleep_for(pause);
    }
    bytes_ = 0;
    return Ok{};
  }

  [[nodiscard]] std::string body() const {
    std::string out = "{\"items\":[";
    for (const Item& item : items_) {
      if (out.back() == '}') out += ',';
      out += "{\"line\":" + std::to_string(item.line) +
             ",\"repeat\":" + std::to_string(item.repeat) + ",\"record\":" + item.text + "}";
    }
    return out + "]}";
  }

  /// Counts results; keeps the items that may succeed later.
  void settle(const Json::Array& results, bool last) {
    std::vector<Item> again;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Json& result = results[i];
      const std::uint64_t fresh = number_at(result, "new_events").value_or(0);
      const std::uint64_t known = number_at(result, "known_events").value_or(0);
      report_.new_events += fresh;
      if (const Json* error = result.find("error")) {
        const Errc code = code_named(text_at(*error, "code"));
        if (core::traits(code).retry == core::Retry::same && !last) {
          again.push_back(std::move(items_[i]));
          continue;
        }
        report_.fail(items_[i].line, code, text_at(*error, "detail"));
        continue;
      }
      ++(fresh == 0 ? report_.known : known == 0 ? report_.taken : report_.grown);
      report_.known_events += known;
      report_.messages += number_at(result, "messages").value_or(0);
      report_.attached += number_at(result, "attached").value_or(0);
      for (const Json& piece : list_at(result, "unplaced")) {
        ++report_.unplaced;
        if (report_.unplaced_remarks.size() == kRemarksMax) continue;
        report_.unplaced_remarks.push_back(
            {items_[i].line, text_at(piece, "path"), text_at(piece, "reason")});
      }
    }
    items_ = std::move(again);
  }

  Backend& backend_;
  Report& report_;
  std::vector<Item> items_;
  std::size_t bytes_ = 0;
  /// Records seen, by hash: 16 bytes each. Two that share a hash only get different names.
  std::unordered_map<std::size_t, std::uint32_t> repeats_;
};

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

Json report_json(Report& report) {
  Json out;
  out.add("file", report.file);
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

void print_remarks(const Report& report, const std::vector<Remark>& remarks, const char* what) {
  for (const Remark& remark : remarks) {
    const std::string path = remark.path.empty() ? "" : remark.path + ": ";
    std::fprintf(stderr, "%s:%llu: %s: %s%s\n", printable(report.file).c_str(),
                 static_cast<unsigned long long>(remark.line), what, printable(path).c_str(),
                 printable(remark.reason).c_str());
  }
}

void print_tables(const std::vector<Report>& reports, const Output& output) {
  using Align = Table::Align;
  Table table({{"file", Align::left, true},
               {"conversations", Align::right},
               {"new", Align::right},
               {"grown", Align::right},
               {"known", Align::right},
               {"failed", Align::right},
               {"messages", Align::right},
               {"events added", Align::right},
               {"attached", Align::right},
               {"unknown", Align::right}});
  for (const Report& report : reports) {
    table.add({report.file, grouped(report.records), grouped(report.taken), grouped(report.grown),
               grouped(report.known), grouped(report.failed), grouped(report.messages),
               grouped(report.new_events), grouped(report.attached), grouped(report.unplaced)});
    print_remarks(report, report.failures, "not recorded");
    print_remarks(report, report.unplaced_remarks, "left out");
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
}

}  // namespace

Result<int> run_import(Backend& backend, const ImportCommand& command, const Output& output) {
  std::vector<Report> reports;
  for (const std::string& file : command.files) {
    Report& report = reports.emplace_back();
    report.file = file;
    const Status status = FileImport(backend, report).run();
    if (!status) {
      // The next file may be fine; a store that does not answer is not.
      report.fail(0, status.error().code, status.error().message);
      if (core::traits(status.error().code).retry == core::Retry::same) break;
    }
  }
  int code = 0;
  for (const Report& report : reports) {
    if (report.worst && code == 0) code = core::traits(*report.worst).exit_code;
  }
  if (output.json) {
    Json files(Json::Array{});
    for (Report& report : reports) files.push(report_json(report));
    Json out;
    out.add("files", std::move(files));
    std::puts(dump(out).c_str());
  } else {
    print_tables(reports, output);
  }
  return code;
}

}  // namespace hansard::cli
