// Ledger after ledger, through the gate.
#include "sim/scenarios/engine_source.h"

#include "vfs/base/status.h"

namespace permafrost::sim {

using engine::LedgerSeq;

class EngineSource::Stream final : public engine::LedgerStream {
 public:
  Stream(const EngineSource* source, LedgerSeq first, Way way)
      : source_(*source), next_(first), way_(way) {}

  absl::StatusOr<std::optional<engine::SourcedLedger>> Next() override {
    if (next_ > source_.range_.last) return std::nullopt;
    VFS_RETURN_IF_ERROR(source_.gate_(next_, way_));
    engine::SourcedLedger ledger{next_, source_.model_.Of(next_).bytes, source_.name()};
    next_ = LedgerSeq{next_.value() + 1};
    return ledger;
  }

 private:
  const EngineSource& source_;
  LedgerSeq next_;
  const Way way_;
};

absl::StatusOr<engine::LedgerSource::Range> EngineSource::Available() {
  if (range_.last < range_.first) return vfs::NotFound("{} has no ledgers", name());
  return range_;
}

absl::StatusOr<std::unique_ptr<engine::LedgerStream>> EngineSource::Open(
    std::optional<LedgerSeq> first) {
  const LedgerSeq from = first.value_or(range_.first);
  if (from < range_.first)
    return vfs::OutOfRange("{} begins with ledger {}, not {}", name(), range_.first.value(),
                           from.value());
  // What a bulk source has the whole chunk of is frozen from it.
  const engine::Geometry& geometry = model_.geometry();
  const bool is_whole =
      is_bulk_ && geometry.ChunkOf(from) <= geometry.LastCompleteChunkAt(range_.last);
  return std::make_unique<Stream>(this, from, is_whole ? Way::kCold : Way::kHot);
}

}  // namespace permafrost::sim
