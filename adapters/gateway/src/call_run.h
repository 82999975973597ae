#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "answer_tee.h"
#include "call_recorder.h"
#include "gateway/gateway.h"
#include "outcome.h"

namespace hansard::gateway {

/// One call on its way: to the provider and into the log side by side, and back as far as the log
/// allows. Thread-safe: provider, log and client drive it from their own threads, one step at a
/// time under a lock that is never held while anybody is called.
class CallRun : public std::enable_shared_from_this<CallRun> {
 public:
  /// References outlive the call.
  CallRun(const Ports& ports, Conversations& conversations, const GatewayOptions& options,
          GatewayRequest request, GatewayDone done);

  void start();
  /// The client has gone.
  void cancel();
  /// See `AnswerBody::next`. @pre an answer was given
  void next(std::function<void(core::Result<std::string>)> done);

 private:
  using Next = std::function<void(core::Result<std::string>)>;
  using Lock = std::unique_lock<std::mutex>;

  core::Status read();
  void send();
  void ask_for_usage(events::Json body);
  void record();
  void asked(core::Status status);
  void head_came(core::Result<core::ProviderHead> head);
  void advance(Lock lock);
  void answer(Lock lock);
  void refuse(Lock lock, core::Error error);
  void pull(Lock lock);
  void came(core::Result<std::string> bytes);
  void conclude(Lock& lock, Outcome outcome);
  void concluded(core::Status status);
  void give(Lock lock, core::Result<std::string> bytes);
  [[nodiscard]] bool recorded() const { return recorder_ != nullptr; }
  [[nodiscard]] bool strict() const {
    return recorded() && options_.recording == Recording::strict;
  }
  [[nodiscard]] std::uint64_t elapsed_us() const;

  const Ports& ports_;
  Conversations& conversations_;
  const GatewayOptions& options_;
  GatewayRequest request_;
  const events::Api* api_ = nullptr;
  bool streams_ = false;
  bool added_usage_ = false;
  std::chrono::steady_clock::time_point sent_at_{};

  std::mutex mutex_;
  // All below is guarded by mutex_.
  GatewayDone done_;                        ///< empty once told
  std::shared_ptr<CallRecorder> recorder_;  ///< null: the call is not recorded
  std::shared_ptr<core::ProviderExchange> exchange_;
  std::optional<core::Status> asked_;  ///< the request is on record, or could not be
  std::optional<core::Result<core::ProviderHead>> head_;
  std::optional<AnswerTee> tee_;
  std::optional<std::uint64_t> length_;  ///< of the answer, where its head says it
  std::uint64_t received_ = 0;           ///< of it
  Next waiting_;                         ///< of the client, for bytes
  bool gone_ = false;                    ///< the client
  bool over_ = false;                    ///< nothing more comes from the provider
  bool concluding_ = false;              ///< its outcome is being recorded, or is
  bool on_record_ = false;               ///< the outcome
  std::optional<core::Error> broken_;    ///< what the client is told instead of more bytes
  std::string ready_;                    ///< may go to the client
};

}  // namespace hansard::gateway
