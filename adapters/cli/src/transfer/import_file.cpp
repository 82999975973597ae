#include "transfer/import_file.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "engine/import_route.h"
#include "importers/byte_source.h"
#include "importers/piece_json.h"
#include "importers/record_splitter.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;
using events::Json;
using importers::ImportItem;

constexpr std::size_t kBatchItems = 64;
static_assert(kBatchItems <= kImportItemsMax);
constexpr std::size_t kBatchBytes = 2U << 20;
/// A record must fit the body of one request, with some room for its frame.
constexpr std::size_t kRecordBytesMax = (32U << 20) - 4096;
constexpr int kAttemptsMax = 8;
constexpr std::chrono::milliseconds kFirstPause{100};

Errc code_named(std::string_view name) {
  for (const core::ErrorTraits& row : core::error_table()) {
    if (row.name == name) return row.code;
  }
  return Errc::internal;
}

/// A piece that waits to be sent.
struct Held {
  std::uint64_t line = 0;
  std::size_t name = 0;  ///< hash of the session's name
  bool continues = false;
  std::string text;
};

class FileImport {
 public:
  FileImport(Backend& backend, ImportReport& report) : backend_(backend), report_(report) {}

  /// Keeps a piece until enough of them are there to be sent. Errors: those of `flush`.
  Status hold(importers::Piece piece) {
    piece.unplaced.clear();  // in the report already

    Held held;
    held.line = piece.line;
    held.continues = piece.continues;
    held.name = std::hash<std::string_view>{}(piece.session.id.empty() ? piece.session.seed
                                                                       : piece.session.id);
    ImportItem item{std::move(piece), 0};
    if (const auto other = alike_.find(held.name); held.continues && other != alike_.end()) {
      item.alike = other->second;
    }
    held.text = importers::write_item(item);
    const bool full = items_.size() == kBatchItems ||
                      (!items_.empty() && bytes_ + held.text.size() > kBatchBytes);
    if (full) {
      if (auto status = flush(); !status) return status;
      // The batch may have told what the session is called.
      if (const auto other = alike_.find(held.name); held.continues && other != alike_.end()) {
        item.alike = other->second;
        held.text = importers::write_item(item);
      }
    }
    bytes_ += held.text.size();
    items_.push_back(std::move(held));
    return Ok{};
  }

  /// Sends what is held, and again what the engine could not take just now.
  /// Errors: those of the engine that trying again did not help.
  Status flush() {
    std::chrono::milliseconds pause = kFirstPause;
    for (int attempt = 1; !items_.empty(); ++attempt, pause *= 2) {
      auto answer = call_json(backend_, Call{http::Method::post, "/v1/import", body()});
      const bool last = attempt == kAttemptsMax;
      if (!answer) {
        const Error& error = answer.error();
        const bool again = core::traits(error.code).retry == core::Retry::same;
        const bool refused = error.code == Errc::too_large || error.code == Errc::invalid_argument;
        if (refused && items_.size() > 1) {
          const Status status = one_by_one();
          if (!status) return status;
          break;
        }
        if (refused) {
          report_.fail(items_[0].line, error.code, error.message);
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

 private:
  /// One piece that the engine cannot read must not cost its neighbours.
  Status one_by_one() {
    std::vector<Held> all = std::exchange(items_, {});
    for (Held& held : all) {
      items_.push_back(std::move(held));
      const Status status = flush();
      if (!status) return status;
    }
    return Ok{};
  }

  [[nodiscard]] std::string body() const {
    std::string out = "{\"items\":[";
    for (const Held& held : items_) {
      if (out.back() == '}') out += ',';
      out += held.text;
    }
    return out + "]}";
  }

  /// Counts results; keeps the pieces that may succeed later.
  void settle(const Json::Array& results, bool last) {
    std::vector<Held> again;
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
      report_.known_events += known;
      if (const auto alike = number_at(result, "alike").value_or(0); alike > 0) {
        alike_[items_[i].name] = alike;
      } else {
        alike_.erase(items_[i].name);
      }
      count(items_[i], fresh, known);
    }
    items_ = std::move(again);
  }

  void count(const Held& held, std::uint64_t fresh, std::uint64_t known) {
    if (!held.continues) {
      ++(fresh == 0 ? report_.known : known == 0 ? report_.taken : report_.grown);
      if (fresh == 0) all_known_.insert_or_assign(held.name, true);
      return;
    }
    // A known beginning with a new end has grown.
    if (fresh == 0 || all_known_.erase(held.name) == 0) return;
    --report_.known;
    ++report_.grown;
  }

  Backend& backend_;
  ImportReport& report_;
  std::vector<Held> items_;
  std::size_t bytes_ = 0;
  /// Sessions that are called `<name>~n` here, by hash of the name: few.
  std::unordered_map<std::size_t, std::uint64_t> alike_;
  /// Conversations with nothing new so far: some 50 bytes each.
  std::unordered_map<std::size_t, bool> all_known_;
};

/// A file in the directory of the one that is read. One that is too large is told as failed.
std::optional<std::string> read_beside(std::string_view name, ImportReport& report) {
  constexpr std::size_t kBytesMax = 64U << 20;
  if (report.file == "-") return std::nullopt;
  const auto path = std::filesystem::path(report.file).parent_path() / name;
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return std::nullopt;
  auto source = importers::open_source(path.string());
  std::string text;
  Status status = Ok{};
  while (status) {
    auto piece = source ? (*source)->next() : core::Result<std::string_view>(source.error());
    if (!piece) {
      status = piece.error();
    } else if (piece->empty()) {
      return text;
    } else if (text.size() + piece->size() > kBytesMax) {
      status = Error{Errc::too_large, "larger than 64 MiB"};
    } else {
      text.append(*piece);
    }
  }
  report.fail(0, status.error().code, path.string() + ": " + status.error().message);
  return std::nullopt;
}

}  // namespace

void ImportReport::fail(std::uint64_t line, Errc code, std::string reason) {
  ++failed;
  if (!worst) worst = code;
  if (failures.size() < kRemarksMax) failures.push_back({line, {}, std::move(reason)});
}

Status read_file(const importers::Format* format, ImportReport& report,
                 const std::function<Status(importers::Piece)>& take) {
  Status status = Ok{};
  importers::ReaderEvents events{
      [&](importers::Piece piece) {
        if (!status) return;
        report.messages += piece.messages;
        report.attached += piece.attached;
        for (const importers::Unplaced& part : piece.unplaced) {
          ++report.unplaced;
          if (report.unplaced_remarks.size() == ImportReport::kRemarksMax) continue;
          report.unplaced_remarks.push_back({piece.line, part.path, part.reason});
        }
        status = take(std::move(piece));
      },
      [&](std::uint64_t line, const Error& why) { report.fail(line, why.code, why.message); },
      [&](std::string_view name) { return read_beside(name, report); },
  };
  std::unique_ptr<importers::Reader> reader;
  if (format != nullptr) {
    report.format = format->name;
    reader = format->make(std::move(events));
  } else {
    reader = std::make_unique<importers::AutoReader>(
        std::move(events), [&](const importers::Format& found) { report.format = found.name; });
  }
  auto source = importers::open_source(report.file);
  if (!source) return std::move(source).error();
  Progress progress(report.file);
  importers::RecordSplitter splitter(
      [&](importers::SourceRecord record) {
        if (!status) return;
        ++report.records;
        reader->take(std::move(record));
      },
      importers::is_message, {.record_bytes_max = kRecordBytesMax});
  Status reading = Ok{};
  while (status) {
    auto piece = (*source)->next();
    if (!piece) {
      // What was read until here is still worth taking.
      reading = std::move(piece).error();
      break;
    }
    if (piece->empty()) break;
    splitter.feed(*piece);
    progress.show((*source)->consumed(), (*source)->size(), grouped(report.records) + " records");
  }
  splitter.finish();
  if (status) reader->finish();
  return status ? reading : status;
}

Status import_file(Backend& backend, const importers::Format* format, ImportReport& report) {
  FileImport import(backend, report);
  Status engine = Ok{};
  const Status reading = read_file(format, report, [&](importers::Piece piece) {
    engine = import.hold(std::move(piece));
    return engine;
  });
  // Also after a file that broke off: what was read of it.
  if (engine) engine = import.flush();
  // The engine answers by batch, what never reached it was told before.
  std::stable_sort(report.failures.begin(), report.failures.end(),
                   [](const Remark& a, const Remark& b) { return a.line < b.line; });
  return engine ? reading : engine;
}

}  // namespace hansard::cli
