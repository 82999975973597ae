#pragma once

#include <optional>
#include <string>

#include "core/event.h"
#include "events/session/codec.h"
#include "projections/search.h"

namespace hansard::search {

/// What of an event is searched: one document per event, under its position.
struct Document {
  projections::SearchKind kind = projections::SearchKind::message;
  projections::SearchRole role = projections::SearchRole::other;
  std::string message_id = {};  ///< may be empty
  std::optional<std::string> provider = {};
  std::optional<std::string> model = {};
  std::optional<std::string> tool = {};
  /// What people read. Parts follow each other on lines of their own; JSON is written as
  /// `key: value` lines. Empty when erased, or when there is nothing to read.
  std::string text = {};
};

/// True when `read_document` could give something: by type and stream alone.
bool may_be_document(const core::RecordedEvent& event);

/// Nothing where events of this kind say nothing, which depends on facts alone: a rebuild after an
/// erasure has the same documents, some without text. Pure, so that index and snippet see the same
/// text. Errors: corruption, unsupported (newer schema).
core::Result<std::optional<Document>> read_document(const core::RecordedEvent& event,
                                                    const events::SessionCodec& codec);

}  // namespace hansard::search
