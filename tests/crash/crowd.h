#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "comparison.h"
#include "journal.h"
#include "reading.h"
#include "writer.h"

namespace hansard::crash {

/// Writers, the journal of what they were told, and what was read back: all that outlives a server.
/// Confined to one thread; the writers have their own.
class Crowd {
 public:
  /// `outside`: where the journal's file goes.
  Crowd(std::size_t writers, std::uint64_t seed, const std::filesystem::path& outside);
  /// Writers give up what they wait for. Stop the server first: one may wait for its answer.
  ~Crowd();

  [[nodiscard]] Gate& gate() { return gate_; }
  [[nodiscard]] Journal& journal() { return journal_; }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  void set_payload_bytes(std::size_t bytes) { payload_bytes_ = bytes; }

  /// Lets everybody write to the server at `port` until `acks` more appends are acknowledged; they
  /// go on afterwards. Fails the test when a writer met something wrong, or on too few.
  void write_until(std::uint16_t port, std::size_t acks);
  /// Lets everybody get the answer that is still missing, and ends them.
  void finish(std::uint16_t port);
  /// Ends the writers as they are. @pre the server is gone.
  void abandon();

  /// Reads the whole log and compares. @pre nobody writes. Errors of reading fail the test.
  std::vector<Fault> read_and_compare(std::uint16_t port);
  [[nodiscard]] const std::vector<StoredEvent>& log() const { return reading_.events(); }

 private:
  void tell_faults() const;

  Journal journal_;
  LogReading reading_;
  Gate gate_;
  std::atomic<std::size_t> payload_bytes_{0};
  std::vector<std::unique_ptr<Writer>> writers_;
};

}  // namespace hansard::crash
