#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "audit/new_signing_key.h"
#include "backup/refuse_backup.h"
#include "commands.h"
#include "engine/engine.h"
#include "events/equivalence.h"
#include "local_backend.h"
#include "ossl/hasher.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

/// What to do about a directory that does not open.
const char* advice(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "Nothing is there. `hansard serve` creates it; check --data.";
    case Errc::corruption:
      return "Copy the directory before anything else. `hansard verify` names what is damaged, "
             "`hansard doctor --repair` rebuilds what the events say. If acknowledged "
             "events are missing at the end, `hansard doctor --accept-loss` goes on "
             "without them.";
    case Errc::unsupported:
      return "It was written by another version of hansard; run that one.";
    case Errc::unavailable:
      return "Another process may hold it, or the file system refuses; see the reason above.";
    case Errc::out_of_space:
      return "Free some space on its disk; reading goes on meanwhile.";
    default:
      return "See the reason above.";
  }
}

Json health(rocks::RocksStore& store) {
  Json out;
  out.add("log_id", core::to_string(store.log_id()));
  const core::TreeHead tree = store.log().tree();
  out.add("events", store.log().end().value);
  out.add("root", core::to_hex(core::as_bytes(tree.root)));
  return out;
}

Result<int> tell_running(Backend& server, const Output& output) {
  const auto answer = server.call(Call{http::Method::get, "/readyz", {}});
  if (!answer) return answer.error();
  const auto ready = events::parse_json(answer->body);
  if (!ready) return ready.error();
  // 503 says that it takes no appends now; that is what one asks a doctor about.
  const int code = answer->status == 200 ? 0 : core::traits(Errc::unavailable).exit_code;
  if (output.json) {
    std::puts(dump(*ready).c_str());
    return code;
  }
  std::printf("a server runs on it: %s, %s events\n", text_at(*ready, "status").c_str(),
              grouped(number_at(*ready, "end").value_or(0)).c_str());
  const Json* store = ready->find("store");
  const std::string reason = store == nullptr ? std::string() : text_at(*store, "error");
  if (!reason.empty()) std::printf("it takes no appends: %s\n", printable(reason).c_str());
  for (const Json& view : list_at(*ready, "projections")) {
    std::printf("view %s: %s, %s behind %s\n", text_at(view, "name").c_str(),
                text_at(view, "phase").c_str(),
                grouped(number_at(view, "behind").value_or(0)).c_str(),
                printable(text_at(view, "error")).c_str());
  }
  return code;
}

core::Status leave_key(const Settings& settings) {
  if (auto good = refuse_backup(settings.data); !good) return good;
  const ossl::OpenSslHasher hasher;
  const events::VocabularyEquivalence equivalence;
  rocks::OpenOptions options;
  options.directory = settings.data;
  options.hasher = &hasher;
  options.equivalence = &equivalence;
  options.create_if_missing = false;
  auto store = rocks::RocksStore::open(std::move(options));
  if (!store) return std::move(store).error();
  if (auto left = leave_signing_key(**store, hasher); !left) return left;
  return (*store)->close();
}

}  // namespace

Result<int> run_doctor(const Settings& settings, const DoctorCommand& command,
                       const Output& output) {
  const auto running = connect_socket((std::filesystem::path(settings.data) / kSocketName).string(),
                                      settings.project);
  if (running) {
    if (command.accept_loss) {
      return Error{Errc::rejected, "a server runs on " + settings.data + ": nothing is lost there"};
    }
    if (command.new_signing_key) {
      return Error{Errc::rejected, "a server runs on " + settings.data + ": it has its key"};
    }
    if (command.repair) {
      return Error{Errc::rejected,
                   "a server runs on " + settings.data + ": stop it first, or `hansard verify` it"};
    }
    return tell_running(**running, output);
  }
  if (command.repair) return run_repair(settings, output);
  if (command.new_signing_key) {
    if (auto left = leave_key(settings); !left) return left.error();
  }
  Engine::Options options;
  if (command.accept_loss || command.new_signing_key) options.access = Access::record;
  options.accept_loss = command.accept_loss;
  options.notice = [](std::string_view what) {
    std::fprintf(stderr, "%s\n", printable(what).c_str());
  };
  auto engine = Engine::open(settings, std::move(options));
  if (!engine) {
    std::fprintf(stderr, "%s\n", advice(engine.error().code));
    return std::move(engine).error();
  }
  const Json found = health((*engine)->store());
  const core::Status closed = (*engine)->stop();
  if (!closed) return closed.error();
  if (output.json) {
    std::puts(dump(found).c_str());
  } else {
    std::printf("%s opens: log %s, %s events, root %s\n", printable(settings.data).c_str(),
                text_at(found, "log_id").c_str(),
                grouped(number_at(found, "events").value_or(0)).c_str(),
                text_at(found, "root").c_str());
    std::puts("`hansard verify` reads every byte of it.");
  }
  return 0;
}

}  // namespace hansard::cli
