#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/command_loop.h"
#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "events/session/codec.h"
#include "events/session/decider.h"
#include "importers/formats.h"
#include "importers/importer.h"
#include "importers/piece_json.h"
#include "importers/record_splitter.h"
#include "ossl/hasher.h"
#include "ossl/random.h"

/// Files taken into an engine without a disk.
namespace hansard::importers::test {

inline std::string golden(const std::string& name) {
  std::ifstream in(std::string(HANSARD_GOLDEN) + "/import/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The items of a file, as a client makes them and as they arrive; `problems` lists the lines that
/// never became one.
inline std::vector<ImportItem> items_of(const std::string& text,
                                        std::vector<std::uint64_t>* problems = nullptr) {
  std::vector<ImportItem> items;
  importers::ReaderEvents events{
      [&](importers::Piece piece) {
        const std::string sent = importers::write_item({std::move(piece), 0});
        auto arrived = importers::read_item(hansard::events::parse_json(sent).value(), "item");
        ASSERT_TRUE(arrived) << arrived.error().message << " in " << sent;
        EXPECT_EQ(importers::write_item(*arrived), sent);
        items.push_back(*std::move(arrived));
      },
      [&](std::uint64_t line, const core::Error&) {
        if (problems != nullptr) problems->push_back(line);
      }};
  importers::AutoReader reader(std::move(events), [](const importers::Format&) {});
  importers::RecordSplitter splitter(
      [&](importers::SourceRecord record) { reader.take(std::move(record)); },
      importers::is_message);
  splitter.feed(text);
  splitter.finish();
  reader.finish();
  return items;
}

/// An engine without a disk. Commands run where they are given.
class Importing : public ::testing::Test {
 protected:
  std::vector<Imported> take(std::vector<ImportItem> items) {
    std::vector<Imported> out;
    bool called = false;
    importer_.take(std::move(items), [&](std::vector<Imported> results) {
      out = std::move(results);
      called = true;
    });
    EXPECT_TRUE(called);
    return out;
  }
  std::vector<Imported> take(const std::string& file) { return take(items_of(golden(file))); }

  /// Types of a session's events, in order.
  std::vector<std::string> types(const std::string& session) {
    std::vector<std::string> seen;
    const auto stream = core::StreamId::make("session", session).value();
    const auto read = log_.read_stream({}, stream, {}, [&](const core::RecordedEvent& event) {
      seen.emplace_back(event.type);
      return true;
    });
    EXPECT_TRUE(read);
    return seen;
  }
  static std::size_t fresh(const std::vector<Imported>& results) {
    std::size_t sum = 0;
    for (const Imported& result : results) {
      EXPECT_FALSE(result.error) << result.error->message;
      sum += result.new_events;
    }
    return sum;
  }

  ossl::OpenSslHasher hasher_;
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_{hasher_, equivalence_};
  core::Hash key_{};
  core::KeyedHash keyed_hash_{hasher_, key_};
  events::SessionDecider decider_{keyed_hash_, hasher_};
  core::CommandLoop<events::SessionDecider> loop_{log_, decider_, hasher_,
                                                  [](std::function<void()> work) { work(); }};
  importers::Importer importer_{
      {},
      keyed_hash_,
      [this](core::StreamId stream, events::SessionCommand command, core::AppendDone done) {
        core::CommandContext context;
        context.stream = std::move(stream);
        context.known = core::Known::skip;
        loop_.execute(std::move(context), std::move(command), std::move(done));
      },
      ossl::random_hash};
};

}  // namespace hansard::importers::test
