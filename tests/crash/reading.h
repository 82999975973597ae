#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/result.h"
#include "events/json.h"
#include "journal.h"

namespace hansard::crash {

/// One event as read back, reduced to what is compared.
struct StoredEvent {
  std::uint64_t position = 0;
  std::uint64_t version = 0;
  std::string stream;
  std::string type;
  std::string id;           ///< event id
  std::string key;          ///< as `SentRecord::key`
  std::string occurred_at;  ///< or empty
  core::Hash digest{};      ///< as `SentRecord::digest` of what was sent with this key
  core::Hash line{};        ///< of the whole line
};

/// What makes a typed event the same event, from its facts: `session-s1 MessageSent m1`. For other
/// types the event id.
std::string event_key(std::string_view stream, std::string_view type, std::string_view id,
                      const events::Json& facts);

/// A whole log, read from position 0 as NDJSON (`GET /v1/events?from=0`). Lines that an earlier
/// reading saw byte for byte are not parsed again, so that reading after every kill stays cheap.
/// Confined to one thread.
class LogReading {
 public:
  explicit LogReading(const Journal& journal) : journal_(journal) {}

  /// Starts over; what was read before is remembered.
  void begin();
  /// Takes the next line. Errors: invalid_argument (not an event).
  core::Status line(std::string_view text);
  /// Drops what an earlier reading saw beyond this one.
  void end();

  [[nodiscard]] const std::vector<StoredEvent>& events() const { return events_; }
  [[nodiscard]] std::size_t parsed() const { return parsed_; }

 private:
  core::Result<StoredEvent> parse(std::string_view text) const;

  const Journal& journal_;
  std::vector<StoredEvent> events_;
  std::size_t next_ = 0;
  std::size_t parsed_ = 0;
};

}  // namespace hansard::crash
