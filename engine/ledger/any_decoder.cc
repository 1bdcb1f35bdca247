// Asks one of the decoders there are.
#include "engine/ledger/any_decoder.h"

#include "engine/ledger/frame.h"
#include "engine/ledger/frame_format.h"
#include "engine/ledger/stellar_decoder.h"

namespace permafrost::engine {
namespace {

class Any final : public LedgerDecoder {
 public:
  absl::StatusOr<LedgerView> Decode(std::string_view bytes) const override {
    return bytes.starts_with(kFrameMagic) ? frame_.Decode(bytes) : stellar_.Decode(bytes);
  }
  std::string_view name() const override { return "any"; }

 private:
  FrameDecoder frame_;
  StellarDecoder stellar_;
};

}  // namespace

const LedgerDecoder& AnyDecoder() {
  static const Any* const any = new Any;  // never destroyed
  return *any;
}

}  // namespace permafrost::engine
