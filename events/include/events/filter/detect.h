#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Finds e-mail addresses, phone numbers, payment cards and keys in text, by their form. Pure; time
/// is linear in the text, whatever it says; UTF-8 is read, and anything else does no harm.
///
///   email  RFC 5321 §4.1.2 and RFC 6531, as people write them: a local part of up to 64 bytes
///          (dots inside, quoted ones too, letters of any script), `@` or `%40`, and a domain of
///          two labels or more whose last is letters, or an address in brackets. Not: what has no
///          dot (`user@localhost`), `git@host:path`, names of files (`icon@2x.png`), attributes of
///          code (`a@b.shape`), `@name@server`.
///   card   ISO/IEC 7812: 13 to 19 digits as issued (Visa, Mastercard, American Express, Discover,
///          Diners, JCB, UnionPay, Maestro, Mir, RuPay, Troy: prefix and length), alone or in the
///          groups that stand on cards, with a right Luhn sum. Not: within an IBAN, a longer number
///          or a word, or called an order, a parcel, an ISBN and the like. Visa's 13 digits only in
///          groups: articles (EAN) have as many.
///   phone  E.164: `+` or `00`, a country code that exists, 8 to 15 digits in all (9 where nothing
///          separates them). National ones by their groups: North America `(415) 555-0134`, with
///          `-` or `.`; a trunk `0` and 9 to 12 digits in two groups or more (Europe, Japan,
///          Australia); India 5+5, Brazil `(11) 91234-5678`, China `138-1234-5678`. After a word
///          for phones, in a dozen languages: any 7 to 15 digits. Not: dates, times, addresses of
///          machines, amounts, versions, parts of longer names, what is called an order.
///   key    By the issuers' published prefixes: OpenAI `sk-`, Anthropic `sk-ant-`, AWS `AKIA` and
///          the secret near it, GitHub `ghp_` `github_pat_`, GitLab `glpat-`, Slack `xox`, Google
///          `AIza` `ya29.` `GOCSPX-`, Stripe `sk_live_` `rk_` `whsec_`, npm, Hugging Face,
///          SendGrid, Groq, xAI, Perplexity, Replicate, DigitalOcean, ours `hsd_`; JSON Web Tokens
///          (RFC 7519); PEM private keys whole (RFC 7468); `Bearer` and `Basic` credentials (RFC
///          6750, 7617); what is assigned to a password; 32 and more random characters after a word
///          like key, secret or token. Not: placeholders (`<password>`, `${TOKEN}`, `****`), calls
///          and members in code.
namespace hansard::events {

enum class Detector : std::uint8_t { email, phone, card, key };
inline constexpr std::array<std::string_view, 4> kDetectorNames{"email", "phone", "card", "key"};

/// Which detectors run.
struct Detectors {
  std::uint8_t bits = 0;
  [[nodiscard]] constexpr bool has(Detector which) const {
    return (bits >> static_cast<unsigned>(which) & 1U) != 0;
  }
  constexpr void add(Detector which) {
    bits = static_cast<std::uint8_t>(bits | 1U << static_cast<unsigned>(which));
  }
  static constexpr Detectors all() { return {0xF}; }
};

/// Bytes `[begin, end)` of the text.
struct Hit {
  std::size_t begin = 0;
  std::size_t end = 0;
  Detector what = Detector::email;
  bool operator==(const Hit&) const = default;
};

/// What stands in `text`, in order, without overlaps.
/// @param name  of the member whose value the text is (`phone`, `password`); as if it led the text
/// Cost: measured in `bench/README.md`; text without digits, `@` and prefixes is passed over.
std::vector<Hit> detect(std::string_view text, Detectors which, std::string_view name = {});

/// The first key in an identifier that has an issuer's form. Words around it do not count, so names
/// that people chose are not taken for one.
std::optional<Hit> key_form_in(std::string_view id);
std::optional<Hit> email_form_in(std::string_view id);

}  // namespace hansard::events
