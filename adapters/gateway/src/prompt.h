#pragma once

#include "conversations.h"
#include "projections/prompt.h"

/// What a call says, read: as every recorder of calls reads it.
namespace hansard::gateway {

using projections::events_of;
using projections::Prompt;
using projections::read_prompt;
using projections::settle;

}  // namespace hansard::gateway
