#include "events/prompt/state.h"

#include <algorithm>
#include <utility>

namespace hansard::events {
namespace {

class Fold {
 public:
  Fold(PromptState& state, const core::RecordedEvent& recorded, bool erased)
      : state_(state), recorded_(recorded), erased_(erased) {}

  void operator()(const PromptVersionStored& event) {
    if (state_.find(event.version) != nullptr) return;  // a version never changes
    StoredPrompt stored;
    stored.version = event.version;
    stored.content_hash = event.content_hash.value_or("");
    stored.body = {event.kind, event.messages, event.variables, event.examples, event.config};
    stored.erased = erased_;
    stored.tags = event.tags;
    stored.first_tags = event.tags;
    stored.description = event.description;
    stored.metadata = event.metadata;
    stored.position = recorded_.position;
    stored.recorded_at = recorded_.recorded_at;
    stored.actor = recorded_.actor;
    state_.text_bytes += recorded_.content.size();
    state_.versions.push_back(std::move(stored));
  }
  void operator()(const PromptTagged& event) {
    if (StoredPrompt* stored = find(event.version)) stored->tags = event.tags;
  }
  void operator()(const PromptLabelMoved& event) {
    LabelMove move = moved(event.label, event.comment);
    move.to = event.version;
    move.reason = event.reason;
    move.experiment = event.experiment;
    state_.labels[event.label] = event.version;
    state_.moves.push_back(std::move(move));
  }
  void operator()(const PromptLabelRemoved& event) {
    state_.moves.push_back(moved(event.label, event.comment));
    state_.labels.erase(event.label);
  }
  void operator()(const PromptVersionDeleted& event) {
    if (StoredPrompt* stored = find(event.version)) stored->deleted = true;
  }
  void operator()(const PromptTrialStarted& event) { state_.trial = event.experiment; }
  void operator()(const PromptTrialEnded& event) {
    if (state_.trial == event.experiment) state_.trial.reset();
  }
  void operator()(const Unrecognised&) {}

 private:
  StoredPrompt* find(const PromptVersion& version) {
    return const_cast<StoredPrompt*>(state_.find(version));  // NOLINT: the state is ours to change
  }
  [[nodiscard]] LabelMove moved(const std::string& label,
                                const std::optional<std::string>& comment) const {
    LabelMove move;
    move.label = label;
    const auto was = state_.labels.find(label);
    if (was != state_.labels.end()) move.from = was->second;
    move.comment = comment;
    move.position = recorded_.position;
    move.recorded_at = recorded_.recorded_at;
    move.actor = recorded_.actor;
    return move;
  }

  PromptState& state_;
  const core::RecordedEvent& recorded_;
  bool erased_;
};

}  // namespace

const StoredPrompt* PromptState::find(const PromptVersion& version) const {
  const auto found = std::find_if(versions.begin(), versions.end(), [&](const StoredPrompt& each) {
    return each.version == version;
  });
  return found == versions.end() ? nullptr : &*found;
}

const StoredPrompt* PromptState::select(std::string_view selector) const {
  if (selector == kLatest) {
    const auto last = std::find_if(versions.rbegin(), versions.rend(),
                                   [](const StoredPrompt& each) { return !each.deleted; });
    return last == versions.rend() ? nullptr : &*last;
  }
  const auto label = labels.find(selector.empty() ? kProduction : selector);
  const StoredPrompt* found =
      label != labels.end() ? find(label->second) : find(PromptVersion(std::string(selector)));
  return found != nullptr && !found->deleted ? found : nullptr;
}

PromptState after(PromptState state, const core::RecordedEvent& recorded, const PromptEvent& event,
                  bool erased) {
  state.next_version = recorded.version.value + 1;
  state.ids.insert(recorded.id);
  std::visit(Fold(state, recorded, erased), event);
  return state;
}

std::string_view stage_of(const PromptState& state, const PromptVersion& version) {
  for (const std::string_view label : {kProduction, kStaging}) {
    const auto named = state.labels.find(label);
    if (named != state.labels.end() && named->second == version) return label;
  }
  return "dev";
}

std::size_t approximate_bytes(const PromptState& state) {
  constexpr std::size_t kVersionBytes = 1'024;
  constexpr std::size_t kMoveBytes = 256;
  constexpr std::size_t kIdBytes = 48;
  return sizeof state + 2 * state.text_bytes + state.versions.size() * kVersionBytes +
         state.moves.size() * kMoveBytes + state.ids.size() * kIdBytes;
}

}  // namespace hansard::events
