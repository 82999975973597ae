// The proof behind an audit report: fetched, checked here, and attached.
#include "audit/report_proof.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "events/audit/bundle.h"
#include "http/html_text.h"
#include "ossl/ed25519.h"
#include "ossl/hasher.h"

namespace hansard::cli {

namespace {

namespace audit = events::audit;
using core::Errc;
using core::Error;
using core::Result;
using http::escaped;

/// A bundle holds what was said as it was said; characters that hide or turn around what stands
/// beside them are written as JSON escapes, so that the page shows them and the proof is the same.
/// Outside of its strings a bundle is ASCII.
std::string visible(std::string_view bundle) {
  constexpr std::string_view kMarks[] = {
      "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b",
      "\u202c", "\u202d", "\u202e", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff",
  };
  constexpr std::string_view kEscapes[] = {
      "\\u200b", "\\u200c", "\\u200d", "\\u200e", "\\u200f", "\\u2028",
      "\\u2029", "\\u202a", "\\u202b", "\\u202c", "\\u202d", "\\u202e",
      "\\u2060", "\\u2066", "\\u2067", "\\u2068", "\\u2069", "\\ufeff",
  };
  static_assert(std::size(kMarks) == std::size(kEscapes));
  std::string out;
  out.reserve(bundle.size());
  for (std::size_t i = 0; i < bundle.size();) {
    std::size_t taken = 0;
    const char c = bundle[i];
    for (std::size_t m = 0; (c == '\xe2' || c == '\xef') && m < std::size(kMarks); ++m) {
      if (bundle.substr(i, kMarks[m].size()) != kMarks[m]) continue;
      out += kEscapes[m];
      taken = kMarks[m].size();
      break;
    }
    if (taken == 0) out.push_back(c);
    i += std::max<std::size_t>(taken, 1);
  }
  return out;
}

Result<audit::BundleVerdict> check(std::string_view bundle) {
  const ossl::OpenSslHasher hasher;
  const ossl::Ed25519Verifier verifier;
  audit::BundleCheck checking(hasher, verifier, {});
  while (!bundle.empty()) {
    const std::size_t end = std::min(bundle.find('\n'), bundle.size());
    if (auto good = checking.line(bundle.substr(0, end)); !good) return std::move(good.error());
    bundle.remove_prefix(std::min(end + 1, bundle.size()));
  }
  return checking.finish();
}

std::string sentence(const audit::BundleVerdict& verdict) {
  const core::TreeHead& tree = verdict.checkpoint.tree;
  std::string out = "The program that wrote this page has checked the proof below: " +
                    std::to_string(verdict.events) + " events";
  if (verdict.stream) {
    out += ", all versions 0 to " + std::to_string(verdict.stream->last.value) +
           " of the stream, none missing,";
  }
  return out + " are leaves of the signed tree of " + std::to_string(tree.size) +
         " events with root " + core::to_hex(core::as_bytes(tree.root)) +
         ". Whether the key is the log's, and whether others were shown the same log, only a copy "
         "from elsewhere can tell.";
}

std::string as_markdown(std::string report, const std::string& bundle, const std::string& name,
                        const audit::BundleVerdict& verdict, const std::string& key) {
  std::size_t run = 0;
  std::size_t longest = 2;
  for (const char c : bundle) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  report += "\n## Proof\n\n" + sentence(verdict) + "\n\n- signed as: `" +
            verdict.checkpoint.origin + "`\n- by the key: `" + key +
            "`\n\nTo take it out of this page (here `report.md`) and to check it:\n\n```sh\nsed -n "
            "'/^`*" +
            name + "$/,/^```/p' report.md | sed '1d;$d' > proof.ndjson\n" +
            "hansard check-proof proof.ndjson\n```\n\n" + fence + name + "\n" + bundle + fence +
            "\n";
  return report;
}

std::string as_html(std::string report, const std::string& bundle, const std::string& name,
                    const audit::BundleVerdict& verdict, const std::string& key) {
  const std::string part =
      "<h2>Proof</h2><p>" + escaped(sentence(verdict)) + "</p><div>signed as " +
      escaped(verdict.checkpoint.origin) + "</div><div>by the key " + escaped(key) +
      "</div><p>To take it out of this page (here report.html) and to check it:</p><pre>" +
      escaped(
          "python3 -c 'import html,re; text = open(\"report.html\").read(); "
          "print(html.unescape(re.search(\"id=." +
          name +
          ".>(.*?)</pre>\", text, re.S)[1]), end=\"\")' > proof.ndjson\n"
          "hansard check-proof proof.ndjson") +
      "</pre><pre id=\"" + name + "\">" + escaped(bundle) + "</pre>";
  const std::size_t end = std::min(report.rfind("</main>"), report.rfind("</body>"));
  report.insert(std::min(end, report.size()), part);
  return report;
}

}  // namespace

Result<std::string> with_proof(Backend& backend, const std::string& session, bool html,
                               std::string report) {
  TargetBuilder target;
  target.segment("v1").segment("audit").segment("proof").query("session", session);
  std::string bundle;
  const core::Status fetched = backend.stream(target.text(), [&](std::string_view piece) {
    bundle += piece;
    return bundle.size() <= kAttachedBytesMax;
  });
  if (!fetched) return fetched.error();
  if (bundle.size() > kAttachedBytesMax) {
    return Error{Errc::too_large, "the proof has more than " +
                                      std::to_string(kAttachedBytesMax >> 20U) +
                                      " MiB: attach the file that hansard prove writes"};
  }
  bundle = visible(bundle);
  const auto verdict = check(bundle);
  if (!verdict) {
    return Error{verdict.error().code, "the proof does not hold: " + verdict.error().message};
  }
  const ossl::OpenSslHasher hasher;
  // What was recorded cannot know this name, so nothing in the page can be taken for the proof.
  const core::Hash hash = hasher.sha256({bundle});
  const std::string name = "hansard-proof-" + core::to_hex(core::as_bytes(hash)).substr(0, 16);
  const std::string key = audit::to_text(hasher, verdict->key);
  return html ? as_html(std::move(report), bundle, name, *verdict, key)
              : as_markdown(std::move(report), bundle, name, *verdict, key);
}

}  // namespace hansard::cli
