#include "corpus.h"

#include <array>

namespace hansard::events::corpus {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kAlnum =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Where anything may stand.
constexpr std::string_view kFrames[] = {
    "{}",
    "My details: {}.",
    "Please use {} from now on, thanks!",
    "({})",
    "\"{}\"",
    "{\"value\":\"{}\",\"n\":3}",
    "<b>{}</b>",
    "a,b,{},d\n1,2,3,4",
    "Hi Sam,\n\nhere it is:\n{}\n\nBest,\nKim",
    "| name | value |\n|---|---|\n| x | {} |",
    "Meine Daten: {}, danke.",
    "Voici mes coordonnées : {}. Merci !",
    "Mis datos son {}, gracias.",
    "Вот мои данные: {}, спасибо.",
    "これです：{}。よろしく",
    "我的信息是{}，谢谢。",
    "내 정보는 {} 입니다.",
    "معلوماتي: {} شكرا",
    "The tool said `{}` and stopped.",
    "user said {} ; next line",
    "* item one\n* {}\n* item three",
};

constexpr std::string_view kNames[] = {"alice",   "bob",      "chloe",    "dmitri",  "elena",
                                       "farid",   "grace",    "hiro",     "ines",    "jonas",
                                       "kofi",    "lena",     "jürgen",   "zoë",     "andré",
                                       "mwilson", "sroberts", "t.nguyen", "o'brien", "anna-lena"};
constexpr std::string_view kDomains[] = {"example.com",
                                         "example.org",
                                         "mail.example.co.uk",
                                         "firma.de",
                                         "société.fr",
                                         "müller.de",
                                         "corp.example",
                                         "uni-jena.de",
                                         "gmail.com",
                                         "sub.dept.school.edu",
                                         "startup.io",
                                         "example.museum",
                                         "b\xC3\xBC"
                                         "cher.example",
                                         "yahoo.co.jp",
                                         "xn--bcher-kva.example",
                                         "inbox.lv",
                                         "x.ai",
                                         "tutanota.com",
                                         "web.hamburg",
                                         "post.photography"};

}  // namespace

std::string Maker::chars(std::string_view alphabet, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += alphabet[below(alphabet.size())];
  return out;
}
std::string Maker::digits(std::size_t count) { return chars("0123456789", count); }
std::string Maker::hex(std::size_t count) { return chars("0123456789abcdef", count); }
std::string Maker::word() { return chars(kLower, 3 + below(7)); }

Sample Maker::put(std::string_view frame, const std::string& value, Detector what,
                  std::string_view form) {
  const std::size_t at = frame.find("{}");
  Sample sample;
  sample.text = std::string(frame.substr(0, at)) + value + std::string(frame.substr(at + 2));
  sample.expected = Hit{at, at + value.size(), what};
  sample.form = form;
  return sample;
}

Sample Maker::email() {
  std::string local(one(kNames));
  switch (below(8)) {
    case 0:
      local += "." + word();
      break;
    case 1:
      local += "+" + word();
      break;
    case 2:
      local += std::to_string(below(3000));
      break;
    case 3:
      local = word() + "_" + word();
      break;
    case 4:
      local = std::string(1, kLower[below(26)]) + "." + word() + "-" + word();
      break;
    default:
      break;
  }
  std::string domain(one(kDomains));
  if (below(20) == 0) {
    local = "почта";
    domain = "пример.рф";
    return put("Пишите: {} !", local + "@" + domain, Detector::email, "cyrillic");
  }
  const std::string address = local + "@" + domain;
  switch (below(10)) {
    case 0:
      return put("[write to me](mailto:{})", address, Detector::email, "mailto");
    case 1:
      return put("Kim Lee <{}>, Sam", address, Detector::email, "angle");
    case 2:
      return put("https://shop.example/join?mail={}&src=web", local + "%40" + domain,
                 Detector::email, "percent");
    case 3:
      return put("From: {}\r\nSubject: hi", address, Detector::email, "header");
    case 4:
      return put("请联系{}谢谢", chars(kLower, 6) + "@example.com", Detector::email, "cjk");
    default:
      return put(one(kFrames), address, Detector::email, "plain");
  }
}

Sample Maker::phone() {
  static constexpr std::string_view kAreas[] = {"212", "415", "503", "617", "702", "818", "917"};
  const std::string area(one(kAreas));
  const std::string exchange =
      std::to_string(2 + below(8)) + std::to_string(below(10)) + std::to_string(2 + below(8));
  const std::string line = digits(4);
  static constexpr std::string_view kTold[] = {"Call me at {} tonight.",
                                               "phone: {}",
                                               "Tel. {}",
                                               "mobile number is {}",
                                               "Rufen Sie {} an? Telefon: {}",
                                               "Mi teléfono es {}.",
                                               "Téléphone : {}",
                                               "Телефон: {}.",
                                               "电话：{}。",
                                               "電話番号：{}",
                                               "전화 {} 입니다",
                                               "WhatsApp {}",
                                               "{\"phone\":\"{}\"}",
                                               "text {} when you land"};
  switch (below(20)) {
    case 0:
      return put(one(kFrames), "(" + area + ") " + exchange + "-" + line, Detector::phone,
                 "nanp()");
    case 1:
      return put(one(kFrames), area + "-" + exchange + "-" + line, Detector::phone, "nanp-");
    case 2:
      return put(one(kFrames), area + "." + exchange + "." + line, Detector::phone, "nanp.");
    case 3:
      return put(one(kFrames), "+1 " + area + " " + exchange + " " + line, Detector::phone, "+1 ");
    case 4:
      return put(one(kFrames), "+1" + area + exchange + line, Detector::phone, "+1");
    case 5:
      return put(one(kFrames), "1-" + area + "-" + exchange + "-" + line, Detector::phone, "1-");
    case 6:
      return put(one(kFrames), "+49 30 " + std::to_string(1 + below(9)) + digits(7),
                 Detector::phone, "+49");
    case 7:
      return put(one(kFrames), "+49 (0)151 " + digits(8), Detector::phone, "+49 (0)");
    case 8:
      return put(one(kFrames), "+44 7" + digits(3) + " " + digits(6), Detector::phone, "+44");
    case 9:
      return put(one(kFrames),
                 "0" + std::to_string(1 + below(7)) + " " + grouped(digits(8), "2222", " "),
                 Detector::phone, "fr");
    case 10:
      return put(one(kFrames), "+33 6 " + grouped(digits(8), "2222", " "), Detector::phone, "+33");
    case 11:
      return put(one(kFrames), "020 7" + digits(3) + " " + digits(4), Detector::phone, "uk");
    case 12:
      return put(one(kFrames), "030/" + std::to_string(1 + below(9)) + digits(6), Detector::phone,
                 "de/");
    case 13:
      return put(one(kFrames), "090-" + std::to_string(1 + below(9)) + digits(3) + "-" + digits(4),
                 Detector::phone, "jp");
    case 14:
      return put(one(kFrames), "+91 9" + digits(4) + " " + digits(5), Detector::phone, "+91");
    case 15:
      return put(one(kFrames), "0041 44 " + grouped(digits(7), "322", " "), Detector::phone,
                 "0041");
    case 16:
      return put(one(kFrames), "(11) 9" + digits(4) + "-" + digits(4), Detector::phone, "br");
    case 17:
      return put(one(kTold), area + " " + exchange + " " + line, Detector::phone, "told spaces");
    case 18:
      return put(one(kTold), "0" + std::to_string(1 + below(9)) + digits(8), Detector::phone,
                 "told trunk");
    default:
      return put(one(kTold), std::to_string(2 + below(8)) + digits(8), Detector::phone, "told 9");
  }
}

std::string Maker::luhn(std::string prefix, std::size_t size) {
  while (prefix.size() + 1 < size) prefix += static_cast<char>('0' + below(10));
  for (char last = '0'; last <= '9'; ++last) {
    int sum = 0;
    const std::string whole = prefix + last;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      int value = whole[whole.size() - 1 - i] - '0';
      if (i % 2 == 1) value = value > 4 ? 2 * value - 9 : 2 * value;
      sum += value;
    }
    if (sum % 10 == 0) return whole;
  }
  return prefix;
}

std::string Maker::grouped(const std::string& number, std::string_view sizes, std::string_view by) {
  std::string out;
  std::size_t at = 0;
  for (const char size : sizes) {
    if (at > 0) out += by;
    out += number.substr(at, static_cast<std::size_t>(size - '0'));
    at += static_cast<std::size_t>(size - '0');
  }
  return out;
}

Sample Maker::card() {
  struct Issuer {
    std::string_view prefix;
    std::size_t size;
    std::string_view groups;
  };
  static constexpr std::array<Issuer, 14> kIssuers{{{"4", 16, "4444"},
                                                    {"51", 16, "4444"},
                                                    {"55", 16, "4444"},
                                                    {"2223", 16, "4444"},
                                                    {"34", 15, "465"},
                                                    {"37", 15, "465"},
                                                    {"6011", 16, "4444"},
                                                    {"65", 16, "4444"},
                                                    {"36", 14, "464"},
                                                    {"3530", 16, "4444"},
                                                    {"62", 19, "44443"},
                                                    {"6759", 16, "4444"},
                                                    {"2202", 16, "4444"},
                                                    {"4", 19, "44443"}}};
  static constexpr std::string_view kTold[] = {"card {} exp 12/27",     "Visa: {} 04/29 cvv 123",
                                               "Kreditkarte {} bitte",  "numéro de carte : {}",
                                               "tarjeta {} por favor",  "карта {}",
                                               "カード番号：{}",        "信用卡{}",
                                               "{\"card\":\"{}\"}",     "pay with {} please",
                                               "card_number={}&cvc=123"};
  const Issuer& issuer = kIssuers[below(kIssuers.size())];
  const std::string number = luhn(std::string(issuer.prefix), issuer.size);
  const std::string_view frame = below(2) == 0 ? one(kTold) : one(kFrames);
  switch (below(4)) {
    case 0:
      return put(frame, number, Detector::card, "plain");
    case 1:
      return put(frame, grouped(number, issuer.groups, "-"), Detector::card, "-");
    case 2:
      return put(frame, grouped(number, issuer.groups, "\xC2\xA0"), Detector::card, "nbsp");
    default:
      return put(frame, grouped(number, issuer.groups, " "), Detector::card, "spaces");
  }
}

Sample Maker::key() {
  static constexpr std::string_view kTold[] = {"{}",
                                               "export KEY={}",
                                               "my key is {} ok?",
                                               "curl -H 'x-api-key: {}' https://api.example",
                                               "api_key = \"{}\"",
                                               "{\"apiKey\":\"{}\"}",
                                               "Der Schlüssel: {}.",
                                               "密钥是 {} 。",
                                               "ключ {}"};
  const auto drawn = [&](std::string_view alphabet, std::size_t count) {
    // As issuers draw them; a draw without a digit is drawn again.
    for (;;) {
      std::string text = chars(alphabet, count);
      bool digit = false;
      for (const char c : text) digit = digit || (c >= '0' && c <= '9');
      const bool whole = text.front() != '-' && text.back() != '-' && text.back() != '_';
      if (digit && whole) return text;
    }
  };
  const std::string_view frame = below(3) == 0 ? one(kTold) : one(kFrames);
  switch (below(24)) {
    case 0:
      return put(frame, "sk-proj-" + drawn(kUrlSafe, 48), Detector::key, "openai");
    case 1:
      return put(frame, "sk-" + drawn(kAlnum, 48), Detector::key, "openai old");
    case 2:
      return put(frame, "sk-ant-api03-" + drawn(kUrlSafe, 93) + "AA", Detector::key, "anthropic");
    case 3:
      return put(frame, "AKIA" + chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16), Detector::key,
                 "aws");
    case 4:
      return put("aws_secret_access_key = {}\n", drawn(kBase64, 40), Detector::key, "aws secret");
    case 5:
      return put(frame, "ghp_" + drawn(kAlnum, 36), Detector::key, "github");
    case 6:
      return put(frame, "github_pat_" + drawn(kAlnum, 22) + "_" + drawn(kAlnum, 59), Detector::key,
                 "github pat");
    case 7:
      return put(frame, "xoxb-" + digits(12) + "-" + digits(12) + "-" + drawn(kAlnum, 24),
                 Detector::key, "slack");
    case 8:
      return put(frame, "AIza" + drawn(kUrlSafe, 35), Detector::key, "google");
    case 9:
      return put(frame, "sk_live_" + drawn(kAlnum, 24), Detector::key, "stripe");
    case 10:
      return put(frame, "glpat-" + drawn(kUrlSafe, 20), Detector::key, "gitlab");
    case 11:
      return put(
          frame,
          "eyJ" + chars(kUrlSafe, 33) + ".eyJ" + chars(kUrlSafe, 80) + "." + drawn(kUrlSafe, 43),
          Detector::key, "jwt");
    case 12: {
      std::string block = "-----BEGIN PRIVATE KEY-----\n";
      for (int i = 0; i < 6; ++i) block += chars(kBase64, 64) + "\n";
      return put("my key\n{}\nthat was it", block + "-----END PRIVATE KEY-----", Detector::key,
                 "pem");
    }
    case 13: {
      std::string block = "-----BEGIN RSA PRIVATE KEY-----\\n";
      for (int i = 0; i < 6; ++i) block += chars(kBase64, 64) + "\\n";
      return put("{\"private_key\": \"{}\"}", block + "-----END RSA PRIVATE KEY-----",
                 Detector::key, "pem in json");
    }
    case 14:
      return put("Authorization: Bearer {}", drawn(kUrlSafe, 40), Detector::key, "bearer");
    case 15:
      return put("password: {}", word() + digits(3) + "!", Detector::key, "password");
    case 16:
      return put("{\"user\":\"kim\",\"password\":\"{}\"}", word() + std::to_string(below(100000)),
                 Detector::key, "password json");
    case 17:
      return put("DB_PASSWORD={}\nDB_HOST=db", drawn(kAlnum, 12), Detector::key, "password env");
    case 18:
      return put("Das Passwort ist: {}", word() + "#" + digits(2), Detector::key, "passwort");
    case 19:
      return put("the password is {} .", word() + digits(4), Detector::key, "password is");
    case 20:
      return put("access_token: {}", drawn(kAlnum, 40), Detector::key, "token");
    case 21:
      return put("client_secret='{}'", drawn(kAlnum, 32), Detector::key, "secret");
    case 22:
      return put(frame, "hf_" + drawn(kAlnum, 34), Detector::key, "hf");
    default:
      return put(frame, "hsd_" + drawn(kUrlSafe, 43), Detector::key, "ours");
  }
}

Sample Maker::nothing() {
  Sample sample;
  const auto text = [&](std::string_view frame, const std::string& value, std::string_view form) {
    sample = put(frame, value, Detector::email, form);
    sample.expected.reset();
    return sample;
  };
  switch (below(52)) {
    case 0:
      return text("order {} has shipped", digits(10 + below(9)), "order");
    case 1:
      return text("id {}", hex(8) + "-" + hex(4) + "-4" + hex(3) + "-a" + hex(3) + "-" + hex(12),
                  "uuid");
    case 2:
      return text("commit {} fixed it", hex(40), "sha1");
    case 3:
      return text("sha256:{}", hex(64), "sha256");
    case 4:
      return text("\"created\":{},", "17" + digits(8), "epoch s");
    case 5:
      return text("at {} ms", "17" + digits(11), "epoch ms");
    case 6:
      return text("ts={}", "17" + digits(17), "epoch ns");
    case 7:
      return text(
          "on {} it rained",
          "20" + digits(2) + "-0" + std::to_string(1 + below(9)) + "-1" + std::to_string(below(10)),
          "date iso");
    case 8:
      return text(
          "am {} um 12:30",
          "1" + std::to_string(below(10)) + ".0" + std::to_string(1 + below(9)) + ".20" + digits(2),
          "date de");
    case 9:
      return text("{} 14:03:22,123 INFO up",
                  "2026-0" + std::to_string(1 + below(9)) + "-2" + std::to_string(below(8)),
                  "log time");
    case 10:
      return text("ISBN {}",
                  "978-" + std::to_string(below(10)) + "-" + digits(2) + "-" + digits(6) + "-" +
                      std::to_string(below(10)),
                  "isbn");
    case 11:
      return text("EAN {}", "40" + digits(11), "ean");
    case 12:
      return text("IBAN {}", "DE" + digits(2) + " " + grouped(digits(18), "44442", " "), "iban");
    case 13:
      return text("{} is my account",
                  "GB" + digits(2) + " NWBK " + grouped(digits(14), "4442", " "), "iban gb");
    case 14:
      return text("ping {} now",
                  std::to_string(below(256)) + "." + std::to_string(below(256)) + "." +
                      std::to_string(below(256)) + "." + std::to_string(below(256)),
                  "ip");
    case 15:
      return text("it costs {} in all",
                  std::to_string(1 + below(900)) + "," + digits(3) + "," + digits(3) + ".00",
                  "price");
    case 16:
      return text("{} Euro", std::to_string(1 + below(90)) + "." + digits(3) + "," + digits(2),
                  "price de");
    case 17:
      return text("version {} is out",
                  std::to_string(below(20)) + "." + std::to_string(below(90)) + "." +
                      std::to_string(below(9000)),
                  "version");
    case 18:
      return text("at {} north",
                  std::to_string(below(90)) + "." + digits(6) + ", " + std::to_string(below(180)) +
                      "." + digits(6),
                  "coordinates");
    case 19:
      return text("data:image/png;base64,{}", chars(kBase64, 400) + "==", "base64 image");
    case 20:
      return text("![x](icon@{}.png)", std::to_string(2 + below(2)) + "x", "retina");
    case 21:
      return text("git clone git@github.com:{}.git", word() + "/" + word(), "scp url");
    case 22:
      return text("npm i @{}@1.2.3", word() + "/" + word(), "npm");
    case 23:
      return text("@{}.route('/x')\ndef f(): pass", word(), "decorator");
    case 24:
      return text("ssh root@localhost -p {}", digits(4), "localhost");
    case 25:
      return text("password = get_{}()", word(), "code call");
    case 26:
      return text("The password is {} for everyone.", std::string(below(2) ? "required" : "secret"),
                  "prose");
    case 27:
      return text("\"password\": {\"type\": \"string\", \"minLength\": {}}", digits(1), "schema");
    case 28:
      return text("password=${{}}", word(), "placeholder");
    case 29:
      return text("OPENAI_API_KEY=<your-{}-key>", word(), "placeholder key");
    case 30:
      return text("risk-{}-management-framework-overview", word(), "sk- within");
    case 31:
      return text("task_{}_live_view", word(), "sk_ within");
    case 32:
      return text("\"etag\": \"{}\"", hex(32), "etag");
    case 33:
      return text("cache key: {}", hex(32), "cache key");
    case 34:
      return text("x = [{}]",
                  std::to_string(below(99)) + ", " + std::to_string(below(999)) + ", " +
                      std::to_string(below(99999)),
                  "list");
    case 35:
      return text("SELECT * FROM t WHERE id = {};", digits(9), "sql id");
    case 36:
      return text("parcel {} is on its way", "1Z" + chars(kAlnum, 16), "parcel");
    case 37:
      return text("SSN-like {} is no phone", digits(3) + "-" + digits(2) + "-" + digits(4), "ssn");
    case 38:
      return text("0x{} in memory", hex(16), "address");
    case 39:
      return text("{\"max_tokens\": {}, \"token\": \"Hello\"}", digits(4), "tokens");
    case 40:
      return text("arXiv:{}", digits(4) + "." + digits(5), "arxiv");
    case 41:
      return text("doi 10.1145/{}", digits(7) + "." + digits(7), "doi");
    case 42:
      return text("call_{}", chars(kAlnum, 24), "call id");
    case 43:
      return text("the embedding is [0.1, -{}]", std::to_string(below(3)) + "." + digits(16),
                  "float");
    case 44:
      return text(".text:{}   ba0a000000    MOV EDI,0x1", "00" + hex(2) + "0" + digits(3), "dump");
    case 45:
      return text("\"after_tool_call\":false,\"created_at\":{},", "17" + digits(8), "call member");
    case 46:
      return text("{\"text\":\"{}\"}", digits(8), "text member");
    case 47:
      return text("\"thoughtSignature\":\"{}\"", chars(kBase64, 200), "signature");
    case 48:
      return text("the sizes {} were tried", "256 512 1024", "sizes");
    case 49:
      return text("user_key: {}", hex(8) + "-" + hex(4) + "-11ee-b962-" + hex(12), "uuid key");
    case 50:
      return text("IMEI {}", "35" + digits(13), "imei");
    default:
      return text("public key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} kim@host", chars(kAlnum, 43),
                  "ssh public");
  }
}

}  // namespace hansard::events::corpus
