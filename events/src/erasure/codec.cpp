#include "erasure/check.h"
// The checks come first: `Codec` calls the one of its variant.
#include "codec.h"

namespace hansard::events {

template class Codec<ErasureEvent>;

const ErasureCodec& erasure_codec() {
  static const ErasureCodec kCodec;
  return kCodec;
}

bool is_erasure_event(std::string_view type) { return ErasureCodec::is_event(type); }

}  // namespace hansard::events
