#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

#include "backup/backup_note.h"
#include "backup/backup_restore.h"
#include "commands.h"
#include "ossl/clock.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

/// How often a backup is looked at.
constexpr std::chrono::milliseconds kLook{50};
constexpr const char* kRoute = "/v1/admin/backup";

std::string root_text(const core::TreeHead& tree) {
  return core::to_hex(core::as_bytes(tree.root));
}

std::string count_text(std::uint64_t number, const char* one, const char* many) {
  return grouped(number) + " " + (number == 1 ? one : many);
}

Error failure_of(const Json& state) {
  const Json* error = state.find("error");
  if (error == nullptr) return Error{Errc::unavailable, "another backup was begun meanwhile"};
  for (const core::ErrorTraits& traits : core::error_table()) {
    if (traits.name == text_at(*error, "code")) {
      return Error{traits.code, text_at(*error, "detail")};
    }
  }
  return Error{Errc::internal, text_at(*error, "detail")};
}

/// Waits for the end of the backup that `begun` tells of.
Result<Json> await(Backend& backend, Json state) {
  const auto number = number_at(state, "number");
  Progress progress("backup");
  while (text_at(state, "state") == "running" && number_at(state, "number") == number) {
    progress.show(number_at(state, "done_bytes").value_or(0),
                  number_at(state, "total_bytes").value_or(0));
    std::this_thread::sleep_for(kLook);
    auto now = get_json(backend, kRoute);
    if (!now) return now;
    state = *std::move(now);
  }
  if (text_at(state, "state") != "done" || number_at(state, "number") != number) {
    return failure_of(state);
  }
  return state;
}

Json fault_json(const BackupFault& fault) {
  Json out;
  if (!fault.file.empty()) out.add("file", fault.file);
  if (fault.position) out.add("position", *fault.position);
  out.add("what", fault.what);
  return out;
}

std::string fault_text(const BackupFault& fault) {
  std::string out = fault.file.empty() ? std::string("the log") : fault.file;
  if (fault.position) out += ", position " + std::to_string(*fault.position);
  return printable(out + ": " + fault.what);
}

void print_checked(const Backup& backup, const BackupReport& report) {
  const BackupManifest& manifest = backup.manifest();
  std::printf("%s: made %s of log %s, epoch %llu, by %s\n",
              printable(backup.path().string()).c_str(),
              core::format_time(manifest.made_at).c_str(), core::to_string(manifest.log_id).c_str(),
              static_cast<unsigned long long>(manifest.epoch), printable(manifest.program).c_str());
  std::printf("read: %s, %s%s\n", count_text(report.files, "file", "files").c_str(),
              count_text(report.bytes, "byte", "bytes").c_str(),
              report.events_read
                  ? (", " + count_text(report.events, "sound event", "sound events")).c_str()
                  : "; events were not looked at");
  for (const BackupFault& fault : report.faults) {
    std::printf("DAMAGED  %s\n", fault_text(fault).c_str());
  }
  if (report.fault_count > report.faults.size()) {
    std::printf("         and %s more\n",
                grouped(report.fault_count - report.faults.size()).c_str());
  }
  if (report.sound()) {
    std::printf("sound: %s, root %s\n", count_text(manifest.tree.size, "event", "events").c_str(),
                root_text(manifest.tree).c_str());
  }
}

Json checked_json(const Backup& backup, const BackupReport& report) {
  const BackupManifest& manifest = backup.manifest();
  Json out;
  out.add("sound", report.sound());
  out.add("backup", backup.path().string());
  out.add("made_at", core::format_time(manifest.made_at));
  out.add("log_id", core::to_string(manifest.log_id));
  out.add("epoch", manifest.epoch);
  out.add("tree_size", manifest.tree.size);
  out.add("root", root_text(manifest.tree));
  out.add("signed", !manifest.note.empty());
  out.add("files", report.files);
  out.add("bytes", report.bytes);
  if (report.events_read) out.add("events", report.events);
  Json faults(Json::Array{});
  for (const BackupFault& fault : report.faults) faults.push(fault_json(fault));
  out.add("fault_count", report.fault_count);
  out.add("faults", std::move(faults));
  return out;
}

}  // namespace

Result<int> run_backup(Backend& backend, const BackupCommand& command, const Output& output) {
  Json order;
  order.add("to", command.directory);
  if (command.with_signing_key) order.add("with_signing_key", true);
  auto begun = call_json(backend, Call{http::Method::post, kRoute, dump(order)});
  if (!begun) return begun.error();
  const auto made = await(backend, *std::move(begun));
  if (!made) return made.error();
  if (output.json) {
    std::puts(dump(*made).c_str());
    return 0;
  }
  std::printf("%s: %s in %s, %s; epoch %s, the root is %s\n",
              printable(text_at(*made, "to")).c_str(),
              count_text(number_at(*made, "tree_size").value_or(0), "event", "events").c_str(),
              count_text(number_at(*made, "files").value_or(0), "file", "files").c_str(),
              count_text(number_at(*made, "bytes").value_or(0), "byte", "bytes").c_str(),
              std::to_string(number_at(*made, "epoch").value_or(0)).c_str(),
              text_at(*made, "root").c_str());
  std::puts(flag_at(*made, "signing_key")
                ? "The store key and the signing key are in it: guard it as you guard them."
                : "The store key is in it: guard it as you guard the data directory.");
  return 0;
}

Result<int> run_backup_verify(const BackupCommand& command, const Output& output) {
  const ossl::OpenSslHasher hasher;
  const ossl::Ed25519Verifier verifier;
  std::optional<events::audit::VerifierKey> key;
  if (command.key) {
    auto given = events::audit::parse_verifier_key(hasher, *command.key);
    if (!given) return given.error();
    key = *std::move(given);
  }
  const auto backup = Backup::open(command.directory);
  if (!backup) return backup.error();
  Progress progress(command.directory);
  BackupChecks checks;
  checks.events = !command.quick;
  checks.note = [&](const BackupManifest& manifest) {
    return note_fault(manifest, hasher, verifier, key);
  };
  checks.progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.show(done, total);
    return true;
  };
  const auto report = check_backup(*backup, checks);
  if (!report) return report.error();
  if (output.json) {
    std::puts(dump(checked_json(*backup, *report)).c_str());
  } else {
    print_checked(*backup, *report);
  }
  return report->sound() ? 0 : core::traits(Errc::corruption).exit_code;
}

Result<int> run_restore_backup(const Settings& settings, const RestoreCommand& command,
                               const Output& output) {
  RestoreOrder order;
  order.data = settings.data;
  if (command.to_position) order.to_position = core::Position{*command.to_position};
  if (command.to_time) {
    const auto time = core::parse_time(*command.to_time);
    if (!time) {
      return Error{Errc::invalid_argument, "--to-time: " + time.error().message, "to_time"};
    }
    order.to_time = *time;
  }
  order.clone = command.clone;
  order.ledger = command.ledger;
  order.ledger_place = settings.erasure_ledger_path();
  order.now = ossl::SystemClock().now();
  const auto backup = Backup::open(command.backup);
  if (!backup) return backup.error();
  Progress progress("restore");
  const auto began = std::chrono::steady_clock::now();
  const ossl::OpenSslHasher hasher;
  const ossl::Ed25519Verifier verifier;
  const auto note = [&](const BackupManifest& manifest) {
    return note_fault(manifest, hasher, verifier, std::nullopt);
  };
  const auto restored = restore_backup(
      *backup, order, note, [&](const char* doing, std::uint64_t done, std::uint64_t total) {
        progress.show(done, total, doing);
        return true;
      });
  if (!restored) return restored.error();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (output.json) {
    Json out;
    out.add("data", settings.data);
    out.add("events", restored->tree.size);
    out.add("taken_over", restored->taken_over);
    out.add("root", root_text(restored->tree));
    out.add("epoch", restored->epoch);
    out.add("new_epoch", restored->new_epoch);
    out.add("ledger", restored->ledger);
    out.add("erasures", restored->erasures);
    out.add("seconds", Json::number(took.count()));
    std::puts(dump(out).c_str());
    return 0;
  }
  std::printf("%s: %s of %s restored in %.1f s; epoch %llu, the root is %s\n",
              printable(settings.data).c_str(),
              count_text(restored->taken_over, "event", "events").c_str(),
              grouped(backup->manifest().tree.size).c_str(), took.count(),
              static_cast<unsigned long long>(restored->epoch), root_text(restored->tree).c_str());
  if (restored->new_epoch) {
    std::puts(
        "A new epoch begins with LogRestored: the same log id, another origin of "
        "checkpoints, a signing key of its own. Views are built at the first start.");
  }
  if (restored->ledger) {
    std::printf(
        "The erasure ledger %s knows %s of this log: the first start does again what is "
        "not done here.\n",
        printable(order.ledger_place.string()).c_str(),
        count_text(restored->erasures, "erasure", "erasures").c_str());
  } else {
    std::printf(
        "There is no erasure ledger. If anything was erased since %s, bring it before "
        "this is served: --ledger FILE, or the file itself to %s\n",
        core::format_time(backup->manifest().made_at).c_str(),
        printable(order.ledger_place.string()).c_str());
  }
  return 0;
}

}  // namespace hansard::cli
