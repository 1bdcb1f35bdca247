// Writers of deterministic files, and what is complete.
#include "sim/scenarios/lifecycle_source.h"

#include <set>
#include <string>
#include <utility>

#include "engine/catalog/read_file.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "sim/scenarios/view_answers.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

using engine::ArtifactKind;
using engine::ChunkArtifact;
using engine::ChunkId;
using lifecycle::Id;
using lifecycle::kFull;
using lifecycle::Number;

engine::ArtifactWriter WriterOf(std::string bytes) {
  return [bytes = std::move(bytes)](vfs::File& file) -> absl::Status {
    // Several appends, so that a cut can fall between the blocks of a file.
    constexpr std::size_t kPiece = 900;
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      VFS_RETURN_IF_ERROR(file.Append(std::string_view(bytes).substr(at, kPiece)));
    }
    return absl::OkStatus();
  };
}

engine::ArtifactWriter FailingWriterOf(std::string bytes) {
  return [bytes = std::move(bytes)](vfs::File& file) -> absl::Status {
    VFS_RETURN_IF_ERROR(file.Append(std::string_view(bytes).substr(0, bytes.size() / 2)));
    return vfs::Unavailable("read the lake: the object ended early");
  };
}

}  // namespace

bool IsFrozenLedgers(const ChunkArtifact& artifact, const engine::ArtifactRecord& record) {
  return artifact.kind == ArtifactKind::kLedgers && record.state == engine::ArtifactState::kFrozen;
}

std::vector<ChunkId> LifecycleSession::Source::CompleteChunks() {
  std::set<ChunkId> complete;
  for (std::uint32_t c = 0; c < session_.config_.lake_chunks; ++c) complete.insert(Id(c));
  const auto view = session_.store_->View();
  if (view.ok()) {
    for (const auto& [chunk, state] : view->hot) {
      const bool is_ready = state == engine::HotState::kReady;
      if (is_ready && session_.HotCount(Number(chunk)) == kModelLedgersPerChunk)
        complete.insert(chunk);
    }
    for (const auto& [artifact, record] : view->artifacts) {
      if (IsFrozenLedgers(artifact, record)) complete.insert(artifact.chunk);
    }
  }
  return {complete.begin(), complete.end()};
}

absl::StatusOr<engine::ArtifactWriter> LifecycleSession::Source::ChunkWriter(
    const ChunkArtifact& artifact, std::size_t file) {
  const std::uint32_t chunk = Number(artifact.chunk);
  const bool is_at_hand =
      chunk < session_.config_.lake_chunks || session_.HotCount(chunk) == kModelLedgersPerChunk;
  if (!is_at_hand && AnswerOf(session_.store_->OpenView(), "ledgers", chunk) != kFull) {
    return vfs::NotFound(
        "freeze chunk {}: neither in the lake nor whole in the hot tier nor in a frozen file",
        chunk);
  }
  std::string bytes = FrozenFileBytes(engine::ToString(artifact.kind), chunk, file);
  return is_failing_ ? FailingWriterOf(std::move(bytes)) : WriterOf(std::move(bytes));
}

absl::StatusOr<engine::ArtifactWriter> LifecycleSession::Source::IndexWriter(
    const engine::Coverage& coverage, engine::HashRunFinder inputs) {
  return [coverage, inputs = std::move(inputs)](vfs::File& file) mutable -> absl::Status {
    std::string payload;
    for (std::int32_t c = coverage.chunks.first.value(); c <= coverage.chunks.last.value(); ++c) {
      VFS_ASSIGN_OR_RETURN(const engine::FrozenFile input, inputs(ChunkId{c}));
      VFS_ASSIGN_OR_RETURN(const std::string run, engine::ReadVerified(input));
      payload += IndexLine(static_cast<std::uint32_t>(c), run);
    }
    return WriterOf(EncodeBlocks(PaddedIndex(std::move(payload))))(file);
  };
}

}  // namespace permafrost::sim
