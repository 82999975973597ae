#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hash.h"

namespace hansard::crash {

/// One record as it was sent.
struct SentRecord {
  /// What makes a second one the same event: its event id (`/v1/append`), or stream, type and
  /// natural id (typed routes, where the server derives the event id).
  std::string key;
  std::string stream;
  std::string type;
  core::Hash digest{};                   ///< `payload_digest`, or `fields_digest` over `fields`
  std::vector<std::string> fields;       ///< what a typed body said; empty for `/v1/append`
  std::string occurred_at;               ///< as sent, or empty
  std::optional<std::uint64_t> version;  ///< where the check of its append puts it
};

/// Where the server says a record is.
struct Placed {
  std::uint64_t position = 0;
  std::uint64_t version = 0;
  bool operator==(const Placed&) const = default;
};

enum class Outcome : std::uint8_t {
  unknown,  ///< sent at least once, no definitive answer yet
  acked,
  refused
};

/// One append: its records commit together or not at all.
struct Append {
  std::vector<SentRecord> records;
  Outcome outcome = Outcome::unknown;
  std::vector<Placed> placed;  ///< `acked` only, one per record
  std::string code;            ///< `refused` only
};

struct JournalCounts {
  std::size_t acked = 0;               ///< appends answered with a receipt, each counted once
  std::size_t acked_records = 0;       ///< records in them
  std::size_t refused = 0;             ///< appends definitively refused
  std::size_t unknown = 0;             ///< sendings whose connection died before the answer
  std::size_t resolved_duplicate = 0;  ///< unknown, then answered as stored already
  std::size_t repeats = 0;  ///< acknowledged appends sent again on purpose and answered alike
};

/// What writers sent and what they were told, kept outside the server: in memory for comparing and
/// as NDJSON in a file for a person who looks into a failure.
/// Threads: safe to call concurrently; `appends` only while no writer runs.
class Journal {
 public:
  using Id = std::size_t;

  /// `file` empty: memory only.
  explicit Journal(const std::filesystem::path& file = {});

  /// Before the first byte leaves: from here on the records may be in the log.
  /// `body` goes to the file, cut where it is long.
  Id sent(std::vector<SentRecord> records, const std::string& body);
  /// A connection died, or the server said that it does not know.
  void unknown(Id id);
  /// @pre one placement per record.
  void acked(Id id, std::vector<Placed> placed, bool duplicate);
  void refused(Id id, const std::string& code);
  /// An acknowledged append was sent again and answered as stored already, at `placed`.
  void repeated(Id id, const std::vector<Placed>& placed);
  /// Something a correct server does not do.
  void fault(const std::string& what);

  /// Waits until `count` appends are acknowledged, or a fault, or the time is over.
  /// @return true in the first case.
  bool wait_acked(std::size_t count, std::chrono::seconds patience);

  [[nodiscard]] JournalCounts counts() const;
  [[nodiscard]] std::vector<std::string> faults() const;

  [[nodiscard]] const std::vector<Append>& appends() const { return appends_; }
  /// Appends and places of the records sent with this key.
  struct Place {
    Id append;
    std::size_t record;
  };
  [[nodiscard]] const std::vector<Place>* find(const std::string& key) const;

 private:
  void write(const std::string& line);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Append> appends_;
  std::unordered_map<std::string, std::vector<Place>> by_key_;
  JournalCounts counts_;
  std::vector<std::string> faults_;
  std::ofstream file_;
};

}  // namespace hansard::crash
