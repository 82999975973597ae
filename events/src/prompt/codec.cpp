#include "prompt/check.h"
// The checks come first: `Codec` calls the one of its variant.
#include "codec.h"

namespace hansard::events {

template class Codec<PromptEvent>;

const PromptCodec& prompt_codec() {
  static const PromptCodec kCodec;
  return kCodec;
}

}  // namespace hansard::events
