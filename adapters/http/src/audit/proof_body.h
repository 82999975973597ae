#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/event_log.h"
#include "core/tree.h"
#include "http/message.h"
#include "http/pool.h"

namespace hansard::http {

/// What a bundle of proofs holds.
struct ProofPlan {
  std::string head;     ///< the first line, newline included
  core::TreeHead tree;  ///< of the checkpoint in it; nothing later is in the bundle
  core::ProjectId project;
  std::optional<core::StreamId> stream;  ///< all of it; else
  core::Position position{};             ///< this event alone
};

/// A bundle as NDJSON, at the client's pace: head, a line per event with its proof, and a last line
/// that says how many there were. Reads on the pool, a piece at a time; holds one piece and no
/// thread while the client takes it.
class ProofBody final : public BodySource {
 public:
  static constexpr std::size_t kPieceBytes = 64U << 10;
  static constexpr std::size_t kPieceEvents = 256;

  struct Ports {
    core::EventLog& log;
    const core::Tree& tree;
    const core::Hasher& hasher;
    Pool& pool;
  };
  /// What `ports` name outlives this, and what it posted.
  ProofBody(const Ports& ports, ProofPlan plan);
  ~ProofBody() override;
  ProofBody(const ProofBody&) = delete;
  ProofBody& operator=(const ProofBody&) = delete;

  void next(std::function<void(core::Result<std::string>)> done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hansard::http
