#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/event_log.h"
#include "support/events.h"
#include "support/log.h"

/// What the contract suite of the EventLog port needs of an implementation.
namespace hansard::contracts {

/// One log, empty at first, together with whatever it stands on (a directory, say).
class EventLogUnderTest {
 public:
  virtual ~EventLogUnderTest() = default;
  virtual core::EventLog& log() = 0;
  /// True when events survive `reopen`.
  [[nodiscard]] virtual bool persists() const = 0;
  /// Closes the log and opens it again; `log()` may be another object afterwards.
  virtual void reopen() = 0;
  /// Replaces the stored event by its erased form (`core::erase_content`), which the log serves
  /// from now on; may reopen.
  virtual void erase(core::Position position) = 0;
};

/// Makes empty logs that compare retries with `equivalence` (which outlives them).
struct EventLogFactory {
  std::string name;
  std::function<std::unique_ptr<EventLogUnderTest>(const core::EventEquivalence& equivalence)> make;
};

inline void PrintTo(const EventLogFactory& factory, std::ostream* out) { *out << factory.name; }

/// Today's shape of `Renamed` calls `name` what schema 1 called `id`: schema 1 is upcast before it
/// is compared, as a vocabulary does.
class UpcastingEquivalence final : public core::EventEquivalence {
 public:
  [[nodiscard]] bool same(const core::RecordedEvent& stored,
                          const core::NewEvent& sent) const override {
    return stored.stream == sent.stream.text() && stored.type == sent.type &&
           today(stored.schema, std::string(stored.facts)) == today(sent.schema, sent.facts) &&
           (stored.erased || stored.content == sent.content) &&
           core::same_occurred_at(stored, sent);
  }

 private:
  static std::string today(std::uint16_t schema, std::string facts) {
    const auto at = facts.find("\"id\"");
    if (schema == 1 && at != std::string::npos) facts.replace(at, 4, "\"name\"");
    return facts;
  }
};

class EventLogContract : public ::testing::TestWithParam<EventLogFactory> {
 protected:
  void SetUp() override { under_test_ = GetParam().make(equivalence_); }

  core::EventLog& log() { return under_test_->log(); }
  EventLogUnderTest& under_test() { return *under_test_; }

  core::Result<core::Receipt> append(core::AppendRequest request) {
    return support::append(log(), std::move(request));
  }
  core::Receipt must_append(core::AppendRequest request) {
    auto receipt = append(std::move(request));
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt ? *receipt : core::Receipt{};
  }
  core::Receipt must_append(std::vector<core::NewEvent> events) {
    return must_append(support::request(std::move(events)));
  }
  /// Appends, expects that error, and that nothing was written.
  core::Error must_fail(core::AppendRequest request, core::Errc code) {
    const auto end = log().end();
    auto receipt = append(std::move(request));
    EXPECT_FALSE(receipt) << "expected " << core::traits(code).name;
    if (receipt) return {};
    EXPECT_EQ(core::traits(receipt.error().code).name, core::traits(code).name)
        << receipt.error().message;
    EXPECT_EQ(log().end(), end) << "a refused append must write nothing";
    EXPECT_FALSE(receipt.error().message.empty());
    return receipt.error();
  }
  std::vector<core::OwnedEvent> stored() { return support::read_all(log()); }
  std::vector<core::OwnedEvent> stored(const std::string& stream) {
    return support::read_stream(log(), {}, support::stream(stream));
  }

 private:
  const UpcastingEquivalence equivalence_{};
  std::unique_ptr<EventLogUnderTest> under_test_;
};

}  // namespace hansard::contracts
