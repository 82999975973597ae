#pragma once

#include <string>
#include <vector>

#include "projections/counters.h"
#include "projections/history.h"
#include "projections/overview.h"

namespace hansard::projections {

/// What lies between two moments of one conversation, or between a fork and where it came from.
/// Events are told apart by their ids, so what a fork inherited is common to both.
struct SessionDiff {
  /// One of the two conversations as it stood.
  struct Side {
    core::StreamId stream;
    Moment as_of;
    bool ended = false;
    SessionConfig config;
  };
  /// Events that one side has and the other has not.
  struct Part {
    std::size_t events = 0;  ///< all of them, those joined to their answer included
    /// In order. An answer comes with its tool calls and results; one that belongs to an answer
    /// which both have stands by itself.
    std::vector<Entry> entries;
    SessionCounters counters;         ///< what these events add, tokens included
    std::vector<std::string> window;  ///< ids of messages that only this side would send a model
  };

  core::ProjectId project;
  Side from;
  Side to;
  std::size_t common = 0;  ///< events that both have
  Part added;              ///< in `to` only
  Part removed;            ///< in `from` only; empty between two versions of one session
};

/// A pure fold of two histories. Cost: O(events of both).
SessionDiff diff(History from, History to);

}  // namespace hansard::projections
