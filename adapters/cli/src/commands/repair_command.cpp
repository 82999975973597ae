#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "audit/kept_notes.h"
#include "audit/texts.h"
#include "audit/verification.h"
#include "backup/refuse_backup.h"
#include "commands.h"
#include "core/projection_runner.h"
#include "engine/engine.h"
#include "events/equivalence.h"
#include "ossl/hasher.h"
#include "projections/registry.h"
#include "rocksdb_store/repair.h"
#include "rocksdb_store/restore.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::Json;

/// Building views takes as long as it takes.
constexpr std::chrono::hours kPatience{24};

Result<Verification> look(const Settings& settings) {
  Engine::Options options;
  options.contradicted = true;
  auto engine = Engine::open(settings, std::move(options));
  if (!engine) return std::move(engine).error();
  VerifyPlan plan;
  plan.texts = true;
  plan.threads = std::clamp(std::thread::hardware_concurrency(), 1U, rocks::kVerifyThreadsMax);
  Progress progress("verify");
  return verify_all((*engine)->store(), (*engine)->keyed_hash(), plan, [&](const VerifyStep& step) {
    progress.show(step.done, step.total, step.stage);
    return true;
  });
}

rocks::OpenOptions writing(const Settings& settings, const core::Hasher& hasher,
                           const core::EventEquivalence& equivalence) {
  rocks::OpenOptions options;
  options.directory = settings.data;
  options.hasher = &hasher;
  options.equivalence = &equivalence;
  options.create_if_missing = false;
  options.notice = [](std::string_view what) {
    std::fprintf(stderr, "%s\n", printable(what).c_str());
  };
  return options;
}

/// Every view caught up, and nothing appended.
Status build_views(const rocks::OpenOptions& options) {
  auto store = rocks::RocksStore::open(options);
  if (!store) return std::move(store).error();
  const core::KeyedHash keyed_hash(*options.hasher, (*store)->store_key());
  const auto projections = projections::all(keyed_hash);
  std::vector<const core::Projection*> pointers;
  for (const auto& projection : projections) pointers.push_back(projection.get());
  {
    core::ProjectionRunner runner((*store)->log(), (*store)->views(), std::move(pointers));
    runner.start();
    for (const core::ProjectionState& view : runner.states()) {
      // One that stops says why when it is verified.
      (void)runner.read(view.name, (*store)->log().end(),
                        std::chrono::steady_clock::now() + kPatience);
    }
  }
  return (*store)->close();
}

int tell(const Verification& found, const Output& output, const std::string& before) {
  const Json report = to_json(found);
  if (output.json) {
    std::puts(dump(report).c_str());
  } else {
    std::fputs((verification_text(report) + before).c_str(), stdout);
  }
  return found.sound() ? 0 : core::traits(Errc::corruption).exit_code;
}

bool texts_differ(const Verification& found) { return found.texts && !found.texts->fault.empty(); }

bool views_differ(const Verification& found) {
  return std::any_of(found.views.begin(), found.views.end(),
                     [](const ViewCheck& view) { return !view.sound(); });
}

}  // namespace

Result<int> run_repair(const Settings& settings, const Output& output) {
  const std::filesystem::path data = settings.data;
  if (auto good = refuse_backup(data); !good) return good.error();
  const auto found = look(settings);
  if (!found && found.error().code != Errc::corruption && found.error().code != Errc::rejected) {
    return found.error();
  }
  if (found && found->sound()) return tell(*found, output, "There is nothing to repair.\n");
  if (!found || texts_differ(*found)) {
    if (auto dropped = drop_texts(data); !dropped) return dropped.error();
  }
  if (found && !found->log.rebuildable() && !views_differ(*found)) {
    if (texts_differ(*found) && found->log.sound() && found->checkpoint_fault.empty()) {
      const auto after = look(settings);
      if (!after) return after.error();
      return tell(*after, output, "Repaired: the index of texts is built again when needed.\n");
    }
    return tell(*found, output, "Nothing was changed: an event cannot be rebuilt.\n");
  }
  if (!found) std::fprintf(stderr, "%s\n", printable(found.error().message).c_str());

  const ossl::OpenSslHasher hasher;
  const events::VocabularyEquivalence equivalence;
  const auto options = writing(settings, hasher, equivalence);
  rocks::RepairPlan plan;
  plan.views = !found || views_differ(*found);
  if (const auto identity = rocks::read_identity(data)) {
    const std::string file = (data / "checkpoint").string();
    const auto kept = read_last_checkpoint(file, {identity->log_id, {}});
    if (kept) {
      plan.heads = {kept->checkpoint.tree};
    } else if (kept.error().code != Errc::not_found) {
      return kept.error();
    }
  }
  {
    Progress progress("repair");
    plan.progress = [&](core::Position done, core::Position end) {
      progress.show(done.value, end.value);
    };
    const auto repaired = rocks::repair(options, plan);
    if (!repaired) return repaired.error();
    if (repaired->head_replaced) std::fputs("HEAD did not hold and was written anew\n", stderr);
  }
  if (plan.views) {
    if (auto built = build_views(options); !built) return built.error();
  }
  const auto after = look(settings);
  if (!after) return after.error();
  return tell(*after, output, after->sound() ? "Repaired: the events are what they were.\n" : "");
}

}  // namespace hansard::cli
