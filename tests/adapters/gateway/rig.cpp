#include "rig.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/projection_runner.h"
#include "projections/gateway_calls.h"

namespace hansard::gateway::testing {

class GatewayTest::Timer final : public core::Subscription {
 public:
  Timer(std::shared_ptr<Timers> all, Timers::key_type key) : all_(std::move(all)), key_(key) {}
  ~Timer() override { all_->erase(key_); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  std::shared_ptr<Timers> all_;
  Timers::key_type key_;
};

GatewayTest::GatewayTest()
    : memory_(support::hasher(), equivalence_),
      log_(memory_),
      keyed_hash_(support::hasher(), core::Hash{4, 7}),
      decider_(keyed_hash_, support::hasher()),
      find_sessions_([](const core::ProjectId&, const events::Digest&, std::size_t) {
        return std::vector<std::string>{};
      }) {
  restart();
}

GatewayTest::~GatewayTest() {
  holds_posts_ = false;
  log_.release();
  run_posted();
  for (auto& client : clients_) client->leave();
  run_posted();
  clients_.clear();
  provider_.calls.clear();
}

void GatewayTest::restart(GatewayOptions options) {
  // Calls that it left under way still know it when the test ends.
  if (gateway_) former_.push_back(std::move(gateway_));
  loop_.reset();
  loop_ = std::make_unique<core::CommandLoop<events::SessionDecider>>(
      log_, decider_, support::hasher(),
      [this](std::function<void()> work) { post(std::move(work)); });
  Ports ports{
      log_,
      keyed_hash_,
      clock_,
      provider_,
      [this](core::CommandContext context, events::SessionCommand command, core::AppendDone done) {
        if (filter_) filter_->apply(context.project, command);
        loop_->execute(std::move(context), std::move(command), std::move(done));
      },
      [this](const core::ProjectId& project, const events::Digest& key, std::size_t most) {
        return find_sessions_(project, key, most);
      },
      [this](std::function<void()> work) { post(std::move(work)); },
      [this] { return draw(); },
      [this] { return writable_; },
      [this] { return moment_; },
      [this](std::chrono::milliseconds time, std::function<void()> work) {
        const auto key = std::pair(moment_ + time, ++timer_);
        timers_->emplace(key, std::move(work));
        return std::make_unique<Timer>(timers_, key);
      },
      [this] { return gateway_calls(); },
      [this](const core::ProjectId& project) { return prices_.read(project); },
      &prompts_,
      &experiments_,
      [this](std::string_view provider) { return dialects_[std::string(provider)]; },
      filter_.get()};
  gateway_ = std::make_unique<Gateway>(std::move(ports), options);
}

/// Folded anew each time: what is on record, and nothing else.
core::Result<std::unique_ptr<core::ReadModel>> GatewayTest::gateway_calls() {
  if (!view_status_) return view_status_.error();
  const projections::GatewayCalls projection;
  const auto store = core::make_in_memory_read_model_store();
  const core::ViewId view{std::string(projection.name()), projection.version(), 0};
  if (auto built = core::build(log_, *store, projection, view, log_.end()); !built) {
    return built.error();
  }
  return store->open(view);
}

void GatewayTest::post(std::function<void()> work) {
  posted_.push_back(std::move(work));
  if (!holds_posts_) run_posted();
}

core::Hash GatewayTest::draw() {
  core::Hash hash = support::salt(std::to_string(++drawn_));
  if (chance_) std::memcpy(hash.data() + hash.size() - sizeof *chance_, &*chance_, sizeof *chance_);
  return hash;
}

void GatewayTest::wait(std::chrono::milliseconds time) {
  const Moment until = moment_ + time;
  while (!timers_->empty() && timers_->begin()->first.first <= until) {
    const auto first = timers_->begin();
    moment_ = std::max(moment_, first->first.first);
    const auto work = std::move(first->second);
    timers_->erase(first);
    work();
  }
  moment_ = until;
}

void GatewayTest::run_posted() {
  if (running_) return;
  running_ = true;
  while (!posted_.empty()) {
    const auto work = std::move(posted_.front());
    posted_.pop_front();
    work();
  }
  running_ = false;
}

Client& GatewayTest::send(GatewayRequest request) {
  Client& client = *clients_.emplace_back(std::make_unique<Client>());
  request.received_at = clock_.now();
  client.cancel = gateway_->call(std::move(request), client.taker());
  return client;
}

Client& GatewayTest::send(const std::string& target, std::string body,
                          std::vector<core::HttpField> fields) {
  GatewayRequest request;
  request.provider = "stub";
  request.method = "POST";
  request.target = target;
  request.fields = std::move(fields);
  request.body = std::move(body);
  return send(std::move(request));
}

Client& GatewayTest::exchange(const std::string& target, const Json& body,
                              const std::string& answer, std::vector<core::HttpField> fields,
                              int status) {
  Client& client = send(target, body, std::move(fields));
  upstream().head(status);
  upstream().piece(answer);
  upstream().end();
  EXPECT_TRUE(client.over) << (client.error ? client.error->message : "no end came");
  EXPECT_EQ(client.received, answer);
  return client;
}

std::vector<Recorded> GatewayTest::recorded() {
  const events::SessionCodec codec;
  std::vector<Recorded> found;
  const auto read = memory_.read({}, [&](const core::RecordedEvent& event) {
    const auto stream = core::StreamId::parse(event.stream);
    for (const std::string_view other : {"prompt", "experiment", "assignment"}) {
      if (stream && stream->category() == other) return true;
    }
    auto decoded = codec.decode(event);
    EXPECT_TRUE(decoded);
    if (decoded && stream) {
      found.push_back(
          {std::string(stream->name()), event.version.value, std::move(decoded->event)});
    }
    return true;
  });
  EXPECT_TRUE(read);
  return found;
}

std::string GatewayTest::story(const std::string& session) {
  std::string story;
  for (const Recorded& each : recorded()) {
    if (each.session != session) continue;
    story += std::visit(
        [](const auto& event) {
          using E = std::decay_t<decltype(event)>;
          if constexpr (std::is_same_v<E, events::SessionCreated>) return 'c';
          if constexpr (std::is_same_v<E, events::SessionConfigured>) return 's';
          if constexpr (std::is_same_v<E, events::MessageSent>) return 'm';
          if constexpr (std::is_same_v<E, events::ResponseRequested>) return 'q';
          if constexpr (std::is_same_v<E, events::ResponseReceived>) return 'r';
          if constexpr (std::is_same_v<E, events::ResponseFailed>) return 'f';
          if constexpr (std::is_same_v<E, events::ToolCalled>) return 't';
          if constexpr (std::is_same_v<E, events::ToolCompleted>) return 'd';
          if constexpr (std::is_same_v<E, events::ContextOptimized>) return 'o';
          if constexpr (std::is_same_v<E, events::SessionForked>) return 'k';
          return '?';
        },
        each.event);
  }
  return story;
}

std::vector<std::string> GatewayTest::sessions() {
  std::vector<std::string> names;
  for (const Recorded& each : recorded()) {
    if (std::find(names.begin(), names.end(), each.session) == names.end()) {
      names.push_back(each.session);
    }
  }
  return names;
}

projections::Exchange GatewayTest::rebuilt(const std::string& session, const std::string& call_id,
                                           std::uint32_t attempt) {
  const auto history = projections::SessionReader(log_).history(
      {}, core::StreamId::make("session", session).value(), {});
  EXPECT_TRUE(history) << session;
  if (!history) return {};
  auto exchange = projections::exchange_of(*history, call_id, attempt);
  EXPECT_TRUE(exchange) << exchange.error().message;
  return exchange ? *std::move(exchange) : projections::Exchange{};
}

std::string GatewayTest::raw_log() {
  std::string raw;
  const auto read = memory_.read({}, [&](const core::RecordedEvent& event) {
    raw += event.stream;
    raw += event.facts;
    raw += event.content;
    raw += '\n';
    return true;
  });
  EXPECT_TRUE(read);
  return raw;
}

}  // namespace hansard::gateway::testing
