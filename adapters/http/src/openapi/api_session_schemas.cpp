// What conversations look like, and the answers that explain them.
#include "openapi/api_schemas.h"

namespace hansard::http {

namespace {

using Others = SchemaDoc::Others;

constexpr std::string_view kForkReasons = "edit|retry|parallel|rerun|other";

constexpr MemberDoc kMoment[] = {
    {"version", "count", "Place in the session's stream."},
    {"position", "Position", "Place in the whole log."},
    {"recorded_at", "Time", "When it came to the log."},
};
constexpr MemberDoc kEventInfo[] = {
    {"...", "Moment", ""},
    {"occurred_at?", "Time", "When it happened; absent where nobody knows."},
    {"event_id", "Uuid", "The event that tells this."},
    {"actor?", "Uuid", "The key it was recorded with."},
    {"erased?", "flag", "True once its content has been destroyed."},
    {"inherited_from?", "text", "The session that it comes from, of a fork."},
    {"filtered?", "object", "What the filter took out before: rule and how often."},
};
constexpr MemberDoc kCounts[] = {
    {"messages", "count", "Said by people, systems and other agents."},
    {"responses", "count", "Answers of models."},
    {"calls", "count", "Calls of models that came to an end."},
    {"failures", "count", "Of them, without an answer."},
    {"tool_calls", "count", "Tools that were asked."},
    {"tool_failures", "count", "Of them, failed."},
    {"forks", "count", "Branches that left."},
    {"scores", "count", "Judgements."},
    {"calls_without_usage", "count", "Answers whose tokens nobody told."},
};
constexpr MemberDoc kTokens[] = {
    {"input_text?", "count", "Neither cached nor of another medium."},
    {"input_cache_read?", "count", "Read from a cache."},
    {"input_cache_write_5m?", "count", "Written to a cache for five minutes."},
    {"input_cache_write_1h?", "count", "Written to a cache for an hour."},
    {"input_cache_write_other?", "count", "Written to a cache, for how long is not told."},
    {"input_audio?", "count", "Of sound."},
    {"input_image?", "count", "Of pictures."},
    {"input_video?", "count", "Of films."},
    {"output_text?", "count", "Of the answer's text."},
    {"output_reasoning?", "count", "Of what was thought."},
    {"output_audio?", "count", "Of sound."},
    {"output_image?", "count", "Of pictures."},
    {"input?", "count", "Sum of the classes of input that are known."},
    {"output?", "count", "Sum of the classes of output that are known."},
};
constexpr MemberDoc kConfig[] = {
    {"provider?", "text", "Who runs the model."},
    {"model?", "text", "The model asked."},
    {"system?", "text", "The system prompt."},
    {"system_hash?", "text", "Its keyed hash, which outlives it."},
    {"tools?", "json", "Tools that were offered."},
    {"tools_hash?", "text", "Their keyed hash."},
    {"tools_count?", "count", "How many."},
    {"settings?", "json", "Everything else, as it was told."},
};
constexpr MemberDoc kOrigin[] = {
    {"session", "text", "The session it left."},
    {"at_version", "count", "The last version it shares with it."},
    {"reason?", kForkReasons, "Why it left."},
    {"found?", "flag", "False where that session is not recorded here."},
};
constexpr MemberDoc kIdentity[] = {
    {"session_id", "text", "The id as its client knows it."},
    {"stream", "text", "The stream that holds it."},
    {"project", "text", "Whose it is."},
    {"user?", "text", "Who it was with."},
    {"user_hash?", "text", "Keyed hash of the user, which outlives the name."},
    {"title?", "text", "What it is called."},
    {"agent?", "text", "The agent that answered."},
    {"app?", "text", "The application."},
    {"source?", "text", "Where it was imported from."},
    {"tags?", "map of text", "Its tags."},
    {"metadata?", "json", "What its client added."},
    {"created?", "EventInfo", "How it began; absent where nobody recorded that."},
};
constexpr MemberDoc kSessionErasure[] = {
    {"erasure_id", "text", "As /v1/erasures/{id} knows it."},
    {"state", "erasing|erased",
     "erasing: nobody reads the content any more, and it is being destroyed; erased: no file has "
     "it."},
    {"scope", "message|session|user|retention|other", "Of what, of which this session is a part."},
    {"message?", "text", "The message, where it is of one."},
    {"rule?", "text", "The rule of retention, where it is by one."},
    {"reason", "text", "As asked."},
    {"version", "count", "Of the order: what was said below it is concerned."},
    {"events?", "count", "Once erased: events of this session whose content is gone by it."},
};
constexpr MemberDoc kSessionHead[] = {
    {"...", "Identity", ""},
    {"as_of", "Moment", "The moment that this tells."},
    {"status", "open|ended", "Whether it has ended by then."},
    {"erasing?", "flag", "True while content of it is being destroyed; nobody reads it any more."},
    {"erased?", "flag", "True where by one of its erasures content of what is shown is gone."},
    {"erasures?", "list of SessionErasure", "What was ordered about its content by then."},
    {"forked_from?", "Origin", "Where it branched off."},
};
constexpr MemberDoc kSession[] = {
    {"...", "SessionHead", ""},
    {"first_recorded_at", "Time", "When its first event came to the log."},
    {"last_recorded_at", "Time", "When its last one did."},
    {"first_occurred_at?", "Time", "The earliest time that was told."},
    {"last_occurred_at?", "Time", "The latest one."},
    {"counts", "Counts", "How many of everything."},
    {"tokens", "Tokens", "Sums of all that were told."},
    {"config", "Config", "Its settings at that moment."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kSessionListing[] = {
    {"session_id", "text", "The id as its client knows it."},
    {"stream", "text", "The stream that holds it."},
    {"status", "active|open|ended", "active: its last event is recent."},
    {"user?", "text", "Who it was with."},
    {"user_hash?", "text", "Keyed hash of the user."},
    {"title?", "text", "What it is called."},
    {"preview?", "text", "How its first message begins."},
    {"agent?", "text", "The agent that answered."},
    {"app?", "text", "The application."},
    {"source?", "text", "Where it was imported from."},
    {"tags?", "map of text", "Its tags."},
    {"models", "list of text", "Models that answered."},
    {"models_left_out?", "flag", "True where there were more."},
    {"forked_from?", "Origin", "Where it branched off."},
    {"last_activity_at", "Time", "When the last thing happened."},
    {"first_recorded_at", "Time", "When its first event came to the log."},
    {"last_recorded_at", "Time", "When its last one did."},
    {"first_occurred_at?", "Time", "The earliest time that was told."},
    {"last_occurred_at?", "Time", "The latest one."},
    {"head_version", "count", "Version of its last event."},
    {"counts", "Counts", "How many of everything."},
    {"tokens", "Tokens", "Sums of all that were told."},
    {"erasing?", "flag", "True while content of it is being destroyed; nobody reads it any more."},
    {"erased?", "flag", "True where some of its content was erased."},
};
constexpr MemberDoc kSessions[] = {
    {"sessions", "list of SessionListing", "Latest activity first."},
    {"next?", "text", "The `cursor` of the next page."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kPart[] = {
    {"type", "text",
     "text, image, audio, file, thinking, refusal, tool_call, tool_result, or other."},
    {"tool?", "text", "Of a tool_call or its result: the tool."},
    {"arguments?", "json", "Of a tool_call: what was asked."},
    {"outcome?", "EventInfo", "Of a tool_call: the event that told what came of it."},
    {"result?", "json", "What came of it; absent once it is erased."},
    {"error?", "json", "Why it failed; absent once it is erased."},
    {"error_type?", "text", "What kind of failure."},
    {"duration_us?", "count", "How long it took, in microseconds."},
    {"orphan?", "flag", "True of a result whose call nobody recorded."},
};
constexpr MemberDoc kMessage[] = {
    {"role", "system|developer|user|agent|assistant|tool|summary|other",
     "Who says it; summary: what stands for messages that are no longer sent."},
    {"message_id?", "text", "Its id in the session."},
    {"name?", "text", "Name of who says it."},
    {"parts", "list of MessagePart", "What is said, each tool call in its place."},
    {"metadata?", "json", "What the client added."},
    {"extra?", "json", "What the source said besides, verbatim."},
    {"call_id?", "text", "Of an answer: the call."},
    {"choice?", "count", "Of several answers to one call: which; absent: the first."},
    {"provider?", "text", "Who ran the model."},
    {"model?", "text", "The model that answered."},
    {"finish_reason?", "stop|length|tool_call|content_filter|pause|error|cancelled|unknown|other",
     "Why it ended."},
    {"finish_reason_raw?", "text", "The same in the provider's words."},
    {"usage?", "Tokens", "Tokens of the call."},
    {"usage_source?", "provider|estimated|imported|unknown|other", "Who counted them."},
    {"served_from?", "provider|cache|playback|other", "Where the answer came from."},
    {"ttft_us?", "count", "Microseconds until its first token."},
    {"latency_us?", "count", "Microseconds until its last."},
    {"summary_of?", "list of text", "Of a summary: the messages it stands for."},
    {"...", "EventInfo", ""},
};
constexpr MemberDoc kSessionEvent[] = {
    {"type", "text", "What kind of event it is; its facts and content stand beside this."},
    {"...", "EventInfo", ""},
};
constexpr MemberDoc kHistory[] = {
    {"...", "SessionHead", ""},
    {"inherited_cut?", "flag", "True where not all that a fork inherited could be read."},
    {"messages", "list of Message", "The conversation, in order."},
    {"events", "list of SessionEvent", "Everything else that happened, in order."},
    {"unknown_events?", "count", "Events of types that this build does not know."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kWindowTokens[] = {
    {"count", "count", "Tokens of the window, as the last answer reported them."},
    {"reported_at_version", "count", "That answer's version."},
    {"inherited_from?", "text", "The session that it comes from, of a fork."},
};
constexpr MemberDoc kContextWindow[] = {
    {"...", "Identity", ""},
    {"as_of", "Moment", "The moment that this tells."},
    {"config", "Config", "Settings at that moment."},
    {"messages", "list of Message", "What a model would be sent next."},
    {"removed", "list of text", "Messages of the history that it would not be sent."},
    {"tokens?", "WindowTokens", "How large the window was when last counted."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kSessionEvents[] = {
    {"stream", "text", "The stream that holds the session."},
    {"events", "list of Event", "Its events, in order."},
    {"next?", "count", "The `from` of the next page."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kDiffSide[] = {
    {"session", "text", "Name of the session."},
    {"as_of", "Moment", "The moment compared."},
    {"status", "open|ended", "Whether it has ended by then."},
};
constexpr MemberDoc kDiffPart[] = {
    {"event_count", "count", "Events that only this side has."},
    {"messages", "list of Message", "The messages among them."},
    {"events", "list of SessionEvent", "The others."},
    {"counts", "Counts", "How many of everything."},
    {"tokens", "Tokens", "Sums of all that were told."},
    {"window", "list of text", "Messages that only this side would send to a model."},
};
constexpr MemberDoc kChange[] = {
    {"from?", "json", "What it was; absent: not set."},
    {"to?", "json", "What it is; absent: not set any more."},
};
constexpr MemberDoc kDiff[] = {
    {"project", "text", "Whose sessions they are."},
    {"from", "DiffSide", "What is compared."},
    {"to", "DiffSide", "What it is compared with."},
    {"common_events", "count", "Events that both have."},
    {"added", "DiffPart", "What only `to` has."},
    {"removed", "DiffPart", "What only `from` has."},
    {"config", "map of Change", "Settings that differ, by name."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kWhyWindow[] = {
    {"source", "recorded|by_version|inferred", "How the window is known."},
    {"up_to_version?", "count", "The last version that it can hold."},
    {"messages", "list of Message", "What the model was sent."},
};
constexpr MemberDoc kPolicy[] = {
    {"name", "text", "What was applied."},
    {"outcome", "text", "What came of it."},
    {"target?", "text", "What it was about: a provider, a limit."},
    {"wait_us?", "count", "Microseconds for which it held the call back."},
};
constexpr MemberDoc kPrompt[] = {
    {"name", "text", "The prompt used."},
    {"version?", R"({"type":["string","integer"]})", "Its version, as its maker names it."},
    {"label?", "text", "The label that named the version when the call was made."},
    {"variables?", "json", "What it was rendered with, defaults included; absent once erased."},
};
constexpr MemberDoc kBuckets[] = {
    {"variant", "text", "A variant."},
    {"from", "count", "Its first bucket, of 10,000."},
    {"until", "count", "One past its last."},
};
constexpr MemberDoc kAssignment[] = {
    {"unit_kind", "user|session|request|other", "What is assigned as a whole."},
    {"unit?", "text", "The unit as the application calls it."},
    {"variant", "text", "The variant on record for it."},
    {"edition", "count", "Of the shares that it was drawn by."},
    {"bucket?", "count", "That it fell into; absent: the application chose."},
    {"buckets", "list of WhyBuckets", "What the shares gave to each variant."},
    {"position", "Position", "Where the exposure stands in the log."},
    {"recorded_at", "Time", "When it was recorded."},
    {"session?", "text", "The session of the call that exposed it."},
    {"call_id?", "text", "That call."},
    {"by_this_call", "flag", "Whether it was the call asked about."},
};
constexpr MemberDoc kVariant[] = {
    {"experiment", "text", "The experiment that the call was part of."},
    {"variant", "text", "The variant it was given."},
    {"assignment?", "WhyAssignment", "Why that one; absent where its unit was never exposed."},
};
constexpr MemberDoc kAttempt[] = {
    {"attempt", "count", "Number of the attempt."},
    {"request?", "SessionEvent", "How the model was asked."},
    {"failure?", "SessionEvent", "Why there was no answer."},
};
constexpr MemberDoc kUnknown[] = {
    {"what", "text", "What is not known."},
    {"why", "text", "Why it is not."},
};
constexpr MemberDoc kWhy[] = {
    {"session", "text", "Name of the session asked about."},
    {"project", "text", "Whose it is."},
    {"call_id", "text", "The call."},
    {"recorded_in?", "text", "The session that recorded it, where a fork inherited it."},
    {"answers", "list of Message", "What the model said, one for each choice."},
    {"window", "WhyWindow", "What the model was sent."},
    {"config", "Config", "Settings when it was asked."},
    {"policies?", "list of Policy", "What was applied on the way, in order."},
    {"prompt?", "PromptUsed", "The managed prompt behind it."},
    {"variant?", "Variant", "The experiment behind it."},
    {"parameters?", "json", "Parameters of the request."},
    {"optimisations", "list of SessionEvent", "What had shortened the window."},
    {"attempts", "list of Attempt", "Every attempt at this call."},
    {"unknown", "list of Unknown", "What nobody recorded."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kForkNode[] = {
    {"session", "text", "Name of the session."},
    {"at_version?", "count", "Where it left the one above it."},
    {"reason?", kForkReasons, "Why it left."},
    {"found?", "flag", "False where it is not recorded here; then nothing more is told."},
    {"title?", "text", "What it is called."},
    {"status?", "open|ended", "Whether it has ended."},
    {"events?", "count", "Events of its own."},
    {"messages?", "count", "Messages of its own."},
    {"forks?", "list of ForkNode", "Those that left it."},
};
constexpr MemberDoc kForks[] = {
    {"session", "text", "The session asked about."},
    {"project", "text", "Whose it is."},
    {"cut?", "flag", "True where the tree is larger than what is told."},
    {"tree", "ForkNode", "The first conversation, and all that left it."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kDurations[] = {
    {"count", "count", "How many were told; nothing else where that is 0."},
    {"sum_us?", "count", "Their sum, in microseconds."},
    {"avg_us?", "count", "Their average."},
    {"min_us?", "count", "The shortest."},
    {"max_us?", "count", "The longest."},
};
constexpr MemberDoc kUsageTotal[] = {
    {"calls", "count", "Calls of models that came to an end."},
    {"failures", "count", "Of them, without an answer."},
    {"calls_without_usage", "count", "Answers whose tokens nobody told."},
    {"tokens", "Tokens", "Sums of all that were told."},
    {"latency", "Durations", "Until the last token."},
    {"ttft", "Durations", "Until the first one."},
    {"calls_estimated?", "count", "Calls whose tokens are an estimate."},
    {"cost?", "Money", "Of calls that a provider served; absent: none has a price."},
    {"saved_cost?", "Money", "What answers from a cache or the record would have cost."},
    {"cost_as_model?", "Money", "What the calls would have cost at `as_model`."},
    {"calls_unpriced?", "count", "Calls with tokens and no known price: not in the cost."},
    {"calls_partly_priced?", "count", "Calls of which some tokens have no price."},
    {"calls_cost_estimated?", "count", "Calls whose cost rests on an assumption."},
};
constexpr MemberDoc kUsageGroup[] = {
    {"...", "UsageTotal", ""},
    {"day?", "text", "UTC, or unknown."},
    {"user?", "text or null", "Null: nobody said."},
    {"user_hash?", "text", "Keyed hash of the user."},
    {"session?", "text or null", "The session."},
    {"provider?", "text or null", "Null: nobody said."},
    {"model?", "text or null", "Null: nobody said."},
    {"erased?", "flag", "True where the name has been erased."},
};
constexpr MemberDoc kUsageSums[] = {
    {"group_by", "list of day|user|session|provider|model", "As asked."},
    {"groups", "list of UsageGroup", "One for each that occurs."},
    {"total", "UsageTotal", "All of them together."},
    {"undated_calls_left_out?", "count", "Calls without a time, where days were chosen."},
    {"books?", "list of text", "Price books that the costs rest on, with their versions."},
    {"checkpoint", "Position", "One past the last position that this reflects."},
};
constexpr MemberDoc kSnippetPiece[] = {
    {"text", "text", "A piece of the text."},
    {"match?", "flag", "True where it is what was searched for."},
};
constexpr MemberDoc kSearchHit[] = {
    {"session_id", "text", "Id of the session."},
    {"stream", "text", "Its stream."},
    {"user?", "text", "Whom the session is with."},
    {"agent?", "text", "The session's agent."},
    {"kind", "message|answer|failed_answer|system|tool_call|tool_result|tool_error",
     "What the text was."},
    {"role", "system|developer|user|agent|assistant|tool|other", "Who said it."},
    {"message_id?", "text", "Of the message or answer."},
    {"tool?", "text", "Of a tool call or its outcome."},
    {"provider?", "text", "Of an answer."},
    {"model?", "text", "Of an answer."},
    {"snippet", "list of SnippetPiece", "In order; together they are one stretch of the text."},
    {"cut_before?", "flag", "True where there is text in front of it."},
    {"cut_after?", "flag", "True where there is text behind it."},
    {"place", "count", "Which of the session's messages and answers it is, from 1."},
    {"places", "count", "How many there are."},
    {"score", R"({"type":"number"})", "Higher is better; comparable within one answer only."},
    {"at", "Time", "The earlier of when it happened and when it was recorded."},
    {"recorded_at", "Time", "When it came to the log."},
    {"occurred_at?", "Time", "When it happened."},
    {"version", "count", "Place in the stream."},
    {"position", "Position", "Place in the whole log."},
    {"event_id", "Uuid", "Of the event that holds the text."},
};
constexpr MemberDoc kSearchResults[] = {
    {"hits", "list of SearchHit", "Best first."},
    {"matched", "count", "Texts that match, or were ranked before it was enough."},
    {"more?", "flag", "True where there are more, older ones, which were not ranked."},
    {"next?", "text", "The `cursor` of the next page."},
    {"checkpoint", "Position", "One past the last position that the index holds."},
};

constexpr SchemaDoc kSchemas[] = {
    {"Moment", "A moment in the life of a session.", kMoment},
    {"EventInfo", "Which event tells something.", kEventInfo},
    {"Counts", "How many of everything.", kCounts},
    {"Tokens", "Tokens by disjoint classes; unknown is absent, never 0.", kTokens},
    {"Config", "Settings of a session.", kConfig},
    {"Origin", "Where a session branched off.", kOrigin},
    {"Identity", "Which session it is, and what is known of it.", kIdentity},
    {"SessionErasure", "An erasure, as its session tells it.", kSessionErasure},
    {"SessionHead", "A session at a moment.", kSessionHead},
    {"Session", "A session in a few lines.", kSession},
    {"SessionListing", "A session in the directory.", kSessionListing},
    {"Sessions", "A page of the directory.", kSessions},
    {"MessagePart", "A part as it was said, with the members of its kind.", kPart,
     Others::verbatim},
    {"Message", "A message of a conversation.", kMessage},
    {"SessionEvent", "An event that is no message.", kSessionEvent, Others::verbatim},
    {"History", "A conversation, message by message.", kHistory},
    {"WindowTokens", "How large a window is.", kWindowTokens},
    {"ContextWindow", "What a model would be sent next.", kContextWindow},
    {"SessionEvents", "A page of a session's own events.", kSessionEvents},
    {"DiffSide", "One side of a comparison.", kDiffSide},
    {"DiffPart", "What only one side has.", kDiffPart},
    {"Change", "A setting that differs.", kChange},
    {"Diff", "What differs between two moments.", kDiff},
    {"WhyWindow", "What a model was sent.", kWhyWindow},
    {"Policy", "A policy on the way of a call.", kPolicy},
    {"PromptUsed", "The version of a prompt that a call was made with.", kPrompt},
    {"WhyBuckets", "A variant's buckets.", kBuckets},
    {"WhyAssignment", "How a unit came to its variant.", kAssignment},
    {"Variant", "A variant of an experiment.", kVariant},
    {"Attempt", "One attempt at a call.", kAttempt},
    {"Unknown", "Something that nobody recorded.", kUnknown},
    {"Why", "How one answer came to be.", kWhy},
    {"ForkNode", "A session in the tree of forks.", kForkNode},
    {"Forks", "The tree of sessions that share a beginning.", kForks},
    {"Durations", "Durations of calls.", kDurations},
    {"UsageTotal", "Sums over calls.", kUsageTotal},
    {"UsageGroup", "Sums over the calls of one group.", kUsageGroup},
    {"UsageSums", "Tokens, calls, failures and latency.", kUsageSums},
    {"SnippetPiece", "A piece of a text, marked where it matches.", kSnippetPiece},
    {"SearchHit", "A text that was found.", kSearchHit},
    {"SearchResults", "A page of what was found.", kSearchResults},
};

}  // namespace

std::span<const SchemaDoc> session_schemas() { return kSchemas; }

}  // namespace hansard::http
