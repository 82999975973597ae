#include "assignment/check.h"
// The checks come first: `Codec` calls the one of its variant.
#include "codec.h"

namespace hansard::events {

template class Codec<AssignmentEvent>;

const AssignmentCodec& assignment_codec() {
  static const AssignmentCodec kCodec;
  return kCodec;
}

}  // namespace hansard::events
