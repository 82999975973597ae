#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "commands.h"
#include "text/json_view.h"
#include "text/terminal.h"
#include "transfer/destination.h"
#include "transfer/export_keys.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

std::string target_of(const ExportCommand& command) {
  TargetBuilder target;
  target.segment("v1").segment("export");
  for (const std::string& session : command.sessions) target.query("session", session);
  for (const auto& [name, value] : command.filters) target.query(name, value);
  const bool chosen = !command.sessions.empty() || !command.filters.empty();
  // Sessions are those of the request's project anyway.
  if (command.project && !chosen) target.query("project", *command.project);
  return target.text();
}

/// Follows the lines that go by, to know the first and the last of them.
class Ends {
 public:
  void take(std::string_view bytes) {
    bytes_ += bytes.size();
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      line_ += bytes.substr(0, end);
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      if (lines_++ == 0) first_ = line_;
      last_ = std::exchange(line_, {});
    }
  }
  [[nodiscard]] const std::string& first() const { return first_; }
  [[nodiscard]] const std::string& last() const { return last_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::string line_;
  std::string first_;
  std::string last_;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<int> run_export(Backend& backend, const ExportCommand& command, const Output& output) {
  auto destination = Destination::open(command.out);
  if (!destination) return std::move(destination).error();
  Ends ends;
  Progress progress(command.out == "-" ? "export" : command.out);
  Status written = Ok{};
  const Status streamed = backend.stream(target_of(command), [&](std::string_view piece) {
    ends.take(piece);
    written = destination->write(piece);
    progress.show(ends.bytes(), 0, grouped(ends.bytes() >> 20U) + " MiB");
    return bool(written);
  });
  if (!written) return written.error();
  if (!streamed) return streamed.error();
  auto header = events::parse_json_object(ends.first());
  auto end = events::parse_json_object(ends.last());
  if (!header || !end || Json(*end).find("end") == nullptr) {
    return Error{Errc::unavailable, "the export broke off; its last line is not there"};
  }
  const Json told(*std::move(header));
  if (!command.keys.empty()) {
    // The keys first: an export whose keys could not be kept is not a backup.
    if (auto kept = keep_keys(command.data, text_at(told, "log_id"), command.keys); !kept) {
      return kept.error();
    }
  }
  if (auto finished = destination->finish(); !finished) return finished.error();
  if (command.out == "-") return 0;
  const std::uint64_t events = number_at(Json(*std::move(end)), "end").value_or(0);
  if (output.json) {
    Json out;
    out.add("file", command.out);
    out.add("scope", text_at(told, "scope"));
    out.add("events", events);
    out.add("bytes", ends.bytes());
    out.add("size", number_at(told, "size").value_or(0));
    out.add("root", text_at(told, "root"));
    if (!command.keys.empty()) out.add("keys", command.keys);
    std::puts(dump(out).c_str());
  } else {
    std::printf("%s: %s events, %s bytes; the log has %s events and the root %s\n",
                printable(command.out).c_str(), grouped(events).c_str(),
                grouped(ends.bytes()).c_str(), grouped(number_at(told, "size").value_or(0)).c_str(),
                text_at(told, "root").c_str());
  }
  return 0;
}

}  // namespace hansard::cli
