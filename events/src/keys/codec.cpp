#include "keys/check.h"
// The checks come first: `Codec` calls the one of its variant.
#include "codec.h"

namespace hansard::events {

template class Codec<KeyEvent>;

const KeyCodec& key_codec() {
  static const KeyCodec kCodec;
  return kCodec;
}

const core::ProjectId& keys_project() {
  static const core::ProjectId kProject = core::ProjectId::parse("_log").value();
  return kProject;
}

const core::StreamId& keys_stream() {
  static const core::StreamId kStream = core::StreamId::make("keys", "api").value();
  return kStream;
}

}  // namespace hansard::events
