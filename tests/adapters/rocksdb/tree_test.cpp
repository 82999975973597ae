#include "core/tree.h"

#include <fstream>
#include <thread>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::Hash;
using core::Position;

class StoredTree : public ::testing::Test {
 protected:
  std::vector<Hash> leaves() {
    std::vector<Hash> out;
    const auto read = store_->log().read(Position{}, [&](const core::RecordedEvent& event) {
      out.push_back(core::leaf_hash(event, support::hasher()));
      return true;
    });
    EXPECT_TRUE(read);
    return out;
  }
  void expect_proofs_of_every_size(std::uint64_t from, std::uint64_t to) {
    const auto all = leaves();
    ASSERT_EQ(all.size(), to);
    for (std::uint64_t size = from; size <= to; size += 7) {
      const auto first = std::span(all).first(size);
      ASSERT_EQ(core::head_at(support::hasher(), store_->tree(), size)->root,
                core::merkle_root(support::hasher(), first));
      const std::uint64_t older = 1 + (size * 37) % size;
      ASSERT_EQ(*core::inclusion_proof(support::hasher(), store_->tree(), older - 1, size),
                core::inclusion_proof(support::hasher(), first, older - 1));
      ASSERT_EQ(*core::consistency_proof(support::hasher(), store_->tree(), older, size),
                core::consistency_proof(support::hasher(), first, older));
    }
  }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
  std::unique_ptr<RocksStore> store_ = must_open(options_);
};

TEST_F(StoredTree, ProvesEverySizeWhileItGrowsAndAfterAReopening) {
  append_events(store_->log(), 200);
  expect_proofs_of_every_size(1, 200);
  append_events(store_->log(), 500, "f");
  expect_proofs_of_every_size(1, 700);
  EXPECT_EQ(store_->tree().head(), store_->log().tree());
  store_.reset();
  options_.read_only = true;
  store_ = must_open(options_);
  expect_proofs_of_every_size(1, 700);
}

TEST_F(StoredTree, HasOnlyWhatIsVisible) {
  append_events(store_->log(), 300);
  EXPECT_EQ(store_->tree().entries(0, 0, 256)->size(), 256U);
  EXPECT_EQ(store_->tree().entries(0, 0, 3)->size(), 3U);
  EXPECT_EQ(store_->tree().entries(0, 1, 44)->size(), 44U);
  EXPECT_EQ(store_->tree().entries(0, 1, 7)->size(), 7U);
  EXPECT_EQ(store_->tree().entries(1, 0, 1)->size(), 1U);
  EXPECT_EQ(store_->tree().entries(0, 1, 45).error().code, Errc::invalid_argument);
  EXPECT_EQ(store_->tree().entries(0, 1, 0).error().code, Errc::invalid_argument);
  EXPECT_EQ(store_->tree().entries(0, 2, 1).error().code, Errc::invalid_argument);
  EXPECT_EQ(store_->tree().entries(9, 0, 1).error().code, Errc::invalid_argument);
  EXPECT_EQ(store_->tree().entries(0, ~std::uint64_t{0}, 1).error().code, Errc::invalid_argument);
}

TEST_F(StoredTree, IsReadByManyWhileItGrows) {
  append_events(store_->log(), 100);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> proved{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const core::TreeHead now = store_->tree().head();
        const auto again = core::head_at(support::hasher(), store_->tree(), now.size);
        if (again && *again == now) ++proved;
        if (!again || *again != now) stop = true;
      }
    });
  }
  append_events(store_->log(), 400, "g");
  EXPECT_FALSE(stop.exchange(true)) << "a root was not that of its size";
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(proved.load(), 0U);
}

TEST_F(StoredTree, TheEpochIsOneUnlessItsFileSaysOtherwise) {
  EXPECT_EQ(store_->epoch(), 1U);
  store_.reset();
  const auto path = directory_.data() / "keys" / "epoch";
  std::ofstream(path, std::ios::trunc) << "12\n";
  store_ = must_open(options_);
  EXPECT_EQ(store_->epoch(), 12U);
  store_.reset();
  for (const char* wrong : {"", "0\n", "01\n", "x\n", "1", "1\n2\n", "-1\n"}) {
    std::ofstream(path, std::ios::trunc) << wrong;
    const core::Error error = must_refuse(options_);
    EXPECT_EQ(error.code, Errc::corruption) << wrong;
    EXPECT_NE(error.message.find("epoch"), std::string::npos) << error.message;
  }
}

TEST_F(StoredTree, SmallFilesAreReplacedWholeAndBounded) {
  OwnFiles& files = store_->own_files();
  const auto path = store_->directory() / "checkpoint";
  EXPECT_EQ(*read_file(files, path, 10), std::nullopt);
  ASSERT_TRUE(replace_file(files, path, "first"));
  ASSERT_TRUE(replace_file(files, path, "2nd"));
  EXPECT_EQ(*read_file(files, path, 10), "2nd");
  EXPECT_EQ(*read_file(files, path, 3), "2nd");
  EXPECT_EQ(read_file(files, path, 2).error().code, Errc::corruption);
  EXPECT_EQ(read_file(files, store_->directory() / "keys", 2).error().code, Errc::corruption);
}

}  // namespace
}  // namespace hansard::rocks::testing
