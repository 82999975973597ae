#include "shared/html.h"

#include "events/audit/base64.h"
#include "http/problem.h"

namespace hansard::http {

namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--ink:#1d2430;--soft:#5d6878;--paper:#fbfaf7;--card:#fff;"
    "--line:#e2ded4;--accent:#1f5f8b;--bad:#a4322a;--tool:#f3efe4}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e3dc;--soft:#9aa3ae;--paper:#15181d;"
    "--card:#1c2027;--line:#323842;--accent:#7fb6dd;--bad:#e58a80;--tool:#232830}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--paper);color:var(--ink);"
    "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}"
    "main{max-width:64rem;margin:0 auto;padding:2rem 1.25rem 4rem}"
    "h1{font:600 1.9rem/1.2 Georgia,\"Times New Roman\",serif;margin:0 0 .25rem}"
    "h2{font-size:1.05rem;margin:2.2rem 0 .7rem}"
    "a{color:var(--accent)}p{margin:.4rem 0}.soft{color:var(--soft)}.bad{color:var(--bad)}"
    ".counts{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.4rem 0}"
    ".counts div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.6rem 1rem;min-width:8rem}"
    ".counts b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}"
    ".wide{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top}th{color:var(--soft);font-weight:500;font-size:.87rem}"
    ".n{text-align:right;padding-right:1.6rem}"
    "pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem "
    "1rem;"
    "overflow-x:auto;font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;margin:.6rem 0}"
    "article{background:var(--card);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.7rem 1rem;margin:.8rem 0;overflow-wrap:anywhere}"
    "article.user{border-left:4px solid "
    "var(--accent)}article.note{background:none;border:0;padding:0 1rem;margin:.35rem 0}"
    "article header{display:flex;flex-wrap:wrap;gap:.2rem .8rem;font-size:.87rem;"
    "color:var(--soft)}article header b{color:var(--ink)}"
    "article .text{white-space:pre-wrap;margin:.35rem 0}"
    ".tool{background:var(--tool);border-radius:.4rem;padding:.45rem .7rem;margin:.5rem 0;"
    "font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap}";

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters other than white space have no meaning in HTML.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 15U]);
    }
  }
  // A browser would resolve these two as directories.
  if (out == ".") return "%2E";
  if (out == "..") return "%2E%2E";
  return out;
}

std::string grouped_digits(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, ",");
  return out;
}

std::string minute(core::Timestamp time) {
  std::string text = core::format_time(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

Response page(const core::Hasher& hasher, int status, std::string_view title,
              std::string_view body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy",
                       "default-src 'none'; style-src 'sha256-" +
                           events::audit::to_base64(core::as_bytes(hasher.sha256({kStyle}))) +
                           "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.headers.add("Referrer-Policy", "no-referrer");  // the path may hold a key
  response.body.append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
      .append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>")
      .append(escaped(title))
      .append("</title><style>")
      .append(kStyle)
      .append("</style></head><body><main>")
      .append(body)
      .append("</main></body></html>\n");
  return response;
}

Response problem_page(const core::Hasher& hasher, core::Error error) {
  const core::ErrorTraits& traits = core::traits(error.code);
  Response response =
      page(hasher, traits.http_status, traits.title,
           "<h1>" + escaped(traits.title) + "</h1><p>" + escaped(error.message) + "</p>");
  response.error = std::move(error);
  return response;
}

}  // namespace hansard::http
