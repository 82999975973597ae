#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/apis.h"
#include "rig.h"

/// What providers once answered, served by a stub through the gateway.
namespace hansard::gateway::testing {

/// One exchange as a provider had it.
struct Recording {
  std::string where;  ///< for messages
  std::string target;
  std::string request;
  int status = 200;
  std::string content_type;
  std::string answer;
};

/// What became of recordings.
struct Coverage {
  std::size_t served = 0, calls = 0, answers = 0, failures = 0, streams = 0, usages = 0;
  std::size_t whole_lists = 0;                   ///< whose messages are kept as they were sent
  std::size_t whole_answers = 0;                 ///< whose body is kept as it came
  std::map<std::string, std::size_t> uncovered;  ///< reason -> how many

  [[nodiscard]] std::string text() const;
};

/// Serves recordings one after the other through a gateway that knows those before, and compares:
/// what the client gets with what the provider sent, and both bodies, had again from the events,
/// with what was sent and what came.
class RecordingsTest : public GatewayTest {
 protected:
  /// Small answers are cut after every byte, others at random.
  void serve(const Recording& recording);
  /// @param seed  of where the answer is cut; 0: after every byte
  void serve(const Recording& recording, std::uint64_t seed);

  Coverage coverage_;

 private:
  struct Outcome {
    core::StreamId stream;
    std::vector<events::ResponseRequested> asked;
    std::vector<events::ResponseReceived> answers;
    std::vector<events::ResponseFailed> failures;
  };
  Outcome recorded_since();
  void compare(const Recording& recording, const events::Api& api, const Outcome& outcome);
  void compare_usage(const Recording& recording, const events::ResponseReceived& answer,
                     const Json& body);

  std::uint64_t seen_ = 0;  ///< positions
  std::uint64_t seed_ = 0;
};

}  // namespace hansard::gateway::testing
