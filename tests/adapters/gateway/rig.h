#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.h"
#include "core/command_loop.h"
#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "events/session/decider.h"
#include "gateway/gateway.h"
#include "holding_log.h"
#include "projections/exchange.h"
#include "scripted_provider.h"
#include "support/events.h"

namespace hansard::gateway::testing {

using events::Json;
using events::SessionEvent;

/// Where the requests of each API go.
inline constexpr const char* kChat = "/v1/chat/completions";
inline constexpr const char* kResponses = "/v1/responses";
inline constexpr const char* kMessages = "/v1/messages";
inline constexpr const char* kOllama = "/api/chat";

inline Json parsed(std::string_view text) {
  auto json = events::parse_json(text);
  EXPECT_TRUE(json) << text.substr(0, 300);
  return json ? *std::move(json) : Json();
}

/// One recorded event.
struct Recorded {
  std::string session;
  std::uint64_t version = 0;
  SessionEvent event;
};

/// A gateway over a log in memory and a provider that does what the test says. Everything happens
/// on the test's thread, in the call stack that causes it: what blocks on storage is posted, and
/// runs when the stack that posted it is done, or when the test says so.
class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest();
  ~GatewayTest() override;

  /// From now on the gateway has these options, and knows nothing of what it knew.
  void restart(GatewayOptions options = {});

  /// Calls; answers come when the test says so.
  Client& send(GatewayRequest request);
  Client& send(const std::string& target, std::string body,
               std::vector<core::HttpField> fields = {});
  Client& send(const std::string& target, const char* body,
               std::vector<core::HttpField> fields = {}) {
    return send(target, std::string(body), std::move(fields));
  }
  Client& send(const std::string& target, const Json& body,
               std::vector<core::HttpField> fields = {}) {
    return send(target, dump(body), std::move(fields));
  }
  /// The latest call that reached the provider.
  ScriptedCall& upstream() { return *provider_.calls.back(); }
  /// Calls, and is answered at once.
  Client& exchange(const std::string& target, const Json& body, const std::string& answer,
                   std::vector<core::HttpField> fields = {}, int status = 200);

  void run_posted();
  /// Lets time pass: what waits for it is called, in order, at its time.
  void wait(std::chrono::milliseconds time);
  /// Timers that wait.
  [[nodiscard]] std::size_t timers() const { return timers_->size(); }
  Gateway& gateway() { return *gateway_; }
  projections::ExperimentReader& experiments_reader() { return experiments_; }

  /// All that is on record of calls, in order.
  std::vector<Recorded> recorded();
  template <class E>
  std::vector<E> recorded_of() {
    std::vector<E> found;
    for (const Recorded& each : recorded()) {
      if (const E* event = std::get_if<E>(&each.event)) found.push_back(*event);
    }
    return found;
  }
  /// Types of the events of a session, by one letter each: Created c, configured s, Message m,
  /// Requested q, Received r, Failed f, tool called t, completed d, optimized o, forked k.
  std::string story(const std::string& session);
  std::vector<std::string> sessions();
  /// Both bodies of a call, from its events alone.
  projections::Exchange rebuilt(const std::string& session, const std::string& call_id,
                                std::uint32_t attempt = 1);
  /// Payload bytes of all that is on record.
  std::string raw_log();

  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog memory_;
  HoldingLog log_;
  core::KeyedHash keyed_hash_;
  events::SessionDecider decider_;
  ScriptedProvider provider_;
  core::Status writable_ = core::Ok{};
  core::Status view_status_ = core::Ok{};  ///< whether the view of recorded calls can be read
  FindSessions find_sessions_;
  bool holds_posts_ = false;
  std::unique_ptr<const events::Filter> filter_;  ///< from the next `restart` on
  std::map<std::string, std::string> dialects_;   ///< of providers
  /// What is drawn where something is left to chance, over 64 bits; nothing: names go on differing.
  std::optional<std::uint64_t> chance_;

 private:
  class CountingClock final : public core::Clock {
   public:
    [[nodiscard]] core::Timestamp now() const override { return support::at_us(++now_us_); }

   private:
    mutable std::int64_t now_us_ = 1'700'000'000'000'000;
  };

  using Moment = std::chrono::steady_clock::time_point;
  using Timers = std::map<std::pair<Moment, std::uint64_t>, std::function<void()>>;
  class Timer;

  void post(std::function<void()> work);
  core::Hash draw();
  core::Result<std::unique_ptr<core::ReadModel>> gateway_calls();

  CountingClock clock_;
  projections::PriceReader prices_{log_};
  projections::PromptReader prompts_{log_};
  projections::ExperimentReader experiments_{log_, keyed_hash_};
  std::uint64_t drawn_ = 0;
  Moment moment_{std::chrono::hours(1000)};
  std::uint64_t timer_ = 0;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
  std::deque<std::function<void()>> posted_;
  bool running_ = false;
  std::unique_ptr<core::CommandLoop<events::SessionDecider>> loop_;
  std::vector<std::unique_ptr<Gateway>> former_;
  std::unique_ptr<Gateway> gateway_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace hansard::gateway::testing
