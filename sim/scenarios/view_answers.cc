// Comparing what was read with the model.
#include "sim/scenarios/view_answers.h"

#include <fmt/format.h>

#include "sim/explore/scenario.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

using lifecycle::CountText;
using lifecycle::Domain;
using lifecycle::Id;
using lifecycle::kFull;

// Errors of reading become values: an answer that no attempt allows is a violation.
std::string ErrorValue(const absl::Status& status) {
  return absl::IsNotFound(status) ? std::string(kAbsent)
                                  : fmt::format("{}{}", kErrorAnswer, vfs::Message(status));
}

std::string ValueOfHotRows(std::string_view kind,
                           std::uint32_t chunk,
                           const std::vector<vfs::RocksDb::Row>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t sequence = FirstLedgerOf(chunk) + static_cast<std::uint32_t>(i);
    if (rows[i].first != fmt::format("{}:{:08}", kind, sequence) ||
        rows[i].second != LedgerRow(kind, sequence)) {
      return fmt::format("wrong: row {} of {} is {}", i, Domain(kind, chunk), rows[i].first);
    }
  }
  return rows.size() > kModelLedgersPerChunk ? "wrong: too many rows"
                                             : CountText(static_cast<std::uint32_t>(rows.size()));
}

}  // namespace

std::string AnswerOf(const engine::ReadView& view, std::string_view kind, std::uint32_t chunk) {
  const auto parsed = engine::ParseArtifactKind(kind);
  const auto content = view.ReadArtifact({.chunk = Id(chunk), .kind = *parsed});
  if (!content.ok()) return ErrorValue(content.status());
  if (content->home == engine::Home::kHot) return ValueOfHotRows(kind, chunk, content->hot_rows);
  for (std::size_t file = 0; file < content->files.size(); ++file) {
    const auto payload = DecodeBlocks(content->files[file]);
    if (!payload.ok()) return "wrong: " + vfs::Message(payload.status());
    if (content->files[file] != FrozenFileBytes(kind, chunk, file))
      return fmt::format("wrong: file {} of chunk {} holds other bytes", file, chunk);
  }
  return kFull;
}

std::string LookUp(const engine::ReadView& view,
                   std::uint32_t chunk,
                   const absl::StatusOr<engine::IndexContent>& index) {
  if (Id(chunk) < view.floor()) return kAbsent;
  if (!index.ok() && !absl::IsNotFound(index.status())) return ErrorValue(index.status());
  if (index.ok()) {
    const auto payload = DecodeBlocks(index->bytes);
    if (!payload.ok()) return "wrong: " + vfs::Message(payload.status());
    const bool is_covered = index->coverage.chunks.Contains(Id(chunk));
    const std::string line = IndexLine(chunk, FrozenFileBytes("txhash", chunk, 0));
    const bool is_there = payload->find(line) != std::string::npos;
    if (is_covered && !is_there) return fmt::format("wrong: the index lacks chunk {}", chunk);
    if (is_covered) return kFull;
  }
  const auto rows = view.ReadHot({.chunk = Id(chunk), .kind = engine::ArtifactKind::kTxHash});
  return rows.ok() ? ValueOfHotRows("txhash", chunk, *rows) : ErrorValue(rows.status());
}

std::uint32_t CountOf(std::string_view answer) {
  for (std::uint32_t count = 1; count <= kModelLedgersPerChunk; ++count) {
    if (answer == CountText(count)) return count;
  }
  return 0;
}

}  // namespace permafrost::sim
