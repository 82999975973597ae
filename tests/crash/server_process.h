#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hansard::crash {

/// How a process ended.
struct Ending {
  int exit_code = -1;  ///< when it exited
  int signal = 0;      ///< when a signal ended it
};

/// One run of the real binary. Standard output comes through a pipe, standard error goes to a file
/// beside the data directory. Only this process is ever signalled, by its id; it dies with the
/// driver. Confined to one thread.
class Process {
 public:
  enum class Rights : std::uint8_t {
    ours,
    few  ///< of a user who owns nothing, where we are the super-user: whom no mode stops
  };
  /// Starts `program` with `arguments`; `errors` gets its standard error.
  Process(const std::string& program, const std::vector<std::string>& arguments,
          const std::filesystem::path& errors, Rights rights = Rights::ours);
  /// Kills it if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Reads output until a line matches; nothing when it ended, or after `patience`.
  std::optional<std::string> wait_for_line(const std::function<bool(const std::string&)>& wanted,
                                           std::chrono::milliseconds patience);
  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  [[nodiscard]] bool running();
  /// SIGKILL and wait.
  Ending kill();
  /// Waits for its own end; nothing after `patience`.
  std::optional<Ending> wait(std::chrono::milliseconds patience);
  /// Everything it printed so far (what is in the pipe included, once it ended).
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] std::chrono::steady_clock::time_point started() const { return started_; }

 private:
  bool read_output(std::chrono::milliseconds patience);
  bool reap(bool block);

  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int out_ = -1;
  bool ended_ = false;
  Ending ending_;
  std::string output_;
  std::size_t scanned_ = 0;
  std::chrono::steady_clock::time_point started_;
};

/// Path of the program under test (set by the build, or HANSARD_BINARY).
std::string program();

/// `hansard serve` on a free port of 127.0.0.1.
class Server {
 public:
  Server(const std::filesystem::path& data, const std::filesystem::path& errors,
         std::vector<std::string> more = {});

  /// Waits until it says where it listens. Nothing when it ended before, or after `patience`; 0
  /// asks whether it has said so yet.
  std::optional<std::uint16_t> listening(
      std::chrono::milliseconds patience = std::chrono::milliseconds(30'000));
  [[nodiscard]] Process& process() { return process_; }

 private:
  Process process_;
  std::optional<std::uint16_t> port_;
};

/// Runs the program to its end and collects what it printed.
struct Finished {
  std::optional<Ending> ending;  ///< nothing: it hung, and was killed
  std::string output;
  std::string errors;
};
Finished run(const std::vector<std::string>& arguments, const std::filesystem::path& scratch,
             std::chrono::milliseconds patience = std::chrono::milliseconds(120'000),
             Process::Rights rights = Process::Rights::ours);

}  // namespace hansard::crash
