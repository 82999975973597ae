#include "events/filter/detect.h"

#include <algorithm>
#include <cstring>

#include "scan.h"

namespace hansard::events {
namespace {

using namespace scan;  // NOLINT(google-build-using-namespace)

/// What a byte may be the sign of. Most bytes of most texts are of none.
enum : std::uint8_t { kAt = 1, kNumber = 2, kIssuer = 4, kTelling = 8 };

constexpr std::array<std::uint8_t, 256> make_signs() {
  std::array<std::uint8_t, 256> signs{};
  const auto set = [&](std::string_view bytes, std::uint8_t sign) {
    for (const char c : bytes) {
      auto& of = signs[static_cast<unsigned char>(c)];
      of = static_cast<std::uint8_t>(of | sign);
    }
  };
  set("@%", kAt);
  set("0123456789+", kNumber);
  // A byte within each prefix: the rarest of its first ones.
  set("-_AJG.", kIssuer);
  set(":=", kTelling);
  return signs;
}
constexpr auto kSigns = make_signs();

/// The signs that `which` look for.
std::uint8_t signs_of(Detectors which) {
  unsigned signs = 0;
  if (which.has(Detector::email)) signs |= kAt;
  if (which.has(Detector::phone) || which.has(Detector::card)) signs |= kNumber;
  if (which.has(Detector::key)) signs |= kIssuer | kTelling;
  return static_cast<std::uint8_t>(signs);
}

/// Where a key may begin that has `text[at]` within its prefix.
std::optional<Hit> issuer_near(std::string_view text, std::size_t at) {
  const auto back = [&](std::size_t bytes) -> std::optional<Hit> {
    return at >= bytes ? issued_key_at(text, at - bytes) : std::nullopt;
  };
  const auto ends_with = [&](std::string_view prefix) {
    return at + 1 >= prefix.size() && text.substr(at + 1 - prefix.size(), prefix.size()) == prefix;
  };
  const char previous = before(text, at);
  switch (text[at]) {
    case '-':
      if (at + 1 < text.size() && text[at + 1] == '-') {
        return previous != '-' ? back(0) : std::nullopt;
      }
      if (ends_with("sk-")) return back(2);
      if (ends_with("xai-")) return back(3);
      if (ends_with("glpat-")) return back(5);
      if (ends_with("GOCSPX-")) return back(6);
      if (ends_with("xapp-") || ends_with("pplx-")) return back(4);
      return at >= 4 && text.substr(at - 4, 3) == "xox" ? back(4) : std::nullopt;
    case '_':
      if (previous == 'k' && (ends_with("sk_") || ends_with("rk_"))) {
        return ends_with("gsk_") ? back(3) : back(2);
      }
      if (ends_with("whsec_")) return back(5);
      if (ends_with("github_")) return back(6);
      if (at >= 3 && text[at - 3] == 'g' && text[at - 2] == 'h') return back(3);
      if (ends_with("npm_") || ends_with("hsd_")) return back(3);
      if (ends_with("dop_")) return back(3);
      return ends_with("hf_") || ends_with("r8_") ? back(2) : std::nullopt;
    case 'A':
      return scan::at(text, at + 1) == 'K' || scan::at(text, at + 1) == 'S' ||
                     scan::at(text, at + 1) == 'B' || scan::at(text, at + 1) == 'C' ||
                     scan::at(text, at + 1) == 'I'
                 ? back(0)
                 : std::nullopt;
    case 'J':
      return ends_with("eyJ") ? back(2) : std::nullopt;
    case 'G':
      return previous == 'S' && scan::at(text, at + 1) == '.' ? back(1) : std::nullopt;
    case '.':
      return ends_with("ya29.") ? back(4) : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// Calls `found` with each place at which `word` stands. Two bytes of it at a time would be found
/// as often as it has neighbours; `memmem` passes over text as fast as memory comes.
template <class F>
void each_place(std::string_view text, std::string_view word, const F& found) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end; ++p) {
    p = static_cast<const char*>(
        memmem(p, static_cast<std::size_t>(end - p), word.data(), word.size()));
    if (p == nullptr) return;
    found(static_cast<std::size_t>(p - text.data()));
  }
}

/// `Bearer`, `Basic` and `password is`: letters, so they are looked for by themselves, as words.
void find_told_words(std::string_view text, std::vector<Hit>& hits) {
  const auto credentials = [&](std::size_t at) {
    if (at == 0 || (text[at - 1] != 'b' && text[at - 1] != 'B')) return;
    if (auto hit = told_key_at(text, at - 1)) hits.push_back(*hit);
  };
  each_place(text, "earer ", credentials);
  each_place(text, "asic ", credentials);
  each_place(text, " is ", [&](std::size_t at) {
    if (auto hit = told_key_at(text, at + 1)) hits.push_back(*hit);
  });
}

/// In order; of those that overlap one, as long as all of them.
void merge(std::vector<Hit>& hits) {
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::size_t kept = 0;
  for (const Hit& hit : hits) {
    if (kept > 0 && hit.begin < hits[kept - 1].end) {
      Hit& last = hits[kept - 1];
      if (hit.end - hit.begin > last.end - last.begin) last.what = hit.what;
      last.end = std::max(last.end, hit.end);
    } else {
      hits[kept++] = hit;
    }
  }
  hits.resize(kept);
}

}  // namespace

std::vector<Hit> detect(std::string_view text, Detectors which, std::string_view name) {
  std::vector<Hit> hits;
  const std::uint8_t wanted = signs_of(which);
  if (wanted == 0) return hits;
  const Place place{text, name};
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  for (const char* p = begin; p < end;) {
    const std::uint8_t sign = kSigns[static_cast<unsigned char>(*p)] & wanted;
    if (sign == 0) {
      ++p;
      continue;
    }
    const auto at = static_cast<std::size_t>(p - begin);
    std::size_t next = at + 1;
    if ((sign & kAt) != 0) {
      if (*p == '@' || starts_at(text, at, "%40")) {
        if (auto hit = email_at(text, at)) {
          hits.push_back(*hit);
          next = hit->end;
        }
      }
    } else if ((sign & kNumber) != 0) {
      const bool opened = at > 0 && *p != '+' && text[at - 1] == '(';
      if (*p != '+' || is_digit(scan::at(text, at + 1)) || scan::at(text, at + 1) == '(') {
        next = std::max(next, numbers_at(place, opened ? at - 1 : at, which, hits));
      }
    } else if ((sign & kIssuer) != 0) {
      if (auto hit = issuer_near(text, at)) {
        hits.push_back(*hit);
        next = std::max(next, hit->end);
      }
    } else if (auto hit = told_key_at(text, at)) {
      hits.push_back(*hit);
    }
    p = begin + next;
  }
  if (which.has(Detector::key)) {
    find_told_words(text, hits);
    if (!name.empty()) {
      if (auto hit = named_key(place)) hits.push_back(*hit);
    }
  }
  if (hits.size() > 1) merge(hits);
  return hits;
}

std::optional<Hit> key_form_in(std::string_view id) {
  for (std::size_t at = 0; at < id.size(); ++at) {
    if ((kSigns[static_cast<unsigned char>(id[at])] & kIssuer) == 0) continue;
    if (auto hit = issuer_near(id, at)) return hit;
  }
  return std::nullopt;
}

std::optional<Hit> email_form_in(std::string_view id) {
  for (std::size_t at = id.find('@'); at != std::string_view::npos; at = id.find('@', at + 1)) {
    if (auto hit = email_at(id, at)) return hit;
  }
  return std::nullopt;
}

}  // namespace hansard::events
