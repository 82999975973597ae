#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hash.h"
#include "events/conversation/transcript.h"
#include "formats/http_exchange.h"
#include "importers/reader.h"
#include "projections/exchange.h"
#include "projections/prompt.h"

namespace hansard::importers {

/// What of the conversations of one file is remembered to put further calls to them. Beyond this
/// the one that was quiet longest is forgotten, and who goes on with it begins another session.
inline constexpr std::size_t kJoinedBytesMax = 64U << 20;

/// Puts recorded calls together to conversations, as the gateway does: by the histories they carry,
/// within their scope. What leaves a conversation before its head (another attempt of an answered
/// call, an edit) is a session of its own, with all it sends. Calls that name their session join
/// it.
/// Confined to one thread. Memory: kJoinedBytesMax.
class HttpCalls {
 public:
  explicit HttpCalls(std::function<void(Piece)> tell);

  /// Takes one call. Errors: invalid_argument (its body is not what the API takes); then nothing
  /// was told.
  core::Status take(std::uint64_t line, const HttpExchange& exchange, const events::Api& api);
  /// Keeps an exchange as it is, without its header fields, in a session for what its scope has of
  /// such.
  void attach(std::uint64_t line, const HttpExchange& exchange, std::string_view reason);

 private:
  using Key = std::pair<std::string, events::Digest>;  ///< scope

  struct Conversation {
    SessionName name;
    events::CreateSession create;
    std::optional<core::Timestamp> created_at;
    events::Transcript transcript;
    projections::Said said;
    std::uint64_t calls = 0;
    std::uint64_t last_used = 0;
    std::size_t bytes = 0;
    bool told = false;
    std::vector<Key> keys;  ///< that find it
    std::list<Conversation>::iterator self;
  };
  using Conversations = std::list<Conversation>;

  struct Place;

  Place place(const HttpExchange& exchange, const projections::Prompt& prompt);
  [[nodiscard]] std::vector<Conversation*> candidates(const std::string& scope,
                                                      const events::Asked& asked) const;
  std::size_t prepend_known(const std::string& scope, const projections::Prompt& prompt,
                            events::Asked& asked) const;
  [[nodiscard]] std::vector<Conversation*> found_by(const Key& key) const;
  Conversation& begin(const HttpExchange& exchange, const projections::Prompt& prompt);
  std::vector<events::SessionStep> request_steps(const Place& place,
                                                 const projections::Prompt& prompt,
                                                 const std::string& name) const;
  static void say(Conversation& conversation, const std::vector<events::SessionStep>& steps);
  void remember(Conversation& conversation, const std::string& scope, std::size_t bytes);
  void tell(std::uint64_t line, const HttpExchange& exchange, Conversation& conversation,
            std::vector<events::SessionStep> asked, std::vector<events::SessionStep> answered);

  std::function<void(Piece)> tell_;
  core::KeyedHash keyed_hash_;
  events::Digester digester_;
  Conversations conversations_;
  std::map<Key, std::vector<Conversation*>> keys_;
  std::map<std::string, std::uint64_t> begun_;  ///< seed -> how often
  std::map<std::string, bool> attached_;        ///< name of a session -> something was told
  std::size_t bytes_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace hansard::importers
