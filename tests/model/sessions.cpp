#include <deque>
#include <future>
#include <map>
#include <set>

#include "core/command_loop.h"
#include "driver.h"
#include "events/session/decider.h"
#include "events/session/ids.h"
#include "support/events.h"
#include "support/log.h"

namespace hansard::model {
namespace {

using core::Errc;

const core::KeyedHash& keyed_hash() {
  static const core::KeyedHash instance(support::hasher(), support::salt("store key"));
  return instance;
}
const events::SessionDecider& decider() {
  static const events::SessionDecider instance(keyed_hash(), support::hasher());
  return instance;
}

/// A session as its rules describe it: where each fact is, and what was said in it.
struct Session {
  struct Fact {
    std::uint64_t version = 0;
    std::uint64_t position = 0;
    std::string text;
  };
  std::vector<std::uint64_t> positions;
  std::optional<Fact> created;
  std::map<std::string, Fact> messages;
  bool ended = false;
  std::optional<Fact> last_end;
  std::optional<Fact> last_reopening;
};

enum class Kind : std::uint8_t { create, say, end, reopen };

struct Command {
  Kind kind = Kind::create;
  std::size_t session = 0;
  std::string name;  ///< message_id
  std::string text;  ///< title, text or comment: what differs when an id is reused
};

std::string describe(const Command& command) {
  static constexpr const char* kNames[] = {"create", "say", "end", "reopen"};
  return std::string(kNames[static_cast<std::size_t>(command.kind)]) + " s" +
         std::to_string(command.session) + " " + command.name + " '" + command.text + "'";
}

class SessionRun {
 public:
  SessionRun(Subject& subject, const RunOptions& options)
      : subject_(subject), options_(options), random_(options.seed), sessions_(options.streams) {
    open();
  }

  std::optional<std::string> run() {
    for (std::uint64_t i = 0; i < options_.operations; ++i) {
      if (options_.faults && draw(200) == 0) subject_.plan_fault(random_);
      const Command command = this->command();
      trace_.push_back(describe(command));
      if (trace_.size() > 40) trace_.pop_front();
      std::string wrong = apply(command);
      if (wrong.empty() && options_.faults && draw(600) == 0) wrong = restart();
      if (wrong.empty()) continue;
      wrong += "\nin command " + std::to_string(i) + " of seed " + std::to_string(options_.seed) +
               ", the last of:";
      for (const std::string& line : trace_) wrong += "\n  " + line;
      return wrong;
    }
    return {};
  }

 private:
  using Loop = core::CommandLoop<events::SessionDecider>;

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  void open() {
    loop_ = std::make_unique<Loop>(subject_.log(), decider(), support::hasher(),
                                   [](const std::function<void()>& work) { work(); });
  }
  static core::StreamId stream(std::size_t session) {
    return support::stream("session-s" + std::to_string(session));
  }

  Command command() {
    Command command;
    command.session = draw(sessions_.size());
    const std::uint64_t kind = draw(20);
    command.kind = kind < 2    ? Kind::create
                   : kind < 16 ? Kind::say
                   : kind < 18 ? Kind::end
                               : Kind::reopen;
    const std::size_t said = sessions_[command.session].messages.size();
    command.name = "m" + std::to_string(draw(3) == 0 ? draw(said + 1) : said);
    command.text = draw(30) == 0 ? "another" : "usual";
    if (command.kind == Kind::say) command.text += command.name;
    return command;
  }

  static events::SessionCommand build(const Command& command, std::uint8_t salt) {
    events::SessionCommand built;
    built.meta.salt_seed.fill(salt);
    switch (command.kind) {
      case Kind::create: {
        events::CreateSession create;
        create.title = command.text;
        built.body = create;
        break;
      }
      case Kind::say: {
        events::SendMessage say;
        say.message_id = command.name;
        say.parts = {events::Part::make_text(command.text)};
        built.body = events::SessionStep(say);
        break;
      }
      case Kind::end: {
        events::EndSession end;
        end.comment = command.text;
        built.body = events::SessionStep(end);
        break;
      }
      case Kind::reopen: {
        events::ReopenSession reopen;
        reopen.comment = command.text;
        built.body = events::SessionStep(reopen);
      }
    }
    return built;
  }

  /// What the rules say: an error, a known fact, or (neither) a new one.
  struct Ruling {
    std::optional<Errc> error;
    const Session::Fact* known = nullptr;
  };
  static Ruling known(const Session::Fact& fact, const Command& command) {
    if (fact.text != command.text) return {Errc::id_reused, nullptr};
    return {std::nullopt, &fact};
  }
  [[nodiscard]] static Ruling judge(const Session& session, const Command& command) {
    if (command.kind == Kind::create) {
      return session.created ? known(*session.created, command) : Ruling{};
    }
    if (!session.created) return {Errc::not_found, nullptr};
    switch (command.kind) {
      case Kind::say: {
        const auto said = session.messages.find(command.name);
        if (said != session.messages.end()) return known(said->second, command);
        return session.ended ? Ruling{Errc::rejected, nullptr} : Ruling{};
      }
      case Kind::end:
        return session.ended ? known(*session.last_end, command) : Ruling{};
      default:
        if (session.ended) return {};
        if (!session.last_reopening) return {Errc::rejected, nullptr};
        return known(*session.last_reopening, command);
    }
  }
  void note(Session& session, const Command& command) {
    const Session::Fact fact{session.positions.size(), size_, command.text};
    session.positions.push_back(size_++);
    owners_.push_back(command.session);
    switch (command.kind) {
      case Kind::create:
        session.created = fact;
        break;
      case Kind::say:
        session.messages[command.name] = fact;
        break;
      case Kind::end:
        session.ended = true;
        session.last_end = fact;
        break;
      case Kind::reopen:
        session.ended = false;
        session.last_reopening = fact;
    }
  }

  core::Result<core::Receipt> execute(const Command& command) {
    auto promise = std::make_shared<std::promise<core::Result<core::Receipt>>>();
    auto answer = promise->get_future();
    core::CommandContext context;
    context.stream = stream(command.session);
    context.recorded_at = support::at_us(1'000'000);
    loop_->execute(
        std::move(context), build(command, static_cast<std::uint8_t>(1 + draw(255))),
        [promise](core::Result<core::Receipt> receipt) { promise->set_value(std::move(receipt)); });
    return answer.get();
  }

  std::string apply(const Command& command) {
    Session& session = sessions_[command.session];
    const Ruling ruling = judge(session, command);
    auto answer = execute(command);
    bool lost_answer = false;
    for (int again = 0; !answer && answer.error().code == Errc::unavailable; ++again) {
      lost_answer = true;
      if (!options_.faults) return "unavailable: " + answer.error().message;
      if (again == kUnavailableMax || !subject_.wait_until_serving()) {
        return "unavailable for good: " + answer.error().message;
      }
      if (!subject_.has_power()) {
        if (auto wrong = restart(); !wrong.empty()) return wrong;
      }
      answer = execute(command);
    }
    if (!answer) {
      const std::string_view code = traits(answer.error().code).name;
      if (!ruling.error) return "refused: " + std::string(code) + ", " + answer.error().message;
      if (*ruling.error == answer.error().code) return {};
      return "refused as " + std::string(code) + " instead of " +
             std::string(traits(*ruling.error).name);
    }
    if (ruling.error) return "accepted instead of " + std::string(traits(*ruling.error).name);
    const core::RecordReceipt& told = answer->records.front();
    const Session::Fact must = ruling.known != nullptr
                                   ? *ruling.known
                                   : Session::Fact{session.positions.size(), size_, command.text};
    const bool duplicate = ruling.known != nullptr;
    if (ruling.known == nullptr) note(session, command);
    if (told.position.value != must.position || told.version.value != must.version ||
        (told.duplicate != duplicate && !lost_answer)) {
      return "told at position " + std::to_string(told.position.value) + ", version " +
             std::to_string(told.version.value) + "; must be " + std::to_string(must.position) +
             ", " + std::to_string(must.version) + (duplicate ? ", a duplicate" : "");
    }
    return {};
  }

  /// Every answer was strict, so a restart changes nothing. (What was never answered is sent
  /// again.)
  std::string restart() {
    trace_.push_back("restart");
    loop_.reset();
    if (auto failed = subject_.restart(random_)) return *failed;
    open();
    const std::uint64_t end = subject_.log().end().value;
    if (end < size_) return "position " + std::to_string(end) + " was acknowledged and is lost";
    if (end > size_ + 1) return "there are events that nobody sent";
    std::vector<std::uint64_t> versions(sessions_.size());
    std::string wrong;
    const auto read = subject_.log().read({}, [&](const core::RecordedEvent& event) {
      if (event.position.value >= size_) return false;
      const std::size_t owner = owners_[event.position.value];
      if (event.stream != stream(owner).text() || event.version.value != versions[owner]++) {
        wrong = "position " + std::to_string(event.position.value) + " is in another place";
      }
      return wrong.empty();
    });
    if (!read) return "unreadable: " + read.error().message;
    return wrong;
  }

  Subject& subject_;
  const RunOptions options_;
  std::mt19937_64 random_;
  std::vector<Session> sessions_;
  std::vector<std::size_t> owners_;  ///< session of each position
  std::uint64_t size_ = 0;
  std::unique_ptr<Loop> loop_;
  std::deque<std::string> trace_;
};

}  // namespace

std::optional<std::string> run_sessions(Subject& subject, const RunOptions& options) {
  return SessionRun(subject, options).run();
}

}  // namespace hansard::model
