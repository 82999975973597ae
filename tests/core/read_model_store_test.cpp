#include "contracts/read_model_store_contract.h"
#include "core/projection_runner.h"

namespace hansard::contracts {
namespace {

class InMemoryStoreUnderTest final : public ReadModelStoreUnderTest {
 public:
  core::ReadModelStore& store() override { return *store_; }
  [[nodiscard]] bool persists() const override { return false; }
  void reopen() override {}

 private:
  std::unique_ptr<core::ReadModelStore> store_ = core::make_in_memory_read_model_store();
};

INSTANTIATE_TEST_SUITE_P(InMemory, ReadModelStoreContract,
                         ::testing::Values(ReadModelStoreFactory{
                             "InMemory",
                             [] { return std::make_unique<InMemoryStoreUnderTest>(); }}));

TEST(ReadModelBatch, SeesItsOwnWritesOverTheStoredRows) {
  const auto store = core::make_in_memory_read_model_store();
  const core::ViewId view{"usage", 1, 0};
  store->commit(view, {{"a", "stored"}, {"b", "stored"}}, core::Position{1}).value();
  const auto base = store->open(view).value();
  core::ReadModelBatch batch(*base);
  EXPECT_EQ(*batch.get("a"), "stored");
  EXPECT_EQ(batch.get("missing"), nullptr);
  batch.put("a", "new");
  batch.put("c", "new");
  batch.erase("b");
  batch.erase("missing");  // known to be absent: nothing to delete
  batch.erase("unread");
  EXPECT_EQ(*batch.get("a"), "new");
  EXPECT_EQ(*batch.get("c"), "new");
  EXPECT_EQ(batch.get("b"), nullptr);
  batch.put("b", "again");
  EXPECT_EQ(*batch.get("b"), "again");
  EXPECT_GT(batch.row_bytes(), 10U);
  EXPECT_TRUE(batch.status());

  const std::vector<core::RowWrite> expected = {
      {"a", "new"}, {"b", "again"}, {"c", "new"}, {"unread", std::nullopt}};
  EXPECT_EQ(batch.take(), expected) << "in key order, and only what changed";
  EXPECT_EQ(batch.row_bytes(), 0U);
  EXPECT_TRUE(batch.take().empty());
  EXPECT_EQ(*batch.get("a"), "stored");
}

TEST(ReadModelBatch, ARowThatCameAndWentLeavesNoTraceUnlessOneWasStored) {
  const auto store = core::make_in_memory_read_model_store();
  const core::ViewId view{"usage", 1, 0};
  store->commit(view, {{"stored", "1"}}, core::Position{1}).value();
  const auto base = store->open(view).value();
  core::ReadModelBatch batch(*base);
  batch.put_new("passing", "1");
  batch.erase("passing");
  EXPECT_EQ(batch.get("passing"), nullptr);
  batch.erase("stored");
  batch.put_new("stored", "2");
  batch.erase("stored");
  batch.put_new("staying", "1");
  const std::vector<core::RowWrite> expected = {{"staying", "1"}, {"stored", std::nullopt}};
  EXPECT_EQ(batch.take(), expected);
  EXPECT_EQ(batch.row_bytes(), 0U);
}

}  // namespace
}  // namespace hansard::contracts
