#include "prompt/check.h"

#include <algorithm>
#include <set>

#include "events/prompt/render.h"
#include "events/prompt/state.h"
#include "events/session/facts.h"

namespace hansard::events {
namespace prompt {
namespace {

constexpr std::size_t kTagsMax = 64;
constexpr std::size_t kSmallTextBytesMax = std::size_t{64} << 10;
constexpr std::size_t kConfigBytesMax = std::size_t{256} << 10;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Facts cannot be erased, so free text must not get there.
bool is_identifier(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdentifierBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (is_letter_or_digit(c) && (c < 'A' || c > 'Z')) || c == '_' || c == '.' ||
                  c == '-';
         });
}

core::Status check_small(const std::optional<std::string>& text, std::string_view field) {
  if (!text || text->size() <= kSmallTextBytesMax) return core::Ok{};
  return bad_field(field, "is longer than " + std::to_string(kSmallTextBytesMax) + " bytes");
}

core::Status check_object(const std::optional<Json>& json, std::string_view field) {
  if (!json) return core::Ok{};
  if (!json->is_object()) return bad_field(field, "expected an object");
  if (dump(*json).size() <= kConfigBytesMax) return core::Ok{};
  return bad_field(field, "is longer than " + std::to_string(kConfigBytesMax) + " bytes");
}

}  // namespace

PromptBody body_of(const PromptVersionStored& event) {
  return {event.kind, event.messages, event.variables, event.examples, event.config};
}

core::Status check_version(const PromptVersion& version, std::string_view field) {
  const std::string& text = version.text;
  const bool fine = !text.empty() && text.size() <= kMaxIdentifierBytes &&
                    is_letter_or_digit(text.front()) &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return is_letter_or_digit(c) || c == '.' || c == '_' || c == '+' || c == '-';
                    });
  if (!fine) {
    return bad_field(field, "a version is a number, or 1 to 64 of A-Z a-z 0-9 . _ + -");
  }
  if (text == kProduction || text == kStaging || text == kLatest) {
    return bad_field(field, "`" + text + "` is how a version is asked for, not one's name");
  }
  return core::Ok{};
}

core::Status check_label(std::string_view label, std::string_view field) {
  if (!is_identifier(label)) return bad_field(field, "a label is 1 to 64 of a-z 0-9 _ . -");
  if (PromptVersion(std::string(label)).is_number()) {
    return bad_field(field, "a label is no number: that would name a version");
  }
  if (label == kLatest) {
    return bad_field(field, "`latest` is the version stored last, wherever that is");
  }
  return core::Ok{};
}

core::Status check_tags(const std::vector<std::string>& tags) {
  if (tags.size() > kTagsMax) {
    return bad_field("tags", "at most " + std::to_string(kTagsMax));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string path = join_path("tags", i);
    if (!is_identifier(tags[i])) return bad_field(path, "a tag is 1 to 64 of a-z 0-9 _ . -");
    if (!seen.insert(tags[i]).second) return bad_field(path, "the tag is repeated");
  }
  return core::Ok{};
}

namespace {

core::Status check(const PromptVersionStored& event) {
  if (auto status = check_version(event.version, "version"); !status) return status;
  if (auto status = check_tags(event.tags); !status) return status;
  if (auto status = check_object(event.config, "config"); !status) return status;
  if (auto status = check_small(event.description, "description"); !status) return status;
  if (auto status = check_object(event.metadata, "metadata"); !status) return status;
  const auto prepared = PreparedPrompt::prepare(body_of(event));
  if (!prepared) return prepared.error();
  return core::Ok{};
}

core::Status check(const PromptTagged& event) {
  if (auto status = check_version(event.version, "version"); !status) return status;
  return check_tags(event.tags);
}

core::Status check(const PromptLabelMoved& event) {
  if (auto status = check_label(event.label, "label"); !status) return status;
  if (auto status = check_version(event.version, "version"); !status) return status;
  if (event.reason == LabelReason::other) return bad_field("reason", "unknown reason");
  if ((event.reason == LabelReason::experiment) != event.experiment.has_value()) {
    return bad_field("experiment", "goes with the reason `experiment`");
  }
  return check_small(event.comment, "comment");
}

core::Status check(const PromptLabelRemoved& event) {
  if (auto status = check_label(event.label, "label"); !status) return status;
  return check_small(event.comment, "comment");
}

core::Status check(const PromptVersionDeleted& event) {
  if (auto status = check_version(event.version, "version"); !status) return status;
  return check_small(event.comment, "comment");
}

core::Status check_trial(const std::string& experiment) {
  if (core::StreamId::is_plain_name(experiment)) return core::Ok{};
  return bad_field("experiment", "the name of an experiment is 1 to 100 of A-Z a-z 0-9 . _ ~ -");
}

core::Status check(const PromptTrialStarted& event) { return check_trial(event.experiment); }
core::Status check(const PromptTrialEnded& event) { return check_trial(event.experiment); }
core::Status check(const Unrecognised& /*event*/) { return core::Ok{}; }

}  // namespace
}  // namespace prompt

core::Status check_event(const PromptEvent& event) {
  return std::visit([](const auto& each) { return prompt::check(each); }, event);
}

}  // namespace hansard::events
