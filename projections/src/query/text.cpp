#include "projections/query/text.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "calendar.h"
#include "projections/query/json.h"
#include "projections/query/names.h"
#include "projections/usage.h"
#include "text_values.h"
#include "word_reader.h"

namespace hansard::projections::query {
namespace {

/// Entries of any one list of a text.
constexpr std::size_t kTextListMax = 256;
/// `last 500 days`.
constexpr std::int64_t kPeriodsMax = 1'000;

/// Words that begin a clause, and so end what stands before.
constexpr std::string_view kClauses[] = {
    "from",   "by",    "where", "since", "to",      "today", "this", "last",  "yesterday",
    "having", "order", "top",   "limit", "compare", "in",    "as",   "prices"};

/// Reads one text, word by word, without going back. Whatever is wrong first is told; what is read
/// after that means nothing.
class Parser : private WordReader {
 public:
  Parser(std::vector<Word> words, core::Timestamp now) : WordReader(std::move(words)) {
    request_.asked_at = now;
    request_.query.limit = kDefaultLimit;
  }

  std::variant<Request, TextError> run() {
    // The table and the zone decide what the rest means.
    find_table();
    find_zone();
    if (!error_) measures();
    while (!error_ && here().kind != Word::Kind::end) clause();
    if (!error_) times();
    if (!error_) check_order();
    if (error_) return *std::move(error_);
    complete(request_);
    return std::move(request_);
  }

 private:
  Query& query() { return request_.query; }
  void find_table() {
    for (std::size_t i = 0; i + 1 < words_.size(); ++i) {
      if (!words_[i].is("from")) continue;
      if (const auto table = asked_table_of(words_[i + 1].text)) query().table = *table;
    }
  }
  void find_zone() {
    for (std::size_t i = 0; i + 1 < words_.size(); ++i) {
      const Word& name = words_[i + 1];
      if (!words_[i].is("in") || name.kind == Word::Kind::mark) continue;
      auto zone = Zone::named(name.text);
      if (!zone) return fail(name, zone.error().message);
      query().zone = *std::move(zone);
    }
  }

  std::vector<std::string> measure_names() const {
    return names_in(measures_of(request_.query.table));
  }
  std::vector<std::string> dimension_names() const {
    return names_in(dimensions_of(request_.query.table));
  }

  /// `sum(cost)`, or a measure that adds up.
  std::optional<Aggregate> aggregate() {
    const Word word = take();
    if (word.kind != Word::Kind::plain)
      return expected(word, "a measure", measure_names()), std::nullopt;
    Word at_fault = word;
    std::string text = word.text;
    std::vector<std::string> known = measure_names();
    if (took_mark("(")) {
      at_fault = take();
      const bool counts = text == "count_distinct";
      if (counts) known = dimension_names();
      if (at_fault.kind != Word::Kind::plain && at_fault.kind != Word::Kind::quoted) {
        return expected(at_fault, counts ? "a dimension" : "a measure", known), std::nullopt;
      }
      text += "(" + at_fault.text + ")";
      if (!here().is_mark(")")) return expected(here(), "a closing bracket"), std::nullopt;
      take();
      if (!parse_aggregate(word.text + (counts ? "(model)" : "(calls)"), "text")) {
        return expected(word, "a function (sum, avg, min, max, count, count_distinct, p95)",
                        {"sum", "avg", "min", "max", "count", "count_distinct"}),
               std::nullopt;
      }
    }
    auto read = parse_aggregate(text, "text");
    const std::string& name = at_fault.text;
    if (!read && std::find(known.begin(), known.end(), name) != known.end()) {
      return fail(word, read.error().message.substr(read.error().message.find(": ") + 2)),
             std::nullopt;
    }
    const bool there =
        read && (read->distinct_of ? is_of(query().table, read->distinct_of->dimension)
                                   : is_of(query().table, read->measure));
    if (!there) {
      return unknown(query().table, at_fault, read && read->distinct_of ? "dimension" : "measure",
                     known),
             std::nullopt;
    }
    return *std::move(read);
  }

  std::optional<DimensionRef> dimension() {
    const Word word = take();
    const auto known = dimension_names();
    if (word.kind == Word::Kind::plain || word.kind == Word::Kind::quoted) {
      const auto read = parse_dimension(word.text, "text");
      if (read && is_of(query().table, read->dimension)) return *read;
    }
    return unknown(query().table, word, "dimension", known), std::nullopt;
  }

  /// True when another entry of a list follows.
  bool more(std::size_t entries) {
    if (error_ || !here().is_mark(",")) return false;
    if (entries >= kTextListMax) fail(here(), "a list has at most 256 entries");
    take();
    return !error_;
  }

  void measures() {
    do {
      auto one = aggregate();
      if (error_) return;
      auto& list = query().aggregates;
      if (std::find(list.begin(), list.end(), *one) == list.end()) list.push_back(*std::move(one));
    } while (more(query().aggregates.size()));
  }

  void once(const Word& word) {
    const std::string name = word.is("limit") ? "top" : word.text;
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) {
      fail(word, "\"" + word.text + "\" is there twice");
    }
    seen_.push_back(name);
  }

  void clause() {
    const Word word = take();
    if (word.is("from") && asked_table_of(here().text)) {
      take();
      return;
    }
    const bool period = word.is("from") || word.is("to") || word.is("since") || word.is("today") ||
                        word.is("yesterday") || word.is("this") || word.is("last");
    if (period) return time_clause(word);
    once(word);
    if (error_) return;
    if (word.is("by")) {
      do {
        auto one = dimension();
        if (error_) return;
        query().group_by.push_back(*std::move(one));
      } while (more(query().group_by.size()));
    } else if (word.is("where")) {
      do {
        condition();
      } while (!error_ && took("and"));
    } else if (word.is("having")) {
      do {
        having();
      } while (!error_ && took("and"));
    } else if (word.is("order")) {
      order();
    } else if (word.is("top") || word.is("limit")) {
      limit();
    } else if (word.is("compare")) {
      if (!took("previous")) return expected(here(), "previous", {"previous"});
      query().compare = Compare::previous;
    } else if (word.is("in")) {
      take();  // read before
    } else if (word.is("as")) {
      if (!took("of")) return expected(here(), "of");
      query().as_of = position();
    } else if (word.is("prices")) {
      if (!took("as") || !took("of")) return expected(here(), "as of");
      request_.prices_as_of = position();
    } else {
      std::vector<std::string> known(std::begin(kClauses), std::end(kClauses));
      expected(word,
               "a comma, or by, where, since, from, having, order by, top, compare, in, as of",
               known);
    }
  }

  core::Position position() {
    const Word word = take();
    const auto number = whole_number(word.text);
    if (!number || *number < 0) expected(word, "a position");
    return core::Position{number ? static_cast<std::uint64_t>(*number) : 0};
  }

  void limit() {
    const Word word = take();
    const auto number = whole_number(word.text);
    if (!number || *number < 0 || *number > static_cast<std::int64_t>(kLimitMax)) {
      return expected(word, "a number up to 100000");
    }
    query().limit = static_cast<std::uint64_t>(*number);
  }

  std::optional<std::string> value() {
    const Word word = take();
    if (word.kind == Word::Kind::quoted) return word.text;
    if (word.kind != Word::Kind::plain) expected(word, "a value");
    if (word.is("null")) return std::nullopt;
    return word.text;
  }

  void condition() {
    const Word& word = here();
    const auto measure = parse_measure(word.text, "text");
    if (word.kind == Word::Kind::plain && measure && is_of(query().table, *measure)) {
      take();
      MeasureFilter filter{*measure, {}, {}};
      bounds(filter.min, filter.max, example_value(*measure),
             [&](const Word& bound) { return measure_value(*measure, bound.text); });
      query().where_measure.push_back(filter);
      return;
    }
    if (word.kind == Word::Kind::plain && !parse_dimension(word.text, "text")) {
      auto known = dimension_names();
      for (auto& name : measure_names()) known.push_back(std::move(name));
      return unknown(query().table, word, "dimension or measure", known);
    }
    auto dimension = this->dimension();
    if (error_) return;
    if (is_time(dimension->dimension)) {
      return fail(words_[at_ - 1], "times are chosen with since, from and to");
    }
    DimensionFilter filter{*std::move(dimension), {}};
    if (took("not")) {
      filter.negated = true;
      if (!here().is("in")) return expected(here(), "in");
    }
    if (took("in")) {
      if (!took_mark("(")) return expected(here(), "an opening bracket");
      do {
        filter.values.push_back(value());
      } while (more(filter.values.size()));
      if (!error_ && !took_mark(")")) return expected(here(), "a comma or a closing bracket");
    } else if (took_mark("=")) {
      filter.values.push_back(value());
    } else if (took_mark("!=")) {
      filter.negated = true;
      filter.values.push_back(value());
    } else {
      bounds(filter.min, filter.max, "a whole number",
             [](const Word& bound) { return whole_number(bound.text); });
    }
    query().where.push_back(std::move(filter));
  }

  /// `>= a`, `between a and b`; what is compared are whole numbers.
  template <class F>
  void bounds(std::optional<std::int64_t>& min, std::optional<std::int64_t>& max,
              std::string_view what, F&& read) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const auto next = [&]() -> std::int64_t {
      const Word word = take();
      const auto number =
          word.kind == Word::Kind::plain ? read(word) : std::optional<std::int64_t>();
      if (!number) expected(word, what);
      return number.value_or(0);
    };
    if (took("between")) {
      min = next();
      if (!error_ && !took("and")) return expected(here(), "and");
      if (!error_) max = next();
      return;
    }
    if (took_mark(">=")) {
      min = next();
    } else if (took_mark(">")) {
      const std::int64_t least = next();
      min = least == kMost ? least : least + 1;
    } else if (took_mark("<=")) {
      max = next();
    } else if (took_mark("<")) {
      max = next() - 1;
    } else if (took_mark("=")) {
      min = max = next();
    } else {
      expected(here(), "=, !=, in, <, <=, >, >= or between");
    }
  }

  void having() {
    const Word word = here();
    auto one = aggregate();
    if (error_) return;
    asked(word, *one);
    Having made{*one, {}, {}};
    const auto next = [&]() -> double {
      const Word bound = take();
      const auto number = shown_value(*one, bound.text);
      if (!number) expected(bound, one->distinct_of ? "a number" : example_value(one->measure));
      return number.value_or(0);
    };
    if (took("between")) {
      made.min = next();
      if (!error_ && !took("and")) return expected(here(), "and");
      if (!error_) made.max = next();
    } else if (took_mark(">=")) {
      made.min = next();
    } else if (took_mark("<=")) {
      made.max = next();
    } else if (took_mark(">")) {
      made.min = std::nextafter(next(), std::numeric_limits<double>::infinity());
    } else if (took_mark("<")) {
      made.max = std::nextafter(next(), -std::numeric_limits<double>::infinity());
    } else if (took_mark("=")) {
      made.min = made.max = next();
    } else {
      return expected(here(), "=, <, <=, >, >= or between");
    }
    query().having.push_back(std::move(made));
  }

  void asked(const Word& word, const Aggregate& one) {
    const auto& list = query().aggregates;
    if (std::find(list.begin(), list.end(), one) == list.end()) {
      fail(word, to_text(one) + " is not among the measures asked for");
    }
  }

  void order() {
    if (!took("by")) return expected(here(), "by");
    do {
      const Word word = here();
      Order made;
      const auto dimension = parse_dimension(word.text, "text");
      if (dimension && word.kind != Word::Kind::mark && !after().is_mark("(")) {
        take();
        made.by = *dimension;
        ordered_by_.push_back({word, *dimension});
      } else {
        auto one = aggregate();
        if (error_) return;
        asked(word, *one);
        made.by = *std::move(one);
      }
      made.descending = took("desc");
      if (!made.descending) took("asc");
      query().order.push_back(std::move(made));
    } while (more(query().order.size()));
  }

  /// `by` may stand behind `order by`.
  void check_order() {
    const auto& list = query().group_by;
    for (const auto& [word, dimension] : ordered_by_) {
      if (std::find(list.begin(), list.end(), dimension) == list.end()) {
        fail(word, to_text(dimension) + " is not among the dimensions grouped by");
      }
    }
  }

  void time_clause(const Word& word) {
    if (!word.is("to") || !from_word_) {
      if (period_) return fail(word, "the time is said twice");
    }
    period_ = true;
    const core::Timestamp now = request_.asked_at;
    if (word.is("since")) {
      if (const auto span = span_us(here().text)) {
        query().from = now - std::chrono::microseconds(*span);
        take();
      } else {
        from_word_ = take();
      }
    } else if (word.is("from")) {
      from_word_ = take();
      if (took("to")) to_word_ = take();
    } else if (word.is("to")) {
      if (to_word_) return fail(word, "the time is said twice");
      to_word_ = take();
    } else if (word.is("today")) {
      set(calendar_period(query().zone, now, Dimension::day, 0));
    } else if (word.is("yesterday")) {
      set(calendar_period(query().zone, now, Dimension::day, 1));
    } else {
      units(word.is("last"));
    }
  }

  void units(bool last) {
    std::int64_t count = last ? 1 : 0;
    const auto number = whole_number(here().text);
    if (last && number) {
      if (*number < 1 || *number > kPeriodsMax) return expected(here(), "a number from 1 to 1000");
      count = *number;
      take();
    }
    const Word word = take();
    for (const Dimension unit : {Dimension::day, Dimension::week, Dimension::month}) {
      const std::string name = to_text(DimensionRef{unit});
      if (!word.is(name) && !(number && word.is(name + "s"))) continue;
      return set(calendar_period(query().zone, request_.asked_at, unit, count));
    }
    expected(word, last ? "day, week, month, or a number of them" : "day, week or month",
             {"day", "week", "month", "days", "weeks", "months"});
  }

  void set(const Period& period) {
    query().from = period.from;
    query().to = period.to;
  }

  std::optional<core::Timestamp> moment(const Word& word) {
    if (word.is("now")) return request_.asked_at;
    if (word.is("today") || word.is("yesterday")) {
      const auto unit = Dimension::day;
      return calendar_period(query().zone, request_.asked_at, unit, word.is("today") ? 0 : 1).from;
    }
    if (const auto day = parse_day(word.text, "text")) {
      return query().zone.start_of(std::chrono::local_days(day->time_since_epoch()));
    }
    if (const auto time = core::parse_time(word.text)) return *time;
    expected(word, "a day (2026-11-21), a time (RFC 3339), today, yesterday or now");
    return std::nullopt;
  }

  void times() {
    if (from_word_) query().from = moment(*from_word_);
    if (to_word_ && !error_) query().to = moment(*to_word_);
    if (error_ || !query().from || !query().to || *query().from < *query().to) return;
    if (to_word_) fail(*to_word_, "the end must be after the beginning");
  }

  Request request_;
  std::vector<std::string> seen_;
  std::vector<std::pair<Word, DimensionRef>> ordered_by_;
  bool period_ = false;
  std::optional<Word> from_word_;
  std::optional<Word> to_word_;
};

}  // namespace

std::variant<Request, TextError> read_text(std::string_view text, core::Timestamp now) {
  if (text.size() > kQueryTextBytesMax) {
    return TextError{1, 1, "a query has at most " + std::to_string(kQueryTextBytesMax) + " bytes"};
  }
  auto words = cut_words(text);
  if (auto* error = std::get_if<TextError>(&words)) return std::move(*error);
  return Parser(std::get<std::vector<Word>>(std::move(words)), now).run();
}

core::Result<Request> parse_text(std::string_view text, core::Timestamp now) {
  if (text.size() > kQueryTextBytesMax) {
    return core::Error{core::Errc::too_large,
                       "text: at most " + std::to_string(kQueryTextBytesMax) + " bytes", "text"};
  }
  auto read = read_text(text, now);
  if (auto* request = std::get_if<Request>(&read)) return std::move(*request);
  const auto& error = std::get<TextError>(read);
  return core::Error{core::Errc::invalid_argument,
                     "text: column " + std::to_string(error.column) + ": " + error.message, "text"};
}

}  // namespace hansard::projections::query
