#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "call_recorder.h"
#include "core/model_provider.h"

namespace hansard::gateway {

using Fields = std::vector<core::HttpField>;

/// The value of the first field of that name, compared without regard to case.
std::optional<std::string_view> find_field(const Fields& fields, std::string_view name);
/// What `Content-Length` says, if it is there and a number.
std::optional<std::uint64_t> content_length(const Fields& fields);
void set_field(Fields& fields, std::string_view name, std::string_view value);

/// What goes on to the provider: not what belongs to the connection, and nothing of ours, our keys
/// above all.
Fields to_provider(const Fields& fields);
/// What goes back to the client.
Fields to_client(const Fields& fields);

/// The keys that are sent along: in the fields for them, in cookies, and in the query of `target`.
std::vector<std::string> secrets_in(const Fields& fields, std::string_view target = {});

/// Whether the header fields that say whom the call is from and about can be kept as they are.
/// Errors: invalid_argument (`field` is the header's name).
core::Status check_identity(const Fields& fields);
/// Whom the call is from and about: header fields first, then what the body says, as far as it can
/// be kept: the body is the provider's to refuse.
CallIdentity identity_of(const Fields& fields, const events::CallRequest& request);

}  // namespace hansard::gateway
