#include "filter/rules.h"

#include <algorithm>
#include <utility>

#include "filter/removed.h"

namespace hansard::events {

using core::Ok;
using core::Result;
using core::Status;

namespace {

constexpr std::size_t kPathsMax = 16;

}  // namespace

Status Filter::Parts::add_detector(const std::string& name, const std::string& at) {
  const auto* found = std::find(kDetectorNames.begin(), kDetectorNames.end(), name);
  if (found == kDetectorNames.end()) {
    return bad_field(at, "expected email, phone, card or key, found " + name);
  }
  const auto place = static_cast<std::size_t>(found - kDetectorNames.begin());
  const auto which = static_cast<Detector>(place);
  if (detectors.has(which)) return bad_field(at, name + " is there already");
  detectors.add(which);
  of_detector[place] = names.size();
  names.push_back(name);
  return Ok{};
}

Status Filter::Parts::add_rule(const FilterRule& rule, const std::string& at) {
  if (!filter::is_rule_name(rule.name)) {
    return bad_field(join_path(at, "name"), "expected 1 to 32 of a-z 0-9 _ -");
  }
  // One name is one count: rules for several projects, or several patterns, may share it.
  const auto known = std::find(names.begin(), names.end(), rule.name);
  Own own_rule;
  own_rule.rule = static_cast<std::size_t>(known - names.begin());
  if (known == names.end()) names.push_back(rule.name);
  if (!rule.pattern && !rule.path) {
    return bad_field(join_path(at, "pattern"), "the field is required, or path");
  }
  if (rule.pattern) {
    auto pattern = Pattern::compile(*rule.pattern, join_path(at, "pattern"));
    if (!pattern) return std::move(pattern.error());
    if (pattern->matches("")) {
      return bad_field(join_path(at, "pattern"), "matches a text of no characters");
    }
    own_rule.pattern = *std::move(pattern);
  }
  if (rule.path) {
    auto path = JsonPath::parse(*rule.path, join_path(at, "path"));
    if (!path) return std::move(path.error());
    own_rule.path = *std::move(path);
    if (++paths > kPathsMax) {
      return bad_field(join_path(at, "path"),
                       "more than " + std::to_string(kPathsMax) + " rules have a path");
    }
  }
  if (rule.project) {
    if (auto project = core::ProjectId::parse(*rule.project); !project) {
      return bad_field(join_path(at, "project"), project.error().message);
    }
    own_rule.project = rule.project;
  }
  own.push_back(std::move(own_rule));
  return Ok{};
}

Filter::Filter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Filter::~Filter() = default;

Result<std::unique_ptr<const Filter>> Filter::make(const FilterSettings& settings,
                                                   const core::KeyedHash& keyed_hash) {
  auto parts = std::make_unique<Parts>(keyed_hash);
  for (std::size_t i = 0; i < settings.detect.size(); ++i) {
    if (auto added = parts->add_detector(settings.detect[i], join_path("detect", i)); !added) {
      return std::move(added.error());
    }
  }
  if (settings.rules.size() > kFilterRulesMax) {
    return bad_field("rules", "more than " + std::to_string(kFilterRulesMax) + " rules");
  }
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    if (auto added = parts->add_rule(settings.rules[i], join_path("rules", i)); !added) {
      return std::move(added.error());
    }
  }
  parts->counts = std::vector<std::atomic<std::uint64_t>>(parts->names.size());
  return std::unique_ptr<const Filter>(new Filter(std::move(parts)));
}

bool Filter::on() const { return !parts_->names.empty(); }
bool Filter::has_paths() const { return parts_->paths > 0; }

std::vector<std::pair<std::string, std::uint64_t>> Filter::counts() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (std::size_t i = 0; i < parts_->names.size(); ++i) {
    out.emplace_back(parts_->names[i], parts_->counts[i].load(std::memory_order_relaxed));
  }
  return out;
}

}  // namespace hansard::events
