#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "commands.h"
#include "engine/engine.h"
#include "engine/gauges.h"
#include "http/keys.h"
#include "http/log.h"
#include "http/server.h"
#include "local_backend.h"
#include "sample.h"

namespace hansard::cli {

namespace {

using core::Result;
using core::Status;

/// There is a terminal that could send us signals.
bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

/// SIGINT, SIGTERM and SIGHUP, taken by `wait` instead of by a thread in the middle of something.
/// Made before any other thread, so that all inherit the mask.
class Signals {
 public:
  Signals() : had_terminal_(has_terminal()) {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// Blocks until we are to stop; calls `hangup` at each SIGHUP, but for the one with which a
  /// terminal goes. A second signal after that ends the process at once.
  void wait(const std::function<void()>& hangup) {
    while (true) {
      int signal = 0;
      if (sigwait(&set_, &signal) != 0) continue;
      if (signal != SIGHUP || (had_terminal_ && !has_terminal())) break;
      hangup();
    }
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  const bool had_terminal_;
  sigset_t set_{};
};

/// The certificate of the TCP listeners; null: they are plain.
Result<std::shared_ptr<const tls::Context>> identity(const TlsSetting& setting) {
  if (setting.certificate.empty()) return std::shared_ptr<const tls::Context>();
  return tls::Context::server(setting.certificate, setting.key);
}

/// Shows the certificate that is in the files by now.
void renew(http::Server& server, const TlsSetting& setting, http::Log& log) {
  if (setting.certificate.empty()) return;
  auto read = identity(setting);
  if (!read) {
    log.write("server", http::Level::warn,
              "the certificate stays as it was: " + read.error().message);
    return;
  }
  server.show(*std::move(read));
  log.write("server", http::Level::info, "the certificate was read again");
}

/// Reads the configuration again and applies what it says of providers.
void reload(Engine& engine, const Settings& started_with, http::Log& log) {
  std::optional<std::string> file;
  if (!started_with.source.empty()) file = started_with.source;
  const auto settings = load_settings(file, process_environment());
  auto changes = settings ? engine.reload(*settings) : Result<std::string>(settings.error());
  if (!changes) {
    log.write("server", http::Level::warn,
              "providers stay as they were: " + changes.error().message);
    return;
  }
  log.write("server", http::Level::info,
            "providers read again: " + (changes->empty() ? "no change" : *changes));
}

Result<http::LogOptions> log_options(const Settings& settings) {
  http::LogOptions options;
  auto level = http::parse_level(settings.log_level);
  if (!level) return std::move(level).error();
  options.level = *level;
  options.file = settings.log_file;
  for (const auto& [component, text] : settings.log_components) {
    auto own = http::parse_level(text);
    if (!own) return std::move(own).error();
    options.components[component] = *own;
  }
  return options;
}

Result<http::ServerOptions> server_options(const Settings& settings, const Engine& engine) {
  http::ServerOptions options;
  options.listen.clear();
  for (const std::string& text : settings.listen) {
    auto address = http::parse_listen(text);
    if (!address) return std::move(address).error();
    options.listen.push_back(*std::move(address));
  }
  options.unix_socket = std::filesystem::path(settings.data) / kSocketName;
  options.threads = settings.threads;
  options.limits = engine.limits();
  auto shown = identity(settings.tls);
  if (!shown) return std::move(shown).error();
  options.tls = *std::move(shown);
  auto project = core::ProjectId::parse(settings.project);
  if (!project) return std::move(project).error();
  options.default_project = *std::move(project);
  return options;
}

/// Where people may look, and lines that work when pasted.
void print_welcome(const std::string& url, const std::string& data) {
  const char* text = R"(
Look:   %1$s/
Paste:
  curl -s %1$s/v1/sessions
  curl -s %1$s/v1/sessions -H 'content-type: application/json' -d '{"session_id":"hello"}'
  curl -s %1$s/v1/sessions/hello/messages -H 'content-type: application/json' -d '{"message_id":"m1","role":"user","parts":[{"type":"text","text":"hi"}]}'
  curl -s %1$s/v1/sessions/hello/history
  curl -s '%1$s/v1/usage?by=model'
Through the gateway, to a model that is a script and needs no key; then look again:
  curl -sN %1$s/p/scripted/v1/chat/completions -H 'content-type: application/json' -d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello, slowly please"}]}'
Or in another terminal:
  ./dev hansard sessions --data %2$s
  ./dev hansard show sample-parcel --data %2$s
  ./dev hansard usage --by model --data %2$s
Stop with Ctrl-C. The sample is tagged sample=true; keep real data in a directory of its own (--data).
)";
  std::printf(text, url.c_str(), data.c_str());
}

void print_listening(const Settings& settings, const http::Server& server, bool welcome) {
  // The port of the first address may have been picked by the system.
  const auto address = http::parse_listen(settings.listen.front());
  std::string host = address ? address->host : "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string scheme = settings.tls.certificate.empty() ? "http://" : "https://";
  const std::string url = scheme + host + ":" + std::to_string(server.port());
  std::printf("hansard listens on %s\n", url.c_str());
  if (welcome) print_welcome(url, settings.data);
  std::fflush(stdout);
}

}  // namespace

/// The whole program: signals, log, engine, server; then wait; then stop in the other order.
Result<int> run_serve(const Settings& settings, const ServeCommand& command) {
  Signals signals;

  auto log_settings = log_options(settings);
  if (!log_settings) return std::move(log_settings).error();
  auto log = http::Log::open(*std::move(log_settings));
  if (!log) return std::move(log).error();

  Engine::Options options;
  options.access = Access::operate;
  options.create = true;
  options.notice = [&log = **log](std::string_view what) {
    log.write("store", http::Level::warn, what);
  };
  options.provider_notice = [&log = **log](std::string_view what) {
    log.write("providers", http::Level::warn, what);
  };
  options.search_notice = [&log = **log](std::string_view what) {
    log.write("search", http::Level::warn, what);
  };
  auto opened = Engine::open(settings, std::move(options));
  if (!opened) return std::move(opened).error();
  Engine& engine = **opened;
  engine.metrics().set_collector([&engine] { return gauges(engine); });

  if (command.sample) {
    const auto backend = local_backend(engine, settings);
    if (!backend) return backend.error();
    const Status recorded = record_sample(**backend, engine.clock().now());
    if (!recorded) return recorded.error();
  }

  auto server_settings = server_options(settings, engine);
  if (!server_settings) return std::move(server_settings).error();
  http::Server server(*std::move(server_settings), engine.router(), engine.keys(),
                      engine.blocking(), **log, engine.metrics(), engine.clock());
  const Status started = server.start();
  if (!started) return started.error();
  print_listening(settings, server, command.welcome);

  signals.wait([&] {
    renew(server, settings.tls, **log);
    reload(engine, settings, **log);
  });
  (*log)->write("server", http::Level::info, "stopping");
  server.stop();
  const Status stopped = engine.stop();
  if (!stopped) return stopped.error();
  return 0;
}

}  // namespace hansard::cli
