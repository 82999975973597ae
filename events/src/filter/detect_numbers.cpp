#include <algorithm>
#include <array>
#include <string>

#include "scan.h"

namespace hansard::events::scan {
namespace {

constexpr std::size_t kGroupsMax = 24;

/// Digits that nothing separates.
struct Group {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::string separator = {};  ///< before it, spaces made one; of the first: `+`, `(` or nothing
};

struct Run {
  std::vector<Group> groups;
  std::size_t end = 0;
  bool plus = false;  ///< before the first group
};

/// Bytes of the separator character at `at`; 0: none stands there.
std::size_t separator_at(std::string_view text, std::size_t at) {
  constexpr std::string_view kSeparators = " -.()/";
  const char c = scan::at(text, at);
  if (c != '\0' && kSeparators.find(c) != std::string_view::npos) return 1;
  // No-break spaces, hyphens and dashes of Unicode.
  if (starts_at(text, at, "\xC2\xA0")) return 2;
  if (c == '\xE2') {
    for (const std::string_view wide : {"\xE2\x80\x90", "\xE2\x80\x91", "\xE2\x80\x92",
                                        "\xE2\x80\x93", "\xE2\x80\xAF", "\xE2\x80\x89"}) {
      if (starts_at(text, at, wide)) return 3;
    }
  }
  return 0;
}

char separator_kind(std::string_view text, std::size_t at, std::size_t size) {
  if (size == 1) return text[at];
  if (size == 2 || text[at + 2] == '\xAF' || text[at + 2] == '\x89') return ' ';
  return '-';
}

/// Reads groups from `at` on, at most three separator characters between two.
Run read_run(std::string_view text, std::size_t at) {
  Run run;
  std::size_t next = at;
  std::string separator;
  if (text[next] == '(') {
    separator = "(";
    ++next;
  }
  if (scan::at(text, next) == '+') {
    run.plus = true;
    ++next;
    if (scan::at(text, next) == '(') ++next;
  }
  run.end = next;
  while (next < text.size() && is_digit(text[next]) && run.groups.size() < kGroupsMax) {
    Group group{next, 0, std::move(separator)};
    while (next < text.size() && is_digit(text[next])) ++next;
    group.size = next - group.begin;
    run.groups.push_back(std::move(group));
    run.end = next;
    separator.clear();
    for (std::size_t size = separator_at(text, next); size > 0 && separator.size() < 3;
         size = separator_at(text, next)) {
      separator += separator_kind(text, next, size);
      next += size;
    }
    if (separator.empty()) break;
  }
  return run;
}

/// Is a number the end of a longer name: `a4111`, `x-4111`?
bool attached_before(std::string_view text, std::size_t begin) {
  const char c = before(text, begin);
  if (is_alnum(c) || c == '_') return true;
  const bool joins = c == '-' || c == '.' || c == '/';
  return joins && begin > 1 && is_alnum(text[begin - 2]);
}

/// Is it the beginning of one?
bool attached_after(std::string_view text, std::size_t end) {
  const char c = at(text, end);
  if (is_alnum(c) || c == '_') return true;
  const char next = at(text, end + 1);
  return ((c == '-' || c == '/') && is_alnum(next)) || (c == '.' && is_digit(next));
}

/// Has it a comma of thousands before it, or of a fraction after it?
bool is_amount(std::string_view text, const Group& first, std::size_t end) {
  constexpr std::size_t kThousands = 3;
  if (before(text, first.begin) == ',' && first.size == kThousands && first.begin > 1 &&
      is_digit(text[first.begin - 2])) {
    return true;
  }
  if (at(text, end) != ',' || !is_digit(at(text, end + 1))) return false;
  std::size_t digits = 0;
  while (digits <= kThousands && is_digit(at(text, end + 1 + digits))) ++digits;
  return digits <= kThousands;
}

std::string digits_of(std::string_view text, const Run& run, std::size_t from, std::size_t count) {
  std::string digits;
  for (std::size_t i = from; i < from + count; ++i) {
    digits.append(text.substr(run.groups[i].begin, run.groups[i].size));
  }
  return digits;
}

std::size_t end_of(const Group& group) { return group.begin + group.size; }

// ---- cards ----

bool luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto c = digits.rbegin(); c != digits.rend(); ++c, twice = !twice) {
    int value = *c - '0';
    if (twice) value = value > 4 ? 2 * value - 9 : 2 * value;
    sum += value;
  }
  return sum % 10 == 0;
}

/// Numbers that begin `from`..`to` (as many digits as these have) and are of these lengths.
struct Issuer {
  int from = 0;
  int to = 0;
  std::size_t shortest = 0;
  std::size_t longest = 0;
};

// ISO/IEC 7812 ranges, as the schemes publish them.
constexpr std::array kIssuers{
    Issuer{4, 4, 16, 16},       Issuer{4, 4, 19, 19},           Issuer{51, 55, 16, 16},
    Issuer{2221, 2720, 16, 16}, Issuer{34, 34, 15, 15},         Issuer{37, 37, 15, 15},
    Issuer{6011, 6011, 16, 19}, Issuer{622126, 622925, 16, 19}, Issuer{644, 649, 16, 19},
    Issuer{65, 65, 16, 19},     Issuer{300, 305, 14, 14},       Issuer{3095, 3095, 14, 14},
    Issuer{36, 36, 14, 14},     Issuer{38, 39, 14, 14},         Issuer{3528, 3589, 16, 19},
    Issuer{62, 62, 16, 19},     Issuer{5018, 5018, 16, 19},     Issuer{5020, 5020, 16, 19},
    Issuer{5038, 5038, 16, 19}, Issuer{5893, 5893, 16, 19},     Issuer{6304, 6304, 16, 19},
    Issuer{6759, 6759, 16, 19}, Issuer{6761, 6763, 16, 19},     Issuer{2200, 2204, 16, 19},
    Issuer{60, 60, 16, 16},     Issuer{81, 82, 16, 16},         Issuer{508, 508, 16, 16},
    Issuer{9792, 9792, 16, 16},
};

bool issued(std::string_view digits) {
  for (const Issuer& issuer : kIssuers) {
    if (digits.size() < issuer.shortest || digits.size() > issuer.longest) continue;
    const std::size_t places = std::to_string(issuer.from).size();
    const int prefix = std::stoi(std::string(digits.substr(0, places)));
    if (prefix >= issuer.from && prefix <= issuer.to) return true;
  }
  return false;
}

/// Sizes of the groups on cards; one group alone is any length.
constexpr std::array<std::string_view, 9> kCardGroups{"44443", "44442", "44441", "4444", "465",
                                                      "464",   "4443",  "4442",  "4333"};

bool is_iban_head(std::string_view text, const Run& run, std::size_t first) {
  const std::size_t begin = run.groups[first].begin;
  // `DE89 3704 0044`: the run begins within its head.
  if (begin >= 2 && is_upper(text[begin - 1]) && is_upper(text[begin - 2])) return true;
  // `GB29 NWBK 6016`
  if (begin < 10 || text[begin - 1] != ' ') return false;
  for (std::size_t i = begin - 5; i < begin - 1; ++i) {
    if (!is_upper(text[i])) return false;
  }
  return text[begin - 6] == ' ' && is_digit(text[begin - 7]) && is_digit(text[begin - 8]) &&
         is_upper(text[begin - 9]);
}

constexpr std::array<std::string_view, 40> kOtherNumbers{
    "order",          "orders",     "invoice",       "parcel",
    "tracking",       "reference",  "ref",           "ticket",
    "isbn",           "ean",        "upc",           "sku",
    "imei",           "serial",     "iban",          "asin",
    "case",           "id",         "build",         "version",
    "commit",         "bestellung", "bestellnummer", "rechnung",
    "sendungsnummer", "auftrag",    "commande",      "facture",
    "colis",          "pedido",     "factura",       "заказ",
    "订单",           "注文",       "timestamp",     "epoch",
    "article",        "barcode",    "gtin",          "model"};

/// @return groups used, 0: no card begins with group `first`
std::size_t card_at(std::string_view text, const Run& run, std::size_t first) {
  const auto& groups = run.groups;
  const auto fine = [&](std::size_t count) {
    const std::string digits = digits_of(text, run, first, count);
    const bool old_visa = digits.size() == 13 && digits[0] == '4' && count == 4;
    return (issued(digits) || old_visa) && luhn(digits);
  };
  for (const std::string_view sizes : kCardGroups) {
    if (groups.size() - first < sizes.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < sizes.size() && same; ++i) {
      const Group& group = groups[first + i];
      same = group.size == static_cast<std::size_t>(sizes[i] - '0') &&
             (i == 0 || (group.separator.size() == 1 && group.separator != "/" &&
                         group.separator == groups[first + 1].separator));
    }
    if (same && fine(sizes.size())) return sizes.size();
  }
  const std::size_t size = groups[first].size;
  return size >= 14 && size <= 19 && fine(1) ? 1 : 0;
}

// ---- phones ----

/// Words for phones and nothing else, also within names: `home_phone`.
constexpr std::array<std::string_view, 59> kPhoneWords{
    "phone",       "telephone",    "mobile",        "cellphone", "fax",         "whatsapp",
    "viber",       "sms",          "hotline",       "helpline",  "landline",    "voicemail",
    "phonenumber", "telefon",      "telefonnummer", "handy",     "handynummer", "rufnummer",
    "mobilnummer", "mobiltelefon", "anrufen",       "telefone",  "celular",     "telefono",
    "cellulare",   "telefoon",     "gsm",           "tlf",       "llámame",     "chiamami",
    "téléphone",   "teléfono",     "móvil",         "numéro",    "número",      "елефон",
    "тел.",        "звоните",      "Звоните",       "обильный",  "номер",       "电话",
    "手机",        "號碼",         "号码",          "電話",      "携帯",        "전화",
    "번호",        "휴대폰",       "फ़ोन",           "मोबाइल",    "هاتف",        "tel",
    "tel.",        "tel:",         "mobil",         "text me",   "text us"};
/// Words that are of phones in sentences; in names of programs they are of anything.
constexpr std::array<std::string_view, 21> kCallWords{
    "call",  "text ",    "calling", "ring",    "dial",     "reach",   "contact",
    "cell",  "telegram", "texting", "ruf",     "rufen",    "ligue",   "llame",
    "llama", "llamar",   "chiama",  "appelez", "portable", "call me", "call us"};

constexpr std::array<int, 216> kCountryCodes{
    1,   7,   20,  27,  30,  31,  32,  33,  34,  36,  39,  40,  41,  43,  44,  45,  46,  47,
    48,  49,  51,  52,  53,  54,  55,  56,  57,  58,  60,  61,  62,  63,  64,  65,  66,  81,
    82,  84,  86,  90,  91,  92,  93,  94,  95,  98,  211, 212, 213, 216, 218, 220, 221, 222,
    223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240,
    241, 242, 243, 244, 245, 246, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258, 260,
    261, 262, 263, 264, 265, 266, 267, 268, 269, 290, 291, 297, 298, 299, 350, 351, 352, 353,
    354, 355, 356, 357, 358, 359, 370, 371, 372, 373, 374, 375, 376, 377, 378, 379, 380, 381,
    382, 383, 385, 386, 387, 389, 420, 421, 423, 500, 501, 502, 503, 504, 505, 506, 507, 508,
    509, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 670, 672, 673, 674, 675, 676, 677,
    678, 679, 680, 681, 682, 683, 685, 686, 687, 688, 689, 690, 691, 692, 800, 808, 850, 852,
    853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 960, 961, 962, 963, 964, 965, 966,
    967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992, 993, 994, 995, 996, 998};

bool has_country_code(std::string_view digits) {
  for (std::size_t places = 1; places <= 3 && places <= digits.size(); ++places) {
    const int code = std::stoi(std::string(digits.substr(0, places)));
    if (std::find(kCountryCodes.begin(), kCountryCodes.end(), code) != kCountryCodes.end()) {
      return true;
    }
  }
  return false;
}

int value_of(std::string_view text, const Group& group) {
  if (group.size > 4) return 10'000;
  int value = 0;
  for (const char c : text.substr(group.begin, group.size)) value = value * 10 + (c - '0');
  return value;
}

/// Three groups that read as a date, with what may follow.
bool begins_with_date(std::string_view text, const Run& run) {
  if (run.groups.size() < 3) return false;
  const auto& g = run.groups;
  const int a = value_of(text, g[0]);
  const int b = value_of(text, g[1]);
  const int c = value_of(text, g[2]);
  const auto is_year = [](int y, std::size_t size) {
    return size == 2 || (size == 4 && y >= 1800 && y < 2200);
  };
  const bool one_separator = g[1].separator == g[2].separator && g[1].separator.size() == 1;
  if (!one_separator || g[1].size > 2) return false;
  const bool year_last = a >= 1 && a <= 31 && b >= 1 && b <= 31 && (a <= 12 || b <= 12) &&
                         g[0].size <= 2 && is_year(c, g[2].size);
  const bool year_first =
      g[0].size == 4 && is_year(a, 4) && b >= 1 && b <= 12 && c >= 1 && c <= 31 && g[2].size <= 2;
  // `06 12 34 56 78` is no date: five groups of two are a phone in France.
  return (year_last && g[2].size == 4) || year_first ||
         (year_last && run.groups.size() == 3 && g[1].separator != " ");
}

bool is_address(std::string_view text, const Run& run) {
  if (run.groups.size() != 4) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0 && run.groups[i].separator != ".") return false;
    if (value_of(text, run.groups[i]) > 255) return false;
  }
  return true;
}

bool no_separators(const Run& run) { return run.groups.size() == 1; }

std::string sizes_of(const Run& run) {
  std::string sizes;
  for (const Group& group : run.groups) {
    sizes += static_cast<char>('0' + std::min<std::size_t>(group.size, 9));
  }
  return sizes;
}

/// `(415) 555-0134`, `415-555-0134`, `1-415-555-0134`; with spaces alone only where `told`.
bool is_north_american(std::string_view text, const Run& run, bool told) {
  const std::string sizes = sizes_of(run);
  const std::size_t first = sizes == "1334" ? 1 : 0;
  if (sizes != "334" && first == 0) return false;
  if (first == 1 && text[run.groups[0].begin] != '1') return false;
  const Group& area = run.groups[first];
  const Group& exchange = run.groups[first + 1];
  if (text[area.begin] < '2' || text[exchange.begin] < '2') return false;
  if (text.substr(exchange.begin + 1, 2) == "11" || text.substr(area.begin + 1, 2) == "11") {
    return false;
  }
  const std::string& one = exchange.separator;
  const std::string& two = run.groups[first + 2].separator;
  if (one.starts_with(")")) return area.separator.ends_with("(");
  if (one == "-" || one == ".") return two == one;
  return told && one == " " && (two == " " || two == "-");
}

/// A trunk `0` and 9 to 12 digits in all, as Europe, Japan and Australia write them.
bool has_trunk(std::string_view text, const Run& run, std::string_view digits) {
  if (digits[0] != '0' || digits[1] == '0' || digits.size() < 9 || digits.size() > 12) return false;
  if (run.groups.size() < 2 || run.groups.size() > 6) return false;
  if (sizes_of(run) == "324") return false;  // as social security numbers
  const Group& first = run.groups[0];
  if (first.size < 2 || first.size > 5) return false;
  for (std::size_t i = 1; i < run.groups.size(); ++i) {
    const Group& group = run.groups[i];
    if (group.size < 2 || group.size > 8) return false;
    if (group.separator.find('.') != std::string::npos &&
        (run.groups.size() < 3 || group.size > 4 || group.separator.size() > 1)) {
      return false;
    }
    if (group.separator.find('/') != std::string::npos && i > 1) return false;
  }
  return !(text[first.begin] == '0' && first.size == 2 && text[first.begin + 1] == '0');
}

/// Mobile numbers whose groups tell them.
bool is_other_mobile(std::string_view text, const Run& run) {
  const std::string sizes = sizes_of(run);
  const char first = text[run.groups[0].begin];
  const auto one_of = [&](std::string_view separators) {
    return std::all_of(run.groups.begin() + 1, run.groups.end(), [&](const Group& group) {
      return group.separator.size() == 1 &&
             separators.find(group.separator[0]) != std::string_view::npos &&
             group.separator == run.groups[1].separator;
    });
  };
  if (sizes == "55") return first >= '6' && one_of(" -");  // India
  if (sizes == "344") return first == '1' && text[run.groups[0].begin + 1] >= '3' && one_of(" -");
  if (sizes == "254" || sizes == "244") {  // Brazil
    return run.groups[0].separator.ends_with("(") && run.groups[2].separator == "-";
  }
  return false;
}

/// Is the end of `text` prose, with no marks of a program?
bool is_sentence(std::string_view text, std::size_t bytes) {
  const auto end = text.substr(text.size() - std::min(text.size(), bytes));
  return end.find_first_of("\"{}[]=<>_\\|;") == std::string_view::npos;
}

/// Is the run as a whole a phone?
bool is_phone(const Place& place, const Run& run, bool told) {
  const std::string_view text = place.text;
  const std::string digits = digits_of(text, run, 0, run.groups.size());
  if (digits.size() < 7 || digits.size() > 15) return false;
  for (std::size_t i = 1; i < run.groups.size(); ++i) {
    if (run.groups[i].separator == "..." || run.groups[i].separator.starts_with("--")) return false;
  }
  if (run.plus) {
    if (digits[0] == '1') {
      return digits.size() == 11 && digits[1] >= '2' && digits[4] >= '2';
    }
    return has_country_code(digits) && digits.size() >= (no_separators(run) ? 9U : 8U);
  }
  if (begins_with_date(text, run) || is_address(text, run)) return false;
  const bool international = run.groups[0].size >= 2 && digits.starts_with("00");
  if (international && digits.size() >= 11 && digits[2] != '0' && digits[2] != '1' &&
      (!no_separators(run) || told)) {
    return has_country_code(digits.substr(2));
  }
  static constexpr std::size_t kNear = 14;
  if (follows_word(place, run.groups[0].begin, kOtherNumbers, kNear) && !told) return false;
  if (is_north_american(text, run, told) || has_trunk(text, run, digits) ||
      is_other_mobile(text, run)) {
    return true;
  }
  // Another number may follow that one.
  return told && std::none_of(run.groups.begin() + 1, run.groups.end(), [](const Group& group) {
           return group.separator.find('(') != std::string::npos;
         });
}

}  // namespace

bool follows_word(const Place& place, std::size_t begin, std::span<const std::string_view> words,
                  std::size_t gap_max) {
  constexpr std::size_t kWordBytesMax = 24;
  const std::size_t from = begin > gap_max + kWordBytesMax ? begin - gap_max - kWordBytesMax : 0;
  std::string window;
  if (from == 0 && !place.name.empty()) window = std::string(place.name) + " ";
  window += place.text.substr(from, begin - from);
  std::transform(window.begin(), window.end(), window.begin(), lower);
  // Only what stands after the last end of a sentence, or the last digit, is about this number.
  std::size_t start = 0;
  for (std::size_t i = 0; i < window.size(); ++i) {
    const bool ends = (window[i] == '.' || window[i] == '!' || window[i] == '?') &&
                      i + 1 < window.size() && is_space(window[i + 1]);
    const bool abbreviates = ends && window[i] == '.' && i >= start + 2 && i <= start + 5;
    if (is_digit(window[i]) || window[i] == '\n' || (ends && !abbreviates)) {
      // `Tel. 030` and `no. 5`: a short word with a dot.
      const std::size_t word = i < 4 ? 0 : i - 4;
      const bool short_word =
          ends && window[i] == '.' &&
          window.substr(word, i - word).find_first_of(" (,:;") != std::string::npos;
      if (!short_word) start = i + 1;
    }
  }
  for (const std::string_view word : words) {
    for (std::size_t found = window.find(word, start); found != std::string::npos;
         found = window.find(word, found + 1)) {
      std::size_t end = found + word.size();
      if (at(window, end) == 's') ++end;
      if (window.size() - end > gap_max) continue;
      if (is_ascii(word[0])) {
        const char left = before(window, found);
        const char right = at(window, end);
        if (is_alnum(left) || (is_letter(right) && word.back() != ' ')) continue;
        if (!is_ascii(left) || (!is_ascii(right) && right != '\0')) continue;
      }
      return true;
    }
  }
  return false;
}

std::size_t numbers_at(const Place& place, std::size_t at, Detectors which, std::vector<Hit>& out) {
  const std::string_view text = place.text;
  constexpr std::size_t kLeast = 7;
  if (is_digit(text[at])) {
    // Most digits stand in a few, with nothing of a number around them.
    std::size_t end = at + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end - at < kLeast && separator_at(text, end) == 0) return end;
  }
  const Run run = read_run(text, at);
  if (run.groups.empty()) return std::max(run.end, at + 1);
  const std::size_t begin = run.groups[0].begin;
  std::size_t digits = 0;
  for (const Group& group : run.groups) digits += group.size;
  if (digits < kLeast) return run.end;
  const bool attached = attached_before(text, at == begin ? begin : at);

  std::size_t card_end = 0;
  if (which.has(Detector::card) && digits >= 13) {
    static constexpr std::size_t kNear = 12;
    const bool other = follows_word(place, begin, kOtherNumbers, kNear);
    for (std::size_t i = 0; i < run.groups.size() && !other; ++i) {
      if (i == 0 && attached) continue;
      if (is_iban_head(text, run, 0)) break;
      // Further in, a number begins after a space; one before a dot has a fraction.
      if (i > 0 && run.groups[i].separator.back() != ' ') continue;
      const std::size_t used = card_at(text, run, i);
      if (used == 0) continue;
      if (i + used < run.groups.size() && run.groups[i + used].separator == ".") continue;
      const std::size_t end = end_of(run.groups[i + used - 1]);
      if (i + used == run.groups.size() && attached_after(text, end)) continue;
      // A group more with the same separator, as long as the others: a longer number.
      const bool goes_on = i + used < run.groups.size() && used > 1 &&
                           run.groups[i + used].separator == run.groups[i + 1].separator &&
                           run.groups[i + used].separator != " ";
      const bool began = i > 0 && used > 1 &&
                         run.groups[i].separator == run.groups[i + 1].separator &&
                         run.groups[i].separator != " ";
      if (goes_on || began) continue;
      out.push_back({run.groups[i].begin, end, Detector::card});
      card_end = end;
      i += used - 1;
    }
  }
  if (card_end != 0) return card_end;

  if (which.has(Detector::phone) && !attached && !attached_after(text, run.end) &&
      !is_iban_head(text, run, 0)) {
    static constexpr std::size_t kFar = 28;
    static constexpr std::size_t kSentence = 20;
    const bool told = follows_word(place, begin, kPhoneWords, kFar) ||
                      (follows_word({text, {}}, begin, kCallWords, kSentence) &&
                       is_sentence(text.substr(0, begin), kSentence));
    Run part = run;
    // `030 1234567 (9 to 5)`: what follows a phone in other groups is not of it.
    while (!part.groups.empty()) {
      const bool whole = part.groups.size() == run.groups.size();
      const std::string& cut = whole ? std::string() : run.groups[part.groups.size()].separator;
      const bool may_cut = whole || cut.find(' ') != std::string::npos || cut.size() > 1;
      if (may_cut && !is_amount(text, part.groups[0], end_of(part.groups.back())) &&
          is_phone(place, part, told)) {
        // `(030) 1234` begins with its parenthesis, `(030 1234)` does not.
        const bool encloses = part.groups.size() > 1 && part.groups[1].separator.starts_with(")");
        const std::size_t first = encloses || text[at] != '(' ? at : part.plus ? at + 1 : begin;
        const std::size_t end = end_of(part.groups.back());
        out.push_back({first, end, Detector::phone});
        return end;
      }
      part.groups.pop_back();
    }
  }
  return run.end;
}

}  // namespace hansard::events::scan
