// What is taken out of texts: hits are in order and within the text, what is left says what was
// there, and nothing is taken out a second time.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "core/hash.h"
#include "events/filter/filter.h"
#include "target.h"

namespace {

using namespace hansard;
using namespace hansard::events;

/// A hash that costs nothing: only that it is the same again matters here.
class Hasher final : public core::Hasher {
 public:
  [[nodiscard]] core::Hash sha256(std::initializer_list<std::string_view> pieces) const override {
    core::Hash hash{};
    std::size_t at = 0;
    for (const auto piece : pieces) {
      for (const char c : piece) {
        auto& byte = hash[at++ % hash.size()];
        byte = static_cast<std::uint8_t>(byte * 31U + static_cast<unsigned char>(c));
      }
    }
    return hash;
  }
  [[nodiscard]] core::Hash hmac_sha256(
      std::string_view, std::initializer_list<std::string_view> pieces) const override {
    return sha256(pieces);
  }
};

void run(std::string_view bytes) {
  std::size_t last = 0;
  for (const Hit& hit : detect(bytes, Detectors::all())) {
    HANSARD_ASSERT(hit.begin >= last && hit.begin < hit.end && hit.end <= bytes.size(),
                   "hits are in order, within the text, and do not meet");
    last = hit.end;
  }
  static const Hasher kHasher;
  static const core::KeyedHash kKeyed(kHasher, core::Hash{});
  static const auto kFilter =
      Filter::make({{"email", "phone", "card", "key"},
                    {{"badge", "B-[0-9]+", {}, {}}, {"ssn", {}, "**.ssn", {}}}},
                   kKeyed)
          .value();
  Json once = std::string(bytes);
  kFilter->clean({}, once);
  Json twice = once;
  HANSARD_ASSERT(!kFilter->clean({}, twice), "nothing is taken out twice");
  if (auto tree = parse_json(bytes)) {
    kFilter->clean({}, *tree);
    HANSARD_ASSERT(check_json(dump(*tree)).has_value(), "JSON stays JSON");
    HANSARD_ASSERT(!kFilter->clean({}, *tree), "nothing is taken out of a tree twice");
  }
}

const fuzz::Announced announced("filter", run);

}  // namespace
