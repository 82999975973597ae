#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "scan.h"

namespace hansard::events::scan {
namespace {

constexpr std::size_t kValueBytesMax = 512;
constexpr std::size_t kPemBytesMax = 16U << 10;
constexpr std::string_view kToken = "[removed:";

// ---- keys of issuers ----

enum class Body : std::uint8_t {
  alnum,   ///< A-Z a-z 0-9
  word,    ///< and `_`
  dashed,  ///< and `-`
  dotted,  ///< and `.`
  upper,   ///< A-Z 0-9
};

bool is_body(char c, Body body) {
  switch (body) {
    case Body::upper:
      return is_digit(c) || is_upper(c);
    case Body::alnum:
      return is_alnum(c);
    case Body::word:
      return is_alnum(c) || c == '_';
    case Body::dashed:
      return is_alnum(c) || c == '_' || c == '-';
    case Body::dotted:
      return is_alnum(c) || c == '_' || c == '-' || c == '.';
  }
  return false;
}

struct Issued {
  std::string_view prefix;
  Body body = Body::alnum;
  std::size_t shortest = 0;  ///< of what follows the prefix
  std::size_t longest = kValueBytesMax;
  bool random = false;  ///< what follows must look drawn, because the prefix is short
};

// Longer prefixes first. Lengths: the issuers' pages and GitHub's secret scanning patterns.
constexpr std::array kIssued{
    Issued{"sk-ant-", Body::dashed, 20},
    Issued{"sk-proj-", Body::dashed, 20},
    Issued{"sk-svcacct-", Body::dashed, 20},
    Issued{"sk-admin-", Body::dashed, 20},
    Issued{"sk-or-v1-", Body::alnum, 32},
    Issued{"sk-lf-", Body::dashed, 20},
    Issued{"sk_live_", Body::alnum, 16},
    Issued{"sk_test_", Body::alnum, 16},
    Issued{"rk_live_", Body::alnum, 16},
    Issued{"rk_test_", Body::alnum, 16},
    Issued{"sk-", Body::dashed, 20, kValueBytesMax, true},
    Issued{"whsec_", Body::alnum, 24},
    Issued{"AKIA", Body::upper, 16, 16},
    Issued{"ASIA", Body::upper, 16, 16},
    Issued{"ABIA", Body::upper, 16, 16},
    Issued{"ACCA", Body::upper, 16, 16},
    Issued{"github_pat_", Body::word, 22},
    Issued{"ghp_", Body::alnum, 30},
    Issued{"gho_", Body::alnum, 30},
    Issued{"ghu_", Body::alnum, 30},
    Issued{"ghs_", Body::alnum, 30},
    Issued{"ghr_", Body::alnum, 30},
    Issued{"glpat-", Body::dashed, 20},
    Issued{"xoxb-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"xoxp-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"xoxa-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"xoxr-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"xoxs-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"xoxe-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"xapp-", Body::dashed, 16, kValueBytesMax, true},
    Issued{"AIza", Body::dashed, 35, 35},
    Issued{"GOCSPX-", Body::dashed, 28},
    Issued{"npm_", Body::alnum, 36},
    Issued{"hf_", Body::alnum, 30, 64, true},
    Issued{"gsk_", Body::alnum, 40},
    Issued{"xai-", Body::alnum, 60},
    Issued{"pplx-", Body::alnum, 40},
    Issued{"r8_", Body::alnum, 37, 48, true},
    Issued{"dop_v1_", Body::alnum, 60},
    Issued{"hsd_", Body::dashed, 16, kValueBytesMax, true},
};

double entropy_bits(std::string_view text) {
  std::array<std::size_t, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  const auto size = static_cast<double>(text.size());
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / size;
    bits -= share * std::log2(share);
  }
  return bits;
}

/// Letters and digits in one stretch of 12 at least, not all of one kind, or long and of all kinds:
/// no words with hyphens.
bool looks_drawn(std::string_view text) {
  constexpr std::size_t kStretch = 12;
  std::size_t digits = 0;
  std::size_t letters = 0;
  for (const char c : text) {
    if (is_alnum(c)) {
      ++(is_digit(c) ? digits : letters);
    } else {
      digits = letters = 0;
    }
    if (digits + letters >= kStretch && digits > 0 && letters > 0) return true;
  }
  constexpr std::size_t kLong = 24;
  constexpr double kBits = 3.5;
  return text.size() >= kLong && std::any_of(text.begin(), text.end(), is_digit) &&
         std::any_of(text.begin(), text.end(), is_upper) && entropy_bits(text) >= kBits;
}

std::size_t body_end(std::string_view text, std::size_t begin, Body body, std::size_t longest) {
  std::size_t end = begin;
  const std::size_t most = std::min(text.size(), begin + longest);
  while (end < most && is_body(text[end], body)) ++end;
  return end;
}

/// @param joined  it may follow a `-` or `_` of a longer name
bool stands_alone(std::string_view text, std::size_t begin, bool joined) {
  const char c = before(text, begin);
  if (c == 'n' && begin >= 2 && text[begin - 2] == '\\') return true;  // `\n` as two characters
  if (is_alnum(c)) return false;
  return joined || (c != '_' && (c != '-' || !is_alnum(before(text, begin - 1))));
}

/// Three parts of base64url with dots between; the first two are JSON objects.
std::optional<Hit> web_token_at(std::string_view text, std::size_t begin) {
  constexpr std::size_t kPart = 8;
  constexpr std::size_t kTokenBytesMax = 8192;
  const std::size_t one = body_end(text, begin, Body::dashed, kTokenBytesMax);
  if (one - begin < kPart || at(text, one) != '.' || !starts_at(text, one + 1, "eyJ")) return {};
  const std::size_t two = body_end(text, one + 1, Body::dashed, kTokenBytesMax);
  if (two - one < kPart || at(text, two) != '.') return {};
  const std::size_t three = body_end(text, two + 1, Body::dashed, kTokenBytesMax);
  if (three - two < kPart) return {};
  return Hit{begin, three, Detector::key};
}

/// From BEGIN to END; without an END what can be of it.
std::optional<Hit> pem_at(std::string_view text, std::size_t begin) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  constexpr std::string_view kKey = "PRIVATE KEY";
  constexpr std::size_t kLabelBytesMax = 40;
  if (!starts_at(text, begin, kBegin)) return {};
  const auto label = text.substr(begin + kBegin.size(), kLabelBytesMax);
  const std::size_t key = label.find(kKey);
  if (key == std::string_view::npos || label.substr(0, key).find('-') != std::string_view::npos) {
    return {};
  }
  const std::size_t body = begin + kBegin.size() + key + kKey.size();
  const auto rest = text.substr(body, kPemBytesMax);
  if (const std::size_t end = rest.find(kEnd); end != std::string_view::npos) {
    std::size_t after = body + end + kEnd.size();
    while (after < text.size() && (is_upper(text[after]) || text[after] == ' ')) ++after;
    while (after < text.size() && text[after] == '-') ++after;
    return Hit{begin, after, Detector::key};
  }
  std::size_t end = 0;
  while (end < rest.size() &&
         (is_alnum(rest[end]) || is_space(rest[end]) ||
          std::string_view("+/=-\\:,").find(rest[end]) != std::string_view::npos)) {
    ++end;
  }
  constexpr std::size_t kLeast = 40;
  if (end < kLeast) return {};
  return Hit{begin, body + end, Detector::key};
}

/// 40 characters of base64 that stand alone, mixed.
bool is_aws_secret(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr std::size_t kSecretBytes = 40;
  if (end - begin != kSecretBytes) return false;
  bool lower_case = false;
  bool upper_case = false;
  bool digit = false;
  for (const char c : text.substr(begin, kSecretBytes)) {
    lower_case = lower_case || (c >= 'a' && c <= 'z');
    upper_case = upper_case || is_upper(c);
    digit = digit || is_digit(c);
  }
  return lower_case && upper_case && digit;
}

// ---- keys by the words before them ----

bool is_word(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.' || !is_ascii(c); }

enum class Named : std::uint8_t { nothing, password, secret, token };

/// What a name (of a variable, a member, a header) says of its value.
Named meaning_of(std::string_view name) {
  // `the password is: `
  for (const std::string_view verb : {" is", " ist", " est", " es", " war", " was", " lautet"}) {
    if (name.ends_with(verb)) name.remove_suffix(verb.size());
  }
  std::string word;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    word += lower(c);
  }
  const auto ends = [&](std::string_view with) { return word.ends_with(with); };
  for (const std::string_view password :
       {"password", "passwd", "passwort", "kennwort", "passphrase", "contraseña", "motdepasse",
        "пароль", "密码", "パスワード", "senha", "wachtwoord", "hasło", "비밀번호"}) {
    if (ends(password)) return Named::password;
  }
  if (word == "pwd" || word == "pass" || ends("dbpass") || ends("userpwd") || ends("dbpwd") ||
      ends("mysqlpwd") || word == "pgpassword") {
    return Named::password;
  }
  for (const std::string_view open :
       {"publickey", "primarykey", "foreignkey", "cachekey", "sortkey", "partitionkey",
        "idempotencykey", "hotkey", "keyboard", "objectkey", "sshkeyfingerprint"}) {
    if (ends(open)) return Named::nothing;
  }
  if (ends("secret") || ends("secretkey") || ends("secretaccesskey") || ends("privatekey")) {
    return Named::secret;
  }
  if (ends("key") || ends("token") || ends("apikey") || ends("credential") || ends("credentials") ||
      ends("auth") || ends("schlüssel") || ends("密钥") || ends("clave") || ends("ключ")) {
    return Named::token;
  }
  return Named::nothing;
}

bool is_placeholder(std::string_view value) {
  std::string word;
  for (const char c : value) word += lower(c);
  static constexpr std::array<std::string_view, 31> kWords{
      "null",          "none",     "nil",      "true",     "false",         "string",
      "undefined",     "required", "optional", "password", "passwd",        "secret",
      "token",         "text",     "redacted", "changeme", "your_password", "yourpassword",
      "your-password", "hidden",   "empty",    "example",  "placeholder",   "invalid",
      "incorrect",     "wrong",    "must",     "bcrypt",   "hash",          "field",
      "reset"};
  if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  if (word.find_first_not_of(word.substr(0, 1)) == std::string::npos) return true;  // `****`
  if (value.starts_with(kToken) || word.starts_with("removed-") || word.starts_with("your") ||
      word.starts_with("my_") || word.starts_with("env.") || word.starts_with("process.env") ||
      word.starts_with("os.environ")) {
    return true;
  }
  constexpr std::string_view kOpen = "<${%[(*@";
  return kOpen.find(value.front()) != std::string_view::npos;
}

/// 8-4-4-4-12: drawn, but a name.
bool is_uuid(std::string_view value) {
  constexpr std::size_t kUuidBytes = 36;
  return value.size() == kUuidBytes && value[8] == '-' && value[13] == '-' && value[18] == '-' &&
         value[23] == '-';
}

/// Is this what was drawn, rather than written?
bool is_random(std::string_view value) {
  constexpr std::size_t kLeast = 32;
  constexpr double kBits = 3.2;
  if (value.size() < kLeast || is_uuid(value)) return false;
  const bool digits = std::any_of(value.begin(), value.end(), is_digit);
  const bool letters = std::any_of(value.begin(), value.end(), is_letter);
  return digits && letters && entropy_bits(value) >= kBits;
}

bool is_credential(char c) {
  return is_alnum(c) || std::string_view("_-+/=.~").find(c) != std::string_view::npos;
}

/// A value that begins at `begin`, quoted or up to a space or a mark that ends it.
struct Value {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool quoted = false;
};

std::optional<Value> value_at(std::string_view text, std::size_t begin) {
  Value value{begin, begin, false};
  const std::size_t most = std::min(text.size(), begin + kValueBytesMax);
  std::size_t first = begin;
  if (at(text, first) == '\\') ++first;
  const char quote = at(text, first);
  if (quote == '"' || quote == '\'' || quote == '`') {
    value.begin = value.end = first + 1;
    value.quoted = true;
    while (value.end < most && text[value.end] != quote && text[value.end] != '\n') ++value.end;
    if (at(text, value.end) != quote) return {};
    if (value.end > value.begin && text[value.end - 1] == '\\') --value.end;
  } else {
    while (value.end < most && !is_space(text[value.end]) &&
           std::string_view("\"'`,;&<>)]}|").find(text[value.end]) == std::string_view::npos) {
      ++value.end;
    }
    if (at(text, value.begin) == '[' && starts_at(text, value.begin, kToken)) return {};
    while (value.end > value.begin &&
           std::string_view(".?:").find(text[value.end - 1]) != std::string_view::npos) {
      --value.end;
    }
  }
  if (value.end == value.begin) return {};
  return value;
}

/// May this stand for a password? Code and prose say `password` of other things, too.
bool is_password(std::string_view text, const Value& value, bool assigned) {
  constexpr std::size_t kLeast = 4;
  constexpr std::size_t kMost = 128;
  const auto said = text.substr(value.begin, value.end - value.begin);
  if (said.size() < kLeast || said.size() > kMost || is_placeholder(said)) return false;
  if (value.quoted) {
    return said.find(' ') == std::string_view::npos && said.find("${") == std::string_view::npos &&
           said.find("{{") == std::string_view::npos;
  }
  const char next = at(text, value.end);
  if (said.find('(') != std::string_view::npos || next == '(' || next == '[') return false;
  if (said.find("://") != std::string_view::npos) return false;
  const bool digit = std::any_of(said.begin(), said.end(), is_digit);
  const bool letter = std::any_of(said.begin(), said.end(), is_letter);
  const bool mark = std::any_of(said.begin(), said.end(), [](char c) {
    return std::string_view("!@#$%^&*+?~").find(c) != std::string_view::npos;
  });
  if (assigned) return (digit && (letter || said.size() >= 6)) || (mark && letter);
  constexpr std::size_t kSaid = 6;
  return said.size() >= kSaid && letter && (digit || mark);
}

std::optional<Hit> told(std::string_view text, Named named, const Value& value, bool assigned) {
  if (named == Named::nothing) return {};
  if (named == Named::password) {
    if (!is_password(text, value, assigned)) return {};
    return Hit{value.begin, value.end, Detector::key};
  }
  std::size_t end = value.begin;
  while (end < value.end && is_credential(text[end])) ++end;
  const auto said = text.substr(value.begin, end - value.begin);
  // A secret may be short where a token that short is a name.
  constexpr std::size_t kShort = 20;
  constexpr double kBits = 3.3;
  const bool drawn = is_random(said) || (named == Named::secret && said.size() >= kShort &&
                                         looks_drawn(said) && entropy_bits(said) >= kBits);
  if (!drawn || said.find("://") != std::string_view::npos) return {};
  return Hit{value.begin, end, Detector::key};
}

/// The name that ends before `end`, closing quotes passed over.
std::string_view name_before(std::string_view text, std::size_t end) {
  constexpr std::size_t kNameBytesMax = 48;
  while (end > 0 && std::string_view(" \t\"'`\\*)").find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  std::size_t begin = end;
  // One space is of the name: `api key`, `mot de passe`.
  while (begin > 0 && end - begin < kNameBytesMax &&
         (is_word(text[begin - 1]) ||
          (text[begin - 1] == ' ' && begin < end && begin > 1 && is_letter(text[begin - 2])))) {
    --begin;
  }
  return text.substr(begin, end - begin);
}

/// Does a name that `meaning_of` knows end before `end`? Most do not, by their last two letters,
/// and are looked at no further.
bool may_mean(std::string_view text, std::size_t end) {
  while (end > 0 &&
         std::string_view(" \t\"'`\\*):=").find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  if (end < 3) return false;
  if (!is_ascii(text[end - 1])) return true;
  const auto two = [](char a, char b) { return a * 256 + b; };
  switch (two(lower(text[end - 2]), lower(text[end - 1]))) {
    case two('r', 'd'):  // password, wachtwoord
    case two('w', 'd'):  // passwd, pwd
    case two('r', 't'):  // passwort, kennwort
    case two('s', 'e'):  // passphrase, mot de passe
    case two('h', 'a'):  // senha
    case two('s', 's'):  // pass
    case two('e', 't'):  // secret, lautet
    case two('e', 'y'):  // key
    case two('e', 'n'):  // token
    case two('a', 'l'):  // credential
    case two('l', 's'):  // credentials
    case two('t', 'h'):  // auth
    case two('v', 'e'):  // clave
    case two('i', 's'):  // the password is:
    case two('s', 't'):  // ist, est
    case two('e', 's'):  // es
    case two('a', 's'):  // was
    case two('a', 'r'):  // war
      return true;
    default:
      return !is_ascii(text[end - 2]);  // contrase\xC3\xB1a, has\xC5\x82o
  }
}

std::optional<Hit> credentials_at(std::string_view text, std::size_t at) {
  const auto says = [&](std::string_view word) {
    if (text.size() - at <= word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (lower(text[at + i]) != word[i]) return false;
    }
    return text[at + word.size()] == ' ';
  };
  const bool bearer = says("bearer");
  if ((!bearer && !says("basic")) || is_alnum(before(text, at))) return {};
  std::size_t begin = at + (bearer ? 7 : 6);
  while (scan::at(text, begin) == ' ') ++begin;
  std::size_t end = begin;
  const std::size_t most = std::min(text.size(), begin + 4096);
  while (end < most && is_credential(text[end])) ++end;
  while (end > begin && text[end - 1] == '.') --end;
  const auto said = text.substr(begin, end - begin);
  if (bearer) {
    constexpr std::size_t kLeast = 16;
    if (said.size() < kLeast || !looks_drawn(said)) return {};
    return Hit{begin, end, Detector::key};
  }
  constexpr std::size_t kLeast = 12;
  if (said.size() < kLeast) return {};
  // `Authorization: Basic ...` alone: the word is of every language of programming.
  const auto header = text.substr(at > 24 ? at - 24 : 0, at > 24 ? 24 : at);
  if (header.find("uthorization") == std::string_view::npos) return {};
  return Hit{begin, end, Detector::key};
}

}  // namespace

std::optional<Hit> issued_key_at(std::string_view text, std::size_t at) {
  if (text[at] == '-') return pem_at(text, at);
  if (!stands_alone(text, at, true)) return {};
  if (starts_at(text, at, "eyJ")) return web_token_at(text, at);
  if (starts_at(text, at, "SG.")) {
    const std::size_t one = body_end(text, at + 3, Body::dashed, 24);
    if (one - at - 3 < 20 || scan::at(text, one) != '.') return {};
    const std::size_t two = body_end(text, one + 1, Body::dashed, 50);
    if (two - one - 1 < 40) return {};
    return Hit{at, two, Detector::key};
  }
  if (starts_at(text, at, "ya29.")) {
    const std::size_t end = body_end(text, at + 5, Body::dotted, kValueBytesMax);
    if (end - at < 30) return {};
    return Hit{at, end, Detector::key};
  }
  for (const Issued& issued : kIssued) {
    if (!starts_at(text, at, issued.prefix)) continue;
    if (issued.random && !stands_alone(text, at, false)) continue;
    const std::size_t begin = at + issued.prefix.size();
    std::size_t end = body_end(text, begin, issued.body, issued.longest);
    while (end > begin && text[end - 1] == '-') --end;
    const auto body = text.substr(begin, end - begin);
    if (body.size() < issued.shortest || (issued.random && !looks_drawn(body))) continue;
    // Of a longer word, where the length is fixed.
    if (issued.shortest == issued.longest && is_body(scan::at(text, end), Body::word)) continue;
    if (issued.body == Body::upper) {
      // The secret of this id, near it.
      constexpr std::size_t kNear = 200;
      const std::size_t most = std::min(text.size(), end + kNear);
      for (std::size_t from = end; from < most;) {
        std::size_t to = from;
        while (to < text.size() && to - from <= 41 &&
               (is_alnum(text[to]) || text[to] == '/' || text[to] == '+')) {
          ++to;
        }
        if (is_aws_secret(text, from, to)) return Hit{at, to, Detector::key};
        from = to + 1;
      }
    }
    return Hit{at, end, Detector::key};
  }
  return {};
}

std::optional<Hit> told_key_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == 'b' || c == 'B') return credentials_at(text, at);
  if (c == 'i' || c == 'I') {
    // `password is`
    if (before(text, at) != ' ' || lower(scan::at(text, at + 1)) != 's' ||
        scan::at(text, at + 2) != ' ') {
      return {};
    }
    if (!may_mean(text, at)) return {};
    const auto name = name_before(text, at);
    const auto value = value_at(text, at + 3);
    return value ? told(text, meaning_of(name), *value, false) : std::nullopt;
  }
  // `:` and `=`; of `:=`, `==`, `=>` the last.
  const char next = scan::at(text, at + 1);
  if (next == '=' || next == '>' || next == ':') return {};
  if (!may_mean(text, at)) return {};
  std::size_t name_end = at;
  while (name_end > 0 && (text[name_end - 1] == ':' || text[name_end - 1] == '=')) --name_end;
  const auto named = meaning_of(name_before(text, name_end));
  if (named == Named::nothing) return {};
  std::size_t begin = at + 1;
  while (begin < text.size() && begin - at < 8 && (text[begin] == ' ' || text[begin] == '*')) {
    ++begin;
  }
  const auto value = value_at(text, begin);
  return value ? told(text, named, *value, true) : std::nullopt;
}

std::optional<Hit> named_key(const Place& place) {
  const auto named = meaning_of(place.name);
  const std::string_view text = place.text;
  if (named == Named::nothing || text.empty()) return {};
  return told(text, named, Value{0, std::min(text.size(), kValueBytesMax), true}, true);
}

}  // namespace hansard::events::scan
