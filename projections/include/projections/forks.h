#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "events/session/codec.h"
#include "projections/history.h"

namespace hansard::projections {

/// Sessions of one tree; beyond it the tree is cut, and said to be.
inline constexpr std::size_t kForkNodesMax = 1000;

/// A session and the branches that left it.
struct ForkNode {
  std::string session;
  /// Where it left its parent, and why; absent at the root.
  std::optional<core::Version> at_version;
  std::optional<events::ForkReason> reason;
  bool found = false;  ///< false: named by its parent or child, but not in the log
  std::uint64_t events = 0;
  std::uint64_t messages = 0;  ///< own ones: messages and answers, without what is inherited
  bool ended = false;
  std::optional<std::string> title;
  std::vector<ForkNode> children;  ///< in the order they left
};

/// All conversations that share a beginning with one of them.
struct ForkTree {
  core::ProjectId project;
  std::string asked;  ///< the session asked about, somewhere in the tree
  ForkNode root;
  bool cut = false;  ///< over kForkNodesMax sessions or kForkDepthMax generations
};

/// Climbs from `session` to the root and reads every branch from there. A branch is known by the
/// `SessionForked` of its parent; those from `session` up also by their own `SessionCreated`.
/// Errors: not_found, corruption, unavailable, unsupported. Cost: one read of every stream of the
/// tree.
core::Result<ForkTree> read_forks(const core::EventLog& log, const core::ProjectId& project,
                                  const core::StreamId& session);

}  // namespace hansard::projections
