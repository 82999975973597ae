#include "writer.h"

#include <chrono>

#include "events/json.h"

namespace hansard::crash {
namespace {

using events::Json;
using std::chrono::milliseconds;

constexpr std::chrono::minutes kServerPatience{5};
constexpr milliseconds kDeadConnectionPause{20};
constexpr int kAttemptsMax = 1000;

/// Answers after which only the same request again tells what happened.
bool outcome_open(int status) {
  return status == 429 || status == 499 || status == 503 || status == 504 || status == 507;
}

std::string text_at(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : *text;
}

bool says_duplicate(const std::string& body) {
  const auto json = events::parse_json(body);
  const Json* flag = json ? json->find("duplicate") : nullptr;
  return flag != nullptr && flag->if_boolean() != nullptr && *flag->if_boolean();
}

}  // namespace

// ---- gate

void Gate::open(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  place_ = {port, place_.run + 1};
  open_ = true;
  changed_.notify_all();
}

void Gate::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  changed_.notify_all();
}

void Gate::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Gate::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void Gate::abandon() {
  const std::lock_guard lock(mutex_);
  stopped_ = abandoned_ = true;
  changed_.notify_all();
}

std::optional<Gate::Place> Gate::wait_open() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kServerPatience, [this] { return open_ || abandoned_; });
  if (!open_ || abandoned_) return {};
  return place_;
}

void Gate::wait_over(std::uint64_t run) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kDeadConnectionPause, [&] { return !open_ || place_.run != run; });
}

// ---- writer

std::optional<std::vector<Placed>> read_receipt(const std::string& body) {
  const auto json = events::parse_json(body);
  const Json* list = json ? json->find("events") : nullptr;
  if (list == nullptr || !list->is_array()) return {};
  std::vector<Placed> placed;
  for (const Json& event : *list->if_array()) {
    const Json* position = event.find("position");
    const Json* version = event.find("version");
    if (position == nullptr || version == nullptr) return {};
    const auto at = position->as_uint("position");
    const auto in_stream = version->as_uint("version");
    if (!at || !in_stream) return {};
    placed.push_back({*at, *in_stream});
  }
  return placed;
}

Writer::Writer(Script script, Gate& gate, Journal& journal,
               const std::atomic<std::size_t>& payload_bytes)
    : script_(std::move(script)),
      gate_(gate),
      journal_(journal),
      payload_bytes_(payload_bytes),
      thread_([this] { run(); }) {}

Writer::~Writer() { thread_.join(); }

void Writer::run() {
  while (gate_.wait_open() && !gate_.stopped()) play(script_.next(payload_bytes_));
}

void Writer::play(const Step& step) {
  std::optional<Journal::Id> id;
  if (!step.repeats) id = journal_.sent(step.records, step.body);
  const auto answered = send(step, id);
  if (!answered) return;
  if (step.repeats) return judge_repeat(step, answered->answer);
  if (answered->answer.status / 100 == 2) return judge_receipt(step, *id, *answered);
  judge_refusal(step, *id, answered->answer);
}

std::optional<Writer::Answered> Writer::send(const Step& step, std::optional<Journal::Id> id) {
  Answered answered;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto place = gate_.wait_open();
    if (!place) break;
    if (client_ == nullptr || client_run_ != place->run) {
      client_ = std::make_unique<HttpClient>(place->port);
      client_run_ = place->run;
    }
    if (step.relaxed_first && attempt == 0) {
      (void)client_->post(step.target, step.body, "Hansard-Durability: relaxed\r\n");
      answered.was_relaxed = true;
    }
    auto answer = client_->post(step.target, step.body);
    if (answer && !outcome_open(answer->status)) {
      answered.answer = *std::move(answer);
      return answered;
    }
    const bool may_have_happened = answer ? answer->status == 503 : client_->sent();
    if (may_have_happened) {
      answered.was_unknown = true;
      if (id) journal_.unknown(*id);
    }
    gate_.wait_over(place->run);
  }
  journal_.fault("no answer to " + step.target + " in many attempts");
  return {};
}

void Writer::fault(const Step& step, const HttpAnswer& answer, const std::string& what) {
  journal_.fault(what + ": " + step.target + " " + step.body.substr(0, 1500) + " -> " +
                 std::to_string(answer.status) + " " + answer.body.substr(0, 1500));
}

void Writer::judge_repeat(const Step& step, const HttpAnswer& answer) {
  const auto placed = read_receipt(answer.body);
  if (answer.status != 200 || !placed || !says_duplicate(answer.body)) {
    return fault(step, answer, "a repeated append is not answered as stored already");
  }
  journal_.repeated(*step.repeats, *placed);
}

void Writer::judge_receipt(const Step& step, Journal::Id id, const Answered& answered) {
  auto placed = read_receipt(answered.answer.body);
  if (!placed || placed->size() != step.records.size()) {
    return fault(step, answered.answer, "no receipt of every record");
  }
  if (!step.may_ack) fault(step, answered.answer, "accepted, but must be refused");
  const bool duplicate = says_duplicate(answered.answer.body);
  if (duplicate && !answered.was_unknown && !answered.was_relaxed) {
    fault(step, answered.answer, "stored already, but never sent before");
  }
  script_.acked(step, id, *placed);
  journal_.acked(id, *std::move(placed), duplicate && !answered.was_relaxed);
}

void Writer::judge_refusal(const Step& step, Journal::Id id, const HttpAnswer& answer) {
  const auto problem = events::parse_json(answer.body);
  const std::string code = problem ? text_at(*problem, "code") : "";
  if (code.empty() || code != step.may_refuse) {
    return fault(step, answer, "refused without a reason");
  }
  std::vector<std::string> actual;
  if (const Json* violations = problem->find("violations"); violations != nullptr) {
    for (const Json& violation : *violations->if_array()) {
      actual.push_back(text_at(violation, "actual"));
    }
  }
  if (!step.conflicts.empty() && actual != step.conflicts) {
    fault(step, answer, "the violated checks are not those, or the streams are elsewhere");
  }
  if (step.race && actual.size() != 1) fault(step, answer, "one check was violated");
  script_.refused(step, actual.empty() ? "none" : actual.front());
  journal_.refused(id, code);
}

}  // namespace hansard::crash
