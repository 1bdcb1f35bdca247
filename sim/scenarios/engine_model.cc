// Decoding once, before any world exists.
#include "sim/scenarios/engine_model.h"

#include <zstd.h>

#include <string_view>
#include <utility>

#include "engine/ledger/stellar_decoder.h"
#include "engine/ledger/synthetic_source.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/host_file.h"

namespace permafrost::sim {
namespace {

using engine::LedgerSeq;

constexpr std::uint64_t kSeed = 6;
constexpr std::uint32_t kSyntheticLedgers = 9 * kEngineSizes.ledgers_per_chunk;
// Each has a transaction, by which it can be asked for.
constexpr engine::SyntheticShape kShape = {.transactions_min = 1};
constexpr std::size_t kEveryLookup = 1'000;
// Each decodes its ledger.
constexpr std::size_t kRealLookups = 2;

absl::StatusOr<std::string> Unpack(const std::string& path, const std::string& packed) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 27);
  std::string buffer(ZSTD_DStreamOutSize(), '\0');
  std::string out;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t left = 1;
  while (left != 0) {
    ZSTD_outBuffer piece{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(context.get(), &piece, &in);
    if (ZSTD_isError(left) != 0 || (left != 0 && piece.pos == 0 && in.pos == in.size))
      return vfs::InvalidArgument("read {}: not a whole zstd stream", path);
    out.append(buffer, 0, piece.pos);
  }
  return out;
}

absl::StatusOr<std::vector<std::string>> Records(const std::string& path, std::string_view bytes) {
  constexpr std::size_t kMarkBytes = 4;
  constexpr std::uint32_t kLastFragment = 0x8000'0000;
  std::vector<std::string> records;
  while (!bytes.empty()) {
    std::uint32_t mark = 0;
    for (std::size_t i = 0; i < kMarkBytes && i < bytes.size(); ++i)
      mark = mark << 8U | static_cast<std::uint8_t>(bytes[i]);
    const std::size_t length = mark & ~kLastFragment;
    if ((mark & kLastFragment) == 0 || bytes.size() - kMarkBytes < length)
      return vfs::InvalidArgument("read {}: record {} is not whole", path, records.size());
    records.emplace_back(bytes.substr(kMarkBytes, length));
    bytes.remove_prefix(kMarkBytes + length);
  }
  return records;
}

ModelLedger ModelOf(const engine::LedgerView& view, std::string bytes, std::size_t lookups_max) {
  ModelLedger ledger{.sequence = view.sequence, .bytes = {}, .lookups = {}, .events = {}};
  for (std::size_t i = 0; i < view.transactions.size() && i < lookups_max; ++i) {
    // The last ones, among them the very last.
    const std::size_t at = view.transactions.size() - 1 - i;
    const engine::TransactionView& transaction = view.transactions[at];
    ModelLookup lookup{.hash = transaction.hash,
                       .apply_index = static_cast<std::uint32_t>(at + 1),
                       .is_successful = transaction.is_successful};
    ledger.lookups.push_back(lookup);
    if (!transaction.inner_hash.has_value()) continue;
    lookup.hash = *transaction.inner_hash;
    ledger.lookups.push_back(lookup);
  }
  for (const engine::EventView& event : view.events)
    engine::AppendEventPayload(ledger.events.emplace_back(), view, event);
  ledger.bytes = std::move(bytes);  // behind everything that borrows from it
  return ledger;
}

}  // namespace

EngineModel::EngineModel(const engine::Geometry& geometry,
                         std::unique_ptr<engine::LedgerDecoder> decoder,
                         std::vector<ModelLedger> ledgers)
    : geometry_(geometry), decoder_(std::move(decoder)), ledgers_(std::move(ledgers)) {}

absl::StatusOr<std::shared_ptr<const EngineModel>> EngineModel::Create(
    const engine::GeometrySizes& sizes,
    std::unique_ptr<engine::LedgerDecoder> decoder,
    std::vector<std::string> ledgers,
    std::size_t lookups_max) {
  VFS_ASSIGN_OR_RETURN(const engine::Geometry geometry, engine::Geometry::Create(sizes));
  std::vector<ModelLedger> models;
  for (std::string& bytes : ledgers) {
    VFS_ASSIGN_OR_RETURN(const engine::LedgerView view, decoder->Decode(bytes));
    const bool is_next =
        models.empty() || view.sequence.value() == models.back().sequence.value() + 1;
    if (!is_next || view.transactions.empty()) {
      return vfs::InvalidArgument("ledger {} has {} transactions and follows {} others",
                                  view.sequence.value(), view.transactions.size(), models.size());
    }
    models.push_back(ModelOf(view, bytes, lookups_max));
  }
  if (models.empty()) return vfs::InvalidArgument("there are no ledgers");
  return std::shared_ptr<const EngineModel>(
      new EngineModel(geometry, std::move(decoder), std::move(models)));
}

engine::ChunkRange EngineModel::chunks() const {
  return {geometry_.ChunkOf(first()), geometry_.ChunkOf(last())};
}

std::shared_ptr<const EngineModel> SyntheticModel() {
  static const auto* const kModel = [] {
    std::vector<std::string> ledgers;
    for (std::uint32_t i = 0; i < kSyntheticLedgers; ++i) {
      ledgers.push_back(
          engine::SyntheticLedger(kSeed, LedgerSeq{engine::kFirstLedger.value() + i}, kShape));
    }
    auto model = EngineModel::Create(kEngineSizes, std::make_unique<engine::FrameDecoder>(),
                                     std::move(ledgers), kEveryLookup);
    VFS_CHECK(model.ok(), "{}", vfs::Message(model.status()));
    return new std::shared_ptr<const EngineModel>(*std::move(model));
  }();
  return *kModel;
}

absl::StatusOr<std::shared_ptr<const EngineModel>> RealModel(const std::string& path) {
  // Its ledgers are where the repository keeps them: powercut is started in its root.
  VFS_ASSIGN_OR_RETURN(const std::string packed, vfs::ReadHostFile("ledgers", path));
  VFS_ASSIGN_OR_RETURN(const std::string bytes, Unpack(path, packed));
  VFS_ASSIGN_OR_RETURN(std::vector<std::string> ledgers, Records(path, bytes));
  return EngineModel::Create(kRealSizes, std::make_unique<engine::StellarDecoder>(),
                             std::move(ledgers), kRealLookups);
}

}  // namespace permafrost::sim
