#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "scale/board.h"
#include "scale/engine_figures.h"
#include "scale/filled_log.h"
#include "scale/server_figures.h"
#include "scale/views_figures.h"
#include "scratch.h"

namespace hansard::bench {
namespace {

struct Options {
  std::uint64_t events = 1'000'000;
  std::size_t rounds = 3;
  bool tiny = false;
  bool keep = false;
  std::string only;            ///< one part, or empty: all
  std::filesystem::path data;  ///< empty: one of our own, removed at the end
};

/// The number behind `name` in `argument`, if that is what it says.
std::optional<std::uint64_t> number_after(std::string_view argument, std::string_view name) {
  if (argument.substr(0, name.size()) != name) return {};
  argument.remove_prefix(name.size());
  std::uint64_t number = 0;
  const char* end = argument.data() + argument.size();
  const auto parsed = std::from_chars(argument.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number == 0) return {};
  return number;
}

constexpr const char* kUsage =
    "usage: hansard_scale_bench [--events=N] [--rounds=N] [--data=DIR] [--keep] [--tiny]\n"
    "                           [--only=engine|start|http|views]\n";

std::optional<Options> parse(int argc, char** argv) {
  constexpr std::string_view kData = "--data=";
  constexpr std::string_view kOnly = "--only=";
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--tiny") {
      options.tiny = true;
      options.events = 20'000;
      options.rounds = 1;
    } else if (argument == "--keep") {
      options.keep = true;
    } else if (const auto events = number_after(argument, "--events=")) {
      options.events = *events;
    } else if (const auto rounds = number_after(argument, "--rounds=")) {
      options.rounds = static_cast<std::size_t>(*rounds);
    } else if (argument.substr(0, kData.size()) == kData && argument.size() > kData.size()) {
      options.data = argument.substr(kData.size());
    } else if (argument.substr(0, kOnly.size()) == kOnly) {
      options.only = argument.substr(kOnly.size());
      if (options.only != "engine" && options.only != "start" && options.only != "http" &&
          options.only != "views") {
        return {};
      }
    } else {
      return {};
    }
  }
  return options;
}

std::uint64_t bytes_under(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

void run(const Options& options, const std::filesystem::path& directory,
         const std::filesystem::path& scratch, Board& board) {
  std::printf("cores: %u  events: %llu  rounds: %zu  data: %s\n",
              std::thread::hardware_concurrency(), static_cast<unsigned long long>(options.events),
              options.rounds, directory.c_str());
  const Filled filled = fill(directory, {.events = options.events});
  if (filled.seconds > 0) {
    board.note("filling, events/s", static_cast<double>(filled.events) / filled.seconds);
  }
  build_views(data_in(directory));
  board.note("data directory, MB", static_cast<double>(bytes_under(directory)) / 1e6);
  const auto wanted = [&](const char* part) {
    return options.only.empty() || options.only == part;
  };
  if (wanted("engine")) measure_engine(data_in(directory), options.rounds, board);

  // The server writes: to a copy, so that a kept directory stays what it was.
  const auto data = scratch / "served";
  clone_data(data_in(directory), data);
  const ServerSizes sizes = options.tiny ? ServerSizes::tiny() : ServerSizes{};
  if (wanted("start")) measure_start(data, scratch, sizes, board);
  if (wanted("views")) {
    const auto grows = scratch / "grows";
    clone_data(data_in(directory), grows);
    measure_views(grows, options.tiny ? 0.3 : 8, board);
    std::filesystem::remove_all(grows);
  }
  auto peer = Postgresql::find();
  for (std::size_t round = 0; wanted("http") && round < options.rounds; ++round) {
    measure_http(data, scratch, sizes, round, peer, board);
  }
}

}  // namespace
}  // namespace hansard::bench

/// Fills a data directory, measures, prints every number beside its bar. A bar that is missed is
/// said, not an error; an answer that is wrong is one.
int main(int argc, char** argv) {
  using namespace hansard::bench;
  const auto options = parse(argc, argv);
  if (!options) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    const Scratch scratch("scale");
    const auto kept = Scratch::root() / ("scale_" + std::to_string(options->events));
    auto directory = scratch.path() / "filled";
    if (options->keep) directory = kept;
    if (!options->data.empty()) directory = options->data;
    Board board;
    run(*options, directory, scratch.path(), board);
    board.print();
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "hansard_scale_bench: %s\n", thrown.what());
    return 1;
  }
  return 0;
}
