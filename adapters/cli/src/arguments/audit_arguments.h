#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace hansard::cli {

/// `hansard audit`.
struct AuditCommand {
  enum class Action : std::uint8_t { log, trace, report } action = Action::log;
  std::vector<std::pair<std::string, std::string>> filters;  ///< of `log`: query parameters
  std::string since;                                         ///< 7d, 12h before now, or a time
  std::string until;                                         ///< a time
  std::uint64_t limit = 1000;
  std::string id;  ///< of `trace` an event; of `report` a session
  bool correlation = false;
  std::string format = "md";
  std::string file = "-";
};

/// Adds the subcommands of `audit`, which fill `command`; it outlives parsing.
void add_audit_arguments(CLI::App& audit, AuditCommand& command);

}  // namespace hansard::cli
