// The ledgers of the engine/ scenarios: what there is, and what reading each of them must give.
//
// Threads: any thread; it is immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/geometry/geometry.h"
#include "engine/ledger/event_payload.h"
#include "engine/ledger/ledger_decoder.h"

namespace permafrost::sim {

// Small on purpose, and no two equal: every boundary lies a few ledgers away.
inline constexpr engine::GeometrySizes kEngineSizes{
    .ledgers_per_chunk = 4, .chunks_per_window = 3, .chunks_per_bucket = 2};
// Ledgers of the public network lie in chunks whose buckets would have too large a number.
inline constexpr engine::GeometrySizes kRealSizes{
    .ledgers_per_chunk = 4, .chunks_per_window = 3, .chunks_per_bucket = 200};

// A hash under which a transaction of a ledger is found.
struct ModelLookup {
  engine::Hash hash = {};
  std::uint32_t apply_index = 0;  // from 1
  bool is_successful = false;
};

struct ModelLedger {
  engine::LedgerSeq sequence;
  std::string bytes;
  std::vector<ModelLookup> lookups;  // at least one
  std::vector<std::string> events;   // payloads, in cursor order
};

class EngineModel {
 public:
  // `ledgers`: in sequence, beginning with the first of a chunk; of each at most `lookups_max`
  // transactions are asked for.
  //
  // Errors: kInvalidArgument  a ledger does not decode, has no transaction or is not the next one
  static absl::StatusOr<std::shared_ptr<const EngineModel>> Create(
      const engine::GeometrySizes& sizes,
      std::unique_ptr<engine::LedgerDecoder> decoder,
      std::vector<std::string> ledgers,
      std::size_t lookups_max);

  const engine::Geometry& geometry() const { return geometry_; }
  const engine::LedgerDecoder& decoder() const { return *decoder_; }
  engine::LedgerSeq first() const { return ledgers_.front().sequence; }
  engine::LedgerSeq last() const { return ledgers_.back().sequence; }
  bool Has(engine::LedgerSeq sequence) const { return first() <= sequence && sequence <= last(); }
  // Requires Has.
  const ModelLedger& Of(engine::LedgerSeq sequence) const {
    return ledgers_[sequence.value() - first().value()];
  }
  // Chunks that scripts and checks look at.
  engine::ChunkRange chunks() const;

 private:
  EngineModel(const engine::Geometry& geometry,
              std::unique_ptr<engine::LedgerDecoder> decoder,
              std::vector<ModelLedger> ledgers);

  const engine::Geometry geometry_;
  std::unique_ptr<engine::LedgerDecoder> decoder_;
  std::vector<ModelLedger> ledgers_;
};

// Synthetic ledgers of nine chunks.
std::shared_ptr<const EngineModel> SyntheticModel();
// The ledgers of a file of the real disk: records as RFC 5531 marks them, in one zstd stream.
//
// Errors: kInvalidArgument  it is something else; others as of vfs::ReadHostFile
absl::StatusOr<std::shared_ptr<const EngineModel>> RealModel(const std::string& path);

}  // namespace permafrost::sim
