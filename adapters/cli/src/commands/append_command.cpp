#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "commands.h"
#include "importers/byte_source.h"
#include "importers/record_splitter.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;
using events::Json;

/// Sends requests until one fails: what comes later may rest on it.
class Appending {
 public:
  Appending(Backend& backend, const AppendCommand& command, const Output& output)
      : backend_(backend), command_(command), output_(output) {}

  void take(importers::SourceRecord record) {
    if (error_) return;
    if (!record.problem.empty()) {
      error_ = Error{core::Errc::invalid_argument, std::move(record.problem)};
    } else {
      const auto receipt =
          call_json(backend_, Call{http::Method::post, "/v1/append", std::move(record.text)});
      if (receipt) return count(*receipt);
      error_ = receipt.error();
    }
    error_->message = command_.file + ":" + std::to_string(record.line) + ": " + error_->message;
  }

  Result<int> finish() {
    if (!output_.json) {
      std::printf("%s requests: %s events added, %s known already\n", grouped(requests_).c_str(),
                  grouped(added_).c_str(), grouped(known_).c_str());
    }
    if (error_) return *error_;
    return 0;
  }

  [[nodiscard]] bool failed() const { return error_.has_value(); }

 private:
  void count(const Json& receipt) {
    ++requests_;
    for (const Json& event : list_at(receipt, "events")) {
      ++(flag_at(event, "duplicate") ? known_ : added_);
    }
    if (output_.json) std::puts(dump(receipt).c_str());
  }

  Backend& backend_;
  const AppendCommand& command_;
  const Output& output_;
  std::uint64_t requests_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t known_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<int> run_append(Backend& backend, const AppendCommand& command, const Output& output) {
  auto source = importers::open_source(command.file);
  if (!source) return std::move(source).error();
  Appending appending(backend, command, output);
  importers::RecordSplitter splitter(
      [&](importers::SourceRecord record) { appending.take(std::move(record)); },
      [](std::string_view) { return false; });
  while (!appending.failed()) {
    auto piece = (*source)->next();
    if (!piece) return std::move(piece).error();
    if (piece->empty()) break;
    splitter.feed(*piece);
  }
  splitter.finish();
  return appending.finish();
}

}  // namespace hansard::cli
