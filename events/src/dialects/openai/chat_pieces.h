#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "dialects/cadence.h"
#include "events/json.h"

/// Private to src/dialects/openai.
namespace hansard::events::openai {

/// Cuts choices of a chat completion into what their deltas bring, by a track.
class ChatPieces {
 public:
  /// What goes out together, in the order of going out: when, of which choice, what kind of thing,
  /// which of several.
  using Place = std::tuple<std::uint64_t, std::size_t, std::size_t, std::size_t>;
  struct Piece {
    Json delta{Json::Object{}};
    Json logprobs;
  };

  /// `track` outlives this.
  ChatPieces(const Json& track, std::uint64_t start_ms) : track_(track), start_ms_(start_ms) {}

  void add(const Json& choice, std::size_t position);
  [[nodiscard]] const std::map<Place, Piece>& all() const { return pieces_; }

  /// The message before its pieces come; members that come after them go to `late`.
  static Json first_delta(const Json& message, Json& late);
  static Json first_logprobs(const Json& logprobs);

 private:
  [[nodiscard]] Deltas deltas_of(const std::string& name, std::size_t bytes, bool starts) const;
  Piece& piece(std::uint64_t at_ms, std::size_t kind, std::size_t slot);
  template <class F>
  void cut_text(const std::string& name, std::string_view text, std::size_t kind, const F& put);
  void texts(const Json& message);
  void details(const Json& message);
  void parts(const Json::Array& list);
  void function_call(const Json& call);
  void tool_calls(const Json::Array& calls);
  void logprobs(const Json& given);

  const Json& track_;
  std::uint64_t start_ms_;
  std::size_t choice_ = 0;
  std::map<Place, Piece> pieces_;
};

}  // namespace hansard::events::openai
