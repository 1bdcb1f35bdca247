// Opens lakes by directory, streams by descriptor.
#include "engine/daemon/sources.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "engine/ledger/byte_stream.h"
#include "engine/ledger/lake_source.h"
#include "engine/ledger/source_spec.h"
#include "engine/ledger/stream_source.h"
#include "engine/ledger/synthetic_source.h"
#include "engine/ledger/unpacked_byte_stream.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kFlag = "--source";

// A file, a FIFO or standard input.
class HostByteStream final : public ByteStream {
 public:
  explicit HostByteStream(HostInput input) : input_(std::move(input)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (at_ == block_.size()) {
      VFS_ASSIGN_OR_RETURN(block_, input_.Next());
      at_ = 0;
    }
    const std::size_t count = std::min(buffer.size(), block_.size() - at_);
    std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(at_), count, buffer.begin());
    at_ += count;
    return count;
  }

 private:
  HostInput input_;
  std::string block_;
  std::size_t at_ = 0;
};

absl::StatusOr<OpenedSource> OpenLake(const std::string& path, const LakeOptions& lake) {
  auto fs = vfs::PosixFileSystem::Open(path);
  if (!fs.ok()) {
    return vfs::InvalidArgument("{} 'lake:{}': {}; name the directory of a lake", kFlag, path,
                                vfs::Message(fs.status()));
  }
  OpenedSource opened{.world = std::make_unique<RealWorld>(*std::move(fs)), .source = nullptr};
  VFS_ASSIGN_OR_RETURN(opened.source, LakeSource::Open(opened.world->Env().fs, path, lake));
  return opened;
}

}  // namespace

absl::StatusOr<OpenedSource> OpenSource(const std::string& text,
                                        vfs::StopSignal* stop,
                                        const LakeOptions& lake) {
  VFS_ASSIGN_OR_RETURN(const SourceSpec spec, ParseSourceSpec(text));
  switch (spec.kind) {
    case SourceSpec::Kind::kLake: return OpenLake(spec.path, lake);
    case SourceSpec::Kind::kStream: {
      VFS_ASSIGN_OR_RETURN(HostInput input, HostInput::Open(kFlag, spec.path, stop));
      return OpenedSource{.world = nullptr,
                          .source = std::make_unique<StreamSource>(
                              std::make_unique<UnpackedByteStream>(
                                  std::make_unique<HostByteStream>(std::move(input))),
                              spec.path)};
    }
    case SourceSpec::Kind::kSynthetic:
      return OpenedSource{.world = nullptr,
                          .source = std::make_unique<SyntheticSource>(spec.seed, spec.ledgers)};
    case SourceSpec::Kind::kJournal:
      return vfs::InvalidArgument("{} journal: its ledgers go into a store; name another source",
                                  kFlag);
  }
  VFS_CHECK(false, "kind of source {}", static_cast<int>(spec.kind));
}

}  // namespace permafrost::engine
