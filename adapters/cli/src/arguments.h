#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arguments/audit_arguments.h"
#include "arguments/experiment_arguments.h"
#include "arguments/key_arguments.h"
#include "arguments/prompt_arguments.h"
#include "arguments/score_arguments.h"

namespace hansard::cli {

struct ServeCommand {
  bool sample = false;   ///< record the built-in sample unless it is there
  bool welcome = false;  ///< print lines to paste
};
struct ImportCommand {
  std::vector<std::string> files;  ///< `-`: standard input
  std::string format = "auto";
  bool print = false;    ///< instead of recording
  bool restore = false;  ///< the file is an export of a whole log, the directory is empty
  std::string keys;      ///< of the restored log
};
struct ExportCommand {
  std::optional<std::string> project;  ///< absent: the whole log
  std::vector<std::string> sessions;
  std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters of the route
  std::string out = "-";
  std::string keys;  ///< where to write them; empty: nowhere
  std::string data;  ///< where they are
};
struct AppendCommand {
  std::string file = "-";
};
struct SessionsCommand {
  std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters of the route
  std::uint64_t limit = 50;
  bool all = false;
};
struct ShowCommand {
  std::string session;
  std::optional<std::string> as_of;
  bool tree = false;  ///< the forks around it instead
};
struct ReplayCommand {
  std::string session;
  std::optional<std::string> speed;
  std::optional<std::string> max_gap;
  std::optional<std::string> from;
  std::optional<std::string> as_of;
  bool step = false;  ///< at the reader's pace
};
struct DiffCommand {
  std::string session;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> to_session;
};
struct WhyCommand {
  std::string session;
  std::optional<std::string> call;
  std::optional<std::string> message;
};
struct TailCommand {
  std::optional<std::uint64_t> from;  ///< absent: the last `last` events
  std::uint64_t last = 10;
  std::vector<std::string> types;
  bool follow = true;
};
struct UsageCommand {
  std::string as_model;  ///< also what the calls would have cost there; empty: not asked
  std::string by;
  std::vector<std::pair<std::string, std::string>> filters;
};
struct ModelsCommand {
  std::string pattern;
  std::vector<std::pair<std::string, std::string>> filters;
  std::uint64_t limit = 50;
};
struct PricesCommand {
  enum class Action : std::uint8_t { show, set, diff } action = Action::show;
  std::string model;  ///< of `show`; empty: the books
  std::string file;   ///< of `set`
  std::vector<std::pair<std::string, std::string>> filters;
};
struct ReportCommand {
  std::string name;                                          ///< empty: list them
  std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters of the route
};
struct QueryCommand {
  std::string text;  ///< `-`: from standard input
  std::string file;  ///< instead; likewise
  bool csv = false;
  bool ndjson = false;
};
struct SearchCommand {
  std::vector<std::string> words;                            ///< the query, joined by spaces
  std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters of the route
  std::uint64_t limit = 10;
};
struct VerifyCommand {
  std::optional<unsigned> threads;   ///< absent: one per core
  std::string from_head;             ///< trusted: only what came after is read; empty: none
  std::vector<std::string> against;  ///< files of signed notes, each of which must hold
  std::optional<std::string> key;    ///< that signed them, or handed over to those that did
  bool views = true;
};
struct ProveCommand {
  std::optional<std::string> session;
  std::optional<std::string> stream;
  std::optional<std::string> event;       ///< id or position
  std::optional<std::string> checkpoint;  ///< file of one kept elsewhere: also how the log grew
  std::string out = "-";
};
struct CheckProofCommand {
  std::string file;                       ///< `-`: standard input
  std::optional<std::string> key;         ///< that must have signed
  std::optional<std::string> checkpoint;  ///< file of one kept elsewhere
};
struct ProjectionsCommand {
  enum class Action : std::uint8_t { list, retry, rebuild };
  Action action = Action::list;
  std::string name;
};
struct EraseCommand {
  std::string session;
  std::string message;
  std::string stream;
  std::string user;
  std::string reason;
  std::string comment;
  std::string id;
  bool dry_run = false;
  bool wait = false;
  bool list = false;
};
struct HoldCommand {
  std::string session;
  std::string hold;
  std::string reason;
  std::string comment;
  bool release = false;
};
struct RetentionCommand {
  bool apply = false;
};
struct DoctorCommand {
  bool accept_loss = false;
  bool repair = false;
  bool new_signing_key = false;
};

struct BackupCommand {
  enum class Action : std::uint8_t { make, verify } action = Action::make;
  std::string directory;
  bool with_signing_key = false;
  bool quick = false;              ///< of `verify`: files only, not events
  std::optional<std::string> key;  ///< of `verify`: that must have signed
};
struct RestoreCommand {
  std::string backup;
  std::optional<std::uint64_t> to_position;
  std::optional<std::string> to_time;
  bool clone = false;
  std::string ledger;  ///< empty: none
};

using Command =
    std::variant<ServeCommand, ImportCommand, ExportCommand, AppendCommand, SessionsCommand,
                 ShowCommand, ReplayCommand, DiffCommand, WhyCommand, TailCommand, UsageCommand,
                 QueryCommand, ExperimentsCommand, ReportCommand, ScoresCommand, SearchCommand,
                 ModelsCommand, PricesCommand, PromptsCommand, ProveCommand, CheckProofCommand,
                 VerifyCommand, ProjectionsCommand, DoctorCommand, KeysCommand, AuditCommand,
                 EraseCommand, HoldCommand, RetentionCommand, BackupCommand, RestoreCommand>;

/// A command line, read. Absent options leave file and environment as they are.
struct Arguments {
  Command command;
  bool json = false;
  std::optional<std::string> config;
  std::optional<std::string> data;
  std::optional<std::string> url;
  std::optional<std::string> ca_file;
  std::optional<std::string> project;
  std::vector<std::string> listen;
  std::optional<int> threads;
  std::optional<std::string> log_level;
};

/// What to do instead of running a command: text to print and the exit code (help, version, usage).
struct Exit {
  int code = 0;
  std::string text;
};

/// Exit code of a command line that cannot be read.
inline constexpr int kExitUsage = 2;

std::variant<Arguments, Exit> parse_arguments(int argc, const char* const* argv);

}  // namespace hansard::cli
