#pragma once

#include <memory>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// Inspect AI evaluation logs: whole logs (`{eval, plan, results, stats, samples[]}`, one a file or
/// one a line, also as `{path, log}`), or the header and then the samples one by one, as the zip
/// form (.eval) holds them (see zip_source.h).
///
/// Sessions
///   of a log      `inspect-<run>-<task>`: no messages; the metrics of `results` as scores, the
///                 header attached
///   of a sample   `inspect-<run>-<task>-<sample>-<epoch>`, tagged with task, model, sample, epoch
///   of a call     `<sample's>-call<n>`: a model event that is no answer of the sample's
///                 conversation (a grader, mostly), with what it was sent and what it said
///
/// A sample's `messages` are the conversation. The model event that produced an answer (found by
/// the message's id, else by its content, in order) gives its model, usage, time and latency, and
/// what was asked; without events the sample's `output` does so for the last answer. `model_usage`
/// sums over a sample's calls and stays metadata. Tool events give durations. A tool message with
/// an `error` is a failed call. `attachment://<hash>` is replaced by what it stands for.
/// Events of other kinds are attached, one by one. `working_start` of a model event is not kept.
std::unique_ptr<Reader> inspect_reader(ReaderEvents events);

/// A log, its header, or a record that wraps one as `log`.
bool is_inspect(const events::Json& record);

}  // namespace hansard::importers
