#include "events/equivalence.h"

#include "events/assignment/facts.h"
#include "events/session/codec.h"

namespace hansard::events {
namespace {

struct Payloads {
  Json::Object facts;
  Json::Object content;
};

/// Both payloads in today's shape, or nothing when they cannot be read.
std::optional<Payloads> current_shape(const Upcasters& upcasters, std::string_view type,
                                      std::uint16_t schema, std::string_view facts,
                                      std::string_view content) {
  Payloads payloads;
  auto facts_tree = parse_json_object(facts);
  if (!facts_tree) return std::nullopt;
  payloads.facts = *std::move(facts_tree);
  if (!content.empty()) {
    auto content_tree = parse_json_object(content);
    if (!content_tree) return std::nullopt;
    payloads.content = *std::move(content_tree);
  }
  if (!upcasters.apply(type, schema, payloads.facts, payloads.content)) return std::nullopt;
  if (is_session_event(type) || AssignmentCodec::is_event(type)) {
    std::erase_if(payloads.facts, [](const Json::Member& fact) { return fact.key == "filtered"; });
  }
  return payloads;
}

}  // namespace

VocabularyEquivalence::VocabularyEquivalence(Upcasters upcasters)
    : upcasters_(std::move(upcasters)) {}

bool VocabularyEquivalence::same(const core::RecordedEvent& stored,
                                 const core::NewEvent& sent) const {
  if (stored.stream != sent.stream.text() || stored.type != sent.type) return false;
  if (sent.occurred_at_from_client &&
      (!stored.occurred_at_from_client || stored.occurred_at != sent.occurred_at)) {
    return false;
  }
  if (stored.schema == sent.schema && stored.facts == sent.facts &&
      (stored.erased || stored.content == sent.content)) {
    return true;
  }
  // Both sides go through the same upcasters, an erased event without content: what an upcaster
  // moves from content to facts is then missing on both sides.
  const auto old = current_shape(upcasters_, stored.type, stored.schema, stored.facts,
                                 stored.erased ? std::string_view() : stored.content);
  const auto now =
      current_shape(upcasters_, sent.type, sent.schema, sent.facts,
                    stored.erased ? std::string_view() : std::string_view(sent.content));
  if (!old || !now) return false;
  return same_tree(old->facts, now->facts) &&
         (stored.erased || same_tree(old->content, now->content));
}

}  // namespace hansard::events
