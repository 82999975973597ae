#include "http/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <cstdio>

#include "core/time.h"
#include "http/json_out.h"

namespace hansard::http {

namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warn", "error", "off"};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

struct AppendValue {
  JsonOut& json;
  void operator()(std::string_view text) const { json.string(text); }
  void operator()(std::int64_t number) const { json.raw(std::to_string(number)); }
  void operator()(double number) const {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", number);
    json.raw(text);
  }
  void operator()(bool value) const { json.boolean(value); }
};

}  // namespace

core::Result<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kLevelNames); ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  return core::Error{core::Errc::invalid_argument,
                     "a log level is one of debug, info, warn, error, off", "log"};
}

std::string format_line(std::string_view time, std::string_view component, Level level,
                        std::string_view message, std::initializer_list<LogField> fields) {
  JsonOut json;
  json.object()
      .member("time", time)
      .member("level", kLevelNames[static_cast<std::size_t>(level)])
      .member("component", component)
      .member("message", message);
  for (const LogField& field : fields) {
    json.key(field.name);
    std::visit(AppendValue{json}, field.value);
  }
  json.end_object();
  return json.take();
}

struct Log::Impl {
  LogOptions options;
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::shared_ptr<spdlog::async_logger> logger;
};

core::Result<std::unique_ptr<Log>> Log::open(LogOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  try {
    spdlog::sink_ptr sink;
    if (impl->options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(impl->options.file);
    }
    sink->set_pattern("%v");
    impl->thread = std::make_shared<spdlog::details::thread_pool>(kLogQueueLines, 1);
    impl->logger = std::make_shared<spdlog::async_logger>(
        "hansard", std::move(sink), impl->thread, spdlog::async_overflow_policy::overrun_oldest);
    impl->logger->set_level(spdlog::level::trace);
    impl->logger->flush_on(spdlog::level::warn);
  } catch (const spdlog::spdlog_ex& failure) {
    return core::Error{core::Errc::unavailable,
                       std::string("cannot open the log: ") + failure.what(), "log.file"};
  }
  return std::unique_ptr<Log>(new Log(std::move(impl)));
}

std::unique_ptr<Log> Log::silent() {
  return std::unique_ptr<Log>(new Log(std::make_unique<Impl>()));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Log::~Log() {
  if (impl_->logger) impl_->logger->flush();
}

bool Log::enabled(std::string_view component, Level level) const {
  if (!impl_->logger || level == Level::off) return false;
  const auto own = impl_->options.components.find(component);
  return level >= (own != impl_->options.components.end() ? own->second : impl_->options.level);
}

void Log::write(std::string_view component, Level level, std::string_view message,
                std::initializer_list<LogField> fields) const {
  if (!enabled(component, level)) return;
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const std::string line = format_line(core::format_time(now), component, level, message, fields);
  impl_->logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace hansard::http
