// Recorded exchanges, through the importer into a log: both bodies can be had again from the
// events.

#include <map>

#include "../../events/real_data.h"
#include "events/dialects/apis.h"
#include "importing.h"
#include "projections/exchange.h"

namespace {

using namespace hansard;
using events::Json;
using importers::Imported;
using importers::test::golden;
using importers::test::Importing;
using importers::test::items_of;

class HttpImport : public Importing {
 protected:
  projections::History history(const std::string& session) {
    const auto stream = core::StreamId::make("session", session).value();
    auto history = projections::SessionReader(log_).history({}, stream, {});
    EXPECT_TRUE(history) << session << ": " << history.error().message;
    return history ? *std::move(history) : projections::History{};
  }
  std::set<std::string> sessions(const std::vector<Imported>& results) {
    std::set<std::string> names;
    for (const Imported& each : results) names.insert(each.session_id);
    return names;
  }
};

TEST_F(HttpImport, TheSameFileAgainAddsNothing) {
  for (const char* file : {"http.jsonl", "http.har"}) {
    EXPECT_GT(fresh(take(file)), 0U) << file;
    const core::Position end = log_.end();
    EXPECT_EQ(fresh(take(file)), 0U) << file;
    EXPECT_EQ(log_.end(), end) << file;
  }
}

TEST_F(HttpImport, AGrownFileAddsItsNewPartToTheSameConversations) {
  const std::string whole = golden("http.jsonl");
  const auto first = take(items_of(whole.substr(0, whole.find('\n') + 1)));
  ASSERT_EQ(first.size(), 1U);
  const auto all = take(items_of(whole));
  EXPECT_EQ(all[0].session_id, first[0].session_id);
  EXPECT_EQ(all[0].new_events, 0U);
  EXPECT_EQ(all[1].session_id, first[0].session_id) << "the second call goes on";
}

TEST_F(HttpImport, BothBodiesCanBeHadAgain) {
  const auto results = take("http.jsonl");
  const auto talk = history(results[0].session_id);
  const auto first = projections::exchange_of(talk, "x0").value();
  const auto line =
      events::parse_json(golden("http.jsonl").substr(0, golden("http.jsonl").find('\n')));
  EXPECT_TRUE(events::same_tree(*first.request, *line->find("request_body")))
      << dump(*first.request);
  EXPECT_TRUE(events::same_tree(*first.answer, *line->find("response_body")))
      << dump(*first.answer);
  const auto second = projections::exchange_of(talk, "x1").value();
  EXPECT_EQ(second.request->find("messages")->if_array()->size(), 4U);
  EXPECT_NE(dump(*second.answer).find("Rome."), std::string::npos);
}

/// Vectors are not kept.
void without_vectors(Json& body) {
  const auto drop = [](Json& from) {
    if (Json::Object* object = from.if_object()) {
      std::erase_if(*object, [](const Json::Member& each) {
        return each.key == "embedding" || each.key == "embeddings";
      });
    }
  };
  drop(body);
  Json* data = body.find("data");
  if (data == nullptr || !data->is_array()) return;
  for (Json& each : *data->if_array()) drop(each);
}

/// What became of the exchanges of a file of recordings.
struct Counts {
  std::size_t calls = 0, answers = 0, failures = 0, beside = 0, sessions = 0, whole = 0;
};

TEST_F(HttpImport, EveryRecordedExchangeCanBeHadAgain) {
  if (events::real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  const std::string text = events::real::expanded(
      events::real::read_file(events::real::folder() + "/http_exchanges.jsonl.zst"));
  std::vector<Json> records;
  events::real::each_line("http_exchanges.jsonl.zst",
                          [&](const Json& record) { records.push_back(record); });
  std::vector<std::uint64_t> problems;
  const auto results = take(items_of(text, &problems));
  EXPECT_TRUE(problems.empty());
  ASSERT_EQ(results.size(), records.size());
  EXPECT_GT(fresh(results), 0U);

  Counts counts;
  std::map<std::string, std::size_t> calls;  // of a session, so far
  std::map<std::string, std::size_t> reasons;
  counts.sessions = sessions(results).size();
  for (const Imported& result : results) {
    const Json& record = records[result.line - 1];
    const std::string where = *record.find("path")->if_string() + " " + dump(*record.find("n"));
    const std::string target = *record.find("target")->if_string();
    const auto* api = events::api_at(target.substr(0, target.find('?')));
    const auto talk = history(result.session_id);
    if (api == nullptr) {
      ++counts.beside;
      ++reasons[*record.find("api")->if_string()];
      continue;
    }
    ++counts.calls;
    std::string call_id = "x" + std::to_string(calls[result.session_id]++);
    std::uint32_t attempt = 1;
    std::vector<const events::ResponseRequested*> asked;
    for (const auto& entry : talk.entries) {
      if (const auto* request = std::get_if<events::ResponseRequested>(&entry.event)) {
        asked.push_back(request);
      }
    }
    ASSERT_GE(asked.size(), calls[result.session_id]) << where;
    const auto& request = *asked[calls[result.session_id] - 1];
    call_id = request.call_id;
    attempt = request.attempt;
    if (request.extra->find("messages") != nullptr) ++counts.whole;
    const auto exchange = projections::exchange_of(talk, call_id, attempt);
    ASSERT_TRUE(exchange) << where << ": " << exchange.error().message;
    const auto sent = events::parse_json(*record.find("request_body")->if_string()).value();
    EXPECT_TRUE(events::same_tree(*exchange->request, sent)) << where << "\n"
                                                             << dump(*exchange->request) << "\n"
                                                             << dump(sent);
    if (!exchange->answer) {
      ++counts.failures;
      continue;
    }
    ++counts.answers;
    if (auto came = events::parse_json(*record.find("response_body")->if_string())) {
      // Of Ollama's context only the length is kept.
      if (Json::Object* object = came->if_object()) {
        std::erase_if(*object, [](const Json::Member& each) { return each.key == "context"; });
      }
      without_vectors(*came);
      EXPECT_TRUE(events::same_tree(*exchange->answer, *came)) << where << "\n"
                                                               << dump(*exchange->answer) << "\n"
                                                               << dump(*came);
    }
  }
  std::cout << counts.calls << " calls of " << records.size() << " in " << counts.sessions
            << " sessions: " << counts.answers << " answers, " << counts.failures << " failures, "
            << counts.whole << " lists kept whole; kept beside: " << counts.beside;
  for (const auto& [reason, count] : reasons) std::cout << ", " << reason << " " << count;
  std::cout << "\n";
  EXPECT_EQ(fresh(take(items_of(text))), 0U) << "twice is once";
}

}  // namespace
