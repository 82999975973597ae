#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_provider.h"
#include "core/time.h"
#include "scripted/provider.h"

namespace hansard::scripted {

/// What is sent back, and when.
struct Reply {
  struct Piece {
    std::chrono::microseconds after{0};  ///< the head
    std::string bytes;
  };
  std::chrono::milliseconds delay{0};  ///< before the head
  core::ProviderHead head;
  std::vector<Piece> pieces;
};

/// What an answer is called, and when it was made.
struct Made {
  std::string name;  ///< unique among answers
  core::Timestamp at;
};

/// The reply to a call. Pure. Cost: reads the body, writes the answer.
Reply reply_to(const Scripted& provider, const core::ProviderCall& call, const Made& made);

}  // namespace hansard::scripted
