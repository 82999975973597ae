#include "openapi/price_docs.h"

#include <algorithm>
#include <array>

#include "core/assert.h"
#include "openapi/api_schemas.h"

namespace hansard::http {

namespace {

using Answer = RouteDoc::Answer;
using Others = SchemaDoc::Others;

constexpr std::string_view kJson = "application/json";
constexpr std::array<Answer, 1> kPrices{{{200, kJson, "PricesInForce"}}};
constexpr std::array<Answer, 1> kCatalogue{{{200, kJson, "Catalogue"}}};
constexpr std::array<Answer, 2> kPublished{{{200, kJson, "Receipt"}, {201, kJson, "Receipt"}}};
constexpr std::array<Answer, 1> kEstimate{{{200, kJson, "Estimate"}}};
constexpr std::array<Answer, 1> kRepriced{{{200, kJson, "Repriced"}}};

constexpr std::string_view kPico = R"({"type":"integer"})";

constexpr MemberDoc kBook[] = {
    {"project", "text", "_log: they hold for every project."},
    {"book", "text", "default: the one that comes with the program."},
    {"version", "text", "Of the book, as its publisher calls it."},
    {"provenance", "text", "Where the prices are from."},
    {"effective_from?", "Time", "Since when entries hold that do not say so; absent: always."},
    {"collected_at?", "Time", "When they were looked up; costs of earlier calls are estimates."},
    {"recorded_at", "Time", "When they came to the log."},
    {"position", "Position", "Where; prices_as_of this leaves them out."},
    {"entries", "count", "How many models or patterns it prices."},
    {"parts_missing?", "count", "Of a book told in several events, those that are not there."},
};
constexpr MemberDoc kPrice[] = {
    {"provider?", "text", "Who bills; absent: whoever serves the model."},
    {"model", "text", "Its name there; with * at its end, all that begin so."},
    {"home?", "flag", "True at the model's own maker."},
    {"effective_from?", "Time", "Since when it holds; absent: always."},
    {"withdrawn?", "flag", "True where there is no price any more."},
    {"mode?", "text", "chat, embedding, ..."},
    {"input_max?", "count", "Tokens of the context window."},
    {"output_max?", "count", "Tokens of an answer."},
    {"retires?", "text", "The day on which it goes."},
    {"retired?", "flag", "True where that day has come."},
    {"prices?", "object", "Pico-USD per token, by service tier and class."},
    {"long?", R"({"type":"array","items":{"type":"object","additionalProperties":true}})",
     "Other prices for calls with much input."},
    {"regions?", "object", "By place, the thousandths to pay."},
    {"units?", "object", "Pico-USD for a search, an image, a second."},
    {"price_id", "text", "Names this price for ever: position and index."},
    {"book", "text", "The book it stands in."},
    {"version", "text", "Of that book."},
};
constexpr MemberDoc kMatch[] = {
    {"match?", "exact|provider_prefixed|date_stripped|pattern", "How the price was found."},
    {"provider_assumed?", "flag", "True for the list price of a model's maker."},
    {"of_project?", "flag", "True for a price of this project alone."},
    {"price?", "Price", "The price; absent: none is known."},
};
constexpr MemberDoc kStep[] = {
    {"from?", "Time", "Since when; absent: always."},
    {"...", "PriceMatch", ""},
};
constexpr MemberDoc kModelPrice[] = {
    {"model", "text", "As asked."},
    {"provider?", "text", "As asked."},
    {"...", "PriceMatch", ""},
    {"steps", "list of PriceStep", "What it cost through time."},
};
constexpr MemberDoc kPricesInForce[] = {
    {"at", "Time", "The prices are those of this moment."},
    {"books", "list of PublishedBook", "Every book that holds here, in the order of recording."},
    {"model?", "ModelPrice", "What the model costs, where one was asked for."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr MemberDoc kCatalogueAnswer[] = {
    {"at", "Time", "The prices are those of this moment."},
    {"models", "list of Price", "By provider and model."},
    {"total", "count", "How many there are, those over the limit included."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr MemberDoc kBookBody[] = {
    {"book", "text", "A name of your own."},
    {"version", "text", "Names this edition: the same again is the same."},
    {"provenance", "text", "Where the prices are from."},
    {"effective_from?", "Time", "Since when entries hold that do not say so."},
    {"collected_at?", "Time", "When they were looked up."},
    {"entries", R"({"type":"array","items":{"type":"object","additionalProperties":true}})",
     "Prices, as events/include/events/pricing/entry.h has them."},
};
constexpr MemberDoc kEstimateBody[] = {
    {"model", "text", "Which model would be called."},
    {"provider?", "text", "Where; absent: at its maker."},
    {"tier?", "text", "standard, flex, priority, batch, fast; or a provider's word for it."},
    {"region?", "text", "Where it would be processed."},
    {"at?", "Time", "By the prices of this moment; absent: now."},
    {"usage?", "map of count", "Tokens by class, where they are known."},
    {"units?", "map of count", "Searches, images, seconds, ..."},
    {"input_tokens?", "count", "Adds to the class input_text."},
    {"output_tokens?", "count", "Is the class output_text."},
    {"text?", "text", "Its tokens are estimated and added to input_text."},
    {"messages?", R"({"type":"array"})", "Likewise."},
    {"tools?", R"({"type":"array"})", "Likewise."},
    {"output_text?", "text", "Likewise, of the answer."},
};
constexpr MemberDoc kMoney[] = {
    {"pico_usd?", kPico, "Whole 10^-12 US dollars."},
    {"usd?", "text", "The same in dollars, with all its digits."},
};
constexpr MemberDoc kCost[] = {
    {"...", "Money", ""},
    {"unpriced?", "no_usage|undated|no_model|no_price", "Why there is no cost."},
    {"usd_by_class?", "map of text", "Dollars for each class of tokens."},
    {"usd_of_units?", "text", "Dollars for searches and the like."},
    {"unpriced_classes?", "list of text", "What has no price is not in the sum."},
    {"estimated_classes?", "list of text", "Priced by assumption."},
    {"long_context?", "flag", "True where the prices for much input hold."},
    {"estimated?", "flag", "True where something in the sum is an assumption."},
};
constexpr MemberDoc kEstimateAnswer[] = {
    {"model", "text", "As asked."},
    {"provider?", "text", "As asked."},
    {"tier", "standard|flex|priority|batch|fast", "The service tier."},
    {"at", "Time", "The prices are those of this moment."},
    {"usage", "map of count", "Tokens by class."},
    {"tokens_estimated?", "flag", "True where tokens were read off a text."},
    {"cost", "Cost", "What it would cost."},
    {"...", "PriceMatch", ""},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
constexpr MemberDoc kRepricedSum[] = {
    {"calls", "count", "Calls in it."},
    {"before?", "Money", "By the prices published before `from`; absent: none had a price."},
    {"after?", "Money", "By those published before `to`."},
    {"change", "Money", "After less before."},
};
constexpr MemberDoc kRepricedAnswer[] = {
    {"by", "list of text", "Dimensions of the groups."},
    {"from", "Position", "Prices before."},
    {"to", "Position", "Prices after."},
    {"groups", R"({"type":"array","items":{"type":"object","additionalProperties":true}})",
     "By their change, the largest first; each a RepricedSum and its keys."},
    {"total", "RepricedSum", "Of all groups."},
    {"books_before", "list of text", "Books that were used, with their versions."},
    {"books_after", "list of text", "Likewise."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};

constexpr SchemaDoc kSchemas[] = {
    {"PublishedBook", "A price book on record.", kBook},
    {"Price", "What a model costs.", kPrice},
    {"PriceMatch", "Which price, and how it was found.", kMatch},
    {"PriceStep", "A price from a moment on.", kStep},
    {"ModelPrice", "What one model costs.", kModelPrice},
    {"PricesInForce", "Price books, and what a model costs.", kPricesInForce},
    {"Catalogue", "Models with a price.", kCatalogueAnswer},
    {"BookBody", "Prices to publish.", kBookBody, Others::refused},
    {"EstimateBody", "A call that was not made.", kEstimateBody, Others::refused},
    {"Money", "An amount.", kMoney},
    {"Cost", "What a call costs.", kCost},
    {"Estimate", "What a call would cost.", kEstimateAnswer},
    {"RepricedSum", "The same calls by two price lists.", kRepricedSum},
    {"Repriced", "Costs before and after a change of prices.", kRepricedAnswer},
};

constexpr RouteDoc kRoutes[] = {
    {Method::get, "/v1/prices", "model provider at prices_as_of at_least", "", kPrices},
    {Method::get, "/v1/models/catalogue", "pattern provider mode at prices_as_of limit at_least",
     "", kCatalogue},
    {Method::post, "/v1/prices", "", "", kPublished},
    {Method::post, "/v1/estimate", "", "", kEstimate},
    {Method::get, "/v1/prices/changes", "from to by at_least", "", kRepriced},
};

}  // namespace

AddedRoute documented(Route route) {
  const auto* doc = std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const RouteDoc& each) {
    return each.method == route.method && each.pattern == route.pattern;
  });
  HANSARD_ASSERT(doc != std::end(kRoutes), "every route about prices is told of here");
  std::string_view body;
  if (route.takes == Takes::json)
    body = route.pattern == "/v1/prices" ? "BookBody" : "EstimateBody";
  return {std::move(route), *doc, body, {}};
}

std::span<const SchemaDoc> price_schemas() { return kSchemas; }

}  // namespace hansard::http
