#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "core/event_log.h"
#include "facts/layout.h"
#include "point_read.h"
#include "projections/usage.h"
#include "usage_codec.h"

namespace hansard::projections {

/// Puts names to users, as far as a SessionCreated still says them.
class UserNames {
 public:
  UserNames(const core::ReadModel& model, const core::EventLog& log, const core::ProjectId& project)
      : model_(model), log_(log), project_(project) {}

  core::Status name(UsageKey& user) {
    const auto [found, fresh] = names_.try_emplace(user.id);
    if (fresh) {
      auto read = look_up(user.id);
      if (!read) return read.error();
      found->second = *std::move(read);
    }
    if (found->second) {
      user.kind = UsageKey::Kind::known;
      user.text = *found->second;
    }
    return core::Ok{};
  }

 private:
  core::Result<std::optional<std::string>> look_up(const std::string& hash) const {
    const auto row = model_.get(facts::user_key(project_.text(), pack_hash(hash)));
    if (!row) return row.error();
    if (!*row) return std::optional<std::string>{};
    const auto positions = facts::decode_positions(**row);
    if (!positions) return positions.error();
    for (auto position = positions->rbegin(); position != positions->rend(); ++position) {
      auto read = read_at(log_, core::Position{*position}, project_.text(), {});
      if (!read) return read.error();
      if (!*read || (*read)->erased) continue;
      auto* created = std::get_if<events::SessionCreated>(&(*read)->event);
      if (created && created->user) return std::move(created->user);
    }
    return std::optional<std::string>{};
  }

  const core::ReadModel& model_;
  const core::EventLog& log_;
  const core::ProjectId& project_;
  std::map<std::string, std::optional<std::string>> names_;
};

}  // namespace hansard::projections
