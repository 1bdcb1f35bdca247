// Synthetic ledgers as a stream has them: one after another, once, and never in bulk.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/ledger/synthetic_source.h"
#include "vfs/base/status.h"

namespace permafrost::engine::testing {

class OnceSource final : public LedgerSource {
 public:
  OnceSource(std::uint64_t seed, std::uint32_t count, const SyntheticShape& shape = kSmallShape)
      : all_(seed, count, shape) {}

  const LedgerDecoder& decoder() const override { return all_.decoder(); }
  std::string name() const override { return "once"; }
  bool is_bulk() const override { return false; }
  absl::StatusOr<Range> Available() override { return vfs::Internal("not a bulk source"); }
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override {
    return all_.Open(first);
  }

 private:
  SyntheticSource all_;
};

}  // namespace permafrost::engine::testing
