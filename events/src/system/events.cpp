#include "events/system/events.h"

#include <array>
#include <optional>
#include <utility>

#include "session/fields.h"

namespace hansard::events {
namespace {

constexpr std::uint16_t kSchema = 1;

template <class E>
core::Result<SystemEvent> decode_as(Json facts) {
  fields::Reading reading{.strict = true};
  const fields::Path path{nullptr, "facts"};
  E event;
  if (!fields::read(reading, path, fields::kFactBounds, facts, event)) return *reading.error;
  if constexpr (requires { check(event); }) {  // what types cannot say
    if (auto status = check(event); !status) return std::move(status.error());
  }
  return SystemEvent(std::move(event));
}

struct TypeRow {
  std::string_view type;
  core::Result<SystemEvent> (*decode)(Json facts);
};

template <class... E>
constexpr std::array<TypeRow, sizeof...(E)> rows_of(std::variant<E...>*) {
  return {TypeRow{E::kType, &decode_as<E>}...};
}

/// Every type, from the variant itself.
constexpr auto kRows = rows_of(static_cast<SystemEvent*>(nullptr));

const TypeRow* row_of(std::string_view type) {
  for (const TypeRow& row : kRows) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

}  // namespace

bool is_system_event(std::string_view type) { return row_of(type) != nullptr; }

EncodedEvent encode(const SystemEvent& event) {
  return std::visit(
      [](const auto& each) {
        EncodedEvent encoded;
        encoded.type = each.kType;
        encoded.schema = kSchema;
        fields::write(encoded.facts, each);
        encoded.content = "{}";
        return encoded;
      },
      event);
}

core::Result<SystemEvent> decode_system(std::string_view type, std::uint16_t schema,
                                        std::string_view facts, std::string_view content) {
  const TypeRow* row = row_of(type);
  if (row == nullptr) return bad_field("type", std::string(type) + " is no event of the system");
  if (schema != kSchema) {
    return core::Error{core::Errc::unsupported,
                       "schema " + std::to_string(schema) + " of " + std::string(type) +
                           " is not known: this version writes " + std::to_string(kSchema),
                       "schema"};
  }
  auto said = fields::object_in(content, "content");
  if (!said) return std::move(said.error());
  if (!said->empty()) return bad_field("content", std::string(type) + " has no content");
  auto object = fields::object_in(facts, "facts");
  if (!object) return std::move(object.error());
  return row->decode(Json(*std::move(object)));
}

}  // namespace hansard::events
