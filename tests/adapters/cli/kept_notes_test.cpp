#include "audit/kept_notes.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ossl/ed25519.h"
#include "support/events.h"

namespace hansard::cli {
namespace {

namespace audit = events::audit;

/// Bytes of this process that are in memory.
std::uint64_t resident_bytes() {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class KeptNotesFile : public ::testing::Test {
 protected:
  KeptNotesFile() {
    std::string name = (std::filesystem::temp_directory_path() / "hansard-notes-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    EXPECT_GE(fd, 0);
    ::close(fd);
    file_ = name;
  }
  ~KeptNotesFile() override { std::filesystem::remove(file_); }

  std::string note(std::uint64_t size) const {
    const core::TreeHead tree{size, support::hasher().sha256({std::to_string(size)})};
    return to_text(audit::sign_note(support::hasher(), key_, kOrigin,
                                    to_text(audit::Checkpoint{kOrigin, tree, {}})));
  }

  static constexpr const char* kOrigin = "hansard/00000000-0000-4000-8000-000000000000/1";
  const ossl::Ed25519Key key_ = ossl::Ed25519Key::draw();
  std::string file_;
};

TEST_F(KeptNotesFile, OfYearsIsReadInMemoryThatDoesNotGrowWithIt) {
  constexpr std::uint64_t kNotes = 300'000;  // of some five weeks without a pause
  const std::string one = note(7);
  {
    std::ofstream out(file_, std::ios::binary);
    for (std::uint64_t i = 0; i < kNotes; ++i) out << one;
    out << one.substr(0, one.size() / 2);
  }
  ASSERT_GT(std::filesystem::file_size(file_), 50U << 20);
  auto notes = KeptNotes::open(file_, {});
  ASSERT_TRUE(notes);
  const std::uint64_t before = resident_bytes();
  while (true) {
    const auto kept = notes->next();
    ASSERT_TRUE(kept) << kept.error().message;
    if (!*kept) break;
    ASSERT_EQ((*kept)->checkpoint.tree.size, 7U);
  }
  EXPECT_EQ(notes->notes(), kNotes);
  EXPECT_EQ(notes->cut_off_bytes(), one.size() / 2);
  EXPECT_LT(resident_bytes(), before + (8U << 20));
  const auto last = read_last_checkpoint(file_, {{}, {key_.public_key()}});
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(last->checkpoint.tree.size, 7U);
}

TEST_F(KeptNotesFile, NamesTheNoteThatIsNotOfAKeyOfTheLog) {
  const auto other = ossl::Ed25519Key::draw();
  std::ofstream(file_, std::ios::binary) << note(1) << note(2) << note(3);
  for (const bool ours : {true, false}) {
    auto notes = KeptNotes::open(
        file_, {{}, {other.public_key(), ours ? key_.public_key() : other.public_key()}});
    ASSERT_TRUE(notes);
    const auto kept = notes->next();
    ASSERT_EQ(kept.has_value(), ours);
    if (!ours) {
      EXPECT_NE(kept.error().message.find("note 1: no key of this log"), std::string::npos);
    }
  }
}

TEST_F(KeptNotesFile, WithoutEndIsRefusedAtTheLengthOfANote) {
  std::ofstream(file_, std::ios::binary) << note(1) << std::string(1U << 20, 'x');
  auto notes = KeptNotes::open(file_, {});
  ASSERT_TRUE(notes);
  EXPECT_TRUE(*notes->next());
  const auto endless = notes->next();
  ASSERT_FALSE(endless);
  EXPECT_NE(endless.error().message.find("note 2: it has more than"), std::string::npos);
  EXPECT_FALSE(KeptNotes::open(file_ + ".none", {}));
}

}  // namespace
}  // namespace hansard::cli
