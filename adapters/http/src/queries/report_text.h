#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "http/message.h"

namespace hansard::http {

enum class ReportFormat : std::uint8_t { md, html };

/// A document for people, part by part. What is ours is told apart from what others said: the
/// latter can be no heading, table, link or markup, and what it hides (control characters, changes
/// of direction) is made visible. Caller synchronises.
class ReportText {
 public:
  static std::unique_ptr<ReportText> make(ReportFormat format);
  virtual ~ReportText() = default;

  virtual void heading(int level, std::string_view ours) = 0;
  virtual void sentence(std::string_view ours) = 0;
  /// A label of ours, a value of anybody, in one line.
  virtual void fact(std::string_view label, std::string_view value) = 0;
  /// What somebody said, in its own lines.
  virtual void said(std::string_view text) = 0;
  /// Lines to be pasted, or to be kept.
  virtual void lines(std::string_view text) = 0;

  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The whole document. At most once.
  virtual Response take(const core::Hasher& hasher, std::string_view title) = 0;
};

/// Text of others with what it hides made visible: `\u{202e}`. Line feeds and tabs stay when
/// `multiline`, and are spaces otherwise.
std::string made_visible(std::string_view text, bool multiline);

}  // namespace hansard::http
