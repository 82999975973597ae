#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include "core/in_memory_event_log.h"
#include "projections/json.h"
#include "projections/registry.h"
#include "recorder.h"

/// How fast do the views fold? `projections_rates [events] [rounds] [view]`: a synthetic log in
/// memory, then, interleaved, a scan of it that decodes every event and a build of each view;
/// medians and spread. The shape of the log: 512 sessions going on at a time, 20 events each: a
/// creation, then turns of a question, a request, an answer, a tool call and its result; about 1 KB
/// an event.
namespace hansard::projections::test {
namespace {

std::string noise(std::mt19937_64& random, std::size_t bytes) {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz     ";
  std::string text(bytes, ' ');
  for (char& c : text) c = kLetters[random() % kLetters.size()];
  return text;
}

class Synthetic {
 public:
  explicit Synthetic(std::uint64_t events) {
    std::vector<std::pair<std::string, int>> going(512);
    for (std::uint64_t i = 0; i < events; ++i) {
      auto& [name, at] = going[random_() % going.size()];
      if (at % 20 == 0) name = "s" + std::to_string(i);
      write("session-" + name, name, at++ % 20);
    }
    flush();
  }
  core::InMemoryEventLog& log() { return log_; }

 private:
  void write(const std::string& stream, const std::string& session, int step) {
    const std::string id = "m" + std::to_string(step);
    if (step == 0) {
      events::SessionCreated created;
      created.user = "user" + std::to_string(random_() % 5000);
      created.user_hash = events::user_hash({}, *created.user, keyed_hash());
      created.agent = "agent" + std::to_string(random_() % 10);
      return add(stream, session, created);
    }
    switch (step % 5) {
      case 1: {
        events::MessageSent sent;
        sent.message_id = id;
        sent.parts = {events::Part::make_text(noise(random_, 700))};
        return add(stream, session, sent);
      }
      case 2: {
        events::ResponseRequested requested;
        requested.call_id = "call-" + id;
        requested.provider = "openai";
        requested.model = "gpt-4o-2024-08-06";
        requested.window = events::Window{static_cast<std::uint64_t>(step), {}};
        requested.parameters = events::Json(noise(random_, 200));
        return add(stream, session, requested);
      }
      case 3: {
        auto answer = response(id, noise(random_, 700), "gpt-4o-2024-08-06",
                               tokens(random_() % 8000, random_() % 800));
        answer.usage->input_cache_read = random_() % 4000;
        answer.finish_reason = events::FinishReason::stop;
        answer.usage_source = events::UsageSource::provider;
        answer.ttft_us = random_() % 900'000;
        answer.latency_us = 900'000 + random_() % 9'000'000;
        return add(stream, session, answer);
      }
      case 4: {
        auto call = tool_call("m" + std::to_string(step - 1), 0, "call_" + noise(random_, 24));
        call.arguments = events::Json(noise(random_, 300));
        return add(stream, session, call);
      }
      default: {
        events::ToolCompleted done;
        done.tool_call_id = "call_x";
        done.message_id = "m" + std::to_string(step - 2);
        done.index = 0;
        done.output = events::Json(noise(random_, 900));
        return add(stream, session, done);
      }
    }
  }

  void add(const std::string& stream, const std::string& session,
           const events::SessionEvent& event) {
    const auto encoded = codec_.encode(event);
    core::NewEvent record;
    record.stream = support::stream(stream);
    record.type = encoded.type;
    record.id = support::event_id(session + " " + std::to_string(next_));
    record.occurred_at = support::at_us(day_us(20'000) + static_cast<std::int64_t>(next_) * 5000);
    record.facts = encoded.facts;
    record.content = encoded.content;
    record.salt = support::salt(session);
    core::seal(record, support::hasher());
    ++next_;
    batch_.push_back(std::move(record));
    if (batch_.size() == 16) flush();
  }

  void flush() {
    if (batch_.empty()) return;
    auto request = support::request(std::exchange(batch_, {}));
    request.recorded_at = support::at_us(day_us(20'000) + static_cast<std::int64_t>(next_) * 5000);
    const auto receipt = support::append(log_, std::move(request));
    HANSARD_ASSERT(receipt, receipt.error().message.c_str());
  }

  std::mt19937_64 random_{42};
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_{support::hasher(), equivalence_};
  events::SessionCodec codec_;
  std::vector<core::NewEvent> batch_;
  std::uint64_t next_ = 0;
};

/// Processor time of this thread: what else the machine does is not the fold's cost.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class F>
double seconds(F&& work) {
  const double start = cpu_seconds();
  work();
  return cpu_seconds() - start;
}

void report(const std::string& name, std::vector<double> times, double events, double scan) {
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("%-10s %8.0f thousand events/s  (%.0f..%.0f)  %.2f of the scan\n", name.c_str(),
              events / median / 1000, events / times.back() / 1000, events / times.front() / 1000,
              scan / median);
}

/// Processor time of reading a session of 50 messages and writing it as JSON.
void time_history(int rounds) {
  Recorder recorder;
  std::mt19937_64 random(7);
  recorder.create("s1", "ada");
  for (int turn = 0; turn < 25; ++turn) {
    const std::string id = std::to_string(turn);
    recorder.say("s1", "q" + id, noise(random, 500));
    recorder.answer("s1", response("a" + id, noise(random, 700), "big", tokens(900, 100)));
    recorder.add("session-s1", tool_call("a" + id, 0, "t" + id));
    events::ToolCompleted done;
    done.tool_call_id = "t" + id;
    done.output = events::Json(noise(random, 800));
    recorder.add("session-s1", done);
  }
  const SessionReader reader(recorder.log());
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(rounds) * 100);
  std::size_t bytes = 0;
  for (int round = 0; round < rounds * 100; ++round) {
    times.push_back(seconds([&] {
      const auto history = reader.history({}, support::stream("session-s1"), AsOf::head());
      bytes = events::dump(to_json(history.value())).size();
    }));
  }
  std::sort(times.begin(), times.end());
  std::printf(
      "history of 50 messages and 25 tool calls, %zu bytes of JSON: p50 %.0f us, p99 %.0f us\n",
      bytes, times[times.size() / 2] * 1e6, times[times.size() * 99 / 100] * 1e6);
}

int run(std::uint64_t events, int rounds, std::string_view only) {
  Synthetic synthetic(events);
  const auto& log = synthetic.log();
  auto projections = all(test::keyed_hash());
  if (!only.empty()) {
    std::erase_if(projections, [&](const auto& projection) { return projection->name() != only; });
  }
  std::vector<double> scans;
  scans.reserve(static_cast<std::size_t>(rounds));
  std::vector<std::vector<double>> builds(projections.size());
  for (int round = 0; round < rounds; ++round) {
    std::uint64_t bytes = 0;
    scans.push_back(seconds([&] {
      log.read({},
               [&](const core::RecordedEvent& event) {
                 bytes += event.header.size() + event.facts.size() + event.content.size();
                 return true;
               })
          .value();
    }));
    if (round == 0) std::printf("%.0f bytes an event\n", double(bytes) / double(events));
    for (std::size_t i = 0; i < projections.size(); ++i) {
      builds[i].push_back(seconds([&] { const Built built(log, *projections[i]); }));
    }
  }
  std::sort(scans.begin(), scans.end());
  const double scan = scans[scans.size() / 2];
  report("scan", scans, double(events), scan);
  for (std::size_t i = 0; i < projections.size(); ++i) {
    report(std::string(projections[i]->name()), builds[i], double(events), scan);
  }
  time_history(rounds);
  return 0;
}

}  // namespace
}  // namespace hansard::projections::test

int main(int argc, char** argv) {
  const auto number = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  return hansard::projections::test::run(number(1, 2'000), static_cast<int>(number(2, 3)),
                                         argc > 3 ? argv[3] : "");
}
