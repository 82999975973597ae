#include "experiment/check.h"
// The checks come first: `Codec` calls the one of its variant.
#include "codec.h"

namespace hansard::events {

template class Codec<ExperimentEvent>;

const ExperimentCodec& experiment_codec() {
  static const ExperimentCodec kCodec;
  return kCodec;
}

}  // namespace hansard::events
