// POST /v1/evaluations: judges answers on record without asking a model, and writes the scores
// down.
#include <atomic>
#include <mutex>

#include "events/evaluation/evaluator.h"
#include "events/session/ids.h"
#include "families.h"
#include "http/problem.h"
#include "projections/history.h"
#include "shared/receipts.h"

namespace hansard::http {

namespace {

using core::Result;
using events::bad_field;
using events::Json;

/// Sessions of one request.
constexpr std::size_t kSessionsMax = 256;
/// Answers of one request, and of one session's append.
constexpr std::size_t kAnswersMax = 5'000;
constexpr std::size_t kScoreIdBytes = 12;

/// What the body asks.
struct Question {
  std::optional<events::Evaluator> evaluator;
  std::string described;  ///< the evaluator as JSON, which tells it from others
  std::string name;       ///< of the scores
  std::vector<std::string> sessions;
  std::optional<std::string> message;
  std::optional<std::string> text;
  bool last = false;  ///< of each session only its latest answer
  bool record = true;
};

core::Status take(Question& question, const std::string& key, const Json& value) {
  const auto into = [](auto read, auto& out) -> core::Status {
    if (!read) return std::move(read.error());
    out = *std::move(read);
    return core::Ok{};
  };
  if (key == "name") return into(value.as_string(key), question.name);
  if (key == "message") return into(value.as_string(key), question.message);
  if (key == "text") return into(value.as_string(key), question.text);
  if (key == "record") return into(value.as_boolean(key), question.record);
  if (key == "evaluator") {
    question.described = dump(value);
    return into(events::Evaluator::read(value, key), question.evaluator);
  }
  if (key == "session") return into(value.as_string(key), question.sessions.emplace_back());
  if (key == "which") {
    const std::string* word = value.if_string();
    question.last = word != nullptr && *word == "last";
    if (question.last || (word != nullptr && *word == "all")) return core::Ok{};
    return bad_field(key, "expected all or last");
  }
  const auto* list = key == "sessions" ? value.if_array() : nullptr;
  if (key != "sessions") return bad_field(key, "no such field");
  if (list == nullptr) return bad_field(key, "expected a list of session ids");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto status =
        into((*list)[i].as_string(events::join_path(key, i)), question.sessions.emplace_back());
    if (!status) return status;
  }
  return core::Ok{};
}

Result<Question> read_question(const Json& body) {
  const Json::Object* members = body.if_object();
  if (members == nullptr) return bad_field("", "expected a JSON object");
  if (const auto repeated = events::first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  Question question;
  for (const auto& [key, value] : *members) {
    if (auto taken = take(question, key, value); !taken) return std::move(taken.error());
  }
  if (!question.evaluator) return bad_field("evaluator", "is missing");
  if (question.name.empty()) question.name = question.evaluator->kind();
  if (question.sessions.empty() != question.text.has_value()) {
    return bad_field("sessions", "say sessions, whose answers are judged, or a text");
  }
  if (question.sessions.size() > kSessionsMax) {
    return core::Error{core::Errc::too_large,
                       "sessions: at most " + std::to_string(kSessionsMax) + " at once",
                       "sessions"};
  }
  if (question.message && question.sessions.size() != 1) {
    return bad_field("message", "needs one session");
  }
  return question;
}

/// One answer and what is thought of it.
struct Judged {
  std::string message_id;
  events::Judgement judgement;
  std::string score_id;
};
struct JudgedSession {
  std::string session;  ///< as the client names it
  core::StreamId stream;
  std::vector<Judged> answers;
};

/// The same evaluator says the same of the same answer: it is the same score.
std::string score_id(const Context& context, const core::ProjectId& project,
                     const Question& question, std::string_view message) {
  std::string of = question.described;
  of.append("\n").append(question.name).append("\n").append(message);
  const core::Hash hash = context.keyed_hash("evaluation", project.text(), of);
  return "eval-" + core::to_hex(core::as_bytes(hash).substr(0, kScoreIdBytes));
}

Result<JudgedSession> judge_session(const Context& context, const core::ProjectId& project,
                                    const Question& question, const std::string& session) {
  auto stream = events::session_stream(project, session, context.keyed_hash);
  if (!stream) return std::move(stream.error());
  const auto history = projections::SessionReader(context.log).history(project, *stream, {});
  if (!history) {
    core::Error error = history.error();
    error.field = "sessions";
    return error;
  }
  JudgedSession judged{session, *std::move(stream), {}};
  for (const projections::Entry& entry : history->entries) {
    const auto* answer = std::get_if<events::ResponseReceived>(&entry.event);
    // What was inherited is judged where it was said; what was erased cannot be.
    if (answer == nullptr || entry.info.erased || entry.info.inherited_from) continue;
    if (question.message && answer->message_id != *question.message) continue;
    auto judgement = question.evaluator->judge(events::plain_text(answer->parts));
    if (!judgement) return std::move(judgement.error());
    if (question.last) judged.answers.clear();
    judged.answers.push_back({answer->message_id, *std::move(judgement),
                              score_id(context, project, question, answer->message_id)});
  }
  if (question.message && judged.answers.empty()) {
    return core::Error{core::Errc::not_found, "the session has no such answer", "message"};
  }
  return judged;
}

events::SessionCommand scores_of(const Context& context, const Question& question,
                                 const JudgedSession& session, core::Timestamp at) {
  events::Record record;
  for (const Judged& each : session.answers) {
    events::RecordScore score;
    score.score_id = each.score_id;
    score.target_kind = events::TargetKind::message;
    score.target_id = each.message_id;
    score.name = question.name;
    score.value = Json(each.judgement.passed);
    score.evaluator = std::string(question.evaluator->kind());
    if (!each.judgement.passed) score.comment = each.judgement.reason;
    record.steps.push_back({std::move(score), at, false});
  }
  events::SessionCommand command;
  command.meta.salt_seed = context.draw_random();
  command.body = std::move(record);
  return command;
}

Json result_json(const std::string& session, const Judged& each) {
  Json out;
  out.add("session", session);
  out.add("message_id", each.message_id);
  out.add("passed", each.judgement.passed);
  if (!each.judgement.passed) out.add("reason", each.judgement.reason);
  return out;
}

/// Answers once the scores of all sessions are on record. Thread-safe.
class Recording : public std::enable_shared_from_this<Recording> {
 public:
  Recording(const Context& context, std::vector<JudgedSession> sessions, Responder respond)
      : context_(context), sessions_(std::move(sessions)), respond_(std::move(respond)) {}

  void start(const Question& question, const Request& request) {
    left_ = 1;
    for (const JudgedSession& session : sessions_) {
      if (session.answers.empty() || !question.record) continue;
      ++left_;
      core::CommandContext with;
      with.project = request.principal.project;
      with.stream = session.stream;
      with.recorded_at = request.received_at;
      with.actor = request.principal.actor;
      with.known = core::Known::skip;
      context_.execute(std::move(with), scores_of(context_, question, session, request.received_at),
                       [self = shared_from_this()](const Result<core::Receipt>& receipt) {
                         self->recorded(receipt);
                       });
    }
    one_less();
  }

 private:
  void recorded(const Result<core::Receipt>& receipt) {
    {
      const std::lock_guard lock(mutex_);
      if (!receipt) {
        failed_ = receipt.error();
      } else {
        end_ = std::max(end_, receipt->end());
        for (const auto& each : receipt->records) ++(each.duplicate ? known_ : new_);
      }
    }
    one_less();
  }

  void one_less() {
    if (--left_ != 0) return;
    if (failed_) return respond_(problem(*failed_));
    Json results = Json::Array{};
    std::uint64_t passed = 0;
    std::uint64_t failed = 0;
    for (const JudgedSession& session : sessions_) {
      for (const Judged& each : session.answers) {
        ++(each.judgement.passed ? passed : failed);
        results.push(result_json(session.session, each));
      }
    }
    Json json;
    json.add("passed", passed);
    json.add("failed", failed);
    json.add("recorded", new_);
    json.add("known", known_);
    json.add("results", std::move(results));
    auto answer = answer_with(context_, std::move(json), std::max(end_, context_.log.end()));
    respond_(answer ? *std::move(answer) : problem(answer.error()));
  }

  const Context& context_;
  const std::vector<JudgedSession> sessions_;
  const Responder respond_;
  std::atomic<std::size_t> left_ = 0;
  std::mutex mutex_;
  // All below is guarded by mutex_ until nothing is left.
  std::optional<core::Error> failed_;
  core::Position end_;
  std::uint64_t new_ = 0;
  std::uint64_t known_ = 0;
};

/// A text that nobody recorded.
Result<Response> judge_text(const Context& context, const Question& question) {
  const auto judgement = question.evaluator->judge(*question.text);
  if (!judgement) return judgement.error();
  Json results = Json::Array{};
  Json one;
  one.add("passed", judgement->passed);
  if (!judgement->passed) one.add("reason", judgement->reason);
  results.push(std::move(one));
  Json json;
  json.add("passed", judgement->passed ? 1 : 0);
  json.add("failed", judgement->passed ? 0 : 1);
  json.add("recorded", 0);
  json.add("known", 0);
  json.add("results", std::move(results));
  return answer_with(context, std::move(json), context.log.end());
}

void evaluate(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto body = read_json_body(context, *request);
  if (!body) return respond(problem(body.error()));
  const auto question = read_question(*body);
  if (!question) return respond(problem(question.error()));
  if (question->text) {
    auto judged = judge_text(context, *question);
    return respond(judged ? *std::move(judged) : problem(judged.error()));
  }
  std::vector<JudgedSession> sessions;
  std::size_t answers = 0;
  for (const std::string& session : question->sessions) {
    auto judged = judge_session(context, request->principal.project, *question, session);
    if (!judged) return respond(problem(std::move(judged.error())));
    answers += judged->answers.size();
    if (answers > kAnswersMax || judged->answers.size() > core::kMaxAppendRecords / 2) {
      return respond(problem(core::Error{
          core::Errc::too_large, "sessions: have too many answers for one request", "sessions"}));
    }
    sessions.push_back(*std::move(judged));
  }
  std::make_shared<Recording>(context, std::move(sessions), respond)->start(*question, *request);
}

constexpr MemberDoc kEvaluationBody[] = {
    {"evaluator", "json",
     "One of exact, contains, not_contains, regex, json_schema, number: how an answer is judged."},
    {"name?", "text", "Metric of the scores; the evaluator's kind unless said."},
    {"session?", "text", "Whose answers are judged."},
    {"sessions?", "list of text", "Those of several, instead."},
    {"message?", "text", "Of one session: only this answer."},
    {"which?", "all|last", "Every answer of a session, or its latest."},
    {"record?", "flag", "Whether scores are written down; true unless said."},
    {"text?", "text", "Instead of sessions: a text to try the evaluator on."},
};
constexpr MemberDoc kEvaluationResult[] = {
    {"session?", "text", "Whose answer it is."},
    {"message_id?", "text", "Which answer."},
    {"passed", "flag", "The judgement."},
    {"reason?", "text", "Why it did not pass."},
};
constexpr MemberDoc kEvaluations[] = {
    {"passed", "count", "Answers that passed."},
    {"failed", "count", "Those that did not."},
    {"recorded", "count", "Scores written down."},
    {"known", "count", "Scores that were on record already: the same judge of the same answer."},
    {"results", "list of EvaluationResult", "One an answer, in the order asked."},
    {"checkpoint", "Position", "What a read must be given as `at_least` to see the scores."},
};
constexpr SchemaDoc kSchemas[] = {
    {"EvaluationBody", "What is judged, and how.", kEvaluationBody},
    {"EvaluationResult", "What is thought of one answer.", kEvaluationResult},
    {"Evaluations", "Answers, judged.", kEvaluations},
};
constexpr RouteDoc::Answer kAnswers[] = {{200, "application/json", "Evaluations"}};

}  // namespace

AddedRoute evaluation_route(const Context& context) {
  Route route(Method::post, "/v1/evaluations", Rule{Scope::write, Access::none});
  route.runs = Runs::pool;
  route.takes = Takes::json;
  route.doc = "Judge answers on record without a model, and record the scores";
  route.handler = [&context](const RequestPtr& request, const Responder& respond) {
    evaluate(context, request, respond);
  };
  const RouteDoc doc{Method::post, "/v1/evaluations", "", "", kAnswers};
  return {std::move(route), doc, "EvaluationBody", kSchemas};
}

}  // namespace hansard::http
