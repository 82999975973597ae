#include "coder.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "events/session/ids.h"
#include "projections/query/names.h"
#include "usage_codec.h"

namespace hansard::projections::query {
namespace {

using facts::Column;
using facts::ColumnKind;
using facts::kNull;

/// Texts read one by one before all are read in one go.
constexpr std::size_t kTextsOneByOne = 256;

core::Error bad_value(const DimensionRef& dimension, std::string what) {
  return core::Error{core::Errc::invalid_argument,
                     "where." + to_text(dimension) + ": " + std::move(what),
                     "where." + to_text(dimension)};
}

}  // namespace

Coder::Coder(const facts::Reader& reader, DimensionRef dimension)
    : reader_(&reader),
      dimension_(std::move(dimension)),
      column_(column_of(dimension_.dimension)) {}

core::Result<Coder> Coder::make(const facts::Reader& reader, const DimensionRef& dimension,
                                const Query& query) {
  Coder coder(reader, dimension);
  if (dimension.dimension == Dimension::tag) {
    if (auto status = coder.prepare_tags(); !status) return status.error();
    return coder;
  }
  if (coder.by_text()) {
    coder.space_ = std::uint64_t{reader.texts(coder.column_)} + 1;
    return coder;
  }
  std::optional<std::int64_t> least;
  std::int64_t most = 0;
  for (const auto& segment : reader.segments()) {
    const auto& zone = segment.zone(coder.column_);
    if (!zone.any) continue;
    most = least ? std::max(most, zone.max) : zone.max;
    least = least ? std::min(*least, zone.min) : zone.min;
  }
  if (!least) return coder;
  if (is_time(dimension.dimension)) {
    // Rows of other times are left out before they are put in groups.
    if (query.from) least = std::max(*least, query.from->time_since_epoch().count());
    if (query.to) most = std::min(most, query.to->time_since_epoch().count() - 1);
    if (*least > most) return coder;
    coder.units_ = TimeUnits(query.zone, dimension.dimension, *least, most);
    coder.space_ = coder.units_.space();
    return coder;
  }
  coder.base_ = *least;
  coder.space_ = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(*least) + 2;
  return coder;
}

core::Status Coder::prepare_tags() {
  const auto sets = reader_->all_texts(Column::tags);
  if (!sets) return sets.error();
  std::map<std::string, std::uint32_t> codes;
  by_tags_.reserve(sets->size());
  for (const std::string& set : *sets) {
    const auto tags = facts::decode_tags(set);
    if (!tags) return tags.error();
    std::uint32_t code = 0;
    for (const auto& tag : *tags) {
      if (tag.key != dimension_.tag) continue;
      const auto [at, fresh] =
          codes.emplace(tag.hash, static_cast<std::uint32_t>(tag_values_.size() + 1));
      if (fresh) tag_values_.push_back(tag.hash);
      code = at->second;
    }
    by_tags_.push_back(code);
  }
  space_ = tag_values_.size() + 1;
  return core::Ok{};
}

bool Coder::by_text() const { return facts::info(column_).kind == ColumnKind::dictionary; }

void Coder::codes(std::span<const std::int64_t> values, std::uint64_t* out) const {
  if (dimension_.dimension == Dimension::tag) {
    for (const std::int64_t value : values) {
      *out++ = value == kNull ? 0 : by_tags_[static_cast<std::size_t>(value)];
    }
  } else if (is_time(dimension_.dimension)) {
    units_.codes(values, out);
  } else {
    const std::uint64_t base = static_cast<std::uint64_t>(base_) - 1;
    for (const std::int64_t value : values) {
      *out++ = value == kNull ? 0 : static_cast<std::uint64_t>(value) - base;
    }
  }
}

core::Result<std::optional<std::uint64_t>> Coder::code_of(const std::string& text,
                                                          const core::ProjectId& project,
                                                          const core::KeyedHash& hash) const {
  const std::optional<std::uint64_t> none;
  if (dimension_.dimension == Dimension::tag) {
    const auto packed = pack_hash(events::tag_hash(project, dimension_.tag, text, hash));
    const auto at = std::find(tag_values_.begin(), tag_values_.end(), packed);
    if (at == tag_values_.end()) return none;
    return std::optional(static_cast<std::uint64_t>(at - tag_values_.begin()) + 1);
  }
  if (is_time(dimension_.dimension)) {
    return bad_value(dimension_, "times are chosen with from and to");
  }
  if (by_text()) {
    std::string stored = text;
    if (column_ == Column::user) {
      stored = pack_hash(events::user_hash(project, text, hash));
    } else if (column_ == Column::session) {
      // The id as its client knows it; rows have the stream's name.
      const auto stream = events::session_stream(project, text, hash);
      if (!stream) return bad_value(dimension_, stream.error().message);
      stored = stream->name();
    }
    const auto id = reader_->find(column_, stored);
    if (!id) return id.error();
    if (!*id) return none;
    return std::optional(std::uint64_t{**id} + 1);
  }
  std::int64_t number = 0;
  const ColumnKind kind = facts::info(column_).kind;
  if (kind == ColumnKind::word) {
    const auto known = facts::number_of(column_, text);
    if (!known) return bad_value(dimension_, "no such word: \"" + text.substr(0, 80) + "\"");
    number = *known;
  } else if (kind == ColumnKind::flag) {
    if (text != "true" && text != "false") return bad_value(dimension_, "expected true or false");
    number = text == "true" ? 1 : 0;
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      return bad_value(dimension_, "expected a whole number");
    }
  }
  const std::uint64_t code =
      static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(base_) + 1;
  if (number < base_ || code >= space_) return none;
  return std::optional(code);
}

core::Result<std::optional<std::pair<std::uint64_t, std::uint64_t>>> Coder::codes_within(
    std::optional<std::int64_t> min, std::optional<std::int64_t> max) const {
  std::optional<std::pair<std::uint64_t, std::uint64_t>> codes;
  if (is_time(dimension_.dimension) || facts::info(column_).kind != ColumnKind::number) {
    return bad_value(dimension_, "min and max are for whole numbers: status and attempt");
  }
  if (min && max && *min > *max) return bad_value(dimension_, "min is above max");
  if (space_ == 1) return codes;
  const auto top = static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + (space_ - 2));
  const std::int64_t first = std::max(min.value_or(base_), base_);
  const std::int64_t last = std::min(max.value_or(top), top);
  if (first > last) return codes;
  const auto code = [&](std::int64_t number) {
    return static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(base_) + 1;
  };
  codes.emplace(code(first), code(last));
  return codes;
}

std::optional<std::int64_t> Coder::value_of(std::uint64_t code) const {
  if (dimension_.dimension == Dimension::tag || is_time(dimension_.dimension)) return std::nullopt;
  if (code == 0) return kNull;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + code - 1);
}

bool Coder::may_have(const facts::Segment& segment, std::span<const std::uint64_t> wanted) const {
  const auto& zone = segment.zone(column_);
  if (dimension_.dimension == Dimension::tag) return true;
  for (const std::uint64_t code : wanted) {
    if (code == 0) {
      if (zone.nulls) return true;
      continue;
    }
    if (!zone.any) continue;
    const auto first = static_cast<std::uint64_t>(zone.min - base_) + 1;
    const auto last = static_cast<std::uint64_t>(zone.max - base_) + 1;
    if (code >= first && code <= last) return true;
  }
  return false;
}

core::Result<std::string> Coder::text(std::uint64_t code) {
  const auto id = static_cast<std::uint32_t>(code - 1);
  if (dimension_.dimension == Dimension::tag) return unpack_hash(tag_values_[id]);
  if (all_texts_.empty() && texts_.size() >= kTextsOneByOne) {
    auto all = reader_->all_texts(column_);
    if (!all) return all.error();
    all_texts_ = *std::move(all);
  }
  const auto shown = [&](const std::string& stored) {
    return column_ == Column::user ? unpack_hash(stored) : stored;
  };
  if (!all_texts_.empty()) return shown(all_texts_[id]);
  if (const auto found = texts_.find(code); found != texts_.end()) return shown(found->second);
  const auto read = reader_->text(column_, id);
  if (!read) return read.error();
  return shown(texts_.emplace(code, *read).first->second);
}

core::Result<Key> Coder::key(std::uint64_t code) {
  Key key;
  if (code == 0) return key;
  if (by_text()) {
    auto read = text(code);
    if (!read) return read.error();
    key.text = *std::move(read);
    if (column_ != Column::user && dimension_.dimension != Dimension::tag) return key;
    key.hash = *key.text;
    return key;
  }
  if (is_time(dimension_.dimension)) return units_.key(code);
  const auto number = static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + code - 1);
  key.order = number;
  if (facts::info(column_).kind == ColumnKind::word) {
    key.text = std::string(facts::word_of(column_, number));
  } else if (facts::info(column_).kind == ColumnKind::flag) {
    key.text = number == 1 ? "true" : "false";
  } else {
    key.text = std::to_string(number);
  }
  return key;
}

int Coder::compare(std::uint64_t a, std::uint64_t b) {
  if (a == b) return 0;
  if (a == 0 || b == 0 || !by_text()) return a < b ? -1 : 1;
  const auto left = text(a);
  const auto right = text(b);
  if (!left || !right) {
    status_ = !left ? left.error() : right.error();
    return a < b ? -1 : 1;
  }
  const int order = left->compare(*right);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace hansard::projections::query
