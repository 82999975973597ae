#include "projections/prices.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "events/system/events.h"

namespace hansard::projections {
namespace {

using core::Ok;
using core::Result;
using core::Status;
using events::PricesPublished;
using events::pricing::kSharedPrices;

core::ProjectId shared_project() { return core::ProjectId::parse(kSharedPrices).value(); }

/// Checked when it was read as prices.
std::optional<core::Timestamp> moment(const std::optional<std::string>& text) {
  const auto time = text ? core::parse_time(*text) : Result<core::Timestamp>(core::Error{});
  return time ? std::optional(*time) : std::nullopt;
}

/// The parts of a book follow each other, but not necessarily at once.
void add_part(const PricesPublished& event, const core::RecordedEvent& recorded,
              std::vector<PublishedBook>& books) {
  const auto known = std::find_if(books.rbegin(), books.rend(), [&](const PublishedBook& each) {
    return each.project == recorded.project && each.book == event.book &&
           each.version == event.version && each.parts_whole == event.parts &&
           each.parts < each.parts_whole;
  });
  if (known == books.rend() || event.part == 1) {
    PublishedBook made;
    made.project = std::string(recorded.project);
    made.book = event.book;
    made.version = event.version;
    made.provenance = event.provenance;
    made.effective_from = moment(event.effective_from);
    made.collected_at = moment(event.collected_at);
    made.recorded_at = recorded.recorded_at;
    made.first = recorded.position;
    made.parts_whole = event.parts;
    books.push_back(std::move(made));
  }
  PublishedBook& book = known == books.rend() || event.part == 1 ? books.back() : *known;
  book.last = recorded.position;
  ++book.parts;
  if (const auto* entries = event.entries.if_array()) book.entries += entries->size();
}

Status add(const core::RecordedEvent& recorded, Prices& prices) {
  // System events have no content; an erasure leaves none either.
  const auto decoded = events::decode_system(recorded.type, recorded.schema, recorded.facts, "{}");
  if (!decoded) return decoded.error();
  const auto& event = std::get<PricesPublished>(*decoded);
  const std::string project(recorded.project);
  if (auto added = events::add_prices(event, project, recorded.position, prices.book); !added) {
    return added;
  }
  add_part(event, recorded, prices.books);
  return Ok{};
}

}  // namespace

std::vector<PublishedBook> Prices::books_of(std::string_view project, core::Position end) const {
  std::vector<PublishedBook> out;
  for (const PublishedBook& each : books) {
    const bool holds = each.project == kSharedPrices || each.project == project;
    if (holds && each.first < end) out.push_back(each);
  }
  return out;
}

Status PriceReader::catch_up(const core::ProjectId& project, std::shared_ptr<Prices>& changed) {
  const core::StreamId system;
  const auto head = log_.head(project, system);
  if (!head) return head.error();
  if (!*head) return Ok{};
  const auto known = next_.find(project.text());
  const core::Version from = known == next_.end() ? core::Version{} : known->second;
  if (from > **head) return Ok{};
  Status status = Ok{};
  const auto next = log_.read_stream(project, system, from, [&](const core::RecordedEvent& event) {
    if (event.type != PricesPublished::kType) return true;
    if (!changed) changed = std::make_shared<Prices>(*prices_);
    status = add(event, *changed);
    return bool(status);
  });
  if (!status) return status;
  if (!next) return next.error();
  next_[project.text()] = *next;
  return Ok{};
}

Result<std::shared_ptr<const Prices>> PriceReader::read(const core::ProjectId& project) {
  const std::lock_guard lock(mutex_);
  for (const core::ProjectId& each : {shared_project(), project}) {
    std::shared_ptr<Prices> changed;
    if (auto status = catch_up(each, changed); !status) return std::move(status.error());
    if (changed) prices_ = std::move(changed);
  }
  return prices_;
}

}  // namespace hansard::projections
