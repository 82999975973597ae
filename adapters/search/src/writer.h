#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/event_log.h"
#include "document.h"
#include "events/session/codec.h"
#include "sqlite.h"

namespace hansard::search {

struct BatchLimits {
  std::size_t events = 0;
  std::size_t text_bytes = 0;
};

/// What one batch came to.
struct Absorbed {
  core::Position checkpoint;  ///< as committed
  /// An event that cannot be read, or a log that cannot: everything before it is in.
  std::optional<core::Error> log_error = {};
};

/// Puts events into the database, in transactions that carry the checkpoint. Confined to one
/// thread.
class Writer {
 public:
  /// Opens `path`, creating it where there is none. A database that cannot be used is deleted and
  /// created anew, with the reason in `notice`. Errors: unavailable, out_of_space.
  static core::Result<Writer> open(const std::string& path, const core::EventLog& log,
                                   const std::string& log_id, std::uint64_t check_bytes_max,
                                   std::string& notice);

  /// Deletes a database and what SQLite keeps beside it. @pre nobody has it open.
  static core::Status remove(const std::string& path);

  [[nodiscard]] core::Position checkpoint() const { return checkpoint_; }

  /// Absorbs events up to `end` or a limit. Errors are the database's (corruption: build it anew);
  /// nothing of the batch is kept then.
  core::Result<Absorbed> absorb(const core::EventLog& log, core::Position end,
                                const BatchLimits& limits);

 private:
  struct Session {
    std::int64_t id = 0;
    std::optional<std::int64_t> created;
    std::optional<std::string> user_hash;
    std::optional<std::int64_t> agent;
    std::optional<std::int64_t> app;
    std::optional<std::int64_t> source;
    std::int64_t messages = 0;
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
    bool changed = false;
  };

  explicit Writer(Connection connection) : connection_(std::move(connection)) {}
  static core::Result<Writer> use(Connection connection);
  static core::Result<Writer> create(const std::string& path, const std::string& log_id);

  core::Status apply(const core::RecordedEvent& event);
  core::Status apply_created(const core::RecordedEvent& event);
  core::Status apply_document(const core::RecordedEvent& event, const Document& document);
  core::Status index_text(std::int64_t project, std::int64_t position, std::string_view text);
  core::Status write_sessions();
  core::Result<std::int64_t> project(std::string_view name);
  core::Result<Session*> session(std::int64_t project, std::string_view stream);
  core::Result<std::optional<std::int64_t>> word(const std::optional<std::string>& text);
  /// Forgets what was not committed.
  void drop_caches();

  Connection connection_;
  core::Position checkpoint_;
  std::string anchor_;
  std::size_t text_bytes_ = 0;                 ///< of the batch
  std::optional<core::Error> decode_failure_;  ///< of the event that ended the batch

  // Each prepared once; after `connection_`, which must outlive them.
  std::unordered_map<std::string, Statement> statements_;
  core::Result<Statement*> statement(std::string_view sql);

  // Of what is committed, or of this transaction; bounded by kCachedNamesMax.
  std::unordered_map<std::string, std::int64_t> projects_;
  std::unordered_map<std::string, std::int64_t> words_;
  std::unordered_map<std::string, Session> sessions_;  ///< of this batch, by project and stream
};

}  // namespace hansard::search
