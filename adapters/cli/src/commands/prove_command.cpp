#include <cstdio>
#include <string>
#include <utility>

#include "audit/kept_notes.h"
#include "commands.h"
#include "text/terminal.h"
#include "transfer/destination.h"

namespace hansard::cli {

using core::Error;
using core::Result;
using core::Status;

Result<int> run_prove(Backend& backend, const ProveCommand& command, const Output&) {
  TargetBuilder target;
  target.segment("v1").segment("audit").segment("proof");
  if (command.session) target.query("session", *command.session);
  if (command.stream) target.query("stream", *command.stream);
  if (command.event) target.query("event", *command.event);
  if (command.checkpoint) {
    const auto kept = read_last_checkpoint(*command.checkpoint, {});
    if (!kept) return kept.error();
    target.query("from", std::to_string(kept->checkpoint.tree.size));
  }
  auto destination = Destination::open(command.out);
  if (!destination) return std::move(destination.error());
  Status written = core::Ok{};
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  const Status streamed = backend.stream(target.text(), [&](std::string_view piece) {
    bytes += piece.size();
    for (const char c : piece) lines += c == '\n' ? 1U : 0U;
    written = destination->write(piece);
    return written.has_value();
  });
  if (!written) return written.error();
  if (!streamed) return streamed.error();
  if (auto finished = destination->finish(); !finished) return finished.error();
  if (command.out != "-") {
    constexpr std::uint64_t kOtherLines = 2;  // the first and the last
    std::printf("%s: %s events, %s bytes. Check it with `hansard check-proof %s`.\n",
                printable(command.out).c_str(), grouped(lines - kOtherLines).c_str(),
                grouped(bytes).c_str(), printable(command.out).c_str());
  }
  return 0;
}

}  // namespace hansard::cli
