#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/event_log.h"

/// Blocking views of a log for tests.
namespace hansard::support {

/// Appends and waits for the answer.
inline core::Result<core::Receipt> append(core::EventLog& log, core::AppendRequest request) {
  auto promise = std::make_shared<std::promise<core::Result<core::Receipt>>>();
  auto answer = promise->get_future();
  log.append(std::move(request), [promise](core::Result<core::Receipt> receipt) {
    promise->set_value(std::move(receipt));
  });
  return answer.get();
}

/// Waits until everything below `end` is visible. @return false after `patience`.
inline bool wait_for_end(core::EventLog& log, core::Position end,
                         std::chrono::seconds patience = std::chrono::seconds(20)) {
  std::mutex mutex;
  std::condition_variable changed;
  const auto subscription = log.subscribe([&](core::Position) {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, patience, [&] { return log.end() >= end; });
}

/// Stored bytes of an event, put together from its decoded parts.
inline core::OwnedEvent own(const core::RecordedEvent& event) {
  // Header, body and payloads are views into one run of bytes that starts with the header.
  const char* const end = event.erased || event.content.data() == nullptr
                              ? event.facts.data() + event.facts.size()
                              : event.content.data() + event.content.size();
  return core::OwnedEvent::decode(std::string(event.header.data(), end)).value();
}

/// Every visible event from `from` on.
inline std::vector<core::OwnedEvent> read_all(const core::EventLog& log, core::Position from = {}) {
  std::vector<core::OwnedEvent> events;
  log.read(from,
           [&](const core::RecordedEvent& event) {
             events.push_back(own(event));
             return true;
           })
      .value();
  return events;
}

/// Every visible event of one stream from `from` on.
inline std::vector<core::OwnedEvent> read_stream(const core::EventLog& log,
                                                 const core::ProjectId& project,
                                                 const core::StreamId& stream,
                                                 core::Version from = {}) {
  std::vector<core::OwnedEvent> events;
  log.read_stream(project, stream, from,
                  [&](const core::RecordedEvent& event) {
                    events.push_back(own(event));
                    return true;
                  })
      .value();
  return events;
}

}  // namespace hansard::support
