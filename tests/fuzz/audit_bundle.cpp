// Bundles of proofs, as strangers may send them: nothing that was not signed holds.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/audit/bundle.h"
#include "ossl/hasher.h"
#include "target.h"

namespace {

namespace audit = hansard::events::audit;

/// Damage breaks every signature: half of them are let through, so that what stands behind one is
/// reached as well.
class NobodysSignature final : public hansard::core::SignatureVerifier {
 public:
  [[nodiscard]] bool verify(const hansard::core::PublicKey&, std::string_view,
                            const hansard::core::Signature& signature) const override {
    return signature[0] % 2 == 0;
  }
};

void run(std::string_view bytes) {
  static const hansard::ossl::OpenSslHasher hasher;
  static const NobodysSignature verifier;
  audit::BundleCheck checking(hasher, verifier, {});
  std::uint64_t number = 0;
  while (!bytes.empty()) {
    ++number;
    const auto end = bytes.find('\n');
    const auto good = checking.line(bytes.substr(0, end));
    if (!good) {
      HANSARD_ASSERT(good.error().code == hansard::core::Errc::corruption, "one kind of error");
      HANSARD_ASSERT(good.error().message.starts_with("line " + std::to_string(number)),
                     "the line that is wrong is named");
      return;
    }
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
  }
  if (const auto verdict = checking.finish()) {
    HANSARD_ASSERT(verdict->events > 0 && verdict->events <= number, "it proves what is in it");
    HANSARD_ASSERT(verdict->checkpoint.tree.size >= verdict->events, "the log has what it proves");
  }
}

const hansard::fuzz::Announced announced("audit_bundle", run);

}  // namespace
