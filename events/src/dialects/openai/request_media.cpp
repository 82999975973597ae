#include "request_media.h"

#include <string>
#include <utility>

#include "item_form.h"

namespace hansard::events::openai {
namespace {

/// {"data", "format"}; nothing where the data are elsewhere.
std::optional<Json> sound_of(const Media& media) {
  if (media.data.empty()) return {};
  const auto slash = media.media_type.find('/');
  std::string format = slash == std::string::npos ? "wav" : media.media_type.substr(slash + 1);
  if (format == "mpeg") format = "mp3";
  if (format == "x-wav" || format == "wave") format = "wav";
  return Json(Json::Object{{"data", media.data}, {"format", std::move(format)}});
}

std::string name_of(const Media& media) {
  if (!media.name.empty()) return media.name;
  return media.media_type == "application/pdf" ? "file.pdf" : "file";
}

}  // namespace

std::optional<Part> chat_media(const Media& media) {
  Part part;
  if (media.kind == Media::Kind::image) {
    part.json.add("type", "image").add("image_url", Json::Object{{"url", media.as_url()}});
  } else if (media.kind == Media::Kind::audio) {
    auto sound = sound_of(media);
    if (!sound) return {};
    part.json.add("type", "audio").add("input_audio", *std::move(sound));
  } else {
    if (media.data.empty()) return {};  // it takes no addresses of files
    part.json.add("type", "file");
    part.json.add("file",
                  Json::Object{{"filename", name_of(media)}, {"file_data", media.as_url()}});
  }
  return part;
}

std::optional<Part> item_media(const Media& media) {
  Part part;
  if (media.kind == Media::Kind::image) {
    part.json.add("type", "image").add("image_url", media.as_url()).add("detail", "auto");
  } else if (media.kind == Media::Kind::audio) {
    auto sound = sound_of(media);
    if (!sound) return {};
    part.json.add("type", "audio").add("input_audio", *std::move(sound));
  } else if (media.data.empty()) {
    part.json.add("type", "file").add("file_url", media.url);
  } else {
    part.json.add("type", "file").add("filename", name_of(media));
    part.json.add("file_data", media.as_url());
  }
  return part;
}

std::optional<Json> output_media(const Media& media) {
  if (media.kind == Media::Kind::audio) return {};
  auto part = item_media(media);
  return part ? std::optional(write_item_part(*part, "input_text")) : std::nullopt;
}

}  // namespace hansard::events::openai
