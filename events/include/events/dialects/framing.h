#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/dialects/answer.h"

/// Streams of bytes cut into the frames they carry, wherever the network cut the bytes. Pure.
namespace hansard::events {

/// The longest frame that is understood; a longer one is passed over, and said to be.
inline constexpr std::size_t kFrameBytesMax = 16U << 20;

/// A frame and where it stands in the stream: what holds a frame back must know its very bytes.
struct SplitFrame {
  std::string event;
  std::string data;
  std::uint64_t begin = 0;  ///< offset of its first byte in the stream
  std::uint64_t end = 0;    ///< one past its last, the blank line included
  bool too_long = false;    ///< over kFrameBytesMax: `data` is empty
};

/// Cuts a stream into frames. Confined to one thread; memory: one frame, at most kFrameBytesMax and
/// what came with it.
class Splitter {
 public:
  virtual ~Splitter() = default;
  /// Takes the next bytes; `next` gives the frames they complete.
  virtual void feed(std::string_view bytes) = 0;
  virtual std::optional<SplitFrame> next() = 0;
  /// The stream is over: `next` gives what was left without an end, if it says anything.
  virtual void end() = 0;
  /// Offset of the first byte that belongs to no frame given out yet.
  [[nodiscard]] virtual std::uint64_t begun() const = 0;
};

/// Server-sent events (WHATWG HTML, "Server-sent events"): lines end with LF, CRLF or CR, a blank
/// line ends an event, several `data` lines are joined with LF, lines beginning with a colon are
/// comments, a byte order mark at the very start is passed over. Events without data are given out
/// too when they have a name; comments alone are not, however long. The last event may lack its
/// blank line.
class SseSplitter final : public Splitter {
 public:
  void feed(std::string_view bytes) override;
  std::optional<SplitFrame> next() override;
  void end() override;
  [[nodiscard]] std::uint64_t begun() const override { return begin_; }

 private:
  std::optional<SplitFrame> take_line(std::string_view line, std::size_t length);
  std::optional<SplitFrame> finish();
  void skip();

  std::string bytes_;
  std::size_t read_ = 0;     ///< of `bytes_`
  std::size_t scanned_ = 0;  ///< of `bytes_`: no end of a line before this
  std::uint64_t at_ = 0;     ///< offset of bytes_[read_] in the stream
  std::uint64_t begin_ = 0;  ///< of the event being read
  bool after_cr_ = false;    ///< a line feed that comes now belongs to the line before
  bool skipping_ = false;    ///< the rest of a line that is too long
  bool over_ = false;
  // The event being read.
  std::string event_;
  std::string data_;
  bool has_data_ = false;
  bool has_event_ = false;
  bool too_long_ = false;
};

/// One JSON document a line (NDJSON). Empty lines are passed over.
class LineSplitter final : public Splitter {
 public:
  void feed(std::string_view bytes) override;
  std::optional<SplitFrame> next() override;
  void end() override { over_ = true; }
  [[nodiscard]] std::uint64_t begun() const override { return begin_; }

 private:
  std::string bytes_;
  std::size_t read_ = 0;
  std::size_t scanned_ = 0;
  std::uint64_t at_ = 0;     ///< offset of bytes_[read_] in the stream
  std::uint64_t begin_ = 0;  ///< of the line being read
  bool over_ = false;
  bool too_long_ = false;
};

}  // namespace hansard::events
