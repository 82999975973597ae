#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include "audit/kept_notes.h"
#include "commands.h"
#include "events/audit/bundle.h"
#include "events/json.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

namespace audit = events::audit;
using core::Errc;
using core::Error;
using core::Result;

constexpr std::size_t kPieceBytes = 64U << 10;

/// Feeds the lines of `in`; a line is let go of once it is longer than any may be.
Result<audit::BundleVerdict> check(std::istream& in, audit::BundleCheck& checking) {
  std::string line;
  std::string piece(kPieceBytes, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    std::string_view rest(piece.data(), static_cast<std::size_t>(in.gcount()));
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      line += rest.substr(0, end);
      if (line.size() > audit::kMaxBundleLineBytes || end != std::string_view::npos) {
        if (auto good = checking.line(line); !good) return std::move(good.error());
        line.clear();
      }
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  if (in.bad()) return Error{Errc::unavailable, "the file cannot be read"};
  if (!line.empty()) {  // without a newline behind it it may have been cut
    if (auto good = checking.line(line); !good) return std::move(good.error());
  }
  return checking.finish();
}

std::string root_text(const core::TreeHead& tree) {
  return core::to_hex(core::as_bytes(tree.root));
}

events::Json verdict_json(const audit::BundleVerdict& verdict, const core::Hasher& hasher) {
  events::Json json;
  json.add("holds", true);
  json.add("origin", verdict.checkpoint.origin);
  json.add("vkey", audit::to_text(hasher, verdict.key));
  json.add("key_given", verdict.key_given);
  json.add("key_changes", verdict.key_changes);
  json.add("size", verdict.checkpoint.tree.size);
  json.add("root", root_text(verdict.checkpoint.tree));
  if (verdict.stream) {
    json.add("project", verdict.stream->project);
    json.add("stream", verdict.stream->stream);
    json.add("version", verdict.stream->last.value);
  }
  json.add("events", verdict.events);
  json.add("erased", verdict.erased);
  json.add("first_recorded_at", core::format_time(verdict.first_recorded_at));
  json.add("last_recorded_at", core::format_time(verdict.last_recorded_at));
  if (verdict.outside) json.add("outside_size", verdict.outside->size);
  return json;
}

void print_verdict(const audit::BundleVerdict& verdict, const core::Hasher& hasher) {
  const auto& tree = verdict.checkpoint.tree;
  const std::string key = audit::to_text(hasher, verdict.key);
  std::puts("It holds.");
  std::printf("- Signed: the log %s had %s events with root %s.\n",
              printable(verdict.checkpoint.origin).c_str(), grouped(tree.size).c_str(),
              root_text(tree).c_str());
  std::printf(
      "- In it: %s event%s, recorded %s to %s, header, facts and content as they stand "
      "here, at their positions.\n",
      grouped(verdict.events).c_str(), verdict.events == 1 ? "" : "s",
      core::format_time(verdict.first_recorded_at).c_str(),
      core::format_time(verdict.last_recorded_at).c_str());
  if (verdict.erased != 0) {
    std::printf(
        "- Erased: the content of %s of them; what it was is not known, only that it was "
        "one.\n",
        grouped(verdict.erased).c_str());
  }
  if (verdict.stream) {
    std::printf(
        "- Whole: these are all versions, 0 to %llu, of the stream %s of project %s, says "
        "who signed.\n",
        static_cast<unsigned long long>(verdict.stream->last.value),
        printable(verdict.stream->stream).c_str(), printable(verdict.stream->project).c_str());
  }
  if (verdict.outside) {
    std::printf("- The same history as the checkpoint from elsewhere, over %s events.\n",
                grouped(verdict.outside->size).c_str());
  }
  if (verdict.key_given && verdict.key_changes != 0) {
    std::printf(
        "- Signed by another key than the one given, which handed over to it in %s step%s: %s\n",
        grouped(verdict.key_changes).c_str(), verdict.key_changes == 1 ? "" : "s",
        printable(key).c_str());
  }
  std::puts("What this cannot show:");
  if (!verdict.key_given) {
    std::printf("- that the key is the log's: compare it with one from elsewhere (--key '%s')\n",
                printable(key).c_str());
  }
  if (!verdict.outside) {
    std::puts(
        "- that others were shown the same log: compare with a checkpoint kept elsewhere "
        "(--checkpoint FILE)");
  }
  std::puts("- that nothing was left out, or made up, before it was recorded");
}

}  // namespace

Result<int> run_check_proof(const CheckProofCommand& command, const Output& output) {
  const ossl::OpenSslHasher hasher;
  const ossl::Ed25519Verifier verifier;
  audit::BundleCheck::Trust trust;
  if (command.key) {
    auto key = audit::parse_verifier_key(hasher, *command.key);
    if (!key) return Error{Errc::invalid_argument, "--key: " + key.error().message, "key"};
    trust.key = *std::move(key);
  }
  if (command.checkpoint) {
    auto kept = read_last_checkpoint(*command.checkpoint, {});
    if (!kept) return std::move(kept.error());
    trust.checkpoint = std::move(kept->note);
  }
  std::ifstream file;
  if (command.file != "-") {
    file.open(command.file, std::ios::binary);
    if (!file) return Error{Errc::not_found, command.file + " cannot be read"};
  }
  audit::BundleCheck checking(hasher, verifier, std::move(trust));
  const auto verdict = check(command.file == "-" ? std::cin : file, checking);
  if (!verdict) {
    return Error{verdict.error().code, "it does not hold: " + verdict.error().message};
  }
  if (output.json) {
    std::puts(dump(verdict_json(*verdict, hasher)).c_str());
  } else {
    print_verdict(*verdict, hasher);
  }
  return 0;
}

}  // namespace hansard::cli
