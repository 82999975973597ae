#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "http_client.h"
#include "journal.h"
#include "script.h"

namespace hansard::crash {

/// Where the server is, for all writers. Thread-safe.
class Gate {
 public:
  struct Place {
    std::uint16_t port = 0;
    std::uint64_t run = 0;  ///< which start of the server this is
  };
  void open(std::uint16_t port);
  void close();
  /// No writer starts another request; those without an answer go on until they have one.
  void stop();
  [[nodiscard]] bool stopped() const;
  /// No server will come: writers give up, whatever they wait for.
  void abandon();

  /// Waits until a server is there. Nothing when abandoned, or when none came in five minutes.
  std::optional<Place> wait_open();
  /// Waits until run `run` is over, at most a moment: a connection may die without the server.
  void wait_over(std::uint64_t run);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Place place_;
  bool open_ = false;
  bool stopped_ = false;
  bool abandoned_ = false;
};

/// Plays a script against whatever server is behind the gate and tells the journal. An answer that
/// did not come, or that leaves the outcome open, makes it send the same bytes again, to the next
/// server where this one died. One thread of its own.
class Writer {
 public:
  /// `payload_bytes`: see `Script::next`; read before every step. References outlive the writer.
  Writer(Script script, Gate& gate, Journal& journal,
         const std::atomic<std::size_t>& payload_bytes);
  /// Joins; stop the gate first.
  ~Writer();

 private:
  struct Answered {
    HttpAnswer answer;
    bool was_unknown = false;  ///< an earlier sending may have been stored
    bool was_relaxed = false;  ///< and one was answered before it was durable
  };
  void run();
  void play(const Step& step);
  std::optional<Answered> send(const Step& step, std::optional<Journal::Id> id);
  void judge_repeat(const Step& step, const HttpAnswer& answer);
  void judge_receipt(const Step& step, Journal::Id id, const Answered& answered);
  void judge_refusal(const Step& step, Journal::Id id, const HttpAnswer& answer);
  void fault(const Step& step, const HttpAnswer& answer, const std::string& what);

  Script script_;
  Gate& gate_;
  Journal& journal_;
  const std::atomic<std::size_t>& payload_bytes_;
  std::unique_ptr<HttpClient> client_;
  std::uint64_t client_run_ = 0;
  std::thread thread_;
};

/// Reads `{"events":[{"position":..,"version":..}]}`; nothing when it is no receipt.
std::optional<std::vector<Placed>> read_receipt(const std::string& body);

}  // namespace hansard::crash
