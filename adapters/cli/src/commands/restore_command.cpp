#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "commands.h"
#include "events/json.h"
#include "ossl/hasher.h"
#include "text/terminal.h"
#include "transfer/export_keys.h"
#include "transfer/export_reader.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

Status check_keys(const ExportHeader& header, const rocks::LogIdentity& keys) {
  if (header.scope != "log") {
    return Error{Errc::rejected, "the export holds a " + header.scope +
                                     ", not a whole log; import it without --restore"};
  }
  if (core::to_string(keys.log_id) != header.log_id || key_check(keys) != header.key_check) {
    return Error{Errc::rejected, "the keys are those of another log than the export"};
  }
  return Ok{};
}

}  // namespace

Result<int> run_restore(const Settings& settings, const ImportCommand& command,
                        const Output& output) {
  if (settings.url) {
    return Error{Errc::invalid_argument,
                 "a log is restored into a data directory (--data), not through a server"};
  }
  if (command.files.size() != 1) {
    return Error{Errc::invalid_argument, "one export is restored at a time"};
  }
  const auto keys = read_keys(command.keys);
  if (!keys) return keys.error();
  const ossl::OpenSslHasher hasher;
  const std::string& file = command.files.front();
  std::unique_ptr<rocks::Restore> restore;
  core::TreeHead tree;
  Progress progress(file);
  const ExportReader reader{
      [&](const ExportHeader& header) -> Status {
        if (auto known = check_keys(header, *keys); !known) return known;
        tree = header.tree;
        rocks::OpenOptions options;
        options.directory = settings.data;
        options.hasher = &hasher;
        auto begun = rocks::Restore::begin(std::move(options), {*keys, header.tree});
        if (!begun) return std::move(begun).error();
        restore = *std::move(begun);
        return Ok{};
      },
      [&](const core::RecordedEvent& event) -> Status {
        // Those were restored before an interruption.
        if (event.position < restore->next()) return Ok{};
        return restore->add(event);
      },
      [&](std::uint64_t done, std::uint64_t total) { progress.show(done, total); }};
  const auto begun_at = std::chrono::steady_clock::now();
  Status status = read_export(file, reader);
  if (status) status = restore->finish();
  if (!status) {
    Error error = status.error();
    error.message = file + ": " + error.message;
    if (restore) {
      error.message += "; " + settings.data +
                       " is not a log yet: repeat the restore, or remove the directory and begin "
                       "again with an undamaged copy";
    }
    return error;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_at;
  const std::string root = core::to_hex(core::as_bytes(tree.root));
  if (output.json) {
    Json out;
    out.add("file", file);
    out.add("data", settings.data);
    out.add("events", tree.size);
    out.add("root", root);
    out.add("seconds", Json::number(took.count()));
    std::puts(dump(out).c_str());
  } else {
    std::printf("%s: %s events restored into %s in %.1f s; the root is %s\n",
                printable(file).c_str(), grouped(tree.size).c_str(),
                printable(settings.data).c_str(), took.count(), root.c_str());
  }
  return 0;
}

}  // namespace hansard::cli
