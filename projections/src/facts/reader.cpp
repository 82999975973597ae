#include "projections/facts/reader.h"

#include <algorithm>

#include "core/assert.h"
#include "layout.h"

namespace hansard::projections::facts {

core::Result<ColumnData> ColumnData::packed(std::string bytes) {
  const auto opened = Packed::open(bytes);
  if (!opened) return opened.error();
  ColumnData data;
  data.rows_ = opened->size();
  data.bytes_ = std::move(bytes);
  return data;
}

ColumnData ColumnData::unknown(std::size_t rows) {
  ColumnData data;
  data.rows_ = rows;
  return data;
}

void ColumnData::read(std::size_t from, std::span<std::int64_t> out) const {
  if (!bytes_.empty()) {
    // Opened once already: this cannot fail, and costs a few instructions a chunk.
    Packed::open(bytes_).value().read(from, out);
    return;
  }
  HANSARD_ASSERT(from <= rows_ && out.size() <= rows_ - from, "within the column");
  if (values_.empty()) {
    std::fill(out.begin(), out.end(), kNull);
    return;
  }
  std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(from), out.size(), out.begin());
}

core::Result<std::vector<Tag>> decode_tags(std::string_view text) {
  row::Reader in(text);
  std::vector<Tag> tags;
  while (in.ok() && !in.rest().empty()) {
    const auto key = in.text();
    const auto hash = in.text();
    tags.push_back({std::string(key), std::string(hash)});
  }
  if (!in.done()) return damaged_row("tags");
  return tags;
}

core::Result<Reader> Reader::open(const core::ReadModel& model, const core::ProjectId& project) {
  Reader reader(model, std::string(project.text()));
  const auto row = model.get(counters_key(reader.project_));
  if (!row) return row.error();
  if (!*row) return reader;  // nothing was called yet
  const auto counters = decode_counters(**row);
  if (!counters) return counters.error();
  reader.texts_ = counters->texts;
  reader.further_choices_ = counters->further_choices;
  core::Status status = core::Ok{};
  if (counters->segments > 0) {
    const std::string prefix = key_prefix('h', reader.project_);
    auto scanned = model.scan(prefix, {}, [&](std::string_view, std::string_view bytes) {
      const auto header = decode_header(bytes);
      if (!header) {
        status = header.error();
        return false;
      }
      Segment segment;
      segment.number = static_cast<std::uint32_t>(reader.segments_.size());
      segment.rows = header->rows;
      segment.zones = header->zones;
      reader.segments_.push_back(segment);
      return true;
    });
    if (!scanned) return scanned.error();
    if (!status) return status.error();
  }
  if (reader.segments_.size() != counters->segments) return damaged_row("the list of segments");
  if (counters->tail_rows > 0) {
    status = reader.read_tail(counters->segments, counters->tail_rows);
    if (!status) return status.error();
  }
  return reader;
}

core::Status Reader::read_tail(std::uint32_t number, std::uint32_t rows) {
  std::string prefix = key_prefix('t', project_);
  row::Writer(prefix).big_endian_32(number);
  bool whole = true;
  std::uint32_t at = 0;
  auto scanned = model_->scan(prefix, {}, [&](std::string_view, std::string_view bytes) {
    row::Reader in(bytes);
    for (; in.ok() && !in.rest().empty() && at < rows; ++at) {
      each_value(in, [&](std::size_t c, std::int64_t value) {
        if (tail_[c].empty()) tail_[c].assign(rows, kNull);
        tail_[c][at] = value;
      });
    }
    return whole = in.done();
  });
  if (!scanned) return scanned;
  if (!whole || at != rows) return damaged_row("the tail");
  Segment segment;
  segment.number = number;
  segment.rows = rows;
  segment.sealed = false;
  for (std::size_t c = 0; c < kColumns; ++c) {
    segment.zones[c] = zone_of(tail_[c]);
    segment.zones[c].nulls |= tail_[c].empty();
  }
  segments_.push_back(segment);
  return core::Ok{};
}

std::uint64_t Reader::rows() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.rows;
  return sum;
}

core::Result<ColumnData> Reader::column(const Segment& segment, Column column) const {
  if (!segment.zone(column).any) return ColumnData::unknown(segment.rows);
  if (!segment.sealed) return ColumnData(tail_[index_of(column)]);
  auto row = model_->get(column_key(project_, segment.number, column));
  if (!row) return row.error();
  if (!*row) return damaged_row("a column");
  auto data = ColumnData::packed(**std::move(row));
  if (data && data->size() != segment.rows) return damaged_row("a column");
  return data;
}

core::Result<std::uint32_t> Reader::rows_before(const Segment& segment, core::Position end) const {
  const Zone& zone = segment.zone(Column::position);
  const auto bound = static_cast<std::int64_t>(end.value);
  if (zone.max < bound) return segment.rows;
  if (zone.min >= bound) return 0U;
  const auto data = column(segment, Column::position);
  if (!data) return data.error();
  std::vector<std::int64_t> positions(segment.rows);
  data->read(0, positions);
  const auto at = std::lower_bound(positions.begin(), positions.end(), bound);
  return static_cast<std::uint32_t>(at - positions.begin());
}

core::Result<std::optional<std::uint32_t>> Reader::find(Column column,
                                                        std::string_view text) const {
  const bool session = column == Column::session;
  const auto row =
      model_->get(session ? session_key(project_, text) : value_key(project_, column, text));
  if (!row) return row.error();
  if (!*row) return std::optional<std::uint32_t>();
  if (session) {
    const auto stored = decode_session(**row);
    if (!stored) return stored.error();
    return std::optional(stored->id);
  }
  row::Reader in(**row);
  const auto id = static_cast<std::uint32_t>(in.varint());
  if (!in.done()) return damaged_row("an id");
  return std::optional(id);
}

core::Result<std::string> Reader::text(Column column, std::uint32_t id) const {
  auto row = model_->get(text_key(project_, column, id));
  if (!row) return row.error();
  if (!*row) return damaged_row("a text");
  return **std::move(row);
}

core::Result<std::vector<std::string>> Reader::all_texts(Column column) const {
  std::vector<std::string> texts;
  texts.reserve(this->texts(column));
  std::string prefix = key_prefix('i', project_);
  row::Writer(prefix).byte(static_cast<std::uint8_t>(column));
  auto scanned = model_->scan(prefix, {}, [&](std::string_view, std::string_view text) {
    texts.emplace_back(text);
    return true;
  });
  if (!scanned) return scanned.error();
  if (texts.size() != this->texts(column)) return damaged_row("the list of texts");
  return texts;
}

}  // namespace hansard::projections::facts
