#include "call_run.h"

#include <utility>

#include "fields.h"
#include "other_call.h"
#include "own_answer.h"
#include "request_key.h"

namespace hansard::gateway {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;
using std::chrono::steady_clock;

namespace {

/// Of a hash, kept: enough to tell requests apart.
constexpr std::size_t kRequestHashBytes = 16;
constexpr std::size_t kNameBytes = 12;

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// Hands the bytes of a run to the client.
class RunBody final : public AnswerBody {
 public:
  explicit RunBody(std::shared_ptr<CallRun> run) : run_(std::move(run)) {}
  ~RunBody() override { run_->cancel(); }
  void next(std::function<void(Result<std::string>)> done) override { run_->next(std::move(done)); }

 private:
  std::shared_ptr<CallRun> run_;
};

}  // namespace

CallRun::CallRun(const Ports& ports, Conversations& conversations, PreparedPrompts& prompts,
                 Layer& layers, const GatewayOptions& options, GatewayRequest request,
                 GatewayDone done)
    : ports_(ports),
      conversations_(conversations),
      prompts_(prompts),
      layers_(layers),
      options_(options),
      request_(std::move(request)),
      done_(std::move(done)) {}

std::uint64_t CallRun::elapsed_us() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - sent_at_)
          .count());
}

void CallRun::start() {
  auto names = take_names(request_.fields, request_.body);
  if (options_.recording != Recording::off) {
    if (auto valid = check_identity(request_.fields); !valid) {
      return refuse(Lock(mutex_), valid.error());
    }
  }
  if (!names) return begin(names.error());
  if (!names->any()) return begin({});
  ports_.post([self = shared_from_this(), names = *std::move(names)] { self->choose(names); });
}

void CallRun::draw_name() {
  if (!name_.empty()) return;
  name_ = core::to_hex(core::as_bytes(ports_.draw_random()).substr(0, kNameBytes));
}

/// Blocks on storage.
void CallRun::choose(const CallNames& names) {
  if (Lock lock(mutex_); gone_) return;
  draw_name();
  const bool post = request_.method == "POST";
  const events::Api* api = post ? events::api_at(path_of(request_.target)) : nullptr;
  const NamingCall call{names,
                        api,
                        request_.fields,
                        request_.project,
                        request_.provider,
                        name_,
                        options_.recording != Recording::off};
  auto chosen = gateway::choose(ports_, prompts_, call, request_.body);
  if (!chosen) return begin(chosen.error());
  choice_ = *std::move(chosen);
  begin({});
}

/// @param refused  why the call goes nowhere: what it names cannot be had
void CallRun::begin(const std::optional<Error>& refused) {
  if (options_.recording != Recording::off && request_.method == "POST") {
    api_ = events::api_at(path_of(request_.target));
    // What cannot be read is the provider's to refuse; it passes, and is recorded, as it came.
    if (api_ == nullptr || !read()) read_other();
  }
  if (strict()) {
    if (auto writable = ports_.writable(); !writable) {
      return refuse(Lock(mutex_),
                    {Errc::unavailable,
                     "not sent, because it could not be recorded: " + writable.error().message});
    }
  }
  {
    const Lock lock(mutex_);
    for (events::Policy& policy : choice_.policies) decided_.push_back(std::move(policy));
  }
  if (refused) return turn_down(*refused);
  send();
}

/// Answers an error of ours in the words of the API; no layer is asked.
void CallRun::turn_down(const Error& error) {
  // Two things that the call asks for exclude each other: it is no wrong request in itself.
  constexpr int kConflict = 409;
  const int status =
      error.code == Errc::rejected ? kConflict : core::traits(error.code).http_status;
  const events::Api* api = events::api_at(path_of(request_.target));
  const std::string_view type = status == 404   ? "not_found_error"
                                : status <= 499 ? "invalid_request_error"
                                                : "hansard_unavailable";
  std::string body = error_body(api, type, error.message);
  core::ProviderHead head = own_head(status, body.size());
  decided({"prompt", "refused", {}, {}});
  stopped();
  {
    const Lock lock(mutex_);
    if (gone_) return;
    exchange_ = body_at_hand(std::move(body));
  }
  head_came(std::move(head));
}

Status CallRun::read() {
  auto body = events::parse_json(request_.body);
  if (!body) return body.error();
  const bool usage = api_->usage_on_request && options_.ask_for_usage;
  Json original = usage ? *body : Json();
  const bool filters = ports_.filter != nullptr && ports_.filter->on();
  Json clean = filters ? *body : Json();
  std::string canonical = canonical_request(api_->name, *body);
  // Another provider's answer is another answer, for the cache and for playback.
  if (choice_.provider) canonical += "\n" + *choice_.provider;
  auto prompt = read_prompt(*api_, *std::move(body), conversations_.digester(request_.project),
                            choice_.given);
  if (!prompt) return prompt.error();
  streams_ = prompt->request.stream;
  if (usage && streams_) ask_for_usage(std::move(original));
  std::optional<Prompt> recorded;
  if (filters) {
    auto filtered = filtered_prompt(std::move(clean));
    if (!filtered) return filtered.error();
    recorded = *std::move(filtered);
  }
  keep(*std::move(prompt), canonical, std::move(recorded));
  return Ok{};
}

/// The prompt as it is recorded, and compared with what is on record; nothing where that is how it
/// came. All that is written of a call is made of this one, so that nothing needs to be taken out
/// later, and what a request rebuilds to is what is compared here.
Result<std::optional<Prompt>> CallRun::filtered_prompt(Json body) const {
  const events::Filter& filter = *ports_.filter;
  const core::ProjectId& project = request_.project;
  if (!filter.clean(project, body) && !filter.has_paths()) return std::optional<Prompt>();
  std::function<void(events::SessionStep&)> shape;
  if (filter.has_paths()) {
    shape = [&](events::SessionStep& step) { filter.apply(project, step); };
  }
  auto prompt =
      read_prompt(*api_, std::move(body), conversations_.digester(project), choice_.given, shape);
  if (!prompt) return prompt.error();
  if (shape && prompt->system) {
    events::ConfigureSession setting;
    setting.system = std::move(prompt->system);
    events::SessionStep step = std::move(setting);
    filter.apply(project, step);
    prompt->system = std::get<events::ConfigureSession>(step).system;
  }
  return std::optional<Prompt>(*std::move(prompt));
}

void CallRun::read_other() {
  api_ = &events::other_api();
  keep(other_prompt(request_, secrets()), request_.target + "\n" + request_.body, {});
}

/// @param hashed    tells requests apart
/// @param recorded  the prompt as it is recorded, where that is not as it came
void CallRun::keep(Prompt prompt, std::string_view hashed, std::optional<Prompt> recorded) {
  identity_ = identify(prompt.request);
  prompt.request_hash =
      core::to_hex(core::as_bytes(ports_.keyed_hash("request", request_.project.text(), hashed))
                       .substr(0, kRequestHashBytes));
  prompt_ = std::make_shared<const Prompt>(std::move(prompt));
  std::shared_ptr<const Prompt> written = prompt_;
  if (recorded) {
    recorded->request_hash = prompt_->request_hash;
    written = std::make_shared<const Prompt>(*std::move(recorded));
  }
  const auto durability = options_.recording == Recording::strict ? core::Durability::strict
                                                                  : core::Durability::relaxed;
  draw_name();
  recorder_ = std::make_shared<CallRecorder>(
      ports_, conversations_, identity_, std::move(written),
      Named{choice_.prompt, choice_.variables, choice_.variant, choice_.exposure},
      request_.received_at, durability, name_);
}

CallIdentity CallRun::identify(const events::CallRequest& request) const {
  CallIdentity identity = identity_of(request_.fields, request);
  identity.project = request_.project;
  identity.actor = request_.actor;
  return identity;
}

/// A stream tells what it cost only when it is asked to.
void CallRun::ask_for_usage(Json body) {
  Json* options = body.find("stream_options");
  if (options != nullptr && !options->is_object()) return;
  if (options == nullptr) {
    body.add("stream_options", Json::Object{{"include_usage", true}});
  } else if (Json* asked = options->find("include_usage")) {
    const bool* wanted = asked->if_boolean();
    if (wanted == nullptr || *wanted) return;
    *asked = true;
  } else {
    options->add("include_usage", true);
  }
  added_usage_ = true;
  request_.body = dump(body);
}

void CallRun::send() {
  RoutedCall routed;
  core::ProviderCall& call = routed.call;
  call.provider = request_.provider;
  call.method = request_.method;
  call.target = request_.target;
  call.fields = to_provider(request_.fields);
  // What is compressed must be one that can be read while it passes, and whole where a frame of it
  // is to be taken out.
  if (recorded()) {
    const auto accepted = find_field(call.fields, "Accept-Encoding").value_or("");
    set_field(call.fields, "Accept-Encoding",
              added_usage_ ? "identity" : readable_codings(accepted));
  }
  call.body = std::move(request_.body);
  call.deadlines = options_.deadlines;
  if (const auto route = options_.routes.find(request_.provider); route != options_.routes.end()) {
    routed.route = &route->second;
    if (route->second.deadlines) call.deadlines = route->second.deadlines;
  }
  if (!is_other()) {
    routed.api = api_;
    routed.prompt = prompt_;
  }
  routed.identity = prompt_ ? identity_ : identify({});
  routed.variant_provider = choice_.provider;
  routed.variant_model = choice_.sets_model;
  auto exchange = layers_.start(std::move(routed), shared_from_this(),
                                [self = shared_from_this()](Result<core::ProviderHead> head) {
                                  self->head_came(std::move(head));
                                });
  Lock lock(mutex_);
  if (!done_) return lock.unlock();  // refused or left meanwhile: `exchange` cancels the call
  exchange_ = std::move(exchange);
  advance(std::move(lock));
  read_ahead(Lock(mutex_));
}

void CallRun::decided(events::Policy policy) {
  const Lock lock(mutex_);
  decided_.push_back(std::move(policy));
}

void CallRun::attempt_failed(events::FailResponse failure) {
  const Lock lock(mutex_);
  redact(failure, secrets());
  failed_tokens_ += tokens_in(failure.usage);
  if (failure.usage) failed_spent_.push_back(spent_by(failure, sent_, asked_model()));
  failed_ = std::move(failure);
}

std::optional<std::string> CallRun::asked_model() const {
  return prompt_ ? prompt_->request.model : std::nullopt;
}

/// What must not be written down, whoever repeats it.
std::vector<std::string> CallRun::secrets() const {
  auto secrets = secrets_in(request_.fields, request_.target);
  for (std::string& ours : secrets_in(ports_.providers.added_fields(sent_.provider))) {
    secrets.push_back(std::move(ours));
  }
  return secrets;
}

bool CallRun::went_out() {
  const Lock lock(mutex_);
  return went_out_;
}

void CallRun::stopped() {
  const Lock lock(mutex_);
  stopped_ = true;
}

void CallRun::when_over(std::function<void(const CallEnd&)> told) {
  const Lock lock(mutex_);
  when_over_.push_back(std::move(told));
}

void CallRun::keep_answer() {
  const Lock lock(mutex_);
  keeps_answer_ = true;
}

CallRun::~CallRun() {
  // Nobody could say how it ended.
  if (went_out_ && !end_told_) tell_end(0, {});
}

/// Without the lock: nobody adds to those who are told any more.
void CallRun::tell_end(std::uint64_t tokens, std::optional<Spent> spent) {
  end_told_ = true;
  if (when_over_.empty()) return;
  CallEnd end;
  end.sent = sent_;
  if (sent_.served_from == events::ServedFrom::provider) end.tokens = failed_tokens_ + tokens;
  end.spent = std::move(failed_spent_);
  if (spent) end.spent.push_back(*std::move(spent));
  if (recorder_) end.session = recorder_->session();
  end.answer = std::exchange(kept_, nullptr);
  for (const auto& told : when_over_) told(end);
}

Outcome CallRun::outcome(std::uint64_t now) {
  std::function<bool(Json&)> clean;
  if (ports_.filter != nullptr && ports_.filter->on()) {
    clean = [this](Json& body) { return ports_.filter->clean(request_.project, body); };
  }
  return outcome_of(*api_, (*head_)->status, *tee_, recorder_->answer_ids(), now,
                    keeps_answer_ ? &kept_ : nullptr, clean);
}

void CallRun::goes_out(SentTo to) {
  Lock lock(mutex_);
  if (gone_) return;  // it comes to nothing
  sent_at_ = steady_clock::now();
  went_out_ = true;
  sent_ = to;
  if (!recorded()) return;
  const auto done = [self = shared_from_this()](Status status) { self->asked(std::move(status)); };
  to_record_.push_back([this, done, to = std::move(to), policies = std::exchange(decided_, {}),
                        failed = std::exchange(failed_, {})]() mutable {
    if (!failed) return recorder_->asked(std::move(to), std::move(policies), done);
    recorder_->asked_again(*std::move(failed), std::move(to), std::move(policies), done);
  });
  asked_.reset();
  if (!recording_) record(std::move(lock));
}

/// Records the attempt that is next in turn.
void CallRun::record(Lock lock) {
  recording_ = true;
  auto work = std::move(to_record_.front());
  to_record_.pop_front();
  lock.unlock();
  ports_.post(std::move(work));
}

void CallRun::asked(Status status) {
  Lock lock(mutex_);
  recording_ = false;
  if (!status) to_record_.clear();
  if (!to_record_.empty()) return record(std::move(lock));
  asked_ = std::move(status);
  if (gone_ && *asked_ && !concluding_) return conclude(lock, left());
  go_on(std::move(lock));  // the answer may be here already
  advance(Lock(mutex_));
}

void CallRun::head_came(Result<core::ProviderHead> head) {
  if (!went_out()) goes_out({});  // a policy kept it here: it was asked all the same
  Lock lock(mutex_);
  head_ = std::move(head);
  if (*head_) {
    const int status = (*head_)->status;
    length_ = content_length((*head_)->fields);
    // Some hosts do not stream though they were asked to.
    const bool document =
        find_field((*head_)->fields, "Content-Type").value_or("").starts_with("application/json");
    AnswerTee::Options options;
    options.streams = streams_ && !document && status >= 200 && status <= 299;
    options.drop_usage = added_usage_;
    if (is_other()) {
      options.hold_last = length_.has_value();
      options.bytes_max = kOtherBytesMax;
    }
    options.coding = find_field((*head_)->fields, "Content-Encoding").value_or("");
    tee_.emplace(api_, std::move(options));
  }
  advance(std::move(lock));
  read_ahead(Lock(mutex_));
}

/// One piece, before the client asks: while the request is still being recorded, and where the
/// provider's thread is at it anyway.
void CallRun::read_ahead(Lock lock) {
  if (!exchange_ || !tee_ || std::exchange(reads_ahead_, true)) return;
  pull(std::move(lock));
}

/// Tells the client when everything it waits for is there.
void CallRun::advance(Lock lock) {
  if (!done_ || gone_) return;
  if (strict() && asked_ && !*asked_) {
    return refuse(std::move(lock), {Errc::unavailable,
                                    "the call could not be recorded: " + asked_->error().message});
  }
  if (!head_ || !exchange_ || (recorded() && !asked_)) return;
  if (*head_) return answer(std::move(lock));
  const Error error = head_->error();
  if (!recorded() || !*asked_) return refuse(std::move(lock), error);
  if (concluding_) return;
  broken_ = error;
  conclude(lock, broken_off(*api_, error, nullptr, recorder_->answer_ids(), elapsed_us()));
}

void CallRun::refuse(Lock lock, Error error) {
  auto done = std::exchange(done_, nullptr);
  auto exchange = std::move(exchange_);
  lock.unlock();
  exchange = nullptr;  // outside the lock: waits for a call that may need it
  if (done) done(std::move(error));
}

void CallRun::answer(Lock lock) {
  GatewayAnswer answer;
  answer.status = (*head_)->status;
  answer.fields = to_client((*head_)->fields);
  if (recorded() && *asked_) recorder_->name_to_client(answer.fields);
  answer.bytes = length_;
  answer.body = std::make_unique<RunBody>(shared_from_this());
  auto done = std::exchange(done_, nullptr);
  lock.unlock();
  done(std::move(answer));
}

void CallRun::cancel() {
  Lock lock(mutex_);
  if (gone_) return;
  gone_ = true;
  done_ = nullptr;
  waiting_ = nullptr;
  auto exchange = std::move(exchange_);
  if (asked_ && *asked_ && recorded() && !concluding_) {
    conclude(lock, left());
  } else {
    lock.unlock();
  }
  exchange = nullptr;
}

}  // namespace hansard::gateway
