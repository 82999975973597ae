#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "events/json.h"
#include "journal.h"

namespace hansard::crash {

/// One request of a writer and what it may be answered.
struct Step {
  std::string target;
  std::string body;
  std::vector<SentRecord> records;
  bool may_ack = true;
  std::string may_refuse;              ///< the code of a refusal that is right; empty: none is
  std::optional<Journal::Id> repeats;  ///< an acknowledged append, sent again
  std::vector<std::string> conflicts;  ///< `actual` of each violation that a refusal must name
  /// Sent once with relaxed durability, whose receipt promises no survival; then as the others.
  bool relaxed_first = false;
  bool race = false;  ///< refusals tell where the contended stream is
};

/// What one writer says, drawn from its seed and from what it was told: appends with and without
/// checks, over one and several streams, on one stream that all writers want, conversations through
/// the typed routes, and requests that must be refused. It knows the versions of its own streams
/// by counting acknowledgements, so every check it sends also asks whether the server still does.
/// Confined to one thread.
class Script {
 public:
  Script(std::uint64_t seed, std::size_t writer);

  /// The next request. `payload_bytes`: of the texts in raw records, 0 for short ones.
  Step next(std::size_t payload_bytes);
  void acked(const Step& step, Journal::Id id, const std::vector<Placed>& placed);
  /// `actual`: the head of the contended stream (`none` or a version), of races only.
  void refused(const Step& step, const std::string& actual);

 private:
  struct Session {
    std::string id;
    int stage = 0;
    int turn = 0;
    int turns = 1;
  };
  /// An append under way: its body, and the records as they will be journalled.
  struct Draft {
    events::Json records{events::Json::Array{}};
    events::Json checks{events::Json::Array{}};
    std::vector<SentRecord> sent;
  };
  /// What an acknowledged raw append was, to be sent again or contradicted.
  struct Known {
    Journal::Id id;
    std::string body;
    events::Json record;  ///< its first one
    SentRecord sent;
  };

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::string draw_text(std::size_t bytes);
  std::string draw_id();

  void add_record(Draft& draft, const std::string& stream, std::size_t payload_bytes,
                  std::optional<std::uint64_t> version);
  static void add_check(Draft& draft, const std::string& stream, events::Json expected);
  /// Expects `stream` where its next version is `next`.
  static void expect(Draft& draft, const std::string& stream, std::uint64_t next);
  static Step finish(Draft draft, const char* known = nullptr);

  Step own_stream(std::size_t payload_bytes);
  Step many_streams(std::size_t payload_bytes);
  Step race(std::size_t payload_bytes);
  Step wrong_checks();
  Step repeat();
  Step other_content();
  Step partly_known();
  Step known_skipped();
  Step conversation();

  Step typed(const std::string& target, events::Json body, const std::string& type,
             const std::string& natural);

  const std::string name_;
  std::mt19937_64 random_;
  std::uint64_t next_own_ = 0;
  std::uint64_t next_side_ = 0;
  std::string race_head_ = "none";
  std::uint64_t counter_ = 0;
  std::vector<Known> known_;
  Session session_;
};

}  // namespace hansard::crash
