#include "erasure/restored_ledger.h"

#include <utility>

#include "backup/file_copy.h"
#include "erasure/durable_file.h"
#include "erasure/erasure_order.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

Error of_ledger(Errc code, const std::filesystem::path& file, const std::string& why) {
  return {code, "ledger: " + file.string() + ": " + why, "ledger"};
}

/// How many erasures of the log it knows.
Result<std::size_t> judge(const std::filesystem::path& file, const std::string& text,
                          const core::Uuid& log_id) {
  const auto known = read_ledger(text, log_id);
  if (!known) return of_ledger(known.error().code, file, known.error().message);
  // The last line may be cut off, but nothing else is a ledger that has not one line.
  if (!text.empty() && text.find('\n') == std::string::npos) {
    return of_ledger(Errc::corruption, file, "is no ledger of erasures: it has no whole line");
  }
  return known->size();
}

/// Nothing where there is none.
Result<std::optional<std::string>> read_bounded(const std::filesystem::path& file) {
  auto text = read_file(file, kLedgerBytesMax);
  if (text) return std::optional<std::string>(*std::move(text));
  if (text.error().code == Errc::not_found) return std::optional<std::string>();
  return of_ledger(text.error().code, file, text.error().message);
}

}  // namespace

Result<RestoredLedger> find_ledger(const std::string& given, const std::filesystem::path& place,
                                   const core::Uuid& log_id) {
  RestoredLedger ledger;
  ledger.place = std::filesystem::absolute(place).lexically_normal();
  auto there = read_bounded(ledger.place);
  if (!there) return there.error();
  const std::filesystem::path file = given.empty() ? ledger.place : std::filesystem::path(given);
  auto text = given.empty() ? *there : Result<std::optional<std::string>>(read_bounded(file));
  if (!text) return text.error();
  if (!*text) {
    if (given.empty()) return ledger;
    return of_ledger(Errc::not_found, file, "there is no such file");
  }
  const auto erasures = judge(file, **text, log_id);
  if (!erasures) return erasures.error();
  if (!given.empty() && !(*text)->empty() && *erasures == 0) {
    return of_ledger(Errc::rejected, file,
                     "knows nothing of the log " + core::to_string(log_id) +
                         ", which the backup is of: it is the ledger of another one");
  }
  ledger.found = true;
  ledger.erasures = *erasures;
  if (*there && **there != **text) {
    return of_ledger(Errc::rejected, ledger.place,
                     "is there and says something else than " + file.string());
  }
  if (!*there) ledger.text = **std::move(text);
  return ledger;
}

Status lay_ledger(const RestoredLedger& ledger) {
  if (!ledger.text) return Ok{};
  return replace_file(ledger.place, *ledger.text);
}

}  // namespace hansard::cli
