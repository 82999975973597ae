// What events, frames, writes and the operating routes look like.
#include "openapi/api_schemas.h"

namespace hansard::http {

namespace {

using Others = SchemaDoc::Others;

constexpr MemberDoc kViolation[] = {
    {"stream", "text", "The stream that the check was about."},
    {"expected", "text", "What the client said: any, none, exists, or a version."},
    {"actual", "text", "What was there: none, or the stream's version."},
};
constexpr MemberDoc kRefusal[] = {
    {"code", R"({"$ref":"#/components/schemas/Code"})", "What kind of error it is."},
    {"detail", "text", "What was wrong, with the values involved."},
    {"field?", "text", "Path of the member, parameter or header that is to blame."},
    {"violations?", "list of Violation", "Every check that did not hold."},
};
constexpr MemberDoc kProblem[] = {
    {"type", "text", "Names the code as a URN."},
    {"title", "text", "The code in words, the same for every error of it."},
    {"status", R"({"type":"integer","minimum":400,"maximum":599})", "The status of the answer."},
    {"...", "Refusal", ""},
};
constexpr MemberDoc kRecordReceipt[] = {
    {"position", "Position", "Place in the whole log."},
    {"version", "count", "Place in its stream."},
    {"duplicate?", "flag", "True where the same event was there before."},
    {"erased?", "flag", "True where its content has been destroyed since."},
};
constexpr MemberDoc kReceipt[] = {
    {"events", "list of RecordReceipt", "One for each event, in the order of the request."},
    {"position?", "Position", "Of the last event; absent where there was none."},
    {"version?", "count", "Of the last event."},
    {"at_least", "Position", "Given to a query, it waits until that event is in the answer."},
    {"durability", "strict|relaxed", "strict: synced before this answer."},
    {"duplicate", "flag", "True when all of it was there before."},
};
constexpr MemberDoc kAppendRecord[] = {
    {"stream", "text", "The stream to write to."},
    {"type", "text", "The event's type."},
    {"schema?", R"({"type":"integer","minimum":1})", "Version of the type's form; the latest."},
    {"event_id?", "Uuid", "Makes a repeat known as one."},
    {"occurred_at?", "Time", "When it happened."},
    {"correlation?", "Uuid", "The event that all of a process share."},
    {"causation?", "Uuid", "The event that led to this one."},
    {"facts", "object", "What is kept for ever."},
    {"content?", "object", "What was said; can be erased."},
};
constexpr MemberDoc kAppendCheck[] = {
    {"stream", "text", "Any stream, written to or not."},
    {"expected", R"({"anyOf":[{"enum":["any","none","exists"]},{"type":"integer"}]})",
     "Version of its last event, or a word."},
};
constexpr MemberDoc kAppendBody[] = {
    {"records", "list of AppendRecord", "Written together, or not at all."},
    {"checks?", "list of AppendCheck", "What must hold for them to be written."},
    {"known?", "fail|skip", "skip: leave out what is there already."},
};
constexpr MemberDoc kIngestLine[] = {
    {"post", "text", "The route that the line stands for, such as /v1/sessions/s1/messages."},
    {"body?", "object", "What would be posted there."},
    {"idempotency_key?", "text", "Names a repeat where nothing in the body does."},
};
constexpr MemberDoc kLineError[] = {
    {"line", "count", "Number of the line, from 1."},
    {"...", "Refusal", ""},
};
constexpr MemberDoc kIngestReport[] = {
    {"lines", "count", "Lines that were taken, empty ones left out."},
    {"accepted", "count", "Of them, recorded now."},
    {"duplicates", "count", "Of them, known before."},
    {"failed", "count", "Of them, refused."},
    {"errors", "list of LineError", "Why, for the first of those refused."},
    {"errors_left_out?", "count", "How many more were refused."},
    {"position?", "Position", "The last event that was recorded or known."},
    {"at_least?", "Position", "One past it, for queries."},
    {"stopped?", "Refusal", "Why the body was not read to its end."},
};
constexpr MemberDoc kIngestResult[] = {
    {"line", "count", "Number of the line, from 1."},
    {"position?", "Position", "Of its last event."},
    {"version?", "count", "Of its last event."},
    {"duplicate?", "flag", "True when all of it was there before."},
    {"error?", "Refusal", "Why it was refused; then nothing of it is recorded."},
};
constexpr MemberDoc kEvent[] = {
    {"position", "Position", "Place in the whole log, from 0."},
    {"project", "text", "Whose it is."},
    {"stream", "text", "The stream it is of, such as session-s1."},
    {"version", "count", "Place in its stream, from 0."},
    {"type", "text", "What kind of event it is."},
    {"schema", R"({"type":"integer","minimum":1})", "Version of the type's form."},
    {"event_id", "Uuid", "The same for every repeat."},
    {"recorded_at", "Time", "When it came to the log; never decreases along it."},
    {"occurred_at?", "Time", "When it happened; absent where nobody knows."},
    {"actor?", "Uuid", "The key it was recorded with."},
    {"correlation?", "Uuid", "The event that all of a process share."},
    {"causation?", "Uuid", "The event that led to this one."},
    {"facts", "object", "What is kept for ever, by the event's type."},
    {"content?", "object", "What was said, by the event's type; absent once it is erased."},
    {"erased?", "flag", "True once its content has been destroyed."},
};
constexpr MemberDoc kEventFrame[] = {
    {"frame", "=event", "That an event follows."},
    {"...", "Event", ""},
};
constexpr MemberDoc kNextFrame[] = {
    {"frame", "checkpoint|caught_up", "caught_up: from here on it is live."},
    {"next", "Position", "The `from` that goes on behind it."},
};
constexpr MemberDoc kFellBehindFrame[] = {
    {"frame", "=fell_behind", "That the reader was too slow; nothing is left out."},
    {"next", "Position", "Where it goes on, by reading the log."},
    {"end", "Position", "How far the log is."},
};
constexpr MemberDoc kReplayEnd[] = {
    {"frame", "=end", "That the replay is over."},
    {"next", "count", "The version behind the last one told."},
};
constexpr std::string_view kTimeOrMicroseconds =
    R"({"anyOf":[{"$ref":"#/components/schemas/Time"},{"type":"integer"}]})";
constexpr MemberDoc kExportHeader[] = {
    {"hansard_export", R"({"enum":[1]})", "Version of this form."},
    {"log_id", "Uuid", "The log that it is of."},
    {"key_check", "text", "Tells whether a store key is this log's, and nothing about it."},
    {"scope", "log|project|sessions", "What was chosen."},
    {"project?", "text", "Whose events they are; absent: everybody's."},
    {"sessions?", "count", "How many were chosen."},
    {"size", "count", "Events in the log when the export began."},
    {"root", "text", "Root of the audit tree over them, in hex."},
};
constexpr MemberDoc kExportEvent[] = {
    {"position", "Position", "Place in the whole log, from 0."},
    {"project", "text", "Whose it is."},
    {"stream", "text", "The stream it is of."},
    {"version", "count", "Place in its stream, from 0."},
    {"type", "text", "What kind of event it is."},
    {"schema", R"({"type":"integer","minimum":1})", "Version of the type's form."},
    {"event_id", "Uuid", "The same for every repeat."},
    {"recorded_at", kTimeOrMicroseconds, "A time, or microseconds where no text is exact."},
    {"occurred_at?", kTimeOrMicroseconds, "When it happened, likewise."},
    {"occurred_at_by_client?", "flag", "True where the client said so."},
    {"actor?", "Uuid", "The key it was recorded with."},
    {"correlation?", "Uuid", "The event that all of a process share."},
    {"causation?", "Uuid", "The event that led to this one."},
    {"salt?", "text", "Of the commitment to its content, in hex."},
    {"commitment?", "text", "What is left of erased content, in hex."},
    {"facts?", "object", "As stored."},
    {"facts_text?", "text", "As stored, where it has line breaks."},
    {"content?", "object", "As stored."},
    {"content_text?", "text", "As stored, where it has line breaks."},
};
constexpr MemberDoc kExportEnd[] = {
    {"end", "count", "Events in this export."},
    {"size", "count", "As in the header."},
    {"root", "text", "As in the header."},
};
constexpr MemberDoc kProjection[] = {
    {"name", "text", "What it is called."},
    {"version", "count", "Which fold it is."},
    {"phase", "catching_up|live|building|stopped", "stopped: by an error that someone must see."},
    {"checkpoint", "Position", "One past the last position it has absorbed."},
    {"behind", "count", "Events it has not."},
    {"building_checkpoint?", "Position", "How far the one that will replace it is."},
    {"failed_at?", "Position", "The event it stopped at."},
    {"failed_event?", "text", "Id of that event."},
    {"error?", "text", "Why it stopped."},
    {"notice?", "text", "Why it was built anew since the start, where that was not asked for."},
};
constexpr MemberDoc kProjections[] = {
    {"projections", "list of Projection", "All of them."},
    {"checkpoint?", "Position", "The end of the log when this was told."},
};
constexpr MemberDoc kRow[] = {
    {"key", "text", "The row's key, made readable."},
    {"row", "text", "The row, made readable."},
};
constexpr MemberDoc kRows[] = {
    {"rows", "list of Row", "In the order of their keys."},
    {"next?", "text", "The `cursor` of the next page."},
    {"checkpoint", "Position", "One past the last position that the rows reflect."},
};
constexpr MemberDoc kHealth[] = {{"status", "=ok", "That the process answers."}};
constexpr MemberDoc kStoreState[] = {
    {"accepts_appends", "flag", "Whether appends are taken."},
    {"code?", "Code", "Why they are not."},
    {"error?", "text", "Why they are not, in words."},
};
constexpr MemberDoc kReadiness[] = {
    {"status", "ready|degraded|unavailable", "degraded: a view has stopped, recording goes on."},
    {"store", "StoreState", "Whether the store takes appends."},
    {"end", "Position", "One past the last visible position."},
    {"projections", "list of Projection", "Where each view stands."},
};
constexpr MemberDoc kOpenApi[] = {
    {"openapi", "text", "Version of OpenAPI."},
    {"info", "object", "What this is."},
    {"paths", "object", "Every route."},
    {"components", "object", "Schemas, and how a key is given."},
};

constexpr SchemaDoc kSchemas[] = {
    {"Violation", "A check that did not hold.", kViolation},
    {"Refusal", "Why something was refused.", kRefusal},
    {"Problem", "An error as RFC 9457 has it.", kProblem},
    {"RecordReceipt", "Where one event is.", kRecordReceipt},
    {"Receipt", "What was written, and where it is.", kReceipt},
    {"AppendRecord", "An event to be written.", kAppendRecord, Others::refused},
    {"AppendCheck", "What must hold of a stream.", kAppendCheck, Others::refused},
    {"AppendBody", "Events over any streams, all or nothing.", kAppendBody, Others::refused},
    {"IngestLine", "One line of a bulk upload: a request.", kIngestLine, Others::refused},
    {"LineError", "A line that was refused.", kLineError},
    {"IngestReport", "What became of all lines.", kIngestReport},
    {"IngestResult", "What became of one line.", kIngestResult},
    {"Event", "An event as it is told.", kEvent},
    {"EventFrame", "An event, to a follower.", kEventFrame},
    {"NextFrame", "How far a follower has been told.", kNextFrame},
    {"FellBehindFrame", "A follower was too slow for its queue.", kFellBehindFrame},
    {"ReplayEnd", "The last line of a replay.", kReplayEnd},
    {"ExportHeader", "The first line of an export.", kExportHeader},
    {"ExportEvent", "An event with all that its bytes hold.", kExportEvent},
    {"ExportEnd", "The last line of an export.", kExportEnd},
    {"Projection", "Where one view stands.", kProjection},
    {"Projections", "Where each view stands.", kProjections},
    {"Row", "One row of a view.", kRow},
    {"Rows", "A page of a view's rows.", kRows},
    {"Health", "That the process answers.", kHealth},
    {"StoreState", "Whether the store takes appends.", kStoreState},
    {"Readiness", "Whether the engine is ready.", kReadiness},
    {"OpenApi", "This document.", kOpenApi},
};

}  // namespace

std::span<const SchemaDoc> log_schemas() { return kSchemas; }

}  // namespace hansard::http
