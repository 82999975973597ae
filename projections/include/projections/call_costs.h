#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/ids.h"
#include "core/position.h"
#include "projections/prices.h"
#include "projections/query/query.h"

namespace hansard::projections {

/// The books whose prices an answer rests on. Thread-safe.
class BooksUsed {
 public:
  struct Book {
    std::string project;  ///< `_log`: everybody's
    std::string book;
    std::string version;
    auto operator<=>(const Book&) const = default;
  };
  void add(std::string_view project, const events::pricing::PublishedPrice& price);
  /// In order.
  [[nodiscard]] std::vector<Book> list() const;

 private:
  mutable std::mutex mutex_;
  std::map<Book, bool> books_;
};

struct CostOptions {
  /// Prices as published before this.
  core::Position prices_as_of = events::pricing::PriceBook::kAll;
  /// What every call would have cost, had it been one of another model. Its tier is still its own.
  struct Model {
    std::string provider;  ///< empty: its maker
    std::string model;
  };
  std::optional<Model> as = {};
  /// Told of the books that were looked into; may be null.
  std::shared_ptr<BooksUsed> used = {};
};

/// Costs of rows of `calls` in `project`: tokens of each class by the price in force when the call
/// occurred, in the service tier that the answer names. A call without a time has no cost.
///
/// A pricer keeps what it learns of a model (`kCardsMax` at most, then it begins anew), so a row
/// costs a lookup and twelve products: about 16 ns when calls are of few models.
query::CostHook cost_hook(std::shared_ptr<const Prices> prices, core::ProjectId project,
                          CostOptions options = {});

/// Models times providers times tiers that one pricer knows at a time.
inline constexpr std::size_t kCardsMax = 16'384;

}  // namespace hansard::projections
