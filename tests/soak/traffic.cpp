#include "traffic.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <fstream>

#include "http_client.h"
#include "live_load.h"
#include "server_process.h"

namespace hansard::soak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kProblemsKept = 20;
constexpr std::size_t kSessionsKept = 512;

std::string text_of(bench::TextSource& text, std::size_t typical) {
  std::string out;
  text.words(1 + text.number() % (2 * typical), out);
  return out;
}

std::string parts(const std::string& text) {
  return R"("parts":[{"type":"text","text":")" + text + R"("}])";
}

}  // namespace

std::vector<std::array<std::string, 2>> conversation(const std::string& name,
                                                     bench::TextSource& text) {
  const std::string path = "/v1/sessions/" + name;
  std::vector<std::array<std::string, 2>> commands;
  commands.push_back({"/v1/sessions", R"({"session_id":")" + name + R"(","user":"user-)" +
                                          std::to_string(text.number() % 500) +
                                          R"(","agent":"helpdesk","tags":{"team":"soak"}})"});
  const std::size_t turns = 1 + text.number() % 8;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    const std::string n = std::to_string(turn);
    const std::string call = R"("call_id":"c)" + n + R"(")";
    const std::string model = R"("provider":"openai","model":"gpt-4o-2024-08-06")";
    commands.push_back({path + "/messages", R"({"message_id":"q)" + n + R"(","role":"user",)" +
                                                parts(text_of(text, 700)) + "}"});
    commands.push_back({path + "/requests", "{" + call + "," + model + "}"});
    const std::string usage =
        R"("usage":{"input_text":900,"output_text":210},"usage_source":"provider","latency_us":900000)";
    if (text.number() % 3 == 0) {
      const std::string tool =
          R"("tool_call_id":"t)" + n + R"(","message_id":"a)" + n + R"(","index":0)";
      commands.push_back(
          {path + "/responses",
           "{" + call + R"(,"message_id":"a)" + n + R"(",)" + model + "," + usage +
               R"(,"finish_reason":"tool_call","parts":[{"type":"tool_call","tool_call_id":"t)" +
               n + R"(","index":0}]})"});
      commands.push_back({path + "/tool-calls", "{" + tool +
                                                    R"(,"tool":"search","arguments":{"query":")" +
                                                    text_of(text, 100) + R"("}})"});
      commands.push_back(
          {path + "/tool-results", "{" + tool + R"(,"output":")" + text_of(text, 1500) + R"("})"});
      continue;
    }
    commands.push_back({path + "/responses", "{" + call + R"(,"message_id":"a)" + n + R"(",)" +
                                                 model + "," + usage + "," +
                                                 parts(text_of(text, 900)) + "}"});
  }
  if (text.number() % 2 == 0) commands.push_back({path + "/end", R"({"reason":"done"})"});
  return commands;
}

Traffic::Traffic(std::uint16_t port, std::filesystem::path scratch, TrafficOptions options)
    : port_(port), scratch_(std::move(scratch)), options_(options) {
  std::filesystem::create_directories(scratch_);
}

Traffic::~Traffic() { stop(); }

void Traffic::start() {
  for (std::size_t i = 0; i < options_.writers; ++i) actor([this, i] { write(i); });
  for (std::size_t i = 0; i < options_.readers; ++i) actor([this, i] { read(i); });
  actor([this] { subscribe(); });
  actor([this] { follow(); });
  actor([this] { import(); });
  actor([this] { leave_early(); });
}

void Traffic::stop() {
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Traffic::actor(const std::function<void()>& body) {
  threads_.emplace_back([this, body] {
    try {
      body();
    } catch (const std::exception& thrown) {
      fail(thrown.what());
    }
  });
}

void Traffic::write(std::size_t writer) {
  bench::TextSource text(options_.seed * 1000 + writer);
  crash::HttpClient client(port_);
  const auto interval = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
      static_cast<double>(options_.writers) / options_.commands_per_second));
  auto due = Clock::now();
  for (std::uint64_t number = 0; !stopping_; ++number) {
    const std::string name = "w" + std::to_string(writer) + "-" + std::to_string(number);
    bool created = false;
    for (const auto& [target, body] : conversation(name, text)) {
      if (stopping_) return;
      pause(due - Clock::now());
      due = std::max(due + interval, Clock::now());
      const auto start = Clock::now();
      const auto answer = client.post(target, body);
      const auto answered = Clock::now();
      took("command", answered - start);
      if (!answer) return fail("no answer to a command");
      if (answer->status != 201) return fail(target + ": " + answer->body);
      ++commands_;
      if (target.ends_with("/messages")) acknowledged(answer->body, answered);
      if (!created) remember(name);
      created = true;
    }
  }
}

void Traffic::read(std::size_t reader) {
  Random random(options_.seed * 2000 + reader);
  crash::HttpClient client(port_);
  const auto interval = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
      static_cast<double>(options_.readers) / options_.reads_per_second));
  struct Question {
    const char* kind;
    std::string target;
  };
  for (std::uint64_t turn = reader; !stopping_; ++turn) {
    pause(interval);
    const std::string session = some_session(random);
    if (session.empty()) continue;
    const std::string path = "/v1/sessions/" + session;
    const std::array<Question, 10> questions{{{"history", path + "/history"},
                                              {"history", path + "/history?as_of=v3"},
                                              {"session", path},
                                              {"context", path + "/context"},
                                              {"session events", path + "/events"},
                                              {"sessions", "/v1/sessions?limit=50"},
                                              {"sessions", "/v1/sessions?tag=team:soak&limit=20"},
                                              {"usage", "/v1/usage?by=model"},
                                              {"events", "/v1/events?last=50"},
                                              {"metrics", "/metrics"}}};
    const Question& question = questions[turn % questions.size()];
    const auto start = Clock::now();
    const auto answer = client.get(question.target);
    took(question.kind, Clock::now() - start);
    if (!answer) return fail(std::string("no answer to a reader of ") + question.kind);
    // A session younger than three events has no version 3 yet.
    const bool young = question.target.ends_with("as_of=v3") && answer->status / 100 == 4;
    if (answer->status != 200 && !young) return fail(question.target + ": " + answer->body);
  }
}

void Traffic::subscribe() {
  while (!stopping_) {
    bench::LiveLoad live(port_, options_.subscribers, "/v1/live?type=MessageSent");
    {
      const std::lock_guard lock(mutex_);
      receipts_.emplace();
    }
    pause(options_.subscribed);
    const auto arrivals = live.stop();
    live_events_ += arrivals.size();
    const std::lock_guard lock(mutex_);
    for (const auto& arrival : arrivals) {
      // Those of imports, or whose writer is still to hear of them, have no receipt here.
      const auto receipt = receipts_->find(arrival.position);
      if (receipt == receipts_->end()) continue;
      latencies_["live"].add(std::max(arrival.at - receipt->second, Clock::duration::zero()));
    }
    receipts_.reset();
  }
}

void Traffic::acknowledged(const std::string& receipt, Clock::time_point at) {
  // The position in a receipt is the member behind the list of events.
  constexpr std::string_view kKey = R"("position":)";
  const std::size_t found = receipt.rfind(kKey);
  if (found == std::string::npos) return fail("a receipt without position: " + receipt);
  const std::uint64_t position = std::strtoull(&receipt[found + kKey.size()], nullptr, 10);
  const std::lock_guard lock(mutex_);
  if (receipts_) receipts_->emplace(position, at);
}

/// Reads the tail of the log again and again, on a connection each.
void Traffic::follow() {
  while (!stopping_) {
    crash::HttpClient client(port_);
    std::uint64_t lines = 0;
    const auto status =
        client.get_lines("/v1/events?last=2000", [&](std::string_view) { ++lines; });
    if (!status || *status != 200) return fail("the log cannot be read");
    if (lines > 2000) return fail("more was read than was asked for");
    pause(milliseconds(500));
  }
}

/// A file of conversations, imported twice: the second time is a repetition.
void Traffic::import() {
  bench::TextSource text(options_.seed * 3000);
  const auto file = scratch_ / "conversations.jsonl";
  const std::string url = "http://127.0.0.1:" + std::to_string(port_);
  while (!stopping_) {
    std::ofstream out(file, std::ios::trunc);
    for (std::size_t i = 0; i < options_.import_conversations; ++i) {
      out << R"({"messages":[{"role":"user","content":")" << text_of(text, 600)
          << R"("},{"role":"assistant","content":")" << text_of(text, 900) << "\"}]}\n";
    }
    out.close();
    for (int time = 0; time < 2; ++time) {
      const auto start = Clock::now();
      const auto done = crash::run({"import", "--url", url, file.string()}, scratch_);
      took("import of a file", Clock::now() - start);
      if (!done.ending || done.ending->exit_code != 0) return fail("import: " + done.errors);
    }
    ++imports_;
    pause(options_.between_imports);
  }
}

/// Connects, says half of something, and is gone.
void Traffic::leave_early() {
  Random random(options_.seed * 4000);
  const std::string request =
      "POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: 1000\r\n\r\n{\"session_id\":\"never\"";
  while (!stopping_) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    if (connected) {
      const ssize_t sent = ::send(fd, request.data(), random() % request.size(), MSG_NOSIGNAL);
      if (sent < 0) fail("half a request was refused");
      const linger now{1, 0};
      if (random() % 2 == 0) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(fd);
    if (!connected) return fail("a connection was refused");
    pause(milliseconds(50));
  }
}

void Traffic::fail(const std::string& what) {
  failed_ = true;
  const std::lock_guard lock(mutex_);
  if (problems_.size() < kProblemsKept) problems_.push_back(what);
}

void Traffic::took(const std::string& kind, Clock::duration time) {
  const std::lock_guard lock(mutex_);
  latencies_[kind].add(time);
}

/// Keeps to a rate; ends early when everybody is to leave.
void Traffic::pause(Clock::duration time) {
  constexpr Clock::duration kStep = milliseconds(50);
  const auto end = Clock::now() + time;
  for (auto now = Clock::now(); now < end && !stopping_; now = Clock::now()) {
    std::this_thread::sleep_for(std::min(kStep, end - now));
  }
}

void Traffic::remember(const std::string& session) {
  const std::lock_guard lock(mutex_);
  if (sessions_.size() < kSessionsKept) {
    sessions_.push_back(session);
  } else {
    sessions_[next_session_++ % kSessionsKept] = session;
  }
}

std::string Traffic::some_session(Random& random) {
  const std::lock_guard lock(mutex_);
  return sessions_.empty() ? std::string() : sessions_[random() % sessions_.size()];
}

}  // namespace hansard::soak
