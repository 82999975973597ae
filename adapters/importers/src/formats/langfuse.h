#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Langfuse trace exports: `{trace, observations}`, such a record as `export` of a wrapper, or a
/// trace with its observations inside.
///
/// Every trace is a session named by its id and tagged with Langfuse's session, environment,
/// release, version and tags. Traces of one Langfuse session stay sessions of their own: they come
/// in any order and from several files, and a log only grows at its end.
///
///   GENERATION   a call: ResponseRequested at its start, ResponseReceived (or ResponseFailed,
///   level
///                ERROR) at its end. Messages it was sent are recorded when they are new to the
///                session; its window names all of them. One that contains others only wraps a call
///                that another layer recorded too, so it is attached and its tokens not counted
///                again; what the inner one lacks (an output, say) is taken from it.
///   TOOL, or a SPAN named like a tool that was asked for
///                the result of the open call with this tool and these arguments; a TOOL nobody
///                asked for is a call of its own
///   scores       ScoreRecorded, about the call where they name its observation
///
/// Everything else (framework steps, events, corrections, values in unknown forms) is attached.
std::unique_ptr<Reader> langfuse_reader(ReaderEvents events);

bool is_langfuse(const events::Json& record);

}  // namespace hansard::importers
