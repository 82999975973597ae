#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call_names.h"
#include "call_recorder.h"
#include "events/assignment/facts.h"
#include "events/dialects/apis.h"
#include "events/prompt/render.h"
#include "events/prompt/state.h"
#include "events/session/fact_types.h"
#include "gateway/ports.h"

namespace hansard::gateway {

/// With what a call goes out because of what it names: the prompt it is rendered from, and the
/// variant of the experiment that it takes part in.
struct Choice {
  std::optional<events::PromptRef> prompt;
  std::optional<events::Json> variables;
  std::optional<events::VariantRef> variant;
  /// The unit has not met its variant before. For the first attempt that goes to a provider.
  std::optional<events::Exposure> exposure;
  std::optional<std::string> provider;  ///< of the variant, instead of the one that a route draws
  bool sets_model = false;              ///< the variant; the model of a route's target gives way
  std::size_t given = 0;                ///< see `projections::read_prompt`
  std::vector<events::Policy> policies;
};

/// The latest versions of prompts, parsed. Thread-safe.
class PreparedPrompts {
 public:
  // The latest used are kept; the last one always.
  static constexpr std::size_t kPreparedMax = 256;
  static constexpr std::size_t kPreparedBytesMax = 16U << 20;  ///< of their templates

  /// Errors: those of `events::PreparedPrompt`.
  core::Result<events::PreparedPrompt> of(const core::ProjectId& project, const std::string& name,
                                          const events::StoredPrompt& version);

 private:
  using Key = std::pair<std::string, core::Position>;  ///< project, and event of the version
  std::mutex mutex_;
  std::list<std::pair<Key, events::PreparedPrompt>> prepared_;  ///< the latest used first
  std::map<Key, decltype(prepared_)::iterator> index_;
  std::size_t bytes_ = 0;
};

/// A call that names something.
struct NamingCall {
  const CallNames& names;
  const events::Api* api;  ///< null: none that is known
  const Fields& fields;
  const core::ProjectId& project;
  std::string_view route;    ///< its name, which is mostly that of a provider
  std::string_view call_id;  ///< the unit, where every call is one
  bool recorded = true;      ///< else it takes part in no experiment: nothing would count it
};

/// Finds out what a call goes out with, and makes its body say so. Blocks on storage.
///
/// - The experiment is the one that is named; else the one that the named prompt is on trial in,
///   where the call asks for no version of it, or for `production`.
/// - A call of an experiment that does not run, that is not eligible or has no unit goes out as it
///   would without; the policy `experiment` says which.
/// - The variant's prompt version takes the place of the named prompt's; then its parameters and
/// its
///   model that of the body's.
///
/// @param body  of the call, without our own member; afterwards what goes out
/// Errors: not_found (no such prompt, version, label or experiment), invalid_argument (variables,
/// templates, a body that cannot be read, an API that takes no prompt), rejected (the experiment
/// has another prompt; the version was erased), those of the log.
core::Result<Choice> choose(const Ports& ports, PreparedPrompts& prepared, const NamingCall& call,
                            std::string& body);

}  // namespace hansard::gateway
