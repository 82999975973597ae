#include "judge.h"

#include "audit/verification.h"
#include "engine/engine.h"
#include "local_backend.h"
#include "ossl/hasher.h"

namespace hansard::tampering {
namespace {

using cli::Access;
using core::Result;

cli::Settings settings_of(const std::filesystem::path& directory) {
  cli::Settings settings;
  settings.data = directory.string();
  return settings;
}

/// Where `verify` says that it is; empty: it does not.
std::string place(const cli::Verification& found) {
  if (found.log.first) {
    return "position " + std::to_string(found.log.first->position.value) + ": " +
           found.log.first->what;
  }
  if (found.log.first_wrong) {
    return "checkpoint of " + std::to_string(found.log.first_wrong->given.size) + " events";
  }
  for (const cli::ViewCheck& view : found.views) {
    if (view.differing != 0) return "view " + view.name + ", row " + view.first;
    if (!view.fault.empty()) return "view " + view.name + ": " + view.fault;
  }
  if (found.texts && !found.texts->fault.empty()) return "index of texts: " + found.texts->fault;
  return found.checkpoint_fault;
}

Result<std::string> digest_of(const cli::Settings& settings) {
  const ossl::OpenSslHasher hasher;
  auto backend = cli::open_local(settings, Access::read_views);
  if (!backend) return backend.error();
  core::Hash digest{};
  // Pieces end where they like, so all of an answer is taken at once.
  for (const char* target : {"/v1/export", "/v1/sessions?limit=100"}) {
    std::string whole;
    const auto read = (*backend)->stream(target, [&](std::string_view piece) {
      whole += piece;
      return true;
    });
    if (!read) return read.error();
    digest = hasher.sha256({core::as_bytes(digest), whole});
  }
  return core::to_hex(core::as_bytes(digest));
}

/// As a server opens it: with recovery, and for writing.
Result<core::TreeHead> tree_for_writing(const cli::Settings& settings) {
  cli::Engine::Options options;
  options.access = Access::record;
  auto engine = cli::Engine::open(settings, std::move(options));
  if (!engine) return engine.error();
  const core::TreeHead tree = (*engine)->store().log().tree();
  if (auto stopped = (*engine)->stop(); !stopped) return stopped.error();
  return tree;
}

Verdict refused(const core::Error& error) {
  return {error.message.empty() ? Outcome::broken : Outcome::refused, error.message, {}};
}

}  // namespace

Verdict judge(const std::filesystem::path& directory, const Baseline* baseline,
              const std::vector<core::TreeHead>& heads) {
  const cli::Settings settings = settings_of(directory);
  Verdict verdict;
  {
    cli::Engine::Options options;
    options.contradicted = true;
    auto engine = cli::Engine::open(settings, std::move(options));
    if (!engine) return refused(engine.error());
    cli::VerifyPlan plan;
    plan.threads = 2;
    plan.texts = true;
    plan.heads = heads;
    const auto found = cli::verify_all((*engine)->store(), (*engine)->keyed_hash(), plan, nullptr);
    if (!found) return {Outcome::broken, "verify: " + found.error().message, {}};
    if (!found->sound()) {
      const std::string where = place(*found);
      return {where.empty() ? Outcome::broken : Outcome::found, where, {}};
    }
    verdict.now.tree = (*engine)->store().log().tree();
  }
  const auto told = digest_of(settings);
  if (!told) return refused(told.error());
  verdict.now.told = *told;
  const auto tree = tree_for_writing(settings);
  if (!tree) return refused(tree.error());
  const bool same = baseline == nullptr ||
                    (verdict.now.tree == baseline->tree && verdict.now.told == baseline->told);
  if (*tree != verdict.now.tree || !same) {
    verdict.outcome = Outcome::differs;
    verdict.why = "sound, but it holds " + std::to_string(tree->size) + " events with the root " +
                  core::to_hex(core::as_bytes(tree->root));
    return verdict;
  }
  verdict.outcome = Outcome::harmless;
  return verdict;
}

}  // namespace hansard::tampering
