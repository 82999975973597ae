#include "call_recorder.h"

#include <algorithm>
#include <utility>

#include "events/session/ids.h"
#include "projections/echo.h"
#include "projections/history.h"

namespace hansard::gateway {

namespace {

using core::Ok;
using core::Result;
using core::Status;
using events::Json;
using events::PlaceKind;
using events::SessionEvent;
using events::SessionStep;

/// Steps of one append; what they lead to must fit `core::kMaxAppendRecords`.
constexpr std::size_t kStepsMax = 500;
/// What arguments that are no text are taken for.
constexpr std::size_t kArgumentsBytes = 4096;

std::size_t utterances_in(const projections::Said& said) {
  return static_cast<std::size_t>(
      std::count_if(said.window.begin(), said.window.end(), [](const SessionEvent& event) {
        return !std::holds_alternative<events::ToolCalled>(event);
      }));
}

/// Of the texts in them, which is what takes time to tell.
std::size_t bytes_of(const std::vector<SessionEvent>& said) {
  std::size_t bytes = 0;
  for (const SessionEvent& event : said) {
    if (const auto* answer = std::get_if<events::ResponseReceived>(&event)) {
      bytes += events::text_bytes(answer->parts);
    } else if (const auto* call = std::get_if<events::ToolCalled>(&event)) {
      const std::string* text = call->arguments.if_string();
      bytes += text != nullptr ? text->size() : kArgumentsBytes;
    }
  }
  return bytes;
}

}  // namespace

CallRecorder::CallRecorder(const Ports& ports, Conversations& conversations, CallIdentity identity,
                           std::shared_ptr<const Prompt> prompt, Named named,
                           core::Timestamp received_at, core::Durability durability,
                           std::string name)
    : ports_(ports),
      conversations_(conversations),
      identity_(std::move(identity)),
      asked_for_(std::move(prompt)),
      prompt_(*asked_for_),
      named_(std::move(named)),
      received_at_(received_at),
      durability_(durability),
      name_(std::move(name)) {}

void CallRecorder::asked(SentTo to, std::vector<events::Policy> policies, Done done) {
  sent_ = std::move(to);
  if (alone()) return ask_alone(std::move(policies), std::move(done));
  Conversations::Call call;
  call.project = identity_.project;
  call.asked = prompt_.asked;
  call.asked.retry = identity_.retry;
  call.call_id = name_;
  call.goes_on_from = prompt_.request.previous_answer;
  if (identity_.user) {
    call.asked.user_hash = events::user_hash(identity_.project, *identity_.user, ports_.keyed_hash);
  }
  if (identity_.session) {
    auto stream = events::session_stream(identity_.project, *identity_.session, ports_.keyed_hash);
    if (!stream) return done(stream.error());
    call.session = stream->name();
    call.asked.named = true;
  }
  auto place = conversations_.place(
      call, name_, [this](const Conversations::Place& found) { return adds(found); });
  if (!place) return done(place.error());
  place_ = *std::move(place);
  attempt_ = place_.placement.attempt;
  auto stream = core::StreamId::make("session", place_.session);
  if (!stream) return done(stream.error());
  stream_ = *std::move(stream);
  if (auto status = add_request(std::move(policies)); !status) return done(status.error());
  const auto finish = [self = shared_from_this(), done = std::move(done)](Status status) {
    if (!status) {
      self->conversations_.ended({self->identity_.project.text(), self->place_.session},
                                 self->place_.call_id, {});
    }
    done(std::move(status));
  };
  if (place_.placement.kind == PlaceKind::forks) return fork(finish);
  append(0, true, finish);
}

bool CallRecorder::alone() const {
  return prompt_.request.kind == events::CallKind::embedding || prompt_.api == &events::other_api();
}

/// All that it says stands in its request.
void CallRecorder::ask_alone(std::vector<events::Policy> policies, Done done) {
  place_.call_id = name_;
  auto stream = core::StreamId::make("calls", name_);
  if (!stream) return done(stream.error());
  stream_ = *std::move(stream);
  form_ = projections::request_form(*prompt_.api, {}, prompt_.request, prompt_.system_place).extra;
  steps_.emplace_back(request(std::move(policies)));
  append(0, true, std::move(done));
}

/// What the conversation is told at once; the request itself follows when its form is known.
std::vector<SessionEvent> CallRecorder::adds(const Conversations::Place& place) {
  steps_.clear();
  // What was in force where a fork leaves, the log will say.
  if (place.placement.kind != PlaceKind::forks) {
    if (auto configure = settings(place.system_hash)) steps_.push_back(*std::move(configure));
  }
  for (SessionStep& step : projections::context_changes(prompt_, place.placement, name_)) {
    steps_.push_back(std::move(step));
  }
  for (SessionStep& step : settle(prompt_, place.message_ids, name_)) {
    steps_.push_back(std::move(step));
  }
  std::vector<SessionEvent> events = events_of(steps_);
  if (place.is_new) {
    events::SessionCreated created;
    if (identity_.user) {
      created.user_hash = events::user_hash(identity_.project, *identity_.user, ports_.keyed_hash);
    }
    events.insert(events.begin(), std::move(created));
  }
  for (SessionEvent& event : events) {
    // What the decider will fill in.
    auto* configured = std::get_if<events::SessionConfigured>(&event);
    if (configured != nullptr && configured->system) {
      configured->system_hash = hash_of_system(*configured->system);
    }
  }
  events::ResponseRequested request;
  request.call_id = place.call_id;
  request.attempt = place.placement.attempt;
  events.emplace_back(std::move(request));
  return events;
}

std::string CallRecorder::hash_of_system(std::string_view text) const {
  return core::to_hex(core::as_bytes(ports_.keyed_hash("system", identity_.project.text(), text)));
}

/// System text that differs from the one in force.
std::optional<SessionStep> CallRecorder::settings(
    const std::optional<std::string>& system_hash) const {
  if (!prompt_.system) return {};
  if (system_hash == hash_of_system(*prompt_.system)) return {};
  return projections::system_setting(prompt_, name_);
}

Status CallRecorder::add_request(std::vector<events::Policy> policies) {
  projections::Said said;
  bool others_say_more = false;  // being recorded right now, or not visible yet
  if (place_.placement.kind != PlaceKind::fresh) {
    const bool leaves = place_.placement.kind == PlaceKind::forks;
    auto base = core::StreamId::make("session", leaves ? place_.placement.parent : place_.session);
    if (!base) return base.error();
    projections::AsOf as_of;
    if (leaves) as_of = projections::AsOf::at(place_.placement.at_version);
    auto history = projections::SessionReader(ports_.log).history(identity_.project, *base, as_of);
    if (!history && history.error().code != core::Errc::not_found) return history.error();
    if (history) said = projections::said_in(*std::move(history));
    if (leaves) {
      std::optional<std::string> inherited;
      if (said.system) inherited = hash_of_system(*said.system);
      if (auto configure = settings(inherited)) {
        steps_.insert(steps_.begin(), *std::move(configure));
      }
    }
    others_say_more = place_.said && *place_.said != utterances_in(said);
  }
  for (const SessionEvent& event : events_of(steps_)) projections::say(said, event);
  if (others_say_more) said.window.clear();  // it cannot be built on: the list is kept whole
  auto form = projections::request_form(*prompt_.api, said, prompt_.request, prompt_.system_place);
  form_ = std::move(form.extra);
  steps_.emplace_back(request(std::move(policies)));
  return Ok{};
}

/// The latest attempt.
events::RequestResponse CallRecorder::request(std::vector<events::Policy> policies) const {
  const events::CallRequest& asked = prompt_.request;
  events::RequestResponse request;
  request.call_id = place_.call_id;
  request.attempt = attempt_;
  request.kind = asked.kind;
  if (!sent_.provider.empty()) request.provider = sent_.provider;
  request.model = sent_.model ? sent_.model : asked.model;
  request.policies = std::move(policies);
  request.stream = asked.stream;
  request.request_hash = prompt_.request_hash;
  request.parameters = asked.parameters;
  request.tools = asked.tools;
  request.extra = form_;
  request.prompt = named_.prompt;
  request.variables = named_.variables;
  request.variant = named_.variant;
  return request;
}

/// Only a provider's answer is the variant's: what was kept, refused or played back shows nothing
/// of it.
bool CallRecorder::exposes() const {
  return named_.exposure && attempt_ == place_.placement.attempt && !sent_.provider.empty() &&
         sent_.served_from == events::ServedFrom::provider;
}

void CallRecorder::fork(Done done) {
  events::ForkSession fork;
  fork.child = place_.session;
  fork.at_version = place_.placement.at_version.value;
  fork.reason = place_.placement.reason;
  auto parent = core::StreamId::make("session", place_.placement.parent);
  if (!parent) return done(parent.error());
  core::CommandContext context;
  context.project = identity_.project;
  context.stream = *std::move(parent);
  context.recorded_at = received_at_;
  context.actor = identity_.actor;
  context.durability = durability_;
  context.may_block = true;
  events::SessionCommand command;
  command.meta.occurred_at = received_at_;
  command.meta.salt_seed = ports_.draw_random();
  command.body = SessionStep{std::move(fork)};
  ports_.execute(
      std::move(context), std::move(command),
      [self = shared_from_this(), done = std::move(done)](Result<core::Receipt> receipt) mutable {
        if (!receipt) return done(receipt.error());
        self->append(0, false, std::move(done));
      });
}

void CallRecorder::append(std::size_t from, bool may_block, Done done) {
  const std::size_t until = std::min(from + kStepsMax, steps_.size());
  std::vector<events::RecordedStep> steps;
  for (std::size_t i = from; i < until; ++i) {
    steps.push_back({std::move(steps_[i]), received_at_, false});
  }
  // The request stands last. A unit that another call has exposed meanwhile is so already.
  std::vector<events::RecordedStep> unexposed;
  std::vector<core::Check> checks;
  if (until == steps_.size() && exposes()) {
    auto unit = core::StreamId::make("assignment", named_.exposure->name);
    if (!unit) return done(unit.error());
    unexposed = steps;
    checks.push_back({*std::move(unit), core::Expected::none()});
    std::get<events::RequestResponse>(steps.back().step).exposure = named_.exposure;
  }
  auto appended = [self = shared_from_this(), until,
                   done = std::move(done)](Result<core::Receipt> receipt) mutable {
    if (!receipt) return done(receipt.error());
    if (until == self->steps_.size()) return done(Ok{});
    self->append(until, false, std::move(done));
  };
  if (checks.empty()) {
    return record(std::move(steps), Ends::nothing, may_block, {}, std::move(appended));
  }
  record(std::move(steps), Ends::nothing, may_block, std::move(checks),
         [self = shared_from_this(), unexposed = std::move(unexposed),
          appended = std::move(appended)](Result<core::Receipt> receipt) mutable {
           if (receipt || receipt.error().code != core::Errc::version_conflict) {
             return appended(std::move(receipt));
           }
           self->record(std::move(unexposed), Ends::nothing, false, {}, std::move(appended));
         });
}

void CallRecorder::record(std::vector<events::RecordedStep> steps, Ends ends, bool may_block,
                          std::vector<core::Check> checks, core::AppendDone done) {
  core::CommandContext context;
  context.project = identity_.project;
  context.stream = stream_;
  context.recorded_at = ports_.clock.now();
  context.actor = identity_.actor;
  context.known = core::Known::skip;
  context.durability = durability_;
  context.completes_answer = ends == Ends::answer;
  context.may_block = may_block;
  context.checks = std::move(checks);
  events::Record record;
  record.create.source = "gateway";
  record.create.user = identity_.user;
  if (identity_.session && *identity_.session != stream_.name()) {
    record.create.session_id = identity_.session;
  }
  record.create.agent = identity_.agent;
  record.create.tags = identity_.tags;
  record.created_at = received_at_;
  record.steps = std::move(steps);
  events::SessionCommand command;
  command.meta.salt_seed = ports_.draw_random();
  command.body = std::move(record);
  ports_.execute(std::move(context), std::move(command), std::move(done));
}

events::AnswerIds CallRecorder::answer_ids() const {
  events::AnswerIds ids;
  ids.call_id = place_.call_id;
  ids.message_id = [name = name_](std::uint32_t choice) {
    return name + ".a" + std::to_string(choice);
  };
  ids.vector_hash = [this](std::string_view bytes) {
    return ports_.keyed_hash("vectors", identity_.project.text(), bytes);
  };
  return ids;
}

void CallRecorder::name_to_client(std::vector<core::HttpField>& fields) const {
  if (!place_.session.empty()) fields.push_back({"Hansard-Session", place_.session});
  fields.push_back({"Hansard-Call", place_.call_id});
  fields.push_back({"Hansard-Message", answer_ids().message_id(0)});
}

/// The same again: what was asked stands in the call's first request, word for word.
void CallRecorder::asked_again(events::FailResponse failure, SentTo to,
                               std::vector<events::Policy> policies, Done done) {
  std::vector<SessionStep> steps;
  steps.emplace_back(told(std::move(failure)));
  sent_ = std::move(to);
  ++attempt_;
  steps.emplace_back(request(std::move(policies)));
  for (SessionEvent& event : events_of(steps)) after_.push_back(std::move(event));
  std::vector<events::RecordedStep> recorded;
  const core::Timestamp now = ports_.clock.now();
  for (SessionStep& step : steps) recorded.push_back({std::move(step), now, false});
  record(std::move(recorded), Ends::nothing, true, {},
         [done = std::move(done)](const Result<core::Receipt>& receipt) {
           done(receipt ? Status(Ok{}) : Status(receipt.error()));
         });
}

void CallRecorder::answered(std::vector<SessionStep> steps, Done done) {
  for (SessionStep& step : steps) {
    auto* answer = std::get_if<events::RecordResponse>(&step);
    if (answer == nullptr) continue;
    answer->provider = sent_.provider;
    answer->served_from = sent_.served_from;
    if (attempt_ > 1) answer->attempt = attempt_;
    projections::drop_echo(*answer, prompt_.request);
  }
  close(std::move(steps), std::move(done));
}

void CallRecorder::failed(events::FailResponse failure, Done done) {
  std::vector<SessionStep> steps;
  steps.emplace_back(told(std::move(failure)));
  close(std::move(steps), std::move(done));
}

events::FailResponse CallRecorder::told(events::FailResponse failure) const {
  failure.call_id = place_.call_id;
  failure.attempt = attempt_;
  if (!sent_.provider.empty()) failure.provider = sent_.provider;
  if (!failure.model) failure.model = sent_.model ? sent_.model : prompt_.request.model;
  return failure;
}

void CallRecorder::close(std::vector<SessionStep> steps, Done done) {
  if (ports_.filter != nullptr && ports_.filter->has_paths()) {
    // The conversation is told what will be on record.
    for (SessionStep& step : steps) ports_.filter->apply(identity_.project, step);
  }
  auto said = std::make_shared<std::vector<SessionEvent>>(std::move(after_));
  for (SessionEvent& event : events_of(steps)) said->push_back(std::move(event));
  std::vector<events::RecordedStep> recorded;
  const core::Timestamp now = ports_.clock.now();
  for (SessionStep& step : steps) recorded.push_back({std::move(step), now, false});
  const bool little = bytes_of(*said) <= core::command_loop::kFoldHereBytesMax;
  record(std::move(recorded), Ends::answer, false, {},
         [self = shared_from_this(), said, little,
          done = std::move(done)](const Result<core::Receipt>& receipt) {
           if (self->alone()) return done(receipt ? Status(Ok{}) : Status(receipt.error()));
           if (!receipt) said->clear();
           const auto status = receipt ? Status(Ok{}) : Status(receipt.error());
           const Conversations::Key key{self->identity_.project.text(), self->place_.session};
           if (little && self->conversations_.try_ended(key, self->place_.call_id, *said)) {
             return done(status);
           }
           // It may read the log, or take long, which is no work for a thread of the log.
           self->ports_.post([self, key, said, done, status] {
             self->conversations_.ended(key, self->place_.call_id, *said);
             done(status);
           });
         });
}

}  // namespace hansard::gateway
