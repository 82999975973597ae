#include "choice.h"

#include <algorithm>

#include "events/experiment/plan_rules.h"
#include "events/experiment/state.h"
#include "events/session/ids.h"
#include "prompt_words.h"

namespace hansard::gateway {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::ExperimentState;
using events::Json;
using events::PromptState;
using events::VariantPlan;

using PromptPtr = std::shared_ptr<const PromptState>;
using ExperimentPtr = std::shared_ptr<const ExperimentState>;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool names_version(const CallNames& names) {
  return !names.selector.empty() && names.selector != events::kProduction;
}

bool sets_prompt(const VariantPlan& variant) { return variant.prompt.has_value(); }

/// One call's way to its choice.
class Choosing {
 public:
  Choosing(const Ports& ports, PreparedPrompts& prepared, const NamingCall& call)
      : ports_(ports), prepared_(prepared), call_(call), names_(call.names) {}

  Result<Choice> run(std::string& body) {
    if (call_.api == nullptr) {
      // A client may name its experiment in whatever it sends; nobody would miss it here.
      if (!names_.prompt) return Choice{};
      return Error{Errc::invalid_argument,
                   "prompt: only calls of APIs that are known take a prompt", "prompt"};
    }
    auto request = read(body);
    if (!request) {
      // What cannot be read is the provider's to refuse, unless a prompt should have gone into it.
      if (!names_.prompt) return Choice{};
      return request.error();
    }
    request_ = *std::move(request);
    if (names_.prompt) {
      auto read = find_prompt(*names_.prompt);
      if (!read) return read.error();
      prompt_ = *std::move(read);
    }
    if (auto status = join_experiment(); !status) return status.error();
    if (auto status = render(); !status) return status.error();
    if (!choice_.prompt && variant_ == nullptr) return std::move(choice_);  // as it was sent
    Json whole = call_.api->requests.join(std::move(request_));
    if (variant_ != nullptr) set_members(whole);
    body = dump(whole);
    return std::move(choice_);
  }

 private:
  [[nodiscard]] Result<events::CallRequest> read(const std::string& body) const {
    auto document = events::parse_json(body);
    if (!document) return document.error();
    allow_no_messages(*call_.api, *document);
    return call_.api->requests.split(*std::move(document));
  }

  Result<PromptPtr> find_prompt(const std::string& name) {
    if (ports_.prompts == nullptr)
      return Error{Errc::unsupported, "prompt: there are none here", "prompt"};
    auto state = ports_.prompts->read(call_.project, name);
    if (!state) return state.error();
    if ((*state)->exists()) return state;
    return Error{Errc::not_found, "prompt: there is no prompt " + quoted(name), "prompt"};
  }

  void decided(std::string outcome, std::string target) {
    choice_.policies.push_back({"experiment", std::move(outcome), std::move(target), {}});
  }

  /// Whether there is one, and this call's variant in it.
  Status join_experiment() {
    std::string name;
    if (names_.experiment) {
      name = *names_.experiment;
    } else if (prompt_ && prompt_->trial && !names_version(names_)) {
      name = *prompt_->trial;
    }
    if (name.empty()) return Ok{};
    if (ports_.experiments == nullptr) {
      return Error{Errc::unsupported, "experiment: there are none here", "experiment"};
    }
    auto state = ports_.experiments->read(call_.project, name);
    if (!state) return state.error();
    if (!(*state)->exists() || !(*state)->plan) {
      return Error{Errc::not_found, "experiment: there is no experiment " + quoted(name),
                   "experiment"};
    }
    experiment_ = *std::move(state);
    if ((*experiment_).status != events::ExperimentStatus::running || !call_.recorded) {
      decided("not_running", name);
      return Ok{};
    }
    if (auto status = agrees(name); !status) return status;
    const CallIdentity identity = identity_of(call_.fields, request_);
    if (!eligible(identity)) {
      decided("not_eligible", name);
      return Ok{};
    }
    const auto unit = unit_of(identity);
    if (!unit) {
      decided("no_unit", name);
      return Ok{};
    }
    return assign(name, *unit);
  }

  /// A call cannot ask for one prompt and take part in an experiment with another.
  Status agrees(const std::string& name) const {
    const auto& variants = experiment_->plan->variants;
    const auto with = std::find_if(variants.begin(), variants.end(), sets_prompt);
    if (!names_.prompt || with == variants.end()) return Ok{};
    std::string asked = *names_.prompt;
    if (names_version(names_)) asked += "@" + names_.selector;
    const bool other = with->prompt->name != *names_.prompt;
    if (!other && !names_version(names_)) return Ok{};
    return Error{Errc::rejected,
                 "prompt: experiment " + quoted(name) + " chooses the version of prompt " +
                     quoted(with->prompt->name) + ", and the call asks for " + quoted(asked),
                 "prompt"};
  }

  [[nodiscard]] bool eligible(const CallIdentity& identity) const {
    const auto& asked = experiment_->plan->eligibility;
    if (!asked) return true;
    events::StringMap hashes;
    for (const auto& [key, value] : identity.tags) {
      hashes.emplace_back(key, events::tag_hash(call_.project, key, value, ports_.keyed_hash));
    }
    events::CallTraits traits;
    if (identity.agent) traits.agent = *identity.agent;
    if (request_.model) traits.model = *request_.model;
    traits.provider = call_.route;
    traits.tag_hashes = &hashes;
    return events::eligible(asked, traits);
  }

  [[nodiscard]] std::optional<std::string> unit_of(const CallIdentity& identity) const {
    switch (experiment_->plan->unit) {
      case events::Unit::user:
        return identity.user;
      case events::Unit::session:
        return identity.session;
      case events::Unit::request:
        return std::string(call_.call_id);
      case events::Unit::other:
        break;
    }
    return {};
  }

  Status assign(const std::string& name, const std::string& unit) {
    const auto& plan = *experiment_->plan;
    auto assigned = ports_.experiments->assign(call_.project, name, *experiment_, unit);
    if (!assigned) return assigned.error();
    if (!*assigned) {
      decided("left_out", name);
      return Ok{};
    }
    const projections::AssignedUnit& found = **assigned;
    variant_ = &plan.variants[found.variant];
    decided(found.exposed ? "kept" : "assigned", name + ":" + variant_->name);
    choice_.variant = events::VariantRef{name, variant_->name, found.name};
    if (found.exposed) return Ok{};
    events::Exposure exposure;
    exposure.name = found.name;
    exposure.assigned.experiment = name;
    exposure.assigned.unit_kind = plan.unit;
    exposure.assigned.variant = variant_->name;
    exposure.assigned.edition = found.edition;
    exposure.assigned.bucket = found.bucket;
    exposure.assigned.unit = unit;
    choice_.exposure = std::move(exposure);
    return Ok{};
  }

  Status render() {
    std::string name = names_.prompt.value_or("");
    const events::StoredPrompt* version = nullptr;
    events::PromptRef used;
    if (variant_ != nullptr && variant_->prompt) {
      if (!prompt_) {
        name = variant_->prompt->name;
        auto read = find_prompt(name);
        if (!read) return read.error();
        prompt_ = *std::move(read);
      }
      used.version = variant_->prompt->version;
      version = used.version ? prompt_->find(*used.version) : nullptr;
      if (version != nullptr && version->deleted) version = nullptr;
    } else if (names_.prompt) {
      const std::string_view label =
          names_.selector.empty() ? events::kProduction : std::string_view(names_.selector);
      version = prompt_->select(names_.selector);
      if (prompt_->labels.contains(label)) used.label = std::string(label);
    } else {
      return Ok{};
    }
    if (version == nullptr) return no_version(name);
    if (version->erased) {
      return Error{
          Errc::rejected,
          "prompt: version " + version->version.text + " of " + quoted(name) + " was erased",
          "prompt"};
    }
    used.name = name;
    used.version = version->version;
    auto ready = prepared_.of(call_.project, name, *version);
    if (!ready) return ready.error();
    Json::Object given;
    if (names_.variables) given = *names_.variables->if_object();
    auto rendered = ready->render(std::move(given));
    if (!rendered) return rendered.error();
    auto put = put_before(*rendered, *call_.api, request_);
    if (!put) return put.error();
    choice_.given = *put;
    choice_.prompt = std::move(used);
    if (!rendered->variables.empty()) choice_.variables = Json(std::move(rendered->variables));
    return Ok{};
  }

  [[nodiscard]] Error no_version(const std::string& name) const {
    std::string what = "prompt: " + quoted(name);
    if (variant_ != nullptr && variant_->prompt && variant_->prompt->version) {
      what += " has no version " + quoted(variant_->prompt->version->text) + " for variant " +
              quoted(variant_->name);
    } else if (names_.selector.empty()) {
      what += " has no version in production; name one, as in " + name + "@1, or promote one";
    } else {
      what += " has no version or label " + quoted(names_.selector);
    }
    return {Errc::not_found, std::move(what), "prompt"};
  }

  /// What the variant says of the request, over what the call says.
  void set_members(Json& body) {
    const auto set = [&](const std::string& key, const Json& value) {
      if (Json* own = body.find(key)) {
        *own = value;
      } else {
        body.add(key, value);
      }
    };
    if (variant_->parameters && variant_->parameters->is_object()) {
      for (const Json::Member& each : *variant_->parameters->if_object()) set(each.key, each.value);
    }
    if (variant_->model) set("model", Json(*variant_->model));
    choice_.sets_model = variant_->model.has_value();
    choice_.provider = variant_->provider;
  }

  const Ports& ports_;
  PreparedPrompts& prepared_;
  const NamingCall& call_;
  const CallNames& names_;
  events::CallRequest request_;
  PromptPtr prompt_;
  ExperimentPtr experiment_;
  const VariantPlan* variant_ = nullptr;  ///< of `experiment_`
  Choice choice_;
};

}  // namespace

Result<events::PreparedPrompt> PreparedPrompts::of(const core::ProjectId& project,
                                                   const std::string& name,
                                                   const events::StoredPrompt& version) {
  const Key key{project.text() + '/' + name, version.position};
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) {
      prepared_.splice(prepared_.begin(), prepared_, found->second);
      return found->second->second;
    }
  }
  auto made = events::PreparedPrompt::prepare(version.body);
  if (!made) return made;
  const std::lock_guard lock(mutex_);
  if (index_.contains(key)) return made;
  prepared_.emplace_front(key, *made);
  index_[key] = prepared_.begin();
  bytes_ += made->template_bytes();
  while (prepared_.size() > kPreparedMax || (bytes_ > kPreparedBytesMax && prepared_.size() > 1)) {
    bytes_ -= prepared_.back().second.template_bytes();
    index_.erase(prepared_.back().first);
    prepared_.pop_back();
  }
  return made;
}

Result<Choice> choose(const Ports& ports, PreparedPrompts& prepared, const NamingCall& call,
                      std::string& body) {
  return Choosing(ports, prepared, call).run(body);
}

}  // namespace hansard::gateway
