#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conversations.h"
#include "events/assignment/facts.h"
#include "gateway/ports.h"
#include "prompt.h"

namespace hansard::gateway {

/// Whom a call is from and whom it is about, as its header fields and its body say.
struct CallIdentity {
  core::ProjectId project;
  core::KeyId actor;
  std::optional<std::string> session;  ///< the client's id of the conversation
  std::optional<std::string> user;
  std::optional<std::string> agent;
  events::StringMap tags;
  bool retry = false;  ///< the client says that it has asked before
};

/// Where one attempt at a call went.
struct SentTo {
  std::string provider;              ///< empty: nowhere, a policy stopped it
  std::optional<std::string> model;  ///< asked for there, where that is not what the client named
  events::ServedFrom served_from = events::ServedFrom::provider;
};

/// What a call was made with by name (choice.h), as its requests say it.
struct Named {
  std::optional<events::PromptRef> prompt;
  std::optional<events::Json> variables;
  std::optional<events::VariantRef> variant;
  /// On record with the first attempt that a provider is sent, and not with any other.
  std::optional<events::Exposure> exposure;
};

/// Writes one call down: that it was made, and what became of it. Its members are called one after
/// the other, on any thread; completions come on a thread of the log or of `Ports::post`.
class CallRecorder : public std::enable_shared_from_this<CallRecorder> {
 public:
  using Done = std::function<void(core::Status)>;

  /// References outlive the call.
  /// @param name  of the call, unless it is another attempt of one; unique
  CallRecorder(const Ports& ports, Conversations& conversations, CallIdentity identity,
               std::shared_ptr<const Prompt> prompt, Named named, core::Timestamp received_at,
               core::Durability durability, std::string name);

  /// Finds the conversation, and records what the call adds to it and that it was made. Blocks on
  /// storage. Errors: those of `Conversations::place` and of the log.
  /// @param policies  what was decided about it on the way
  void asked(SentTo to, std::vector<events::Policy> policies, Done done);

  /// The attempt on record failed, and another was made. @pre `asked` succeeded
  void asked_again(events::FailResponse failure, SentTo to, std::vector<events::Policy> policies,
                   Done done);

  /// @pre `asked` succeeded; one of these, once.
  /// @param steps  of the answer, as its dialect read it
  void answered(std::vector<events::SessionStep> steps, Done done);
  void failed(events::FailResponse failure, Done done);

  /// Names for the answer: of the call, and of the message of each choice.
  [[nodiscard]] events::AnswerIds answer_ids() const;
  [[nodiscard]] std::uint32_t attempt() const { return attempt_; }
  /// Where the call is on record, in header fields: so its client can judge the answer, or ask why.
  /// @pre `asked` succeeded
  void name_to_client(std::vector<core::HttpField>& fields) const;
  /// Name of the session. @pre `asked` succeeded
  [[nodiscard]] const std::string& session() const { return place_.session; }

 private:
  std::vector<events::SessionEvent> adds(const Conversations::Place& place);
  [[nodiscard]] std::string hash_of_system(std::string_view text) const;
  [[nodiscard]] std::optional<events::SessionStep> settings(
      const std::optional<std::string>& system_hash) const;
  void ask_alone(std::vector<events::Policy> policies, Done done);
  core::Status add_request(std::vector<events::Policy> policies);
  [[nodiscard]] events::RequestResponse request(std::vector<events::Policy> policies) const;
  [[nodiscard]] bool exposes() const;
  [[nodiscard]] events::FailResponse told(events::FailResponse failure) const;
  void fork(Done done);
  void append(std::size_t from, bool may_block, Done done);
  enum class Ends : std::uint8_t { nothing, answer };
  /// @param may_block  this thread, on storage
  /// @param checks     of other streams
  void record(std::vector<events::RecordedStep> steps, Ends ends, bool may_block,
              std::vector<core::Check> checks, core::AppendDone done);
  void close(std::vector<events::SessionStep> steps, Done done);
  /// It belongs to no conversation, and has a stream of its own (`calls-*`).
  [[nodiscard]] bool alone() const;

  const Ports& ports_;
  Conversations& conversations_;
  const CallIdentity identity_;
  const std::shared_ptr<const Prompt> asked_for_;
  const Prompt& prompt_;  ///< in `asked_for_`
  const Named named_;
  const core::Timestamp received_at_;
  const core::Durability durability_;
  const std::string name_;  ///< of the call, unless it is another attempt of one
  Conversations::Place place_;
  core::StreamId stream_;
  SentTo sent_;                              ///< the latest attempt
  std::uint32_t attempt_ = 1;                ///< its number
  events::Json form_;                        ///< how the request differs from what the events say
  std::vector<events::SessionStep> steps_;   ///< that the call adds
  std::vector<events::SessionEvent> after_;  ///< the first request, before the outcome
};

}  // namespace hansard::gateway
