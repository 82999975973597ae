#include "audit/verify_against.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "text/hex.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;

/// The heads of several files, one after the other.
class Slices {
 public:
  Slices(const std::vector<std::string>& files, NoteTrust trust)
      : files_(files), trust_(std::move(trust)) {}

  /// At most `kHeadsAtOnce`; fewer only at the end.
  Result<std::vector<core::TreeHead>> next() {
    std::vector<core::TreeHead> heads;
    while (heads.size() < kHeadsAtOnce && (open_ || next_file_ < files_.size())) {
      if (!open_) {
        auto opened = KeptNotes::open(files_[next_file_++], trust_);
        if (!opened) return opened.error();
        open_.emplace(*std::move(opened));
      }
      const auto kept = open_->next();
      if (!kept) return kept.error();
      if (*kept) {
        heads.push_back((*kept)->checkpoint.tree);
        continue;
      }
      if (open_->notes() == 0) {
        return Error{Errc::invalid_argument, open_->file() + ": it holds no whole signed note"};
      }
      tell_cut_off(open_->file(), open_->cut_off_bytes());
      open_.reset();
    }
    return heads;
  }

 private:
  const std::vector<std::string>& files_;
  const NoteTrust trust_;
  std::size_t next_file_ = 0;
  std::optional<KeptNotes> open_;
};

/// The head that a run put together from every event; nothing when some were lost.
std::optional<core::TreeHead> found_head(const Json& report) {
  const auto size = number_at(report, "tree_size");
  const auto root = parse_hex(text_at(report, "root"));
  core::TreeHead head;
  if (!size || !root || root->size() != head.root.size()) return std::nullopt;
  head.size = *size;
  std::copy(root->begin(), root->end(), head.root.begin());
  return head;
}

void append_list(Json& report, const Json& part, std::string_view name) {
  Json* list = report.find(name);
  if (list == nullptr) return;
  for (const Json& each : list_at(part, name)) list->push(each);
}

/// What a further run found about heads, and whatever else it came across.
void add_part(Json& report, const Json& part) {
  for (const std::string_view count : {"heads", "heads_unchecked", "wrong_heads"}) {
    Json* sum = report.find(count);
    if (sum != nullptr) *sum = number_of(sum).value_or(0) + number_at(part, count).value_or(0);
  }
  if (const Json* wrong = part.find("first_wrong_head")) {
    Json* first = report.find("first_wrong_head");
    if (first == nullptr) {
      report.add("first_wrong_head", *wrong);
    } else if (number_at(*wrong, "size") < number_at(*first, "size")) {
      *first = *wrong;
    }
  }
  append_list(report, part, "faults");
  append_list(report, part, "lost");
  Json* sound = report.find("sound");
  if (sound != nullptr && !flag_at(part, "sound")) *sound = false;
}

}  // namespace

Result<Json> verify_against(const std::vector<std::string>& files, const NoteTrust& trust,
                            VerifyPlan plan, const VerifyRun& verify) {
  Slices slices(files, trust);
  auto heads = slices.next();
  if (!heads) return std::move(heads).error();
  plan.heads = *std::move(heads);
  auto report = verify(plan);
  if (!report) return report;
  plan.checkpoint = false;
  plan.views = false;
  plan.texts = false;
  if (const auto found = found_head(*report)) plan.trusted = *found;
  while (plan.heads.size() == kHeadsAtOnce) {
    heads = slices.next();
    if (!heads) return std::move(heads).error();
    if (heads->empty()) break;
    plan.heads = *std::move(heads);
    const auto part = verify(plan);
    if (!part) return part;
    add_part(*report, *part);
  }
  return report;
}

}  // namespace hansard::cli
