#include "dialects/request_media.h"

#include <string_view>
#include <utility>

#include "dialects/original.h"

namespace hansard::events {
namespace {

std::string text_at(const Json* object, std::string_view key) {
  return std::string(text_of(member(object, key), ""));
}

std::optional<Media::Kind> kind_of(std::string_view type) {
  if (type == "image" || type == "image_url" || type == "input_image") return Media::Kind::image;
  if (type == "audio" || type == "input_audio") return Media::Kind::audio;
  if (type == "file" || type == "input_file" || type == "document") return Media::Kind::file;
  return {};
}

/// A URL, which may hold the data itself.
void take_url(std::string url, Media& media) {
  constexpr std::string_view kScheme = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  const auto comma = url.find(kBase64);
  if (!url.starts_with(kScheme) || comma == std::string::npos) {
    media.url = std::move(url);
    return;
  }
  media.media_type = url.substr(kScheme.size(), comma - kScheme.size());
  media.data = url.substr(comma + kBase64.size());
}

/// {type: base64 | url | text, ...}, as Anthropic has it.
void take_source(const Json& source, Media& media) {
  const auto type = text_of(source.find("type"), "");
  if (type == "base64") {
    media.media_type = text_at(&source, "media_type");
    media.data = text_at(&source, "data");
  } else if (type == "url") {
    media.url = text_at(&source, "url");
  } else if (type == "text") {
    media.media_type = text_at(&source, "media_type");
    media.text = text_at(&source, "data");
  }
}

/// What the first bytes of an image are in base64.
std::string_view sniffed(std::string_view data) {
  if (data.starts_with("/9j/")) return "image/jpeg";
  if (data.starts_with("R0lGOD")) return "image/gif";
  if (data.starts_with("UklGR")) return "image/webp";
  return "image/png";
}

}  // namespace

std::string Media::as_url() const {
  if (data.empty()) return url;
  const std::string_view unknown =
      kind == Kind::image ? sniffed(data) : std::string_view("application/octet-stream");
  return "data:" + (media_type.empty() ? std::string(unknown) : media_type) + ";base64," + data;
}

std::optional<Media> media_of(const Part& part) {
  const auto kind = kind_of(part.kind());
  if (!kind) return {};
  Media media;
  media.kind = *kind;
  const Json& json = part.json;
  if (const Json* source = json.find("source")) take_source(*source, media);
  if (const Json* url = json.find("image_url")) {
    take_url(std::string(text_of(url->is_object() ? url->find("url") : url, "")), media);
  }
  if (const Json* sound = json.find("input_audio")) {
    media.data = text_at(sound, "data");
    if (const auto format = text_at(sound, "format"); !format.empty()) {
      media.media_type = "audio/" + format;
    }
  }
  // A file has its members beside the type, or in an object of their own.
  const Json* file = json.find("file");
  if (file == nullptr) file = &json;
  if (auto data = text_at(file, "file_data"); !data.empty()) take_url(std::move(data), media);
  if (auto url = text_at(file, "file_url"); !url.empty()) take_url(std::move(url), media);
  if (auto data = text_at(&json, "data"); !data.empty()) {
    media.data = std::move(data);
    media.media_type = text_at(&json, "media_type");
  }
  if (auto url = text_at(&json, "url"); !url.empty()) take_url(std::move(url), media);
  media.name = text_at(file, "filename");
  if (media.name.empty()) media.name = text_at(&json, "title");
  if (*kind == Media::Kind::image && media.media_type.empty() && !media.data.empty()) {
    media.media_type = sniffed(media.data);
  }
  const bool known = !media.data.empty() || !media.url.empty() || !media.text.empty();
  return known ? std::optional(std::move(media)) : std::nullopt;
}

}  // namespace hansard::events
