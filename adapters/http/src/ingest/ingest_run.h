#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/context.h"
#include "ingest/ingest_lanes.h"
#include "ingest/ingest_line.h"
#include "ingest/ingest_report.h"
#include "shared/line_cutter.h"

namespace hansard::http {

/// One upload to `POST /v1/ingest`: takes the body a piece at a time, records its lines as the
/// requests they stand for, and reports. Lines of one session go one after another, those of
/// different sessions side by side; at most `kLinesMax` lines and `kBytesMax` bytes are under way,
/// and past that the client waits. Kept alive by whatever will call it next: the body, a line under
/// way, the answer's stream.
/// Threads: thread-safe; at any time one thread reads lines, others complete them.
class IngestRun : public std::enable_shared_from_this<IngestRun> {
 public:
  static constexpr std::size_t kLinesMax = 1024;
  static constexpr std::size_t kBytesMax = 8U << 20;      ///< one longer line goes alone
  static constexpr std::size_t kResultsMax = 256U << 10;  ///< bytes of results not yet taken

  /// Called once, when every line is done: the report, and why the body ended early if it did.
  using Done = std::function<void(const IngestReport& report, std::optional<core::Error> stopped)>;

  /// @param done  empty: results are taken with `next_results` instead.
  IngestRun(const Context& context, RequestPtr request, Author author, Done done);

  void start();
  /// The results so far, one a line, as soon as there are some; the report at the end, then
  /// nothing. Not again before it answered.
  void next_results(std::function<void(core::Result<std::string>)> take);
  /// Nobody takes results any more: what has come is still recorded.
  void abandon_results();

 private:
  struct Job {
    std::uint64_t line = 0;
    std::string text;  ///< kept to be read again when it must be tried again
    std::vector<std::string> streams;
    std::size_t lanes_ahead = 0;
    std::optional<IngestWork> work;
    std::optional<core::Result<core::Receipt>> outcome;
  };
  using JobPtr = std::shared_ptr<Job>;

  void ask();
  void arrived(core::Result<std::string> piece);
  void read_lines();
  void take_line(LineCutter::Line line);
  [[nodiscard]] Author author_now() const;
  void run(const JobPtr& job);
  void completed(const JobPtr& job, core::Result<core::Receipt> outcome);
  void report_in_order();
  void stop_reading(std::optional<core::Error> why);
  [[nodiscard]] bool full() const;
  void go_on();

  const Context& context_;
  const RequestPtr request_;
  const Author author_;
  const Done done_;
  LineCutter cutter_;  ///< used by the reading thread only

  std::mutex mutex_;
  // Guarded by mutex_:
  IngestLanes<Job> lanes_;
  std::deque<JobPtr> in_order_;  ///< lines not yet reported
  std::deque<JobPtr> ready_;     ///< may go
  std::deque<JobPtr> again_;     ///< were told `overloaded`; go when a line of ours is done
  std::size_t bytes_ = 0;        ///< of `in_order_`
  std::size_t under_way_ = 0;    ///< given to the log or the command loop
  bool going_ = false;           ///< a thread is starting what is ready
  bool paused_ = false;          ///< reading waits for room
  bool input_ended_ = false;     ///< the body came whole; lines of it may be unread
  bool read_all_ = false;        ///< no line will be added to `in_order_`
  bool reported_ = false;
  bool taken_ = true;  ///< somebody takes results
  std::optional<core::Error> stopped_;
  IngestReport report_;
  std::string results_;
  std::function<void(core::Result<std::string>)> wanted_;
};

}  // namespace hansard::http
