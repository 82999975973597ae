#include "server/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;

Error broken(const char* coding, const std::string& why) {
  return {Errc::invalid_argument, "the " + std::string(coding) + " body is broken: " + why, "body"};
}

class GzipExpander final : public Expander {
 public:
  GzipExpander() : ready_(inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  ~GzipExpander() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipExpander(const GzipExpander&) = delete;
  GzipExpander& operator=(const GzipExpander&) = delete;

  Result<std::string> expand(std::string_view& in) override {
    if (!ready_) return Error{Errc::unavailable, "no memory to expand a body"};
    std::string out(kPieceBytes, '\0');
    std::size_t made = 0;
    // What a full buffer left behind comes without further input.
    while (made < out.size() && (!in.empty() || pending_)) {
      if (at_end_) {
        inflateReset(&stream_);
        at_end_ = false;
      }
      // zlib takes bytes that it does not change through a pointer that is not const.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), kInMax));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + made);
      stream_.avail_out = static_cast<uInt>(out.size() - made);
      const uInt had = stream_.avail_in;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      in.remove_prefix(had - stream_.avail_in);
      made = out.size() - stream_.avail_out;
      pending_ = code == Z_OK && stream_.avail_out == 0;
      if (code == Z_STREAM_END) {
        at_end_ = true;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return broken("gzip", stream_.msg != nullptr ? stream_.msg : "unreadable");
      }
    }
    out.resize(made);
    return out;
  }
  [[nodiscard]] bool may_end() const override { return at_end_; }

 private:
  static constexpr int kGzipOnly = 15 + 16;  ///< the largest window, with gzip's header
  static constexpr std::size_t kInMax = 1U << 30;
  z_stream stream_{};
  bool ready_;
  bool at_end_ = false;
  bool pending_ = false;
};

class ZstdExpander final : public Expander {
 public:
  ZstdExpander() : stream_(ZSTD_createDCtx()) {
    if (stream_ != nullptr) {
      ready_ = ZSTD_isError(
                   ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax)) == 0U;
    }
  }
  ~ZstdExpander() override { ZSTD_freeDCtx(stream_); }
  ZstdExpander(const ZstdExpander&) = delete;
  ZstdExpander& operator=(const ZstdExpander&) = delete;

  Result<std::string> expand(std::string_view& in) override {
    if (!ready_) return Error{Errc::unavailable, "no memory to expand a body"};
    if (in.empty() && at_end_) return std::string();
    std::string out(kPieceBytes, '\0');
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    // Also without input: what a full buffer left behind is given out first.
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    for (;;) {
      const std::size_t had = to.pos;
      const std::size_t taken = from.pos;
      const std::size_t hint = ZSTD_decompressStream(stream_, &to, &from);
      if (ZSTD_isError(hint) != 0U) return broken("zstd", ZSTD_getErrorName(hint));
      at_end_ = hint == 0;
      const bool moved = to.pos != had || from.pos != taken;
      if (to.pos == to.size || !moved || (from.pos == from.size && at_end_)) break;
    }
    in.remove_prefix(from.pos);
    out.resize(to.pos);
    return out;
  }
  [[nodiscard]] bool may_end() const override { return at_end_; }

 private:
  ZSTD_DCtx* stream_;
  bool ready_ = false;
  bool at_end_ = false;
};

/// Shared with the pool, which may come when the connection is gone.
class ExpandedIntake final : public BodyIntake,
                             public std::enable_shared_from_this<ExpandedIntake> {
 public:
  ExpandedIntake(std::shared_ptr<BodyIntake> body, std::unique_ptr<Expander> expander, Pool& pool)
      : body_(std::move(body)), expander_(std::move(expander)), pool_(pool) {}

  void next(std::function<void(Result<std::string>)> done) override {
    // Always on the pool: expanding costs more than reading, and a body that expands a
    // thousandfold must not grow the stack by being asked for again and again.
    pool_.post([self = shared_from_this(), done = std::move(done)] { self->give(done); });
  }
  bool hold(std::uint64_t bytes) override { return body_->hold(bytes); }

 private:
  using Done = std::function<void(Result<std::string>)>;

  /// One at a time, since nobody asks again before an answer.
  void give(const Done& done) {
    std::string_view in = std::string_view(packed_).substr(used_);
    Result<std::string> piece = expander_->expand(in);
    used_ = packed_.size() - in.size();
    if (!piece || !piece->empty()) return done(std::move(piece));
    body_->next([self = shared_from_this(), done](Result<std::string> packed) {
      self->arrived(std::move(packed), done);
    });
  }
  void arrived(Result<std::string> packed, const Done& done) {
    if (!packed) return done(std::move(packed));
    if (packed->empty()) {
      if (!expander_->may_end() && started_) {
        return done(Error{Errc::invalid_argument, "the compressed body ends too early", "body"});
      }
      return done(std::string());
    }
    started_ = true;
    packed_ = *std::move(packed);
    used_ = 0;
    next(done);
  }

  const std::shared_ptr<BodyIntake> body_;
  const std::unique_ptr<Expander> expander_;
  Pool& pool_;
  std::string packed_;
  std::size_t used_ = 0;
  bool started_ = false;
};

}  // namespace

bool is_identity(std::string_view coding) {
  return coding.empty() || same_token(coding, "identity");
}

std::unique_ptr<Expander> make_expander(std::string_view coding) {
  if (same_token(coding, "gzip") || same_token(coding, "x-gzip")) {
    return std::make_unique<GzipExpander>();
  }
  if (same_token(coding, "zstd")) return std::make_unique<ZstdExpander>();
  return nullptr;
}

Result<std::string> expand_whole(Expander& expander, std::string_view body, std::size_t bytes_max) {
  std::string out;
  for (;;) {
    auto piece = expander.expand(body);
    if (!piece) return piece;
    if (piece->empty()) break;
    if (out.size() + piece->size() > bytes_max) {
      return Error{Errc::too_large,
                   "the body expands to more than " + std::to_string(bytes_max) + " bytes", "body"};
    }
    out += *piece;
  }
  if (expander.may_end()) return out;
  return Error{Errc::invalid_argument, "the compressed body ends too early", "body"};
}

std::shared_ptr<BodyIntake> expand_intake(std::shared_ptr<BodyIntake> body,
                                          std::unique_ptr<Expander> expander, Pool& pool) {
  return std::make_shared<ExpandedIntake>(std::move(body), std::move(expander), pool);
}

}  // namespace hansard::http
