#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/model_provider.h"

namespace hansard::gateway::testing {

/// A call as the provider has it: the test says when its head, each piece, its end or an error
/// come, all on the test's own thread, in the call stack of the member that says so.
class ScriptedCall {
 public:
  explicit ScriptedCall(core::ProviderCall call) : sent(std::move(call)) {}

  void head(int status, std::vector<core::HttpField> fields = {}) {
    tell_head(core::ProviderHead{status, std::move(fields)});
  }
  /// Instead of a head.
  void refuse(core::Errc code, const std::string& field) {
    tell_head(core::Error{code, "the provider failed: " + field, field});
  }
  void piece(std::string bytes) { give(std::move(bytes)); }
  void end() { give(std::string()); }
  void fail(core::Errc code, const std::string& field) {
    give(core::Error{code, "the provider failed: " + field, field});
  }
  /// Asked for the next piece, which is not there yet.
  [[nodiscard]] bool is_asked() const { return static_cast<bool>(waiting_); }

  const core::ProviderCall sent;
  bool dropped = false;  ///< by who made the call: it is cancelled where it was not over

 private:
  friend class ScriptedProvider;
  using Piece = core::Result<std::string>;

  void tell_head(core::Result<core::ProviderHead> head) {
    auto told = std::exchange(head_, nullptr);
    ASSERT_TRUE(told || dropped) << "a head is told once";
    if (!dropped) told(std::move(head));
  }
  void give(Piece piece) {
    if (dropped) return;
    pieces_.push_back(std::move(piece));
    if (waiting_) hand_over();
  }
  void next(std::function<void(Piece)> done) {
    ASSERT_FALSE(waiting_) << "one piece at a time";
    waiting_ = std::move(done);
    if (!pieces_.empty()) hand_over();
  }
  void hand_over() {
    const auto done = std::exchange(waiting_, nullptr);
    Piece piece = pieces_.front();
    // The end and an error are said again when asked again.
    if (piece && !piece->empty()) pieces_.pop_front();
    done(std::move(piece));
  }

  std::function<void(core::Result<core::ProviderHead>)> head_;
  std::function<void(Piece)> waiting_;
  std::deque<Piece> pieces_;
};

/// A provider that does what the test says, and keeps what it was sent.
class ScriptedProvider final : public core::ModelProvider {
 public:
  std::unique_ptr<core::ProviderExchange> start(
      core::ProviderCall call,
      std::function<void(core::Result<core::ProviderHead>)> head) override {
    auto scripted = std::make_shared<ScriptedCall>(std::move(call));
    scripted->head_ = std::move(head);
    calls.push_back(scripted);
    if (on_start) on_start(*scripted);
    return std::make_unique<Exchange>(std::move(scripted));
  }

  std::vector<std::shared_ptr<ScriptedCall>> calls;
  /// Runs before `start` returns.
  std::function<void(ScriptedCall&)> on_start;

 private:
  class Exchange final : public core::ProviderExchange {
   public:
    explicit Exchange(std::shared_ptr<ScriptedCall> call) : call_(std::move(call)) {}
    ~Exchange() override {
      call_->dropped = true;
      call_->head_ = nullptr;
      call_->waiting_ = nullptr;
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    void next(std::function<void(core::Result<std::string>)> done) override {
      const auto call = call_;  // what it hands over may end this
      call->next(std::move(done));
    }

   private:
    std::shared_ptr<ScriptedCall> call_;
  };
};

}  // namespace hansard::gateway::testing
