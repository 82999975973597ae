#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/time.h"
#include "events/json.h"

/// One line of a Claude Code log. Private to its reader.
namespace hansard::importers::claude_code {

struct Line {
  std::uint64_t number = 1;
  events::Json json;
  std::string type;
  std::string uuid;                   ///< empty: it has none
  std::optional<std::string> parent;  ///< `parentUuid`, else `logicalParentUuid`
  std::string session;                ///< `sessionId`; empty: it has none
  std::string agent;                  ///< `agentId`; empty: it has none
  bool sidechain = false;
  std::optional<core::Timestamp> time;

  static Line from(std::uint64_t number, events::Json json);

  /// What it says, with a role; null where it says nothing.
  [[nodiscard]] events::Json message() const;
  /// Names the line within its file, also when the file has grown.
  [[nodiscard]] std::string id() const;
  [[nodiscard]] bool flag(std::string_view key) const;
  /// What holds for a session as a whole, mostly: directory, version, branch.
  [[nodiscard]] events::Json setting() const;
  /// The line without its message and without what `setting` of its session says already.
  [[nodiscard]] events::Json rest(const events::Json& session_setting) const;
};

}  // namespace hansard::importers::claude_code
