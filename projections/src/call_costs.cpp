#include "projections/call_costs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <unordered_map>
#include <utility>

#include "events/pricing/rate_card.h"
#include "projections/facts/reader.h"

namespace hansard::projections {
namespace {

using core::Result;
using events::pricing::Match;
using events::pricing::PicoUsd;
using events::pricing::Quote;
using events::pricing::RateCard;
using events::pricing::Rates;
using events::pricing::ResolvedRates;
using events::pricing::ServiceTier;
using facts::Column;
using facts::kNull;
using facts::Row;
using query::CallCost;

constexpr std::size_t kClasses = events::pricing::kTokenClasses;
constexpr std::size_t kInputClasses = 8;
constexpr std::uint32_t kAllClasses = (1U << kClasses) - 1;
constexpr std::size_t kFirstClass = facts::index_of(Column::input_text);
/// With fewer tokens in each class no sum of products leaves 64 bits, whatever the prices.
constexpr std::int64_t kFewTokens = std::int64_t{1} << 25;
static_assert(events::pricing::kMaxPicoPerToken <
              std::numeric_limits<PicoUsd>::max() / kFewTokens / static_cast<PicoUsd>(kClasses));

/// Rates as the loop over classes wants them: no branches.
struct Band {
  struct Class {
    std::int64_t rate = 0;         ///< 0 where there is none
    std::int64_t none = 0;         ///< all bits where there is no rate
    std::int64_t is_estimate = 0;  ///< all bits where it is an assumption
  };
  std::int64_t from = 0;  ///< input tokens
  std::array<Class, kClasses> of;
};

Band band_of(const ResolvedRates& rates) {
  Band band;
  band.from = static_cast<std::int64_t>(
      std::min<std::uint64_t>(rates.from, std::numeric_limits<std::int64_t>::max()));
  for (std::size_t i = 0; i < kClasses; ++i) {
    const bool priced = rates.rates.pico[i] != Rates::kNone;
    const auto each = static_cast<events::pricing::TokenClass>(i);
    band.of[i] = {priced ? rates.rates.pico[i] : 0, priced ? 0 : -1,
                  rates.estimated.has(each) ? -1 : 0};
  }
  return band;
}

/// A price from a moment on, ready for many calls.
struct Step {
  Step(const Quote::Step& of, const events::pricing::Conditions& conditions)
      : from(of.from.time_since_epoch().count()), match(of.match) {
    if (!match) return;
    card.emplace(match.price->entry.price, conditions);
    for (const ResolvedRates& each : card->resolved()) bands.push_back(band_of(each));
    if (!match.price->entry.effective_from && match.price->collected_at) {
      backdated_before = match.price->collected_at->time_since_epoch().count();
    }
  }
  std::int64_t from;
  Match match;
  std::optional<RateCard> card;
  std::vector<Band> bands;
  std::int64_t backdated_before = std::numeric_limits<std::int64_t>::min();
  bool told = false;  ///< to `BooksUsed`
};

/// What calls of one model, provider and tier cost through time.
struct Card {
  std::vector<Step> steps;  ///< by rising `from`
  std::size_t latest = 0;   ///< the step of the call before

  Step* at(std::int64_t time) {
    if (steps.empty() || time < steps.front().from) return nullptr;
    const bool same =
        time >= steps[latest].from && (latest + 1 == steps.size() || time < steps[latest + 1].from);
    if (!same) {
      const auto after =
          std::upper_bound(steps.begin(), steps.end(), time,
                           [](std::int64_t t, const Step& step) { return t < step.from; });
      latest = static_cast<std::size_t>(after - steps.begin()) - 1;
    }
    return &steps[latest];
  }
};

/// Ids of texts; -1 where the call does not say.
struct CardKey {
  std::int64_t provider = -1;
  std::int64_t model = -1;
  std::int64_t tier = -1;
  bool operator==(const CardKey&) const = default;
  [[nodiscard]] std::size_t hash() const {
    auto mixed = static_cast<std::uint64_t>(model) * 0x9E3779B97F4A7C15U;
    mixed ^= static_cast<std::uint64_t>(provider) * 0xC2B2AE3D27D4EB4FU;
    mixed ^= static_cast<std::uint64_t>(tier) * 0x165667B19E3779F9U;
    return static_cast<std::size_t>(mixed ^ (mixed >> 29));
  }
};

struct CardKeyHash {
  std::size_t operator()(const CardKey& key) const { return key.hash(); }
};

/// One thread's.
class CallPricer {
 public:
  CallPricer(const facts::Reader& reader, std::shared_ptr<const Prices> prices, std::string project,
             const CostOptions& options)
      : reader_(reader),
        prices_(std::move(prices)),
        project_(std::move(project)),
        options_(options) {}

  std::optional<CallCost> operator()(const Row& row) {
    const std::int64_t known = row[facts::index_of(Column::token_classes)];
    const std::int64_t time = row[facts::index_of(Column::occurred_at)];
    // Usage that names no class says as little as none.
    if (known == kNull || known == 0 || time == kNull) return std::nullopt;
    Card* card = card_of(row);
    Step* step = card == nullptr ? nullptr : card->at(time);
    if (step == nullptr || !step->match) return std::nullopt;
    if (!step->told) tell(*step);

    const bool assumed = step->match.provider_assumed || time < step->backdated_before;
    const std::int64_t* tokens = &row[kFirstClass];
    const auto classes = static_cast<std::uint32_t>(known) & kAllClasses;
    const Band* band = &step->bands.front();
    if (step->bands.size() > 1) band = band_for(*step, tokens, classes);
    std::int64_t sum = 0;
    std::int64_t unpriced = 0;
    std::int64_t priced = 0;
    std::int64_t estimated = 0;
    std::int64_t largest = 0;
    for (std::uint32_t left = classes; left != 0; left &= left - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(left));
      const Band::Class& rate = band->of[i];
      const std::int64_t count = tokens[i];
      largest |= count;
      // Wraps where there are very many: such a sum is not used.
      sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                      static_cast<std::uint64_t>(count) *
                                          static_cast<std::uint64_t>(rate.rate));
      unpriced |= count & rate.none;
      priced |= count & ~rate.none;
      estimated |= count & rate.is_estimate;
    }
    if (largest >= kFewTokens || !step->card->whole()) {
      return slowly(*step, tokens, classes, assumed);
    }
    if (unpriced != 0 && priced == 0) return std::nullopt;
    return CallCost{sum, unpriced == 0, assumed || estimated != 0};
  }

 private:
  static const Band* band_for(const Step& step, const std::int64_t* tokens, std::uint32_t classes) {
    std::uint64_t input = 0;
    for (std::size_t i = 0; i < kInputClasses; ++i) {
      if ((classes >> i & 1U) == 0) continue;
      const auto more = static_cast<std::uint64_t>(tokens[i]);
      if (__builtin_add_overflow(input, more, &input)) input = ~std::uint64_t{0};
    }
    const Band* band = &step.bands.front();
    for (const Band& each : step.bands) {
      if (input >= static_cast<std::uint64_t>(each.from)) band = &each;
    }
    return band;
  }

  /// With counts or prices that need care.
  static std::optional<CallCost> slowly(const Step& step, const std::int64_t* tokens,
                                        std::uint32_t classes, bool assumed) {
    events::pricing::TokenCounts counts;
    for (std::size_t i = 0; i < kClasses; ++i) {
      if ((classes >> i & 1U) == 0) continue;
      counts.set(static_cast<events::pricing::TokenClass>(i),
                 static_cast<std::uint64_t>(tokens[i]));
    }
    const events::pricing::Cost cost = step.card->cost(counts);
    bool something = cost.complete();
    for (std::size_t i = 0; i < kClasses; ++i) {
      const auto each = static_cast<events::pricing::TokenClass>(i);
      something = something || (counts[each] != 0 && !cost.unpriced.has(each));
    }
    if (!something) return std::nullopt;
    return CallCost{cost.pico_usd, cost.complete(), assumed || !cost.estimated.empty()};
  }

  /// Null when the call's texts cannot be read: it then has no cost.
  Card* card_of(const Row& row) {
    CardKey key;
    if (!options_.as) {
      key.provider = row[facts::index_of(Column::provider)];
      key.model = row[facts::index_of(Column::model)];
    }
    key.tier = row[facts::index_of(Column::service_tier)];
    Near& near = near_[key.hash() % near_.size()];
    if (near.card != nullptr && near.key == key) return near.card;
    auto found = cards_.find(key);
    if (found == cards_.end()) {
      if (cards_.size() >= kCardsMax) {
        cards_.clear();
        near_ = {};
      }
      auto card = make(key);
      if (!card) return nullptr;
      found = cards_.emplace(key, std::move(*card)).first;
    }
    near_[key.hash() % near_.size()] = {key, &found->second};
    return &found->second;
  }

  std::optional<Card> make(const CardKey& key) {
    const auto text = [&](Column column, std::int64_t id) -> std::optional<std::string> {
      if (id < 0) return std::string();
      auto read = reader_.text(column, static_cast<std::uint32_t>(id));
      return read ? std::optional(*std::move(read)) : std::nullopt;
    };
    const auto provider =
        options_.as ? options_.as->provider : text(Column::provider, key.provider);
    const auto model = options_.as ? options_.as->model : text(Column::model, key.model);
    const auto tier = text(Column::service_tier, key.tier);
    if (!provider || !model || !tier) return std::nullopt;
    events::pricing::Conditions conditions;
    conditions.tier =
        events::pricing::service_tier_of_provider(*tier).value_or(ServiceTier::standard);
    const Quote quote = prices_->book.quote(project_, *provider, *model, options_.prices_as_of);
    Card card;
    for (const Quote::Step& each : quote.steps()) card.steps.emplace_back(each, conditions);
    return card;
  }

  void tell(Step& step) {
    step.told = true;
    if (!options_.used) return;
    options_.used->add(
        step.match.of_project ? std::string_view(project_) : events::pricing::kSharedPrices,
        *step.match.price);
  }

  struct Near {
    CardKey key;
    Card* card = nullptr;
  };

  const facts::Reader& reader_;
  std::shared_ptr<const Prices> prices_;
  std::string project_;
  CostOptions options_;
  std::array<Near, 256> near_{};  ///< in front of `cards_`
  std::unordered_map<CardKey, Card, CardKeyHash> cards_;
};

}  // namespace

void BooksUsed::add(std::string_view project, const events::pricing::PublishedPrice& price) {
  const std::lock_guard lock(mutex_);
  books_[{std::string(project), price.book, price.version}] = true;
}

std::vector<BooksUsed::Book> BooksUsed::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Book> out;
  for (const auto& each : books_) out.push_back(each.first);
  return out;
}

query::CostHook cost_hook(std::shared_ptr<const Prices> prices, core::ProjectId project,
                          CostOptions options) {
  query::CostHook hook;
  hook.columns = {Column::occurred_at, Column::provider, Column::model, Column::service_tier,
                  Column::token_classes};
  for (std::size_t i = 0; i < kClasses; ++i) {
    hook.columns.push_back(static_cast<Column>(kFirstClass + i));
  }
  hook.open = [prices = std::move(prices), project = std::move(project),
               options = std::move(options)](const facts::Reader& reader) -> Result<query::Pricer> {
    auto pricer = std::make_shared<CallPricer>(reader, prices, project.text(), options);
    return query::Pricer([pricer](const Row& row) { return (*pricer)(row); });
  };
  return hook;
}

}  // namespace hansard::projections
