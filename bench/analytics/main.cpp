#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/views.h"
#include "events/json.h"
#include "projections/query/execute.h"
#include "projections/query/json.h"
#include "scale/must.h"

namespace hansard::bench {
namespace {

namespace fs = std::filesystem;
namespace query = projections::query;
using Clock = std::chrono::steady_clock;

struct Options {
  std::uint64_t calls = 0;
  std::size_t rounds = 5;
  fs::path directory;
  fs::path questions;
  bool fill = false;
};

constexpr const char* kUsage =
    "usage: hansard_analytics_bench fill --calls=N --directory=DIR\n"
    "       hansard_analytics_bench ask --directory=DIR --questions=FILE [--rounds=N]\n"
    "Lines of JSON: what was folded; each question's milliseconds, the first one cold.\n";

std::optional<std::string_view> after(std::string_view argument, std::string_view name) {
  if (argument.substr(0, name.size()) != name) return {};
  return argument.substr(name.size());
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  if (argc < 2) return {};
  options.fill = std::string_view(argv[1]) == "fill";
  if (!options.fill && std::string_view(argv[1]) != "ask") return {};
  for (int i = 2; i < argc; ++i) {
    const auto number = [&](std::string_view text, auto& into) {
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), into);
      return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && into > 0;
    };
    if (const auto calls = after(argv[i], "--calls=")) {
      if (!number(*calls, options.calls)) return {};
    } else if (const auto rounds = after(argv[i], "--rounds=")) {
      if (!number(*rounds, options.rounds)) return {};
    } else if (const auto directory = after(argv[i], "--directory=")) {
      options.directory = *directory;
    } else if (const auto questions = after(argv[i], "--questions=")) {
      options.questions = *questions;
    } else {
      return {};
    }
  }
  const bool whole = options.fill ? options.calls > 0 : !options.questions.empty();
  if (options.directory.empty() || !whole) return {};
  return options;
}

/// So that the next reader finds the files on the disk only.
void leave_page_cache(const fs::path& directory) {
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ::fsync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

/// Megabytes that were resident at most.
std::uint64_t peak_memory() {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoull(line.substr(6)) / 1024;
  }
  return 0;
}

double milliseconds_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

/// What all systems must agree on: groups, and the sums of the first two columns over those shown.
struct Check {
  std::uint64_t groups = 0;
  std::string first;
  std::string second;
};

Check check_of(const query::Answer& answer) {
  Check check;
  query::Wide first = 0;
  query::Wide second = 0;
  for (const query::Group& group : answer.groups) {
    first += group.cells.at(0).integer;
    second += group.cells.at(1).integer;
  }
  check.groups = answer.groups.size();
  check.first = query::to_text(first);
  check.second = query::to_text(second);
  return check;
}

void fill(const Options& options) {
  fs::create_directories(options.directory);
  if (CallsStore::is_filled(options.directory, options.calls)) return;
  CallsStore store(options.directory, CallsStore::For::filling);
  const CallsStore::Filled filled = store.fill(options.calls, options.directory / "calls.csv");
  store.close();
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(options.directory / "data")) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  std::printf("{\"system\":\"hansard\",\"events\":%llu,\"fold_seconds\":%.1f,\"bytes\":%llu}\n",
              static_cast<unsigned long long>(filled.events), filled.fold_seconds,
              static_cast<unsigned long long>(bytes));
}

void ask(const Options& options) {
  std::ifstream file(options.questions);
  std::stringstream text;
  text << file.rdbuf();
  const events::Json questions = must(events::parse_json(text.str()), "reading the questions");
  must(questions.if_array() != nullptr, "the questions are no list");
  for (const events::Json& question : *questions.if_array()) {
    const auto& name = *question.find("name")->if_string();
    auto asked = must(query::parse_query(dump(*question.find("query"))), name);
    asked.project = must(core::ProjectId::parse("default"), "project");
    leave_page_cache(options.directory / "data");
    CallsStore store(options.directory, CallsStore::For::asking);
    std::string times;
    Check check;
    for (std::size_t round = 0; round <= options.rounds; ++round) {
      const auto from = Clock::now();
      const auto model = store.read();
      const auto answer = must(query::execute(*model, store.keyed_hash(), asked), name);
      char took[32];
      std::snprintf(took, sizeof took, "%s%.2f", round == 0 ? "" : ",", milliseconds_since(from));
      times += took;
      check = check_of(answer);
    }
    store.close();
    std::printf(
        "{\"system\":\"hansard\",\"question\":\"%s\",\"ms\":[%s],\"groups\":%llu,"
        "\"sums\":[\"%s\",\"%s\"],\"peak_mb\":%llu}\n",
        name.c_str(), times.c_str(), static_cast<unsigned long long>(check.groups),
        check.first.c_str(), check.second.c_str(), static_cast<unsigned long long>(peak_memory()));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace hansard::bench

int main(int argc, char** argv) {
  using namespace hansard::bench;
  const auto options = parse(argc, argv);
  if (!options) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    options->fill ? fill(*options) : ask(*options);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "hansard_analytics_bench: %s\n", failed.what());
    return 1;
  }
  return 0;
}
