#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "audit/kept_notes.h"
#include "audit/log_notary.h"
#include "audit/verification.h"
#include "audit/verify_against.h"
#include "commands.h"
#include "engine/engine.h"
#include "events/audit/key_chain.h"
#include "local_backend.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"
#include "rocksdb_store/restore.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using events::audit::VerifierKey;
namespace audit = events::audit;

/// How fast, and how long still, beside the bar.
class Pace {
 public:
  Pace() : progress_("verify") {}

  void show(const VerifyStep& step) {
    const auto now = std::chrono::steady_clock::now();
    if (stage_ != step.stage) {
      stage_ = step.stage;
      since_ = now;
      first_ = step.done;
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - since_).count();
    const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(took, 1));
    const std::uint64_t done = step.done - std::min(first_, step.done);
    std::string note = stage_ + " " + grouped(step.done);
    if (step.bytes != 0) {
      note += ", " + grouped(step.bytes >> 20) + " MiB, " +
              grouped(step.bytes * 1'000'000 / microseconds >> 20) + " MiB/s";
    }
    if (done != 0 && step.total > step.done) {
      note += ", " + duration_text((step.total - step.done) * microseconds / done) + " left";
    }
    progress_.show(step.done, step.total, note);
  }

 private:
  Progress progress_;
  std::string stage_;
  std::chrono::steady_clock::time_point since_;
  std::uint64_t first_ = 0;
};

Json head_json(const core::TreeHead& head) {
  Json out;
  out.add("size", head.size);
  out.add("root", core::to_hex(core::as_bytes(head.root)));
  return out;
}

/// `--from-head`: a file of notes, whose last one counts, or SIZE:ROOT.
Result<core::TreeHead> trusted_head(const std::string& text, const NoteTrust& trust) {
  std::error_code ignored;
  if (std::filesystem::exists(text, ignored)) {
    const auto kept = read_last_checkpoint(text, trust);
    if (!kept) return kept.error();
    return kept->checkpoint.tree;
  }
  const auto head = parse_head(text);
  if (!head) return Error{head.error().code, "--from-head " + head.error().message, "from-head"};
  return head;
}

/// On a server: what it tells, line by line.
Result<Json> verify_live(Backend& server, const VerifyCommand& command, const VerifyPlan& plan) {
  Json body;
  if (command.threads) body.add("threads", *command.threads);
  if (plan.trusted) body.add("from_head", head_json(*plan.trusted));
  Json heads(Json::Array{});
  for (const core::TreeHead& head : plan.heads) heads.push(head_json(head));
  body.add("heads", std::move(heads));
  body.add("checkpoint", plan.checkpoint);
  body.add("views", plan.views);
  Pace pace;
  std::string held;
  std::optional<Json> last;
  const Call call{http::Method::post, "/v1/admin/verify", dump(body)};
  const auto streamed = server.stream_call(call, [&](std::string_view piece) {
    held += piece;
    for (std::size_t end = held.find('\n'); end != std::string::npos; end = held.find('\n')) {
      auto line = events::parse_json(held.substr(0, end));
      held.erase(0, end + 1);
      if (!line) continue;
      const std::string stage = text_at(*line, "stage");
      if (stage.empty()) {
        last = *std::move(line);
        continue;
      }
      pace.show({stage, number_at(*line, "done").value_or(0), number_at(*line, "total").value_or(0),
                 number_at(*line, "bytes").value_or(0)});
    }
    return true;
  });
  if (!streamed) return streamed.error();
  if (last) {
    if (const Json* report = last->find("report")) return *report;
    if (const Json* error = last->find("error")) {
      return Error{Errc::unavailable, "the server stopped verifying: " + text_at(*error, "detail")};
    }
  }
  return Error{Errc::unavailable, "the server ended without a report"};
}

Result<Json> verify_here(Engine& engine, const VerifyPlan& plan) {
  Pace pace;
  const auto found =
      verify_all(engine.store(), engine.keyed_hash(), plan, [&](const VerifyStep& step) {
        pace.show(step);
        return true;
      });
  if (!found) return found.error();
  return to_json(*found);
}

/// The server that runs on the directory, or the one that was named; none: nobody runs on it.
Result<std::unique_ptr<Backend>> running_server(const Settings& settings) {
  if (settings.url) {
    return connect_url(*settings.url, settings.project, settings.key.value_or(""),
                       settings.ca_file);
  }
  auto socket =
      connect_socket(std::filesystem::path(settings.data) / kSocketName, settings.project);
  if (socket || socket.error().code != Errc::not_found) return socket;
  return std::unique_ptr<Backend>();
}

/// The log's keys, the one of now last; none where it has none.
Result<std::vector<VerifierKey>> keys_here(Engine& engine) {
  const ossl::OpenSslHasher hasher;
  const auto notary = LogNotary::open(engine.store(), hasher, true);
  if (!notary) return notary.error();
  const auto now = (*notary)->key();
  if (!now) return std::vector<VerifierKey>{};
  const auto earlier = (*notary)->earlier_keys();
  if (!earlier) return earlier.error();
  std::vector<VerifierKey> keys;
  for (const audit::EarlierKey& each : *earlier) keys.push_back(each.key);
  keys.push_back(*now);
  return keys;
}

/// Those that a server names, each endorsed by the one before it; none where it must not say.
Result<std::vector<VerifierKey>> keys_there(Backend& server) {
  const ossl::OpenSslHasher hasher;
  const auto head = get_json(server, "/v1/audit/head");
  if (!head && head.error().code != Errc::unavailable) return std::vector<VerifierKey>{};
  if (!head) return head.error();
  const auto now = audit::parse_verifier_key(hasher, text_at(*head, "vkey"));
  if (!now) return now.error();
  std::vector<audit::EarlierKey> earlier;
  std::vector<VerifierKey> keys;
  for (const Json& each : list_at(*head, "earlier")) {
    auto key = audit::parse_earlier_key(hasher, each);
    if (!key) return std::move(key).error();
    keys.push_back(key->key);
    earlier.push_back(*std::move(key));
  }
  const auto chain = audit::check_key_chain(hasher, ossl::Ed25519Verifier(), earlier, *now);
  if (!chain) return chain.error();
  keys.push_back(*now);
  return keys;
}

/// Whose signature counts on what was kept: of the key that is given, and those it handed over to.
Result<std::vector<core::PublicKey>> trusted_keys(const VerifyCommand& command,
                                                  const std::vector<VerifierKey>& keys) {
  std::vector<core::PublicKey> trusted;
  if (!command.key) {
    for (const VerifierKey& each : keys) trusted.push_back(each.key);
    if (trusted.empty() && !(command.against.empty() && command.from_head.empty())) {
      std::fputs(
          "the log's keys are not known here: who signed what was kept is not checked; give "
          "--key\n",
          stderr);
    }
    return trusted;
  }
  const auto given = audit::parse_verifier_key(ossl::OpenSslHasher(), *command.key);
  if (!given) return Error{Errc::invalid_argument, "--key: " + given.error().message, "key"};
  trusted.push_back(given->key);
  auto found = std::find_if(keys.begin(), keys.end(),
                            [&](const VerifierKey& each) { return each.key == given->key; });
  for (; found != keys.end(); ++found) trusted.push_back(found->key);
  return trusted;
}

}  // namespace

Result<int> run_verify(const Settings& settings, const VerifyCommand& command,
                       const Output& output) {
  VerifyPlan plan;
  plan.threads = command.threads.value_or(
      std::clamp(std::thread::hardware_concurrency(), 1U, rocks::kVerifyThreadsMax));
  plan.views = command.views;
  plan.texts = command.views;
  NoteTrust trust;
  if (!settings.url) {
    const auto identity = rocks::read_identity(settings.data);
    if (identity) trust.log_id = identity->log_id;  // otherwise opening says what is wrong
  }
  const auto server = running_server(settings);
  if (!server) return server.error();
  std::unique_ptr<Engine> engine;
  if (!*server) {
    Engine::Options options;
    options.contradicted = true;
    auto opened = Engine::open(settings, std::move(options));
    if (!opened) return std::move(opened).error();
    engine = *std::move(opened);
  }
  const auto keys = engine ? keys_here(*engine) : keys_there(**server);
  if (!keys) return keys.error();
  auto trusted = trusted_keys(command, *keys);
  if (!trusted) return std::move(trusted).error();
  trust.keys = *std::move(trusted);
  if (!command.from_head.empty()) {
    const auto head = trusted_head(command.from_head, trust);
    if (!head) return head.error();
    plan.trusted = *head;
  }
  const auto verify = [&](const VerifyPlan& part) {
    return engine ? verify_here(*engine, part) : verify_live(**server, command, part);
  };
  const auto report = verify_against(command.against, trust, std::move(plan), verify);
  if (!report) return report.error();
  std::fputs((output.json ? dump(*report) + "\n" : verification_text(*report)).c_str(), stdout);
  return flag_at(*report, "sound") ? 0 : core::traits(Errc::corruption).exit_code;
}

}  // namespace hansard::cli
