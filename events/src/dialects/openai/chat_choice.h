#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/cadence.h"
#include "events/json.h"

/// Private to src/dialects/openai.
namespace hansard::events::openai {

/// Adds what came under `key`: what is not empty takes the place of what is there; objects take
/// each other's members.
void overlay(Json& object, std::string_view key, Json value);

/// One choice of a streamed chat completion while it comes.
class ChatChoice {
 public:
  /// @param choice  an object; `delta` in it is an object or there is none.
  /// @return whether the model said something.
  bool add(Json choice, std::uint64_t now_ms);
  [[nodiscard]] bool ended() const;  ///< it said why
  /// Takes it out; adds its cadence to `track`.
  Json take(std::size_t position, std::uint64_t start_ms, Json& track);

 private:
  struct Call {
    std::uint64_t index = 0;
    Json json;
    Deltas deltas;
  };
  bool add_delta(Json& delta);
  bool add_text(std::string_view key, const std::string& text, char what);
  bool add_content(Json value);
  bool add_parts(Json::Array parts);
  bool add_calls(Json::Array fragments);
  Call& call_of(const Json& fragment);
  bool add_function(Json& function, Json& to, std::string_view key, Deltas& deltas) const;
  bool add_function_call(Json& function);
  bool add_audio(Json value);
  bool add_details(Json::Array details);
  void add_list(std::string_view key, Json::Array elements);
  void add_logprobs(Json value);

  Json rest_;     ///< every other member of the choice
  Json message_;  ///< without calls
  std::vector<Call> calls_;
  std::map<std::string, Deltas, std::less<>> texts_;  ///< by their name in the track
  std::uint64_t now_ms_ = 0;
};

}  // namespace hansard::events::openai
