#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

/// The closed sets of words in session events. Each ends with `other`: what a reader sees when a
/// newer writer used a word it does not know. `other` is never accepted from outside.
namespace hansard::events {

enum class Role : std::uint8_t { system, developer, user, agent, other };
/// What kind of model call.
enum class CallKind : std::uint8_t { chat, completion, embedding, image, audio, moderation, other };
/// Why generation stopped, in the normal form; the provider's own word is kept beside it.
enum class FinishReason : std::uint8_t {
  stop,
  length,
  tool_call,
  content_filter,
  pause,
  error,
  cancelled,
  unknown,
  other
};
enum class UsageSource : std::uint8_t { provider, estimated, imported, unknown, other };
enum class ServedFrom : std::uint8_t { provider, cache, playback, other };
/// How a call ended without a whole answer. `stopped`: by our own policy; `interrupted`: we went
/// down.
enum class FailureReason : std::uint8_t {
  error,
  timeout,
  cancelled,
  truncated,
  stopped,
  interrupted,
  other
};
enum class ForkReason : std::uint8_t { edit, retry, parallel, rerun, other };
enum class TargetKind : std::uint8_t { session, message, call, other };

/// The words of an enum in order, without `other`.
template <class E>
inline constexpr int kWords = 0;
template <>
inline constexpr std::array<std::string_view, 4> kWords<Role>{"system", "developer", "user",
                                                              "agent"};
template <>
inline constexpr std::array<std::string_view, 6> kWords<CallKind>{
    "chat", "completion", "embedding", "image", "audio", "moderation"};
template <>
inline constexpr std::array<std::string_view, 8> kWords<FinishReason>{
    "stop", "length", "tool_call", "content_filter", "pause", "error", "cancelled", "unknown"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<UsageSource>{"provider", "estimated",
                                                                     "imported", "unknown"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<ServedFrom>{"provider", "cache",
                                                                    "playback"};
template <>
inline constexpr std::array<std::string_view, 6> kWords<FailureReason>{
    "error", "timeout", "cancelled", "truncated", "stopped", "interrupted"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<ForkReason>{"edit", "retry", "parallel",
                                                                    "rerun"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<TargetKind>{"session", "message", "call"};

/// The word of a value: `to_word(Role::user)` is `user`; `other` for the last.
template <class E>
constexpr std::string_view to_word(E value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kWords<E>.size() ? kWords<E>[index] : std::string_view("other");
}

/// The value of a word, or nothing when it is not in the set (`other` is not).
template <class E>
constexpr std::optional<E> from_word(std::string_view word) {
  for (std::size_t i = 0; i < kWords<E>.size(); ++i) {
    if (kWords<E>[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace hansard::events
