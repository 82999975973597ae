#pragma once

#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Writes zip archives for tests, right ones and wrong ones.
namespace hansard::importers::test {

struct ZipFile {
  std::string name;
  std::string text;
  std::uint16_t method = 0;
};

/// What to get wrong.
struct ZipLies {
  std::int64_t size = 0;  ///< added to the unpacked size
  std::uint32_t crc = 0;  ///< added to the checksum
  std::uint16_t flags = 0;
  bool all_at_first = false;    ///< every entry claims the place of the first
  bool wide = false;            ///< zip64 records
  std::string local_name = {};  ///< in the local header instead of the true one
};

inline void put(std::string& out, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

inline std::string packed(const std::string& text, std::uint16_t method) {
  if (method == 93) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
  }
  if (method != 8) return text;
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string zip(const std::vector<ZipFile>& files, const ZipLies& lies = {}) {
  std::string out;
  std::string directory;
  for (const ZipFile& file : files) {
    const std::string body = packed(file.text, file.method);
    const auto crc =
        static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(file.text.data()),
                                         static_cast<uInt>(file.text.size())) +
                                   lies.crc);
    const std::uint64_t size = file.text.size() + static_cast<std::uint64_t>(lies.size);
    const std::uint64_t at = lies.all_at_first ? 0 : out.size();
    const std::string& local = lies.local_name.empty() ? file.name : lies.local_name;
    out += "PK\x03\x04";
    put(out, 20, 2);
    put(out, lies.flags, 2);
    put(out, file.method, 2);
    put(out, 0, 4);
    put(out, crc, 4);
    put(out, body.size(), 4);
    put(out, size, 4);
    put(out, local.size(), 2);
    put(out, 0, 2);
    out += local + body;
    directory += "PK\x01\x02";
    put(directory, 20, 2);
    put(directory, 20, 2);
    put(directory, lies.flags, 2);
    put(directory, file.method, 2);
    put(directory, 0, 4);
    put(directory, crc, 4);
    put(directory, lies.wide ? 0xFFFFFFFF : body.size(), 4);
    put(directory, lies.wide ? 0xFFFFFFFF : size, 4);
    put(directory, file.name.size(), 2);
    put(directory, lies.wide ? 28 : 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 4);
    put(directory, lies.wide ? 0xFFFFFFFF : at, 4);
    directory += file.name;
    if (!lies.wide) continue;
    put(directory, 1, 2);
    put(directory, 24, 2);
    put(directory, size, 8);
    put(directory, body.size(), 8);
    put(directory, at, 8);
  }
  const std::uint64_t at = out.size();
  out += directory;
  if (lies.wide) {
    const std::uint64_t end_at = out.size();
    out += "PK\x06\x06";
    put(out, 44, 8);
    put(out, 45, 2);
    put(out, 45, 2);
    put(out, 0, 8);
    put(out, files.size(), 8);
    put(out, files.size(), 8);
    put(out, directory.size(), 8);
    put(out, at, 8);
    out += "PK\x06\x07";
    put(out, 0, 4);
    put(out, end_at, 8);
    put(out, 1, 4);
  }
  out += "PK\x05\x06";
  put(out, 0, 4);
  put(out, lies.wide ? 0xFFFF : files.size(), 2);
  put(out, lies.wide ? 0xFFFF : files.size(), 2);
  put(out, lies.wide ? 0xFFFFFFFF : directory.size(), 4);
  put(out, lies.wide ? 0xFFFFFFFF : at, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace hansard::importers::test
