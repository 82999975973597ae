#include "server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace hansard::crash {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The port in `... 127.0.0.1:40123 ...`.
std::optional<std::uint16_t> port_in(const std::string& line) {
  const std::string host = "127.0.0.1:";
  const std::size_t at = line.find(host);
  if (at == std::string::npos) return {};
  std::uint16_t port = 0;
  const char* const from = line.data() + at + host.size();
  const auto parsed = std::from_chars(from, line.data() + line.size(), port);
  if (parsed.ec != std::errc{} || port == 0) return {};
  return port;
}

}  // namespace

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 const std::filesystem::path& errors, Rights rights)
    : started_(Clock::now()) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const int error_file =
      ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {  // only calls that are safe in the child of a threaded program
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    ::dup2(pipe_ends[1], STDOUT_FILENO);
    if (error_file >= 0) ::dup2(error_file, STDERR_FILENO);
    constexpr uid_t kNobody = 65534;
    if (rights == Rights::few && ::geteuid() == 0 &&
        (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
      ::_exit(126);
    }
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(pipe_ends[1]);
  if (error_file >= 0) ::close(error_file);
  out_ = pipe_ends[0];
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

Process::~Process() {
  kill();
  if (out_ >= 0) ::close(out_);
  if (pid_fd_ >= 0) ::close(pid_fd_);
}

bool Process::read_output(milliseconds patience) {
  if (out_ < 0) return false;
  pollfd wanted{out_, POLLIN, 0};
  if (::poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return false;
  char bytes[4096];
  const ssize_t count = ::read(out_, bytes, sizeof bytes);
  if (count > 0) {
    output_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  ::close(out_);
  out_ = -1;
  return false;
}

std::optional<std::string> Process::wait_for_line(
    const std::function<bool(const std::string&)>& wanted, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    for (std::size_t end = 0; (end = output_.find('\n', scanned_)) != std::string::npos;) {
      std::string line = output_.substr(scanned_, end - scanned_);
      scanned_ = end + 1;
      if (wanted(line)) return line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (!read_output(std::max(left, milliseconds(0)))) return {};
  }
}

void Process::signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

bool Process::reap(bool block) {
  if (ended_) return true;
  int status = 0;
  pid_t done = 0;
  do {
    done = ::waitpid(pid_, &status, block ? 0 : WNOHANG);
  } while (done < 0 && errno == EINTR);
  if (done != pid_) return false;
  ended_ = true;
  if (WIFEXITED(status)) ending_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending_.signal = WTERMSIG(status);
  while (read_output(milliseconds(0))) {
  }
  return true;
}

bool Process::running() { return !reap(false); }

Ending Process::kill() {
  if (!ended_ && pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap(true);
  }
  return ending_;
}

std::optional<Ending> Process::wait(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (!reap(false)) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return {};
    // Reads what it prints, so that a full pipe does not hold it up; its end makes either readable.
    pollfd wanted[2] = {{pid_fd_, POLLIN, 0}, {out_, POLLIN, 0}};
    ::poll(wanted, out_ >= 0 ? 2 : 1, static_cast<int>(left.count()));
    if (wanted[1].revents != 0) read_output(milliseconds(0));
  }
  return ending_;
}

std::string program() {
  const char* chosen = std::getenv("HANSARD_BINARY");
  return chosen != nullptr ? chosen : HANSARD_PROGRAM;
}

namespace {

std::vector<std::string> serve_arguments(const std::filesystem::path& data,
                                         std::vector<std::string> more) {
  std::vector<std::string> all{"serve", "--data", data.string(), "--listen", "127.0.0.1:0"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

Server::Server(const std::filesystem::path& data, const std::filesystem::path& errors,
               std::vector<std::string> more)
    : process_(program(), serve_arguments(data, std::move(more)), errors) {}

std::optional<std::uint16_t> Server::listening(milliseconds patience) {
  if (!port_) {
    const auto line = process_.wait_for_line(
        [](const std::string& text) { return port_in(text).has_value(); }, patience);
    if (line) port_ = port_in(*line);
  }
  return port_;
}

Finished run(const std::vector<std::string>& arguments, const std::filesystem::path& scratch,
             milliseconds patience, Process::Rights rights) {
  const auto errors = scratch / "stderr.txt";
  std::filesystem::remove(errors);
  Process process(program(), arguments, errors, rights);
  Finished finished;
  finished.ending = process.wait(patience);
  if (!finished.ending) process.kill();
  finished.output = process.output();
  finished.errors = read_text(errors);
  return finished;
}

}  // namespace hansard::crash
