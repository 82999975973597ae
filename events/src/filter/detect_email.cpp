#include <algorithm>
#include <array>
#include <string>

#include "scan.h"

namespace hansard::events::scan {
namespace {

constexpr std::size_t kLocalBytesMax = 64;
constexpr std::size_t kDomainBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

/// Letters of UTF-8 by what they may stand beside: letters of Latin are written within ASCII words,
/// those of other scripts are not, and begin or end what is not divided by spaces.
enum class Script : std::uint8_t { ascii, latin, other };

Script script_before(std::string_view text, std::size_t end) {
  std::size_t lead = end - 1;
  while (lead > 0 && end - lead < 4 && (static_cast<unsigned char>(text[lead]) & 0xC0U) == 0x80) {
    --lead;
  }
  const auto c = static_cast<unsigned char>(text[lead]);
  return c < 0x80 ? Script::ascii : c >= 0xC3 && c <= 0xC9 ? Script::latin : Script::other;
}

Script script_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  return c < 0x80 ? Script::ascii : c >= 0xC3 && c <= 0xC9 ? Script::latin : Script::other;
}

bool is_local(char c) {
  constexpr std::string_view kMarks = "._%+-'!#$&*?^~";
  return is_alnum(c) || kMarks.find(c) != std::string_view::npos;
}

/// Where the local part before `end` begins; `end` where there is none.
std::size_t local_begin(std::string_view text, std::size_t end) {
  if (end == 0) return end;
  if (text[end - 1] == '"') {
    const std::size_t least = end > kLocalBytesMax ? end - kLocalBytesMax : 0;
    for (std::size_t i = end - 1; i > least && text[i - 1] != '\n'; --i) {
      if (text[i - 1] == '"') return i < end - 1 ? i - 1 : end;
    }
    return end;
  }
  const bool any_script = script_before(text, end) == Script::other;
  std::size_t begin = end;
  while (begin > 0 && end - begin < kLocalBytesMax) {
    if (is_ascii(text[begin - 1])) {
      if (!is_local(text[begin - 1])) break;
      // Two dots end it: what stands before them is another sentence.
      if (text[begin - 1] == '.' && begin < end && text[begin] == '.') break;
    } else if (script_before(text, begin) == Script::other && !any_script) {
      break;
    }
    --begin;
  }
  // Half a character, or marks that enclose it.
  while (begin < end && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80) ++begin;
  while (begin < end && is_ascii(text[begin]) && !is_alnum(text[begin]) && text[begin] != '_') {
    ++begin;
  }
  const char last = text[end - 1];
  return last == '.' || last == '\'' || last == '*' ? end : begin;
}

/// Endings of file names and of members in code, which look like domains.
bool is_no_domain(std::string_view last) {
  static constexpr std::array<std::string_view, 53> kWords{
      "argmax", "avif",   "bmp",     "cfg", "conf", "cpp",       "css",  "csv", "data",
      "dll",    "dot",    "dtype",   "exe", "gif",  "grad",      "gz",   "h",   "hpp",
      "htm",    "html",   "ico",     "ini", "jar",  "jpeg",      "jpg",  "js",  "json",
      "jsx",    "length", "lock",    "log", "mean", "mjs",       "mp3",  "mp4", "pdf",
      "php",    "png",    "reshape", "rs",  "scss", "shape",     "size", "sql", "svg",
      "tar",    "toml",   "ts",      "tsx", "txt",  "transpose", "webp", "yaml"};
  return std::find(kWords.begin(), kWords.end(), last) != kWords.end();
}

/// Where the domain at `begin` ends; `begin` where there is none.
std::size_t domain_end(std::string_view text, std::size_t begin) {
  if (at(text, begin) == '[') {
    const std::size_t close = text.substr(begin, 64).find(']');
    if (close == std::string_view::npos || close < 4) return begin;
    for (const char c : text.substr(begin + 1, close - 1)) {
      if (!is_alnum(c) && c != '.' && c != ':') return begin;
    }
    return begin + close + 1;
  }
  std::size_t good = begin;  // after the last label that may end a domain
  std::size_t label = begin;
  while (label < text.size() && label - begin < kDomainBytesMax) {
    const bool ascii = script_at(text, label) != Script::other;
    bool letters = true;  // of any script, as the last label must be
    std::size_t end = label;
    while (end < text.size() && end - label <= kLabelBytesMax) {
      const char c = text[end];
      if (is_ascii(c)) {
        if (!is_alnum(c) && c != '-') break;
        letters = letters && is_letter(c);
      } else if (ascii && script_at(text, end) == Script::other &&
                 (static_cast<unsigned char>(c) & 0xC0U) == 0xC0) {
        break;
      }
      ++end;
    }
    std::size_t last = end;
    while (last > label && text[last - 1] == '-') --last;
    if (last == label || text[label] == '-' || end - label > kLabelBytesMax) break;
    const std::string_view word = text.substr(label, last - label);
    const bool puny = word.size() > 4 && word.substr(0, 4) == "xn--";
    // The first label alone is no domain.
    if (label != begin && word.size() >= 2 && (letters || puny)) {
      std::string lowered(word);
      std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
      if (!is_no_domain(lowered)) {
        good = last;
      } else if (at(text, end) != '.') {
        return begin;
      }
    }
    if (last != end || at(text, end) != '.') break;
    label = end + 1;
  }
  return good;
}

/// `git@host:owner/name` names a repository.
bool names_repository(std::string_view text, std::string_view local, std::size_t end) {
  return (local == "git" || local == "hg" || local == "svn") &&
         (at(text, end) == ':' || at(text, end) == '/');
}

}  // namespace

std::optional<Hit> email_at(std::string_view text, std::size_t at) {
  const std::size_t sign = text[at] == '@' ? 1 : 3;
  const std::size_t begin = local_begin(text, at);
  if (begin == at || before(text, begin) == '@') return std::nullopt;
  const std::size_t domain = at + sign;
  const std::size_t end = domain_end(text, domain);
  if (end == domain || scan::at(text, end) == '@') return std::nullopt;
  if (names_repository(text, text.substr(begin, at - begin), end)) return std::nullopt;
  return Hit{begin, end, Detector::email};
}

}  // namespace hansard::events::scan
