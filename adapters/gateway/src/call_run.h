#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "answer_tee.h"
#include "call_names.h"
#include "call_recorder.h"
#include "choice.h"
#include "gateway/gateway.h"
#include "layer.h"
#include "outcome.h"

namespace hansard::gateway {

/// One call on its way: through the layers to a provider and into the log side by side, and back as
/// far as the log allows. Thread-safe: provider, log and client drive it from their own threads,
/// one step at a time under a lock that is never held while anybody is called.
class CallRun final : public CallWatch, public std::enable_shared_from_this<CallRun> {
 public:
  /// References outlive the call.
  CallRun(const Ports& ports, Conversations& conversations, PreparedPrompts& prompts, Layer& layers,
          const GatewayOptions& options, GatewayRequest request, GatewayDone done);

  ~CallRun() override;
  CallRun(const CallRun&) = delete;
  CallRun& operator=(const CallRun&) = delete;

  void start();
  /// The client has gone.
  void cancel();
  /// See `AnswerBody::next`. @pre an answer was given
  void next(std::function<void(core::Result<std::string>)> done);

  void decided(events::Policy policy) override;
  void goes_out(SentTo to) override;
  void attempt_failed(events::FailResponse failure) override;
  void stopped() override;
  void when_over(std::function<void(const CallEnd&)> told) override;
  void keep_answer() override;

 private:
  using Next = std::function<void(core::Result<std::string>)>;
  using Lock = std::unique_lock<std::mutex>;

  /// Once; of calls that are recorded, or that name something.
  void draw_name();
  void choose(const CallNames& names);
  void begin(const std::optional<core::Error>& refused);
  core::Status read();
  void read_other();
  [[nodiscard]] core::Result<std::optional<Prompt>> filtered_prompt(events::Json body) const;
  void keep(Prompt prompt, std::string_view hashed, std::optional<Prompt> recorded);
  void send();
  void turn_down(const core::Error& error);
  void ask_for_usage(events::Json body);
  [[nodiscard]] CallIdentity identify(const events::CallRequest& request) const;
  [[nodiscard]] std::vector<std::string> secrets() const;
  [[nodiscard]] bool went_out();
  void record(Lock lock);
  void asked(core::Status status);
  void head_came(core::Result<core::ProviderHead> head);
  void advance(Lock lock);
  [[nodiscard]] Outcome outcome(std::uint64_t now);
  /// By the client's request.
  [[nodiscard]] std::optional<std::string> asked_model() const;
  void tell_end(std::uint64_t tokens, std::optional<Spent> spent);
  void answer(Lock lock);
  void refuse(Lock lock, core::Error error);
  void read_ahead(Lock lock);
  void pull(Lock lock);
  void came(core::Result<std::string> bytes);
  [[nodiscard]] bool has_ended() const;
  void go_on(Lock lock);
  [[nodiscard]] Outcome left();
  void conclude(Lock& lock, Outcome outcome);
  void concluded(core::Status status);
  void give(Lock lock, core::Result<std::string> bytes);
  /// @pre the call has begun: whoever may come before asks for `asked_` first
  [[nodiscard]] bool recorded() const { return prompt_ != nullptr; }
  /// Recorded as it is: nobody here reads it.
  [[nodiscard]] bool is_other() const { return api_ == &events::other_api(); }
  [[nodiscard]] bool strict() const {
    return recorded() && options_.recording == Recording::strict;
  }
  [[nodiscard]] std::uint64_t elapsed_us() const;

  const Ports& ports_;
  Conversations& conversations_;
  PreparedPrompts& prompts_;
  Layer& layers_;
  const GatewayOptions& options_;
  GatewayRequest request_;
  std::string name_;  ///< of the call, once it is drawn
  Choice choice_;
  CallIdentity identity_;
  std::shared_ptr<const Prompt> prompt_;  ///< null: the call is not recorded
  const events::Api* api_ = nullptr;
  bool streams_ = false;
  bool added_usage_ = false;

  std::mutex mutex_;
  // All below is guarded by mutex_.
  GatewayDone done_;                        ///< empty once told
  std::shared_ptr<CallRecorder> recorder_;  ///< null as `prompt_`
  std::chrono::steady_clock::time_point sent_at_{};
  bool went_out_ = false;
  bool stopped_ = false;                         ///< by a policy
  SentTo sent_;                                  ///< the latest attempt
  std::uint64_t failed_tokens_ = 0;              ///< of attempts before it
  std::vector<Spent> failed_spent_;              ///< likewise
  std::vector<events::Policy> decided_;          ///< about the attempt that comes next
  std::optional<events::FailResponse> failed_;   ///< attempt before it
  std::deque<std::function<void()>> to_record_;  ///< attempts, each after the one before
  bool recording_ = false;                       ///< the first of them
  std::vector<std::function<void(const CallEnd&)>> when_over_;  ///< complete once it went out
  bool end_told_ = false;
  bool keeps_answer_ = false;
  std::shared_ptr<const KeptAnswer> kept_;
  std::shared_ptr<core::ProviderExchange> exchange_;
  std::optional<core::Status> asked_;  ///< all attempts are on record, or could not be
  std::optional<core::Result<core::ProviderHead>> head_;
  std::optional<AnswerTee> tee_;
  std::optional<std::uint64_t> length_;  ///< of the answer, where its head says it
  std::uint64_t received_ = 0;           ///< of it
  std::uint64_t came_us_ = 0;            ///< the latest of it
  bool reads_ahead_ = false;             ///< or has
  bool pulling_ = false;                 ///< a piece was asked for
  Next waiting_;                         ///< of the client, for bytes
  bool gone_ = false;                    ///< the client
  bool over_ = false;                    ///< nothing more comes from the provider
  bool concluding_ = false;              ///< its outcome is being recorded, or is
  bool on_record_ = false;               ///< the outcome
  std::optional<core::Error> broken_;    ///< what the client is told instead of more bytes
  std::string ready_;                    ///< may go to the client
};

}  // namespace hansard::gateway
