// One zstd frame behind a byte of flags.
#include "engine/ledger/stored_ledger.h"

#include <zdict.h>
#include <zstd.h>

#include <cstdint>
#include <span>
#include <utility>

#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr int kLevel = 3;
constexpr std::uint8_t kUndecodedFlag = 1;
constexpr std::size_t kFlagsBytes = 1;
constexpr std::size_t kIdleMax = 2;  // decompressors that wait

// Of a zstd frame: magic, 4 bytes, then a byte that says what its header holds.
constexpr std::size_t kDescriptorAt = kFlagsBytes + 4;
constexpr std::uint8_t kDescriptorHasChecksum = 0x04;
constexpr std::uint8_t kDescriptorZeros = 0x18;
// A block of a frame takes at least 3 bytes and holds at most this many.
constexpr std::uint64_t kBlockContentBytesMax = std::uint64_t{128} << 10;
constexpr std::uint64_t kBlockBytesMin = 3;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};

template <typename T>
using Owned = std::unique_ptr<T, FreeContext>;

absl::Status Malformed(std::string_view stored, std::string_view finding) {
  return vfs::DataLoss("stored ledger of {} bytes: {}", stored.size(), finding);
}

// How many bytes the ledger has; everything but the frame's blocks is checked.
absl::StatusOr<std::size_t> ContentBytes(std::string_view stored) {
  if (stored.size() <= kDescriptorAt) return Malformed(stored, "it has no zstd frame");
  const auto flags = static_cast<std::uint8_t>(stored.front());
  if ((flags & ~kUndecodedFlag) != 0)
    return Malformed(stored, fmt::format("flags 0x{:02x}; a newer release wrote it", flags));
  const std::string_view frame = stored.substr(kFlagsBytes);
  if (vfs::LoadLittleEndian<std::uint32_t>(frame, 0) != ZSTD_MAGICNUMBER)
    return Malformed(stored, "it has no zstd frame");
  const auto descriptor = static_cast<std::uint8_t>(stored[kDescriptorAt]);
  if ((descriptor & kDescriptorHasChecksum) == 0 || (descriptor & kDescriptorZeros) != 0)
    return Malformed(stored, fmt::format("a frame of descriptor 0x{:02x}", descriptor));
  const std::uint64_t content = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR)
    return Malformed(stored, "a frame that does not say how much it holds");
  if (content > kLedgerBytesMax || content / kBlockContentBytesMax > frame.size() / kBlockBytesMin)
    return Malformed(stored, fmt::format("a frame that claims to hold {} bytes", content));
  return static_cast<std::size_t>(content);
}

}  // namespace

struct LedgerCompressor::State {
  Owned<ZSTD_CCtx> context;
  Owned<ZSTD_CDict> dictionary;
  bool is_usable = true;
  // Where frames are made: kept, as new memory of this size costs a page fault every 4 KiB.
  std::unique_ptr<char[]> frame;
  std::size_t frame_room = 0;
};

LedgerCompressor::LedgerCompressor(std::string_view dictionary)
    : state_(std::make_unique<State>()) {
  state_->context.reset(ZSTD_createCCtx());
  VFS_CHECK(state_->context != nullptr, "no memory for a zstd context");
  if (!dictionary.empty()) {
    state_->dictionary.reset(ZSTD_createCDict(dictionary.data(), dictionary.size(), kLevel));
    state_->is_usable = state_->dictionary != nullptr;
  }
  ZSTD_CCtx* const context = state_->context.get();
  for (const auto& [parameter, value] :
       {std::pair(ZSTD_c_compressionLevel, kLevel), std::pair(ZSTD_c_checksumFlag, 1),
        std::pair(ZSTD_c_contentSizeFlag, 1)}) {
    VFS_CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) == 0,
              "zstd parameter {}", static_cast<int>(parameter));
  }
  VFS_CHECK(ZSTD_isError(ZSTD_CCtx_refCDict(context, state_->dictionary.get())) == 0,
            "zstd dictionary");
}

LedgerCompressor::~LedgerCompressor() = default;

absl::StatusOr<std::string> LedgerCompressor::Compress(std::string_view ledger, bool is_undecoded) {
  if (!state_->is_usable)
    return vfs::InvalidArgument("compress ledger: its dictionary is none that zstd knows");
  if (ledger.size() > kLedgerBytesMax) {
    return vfs::InvalidArgument("compress ledger: {} bytes, at most {} can be stored",
                                ledger.size(), kLedgerBytesMax);
  }
  const std::size_t room = ZSTD_compressBound(ledger.size());
  if (room > state_->frame_room) {
    state_->frame = std::make_unique_for_overwrite<char[]>(room);
    state_->frame_room = room;
  }
  char* const frame = state_->frame.get();
  const std::size_t bytes =
      ZSTD_compress2(state_->context.get(), frame, room, ledger.data(), ledger.size());
  if (ZSTD_isError(bytes) != 0) {
    return vfs::ResourceExhausted("compress ledger of {} bytes: {}", ledger.size(),
                                  ZSTD_getErrorName(bytes));
  }
  std::string stored;
  stored.reserve(kFlagsBytes + bytes);
  stored.push_back(static_cast<char>(is_undecoded ? kUndecodedFlag : 0));
  stored.append(frame, bytes);
  return stored;
}

struct LedgerDecompressor::State {
  Owned<ZSTD_DCtx> context;
  Owned<ZSTD_DDict> dictionary;
  bool is_usable = true;
};

LedgerDecompressor::LedgerDecompressor(std::string_view dictionary)
    : state_(std::make_unique<State>()) {
  state_->context.reset(ZSTD_createDCtx());
  VFS_CHECK(state_->context != nullptr, "no memory for a zstd context");
  if (dictionary.empty()) return;
  state_->dictionary.reset(ZSTD_createDDict(dictionary.data(), dictionary.size()));
  state_->is_usable = state_->dictionary != nullptr;
}

LedgerDecompressor::~LedgerDecompressor() = default;

absl::StatusOr<std::string> LedgerDecompressor::Decompress(std::string_view stored) {
  if (!state_->is_usable) return Malformed(stored, "its dictionary is none that zstd knows");
  VFS_ASSIGN_OR_RETURN(const std::size_t content, ContentBytes(stored));
  const std::string_view frame = stored.substr(kFlagsBytes);
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size())
    return Malformed(stored, "a frame of another length");
  std::string ledger(content, '\0');
  const std::size_t found =
      ZSTD_decompress_usingDDict(state_->context.get(), ledger.data(), ledger.size(), frame.data(),
                                 frame.size(), state_->dictionary.get());
  if (ZSTD_isError(found) != 0)
    return Malformed(stored, fmt::format("a damaged frame: {}", ZSTD_getErrorName(found)));
  if (found != content)
    return Malformed(stored, fmt::format("a frame of {} bytes, expected {}", found, content));
  return ledger;
}

SharedDecompressor::SharedDecompressor(std::string_view dictionary) : dictionary_(dictionary) {}

SharedDecompressor::~SharedDecompressor() = default;

absl::StatusOr<std::string> SharedDecompressor::Decompress(std::string_view stored) const {
  std::unique_ptr<LedgerDecompressor> decompressor;
  {
    const vfs::MutexLock lock(&mu_);
    if (!idle_.empty()) {
      decompressor = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (decompressor == nullptr) decompressor = std::make_unique<LedgerDecompressor>(dictionary_);
  absl::StatusOr<std::string> ledger = decompressor->Decompress(stored);
  const vfs::MutexLock lock(&mu_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(decompressor));
  return ledger;
}

absl::StatusOr<bool> IsUndecoded(std::string_view stored) {
  VFS_RETURN_IF_ERROR(ContentBytes(stored).status());
  return (static_cast<std::uint8_t>(stored.front()) & kUndecodedFlag) != 0;
}

absl::StatusOr<std::string> TrainLedgerDictionary(std::span<const std::string> ledgers,
                                                  std::size_t bytes_max) {
  std::string samples;
  std::vector<std::size_t> sizes;
  sizes.reserve(ledgers.size());
  for (const std::string& ledger : ledgers) {
    samples += ledger;
    sizes.push_back(ledger.size());
  }
  std::string dictionary(bytes_max, '\0');
  const std::size_t trained =
      ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(), sizes.data(),
                            static_cast<unsigned>(sizes.size()));
  if (ZDICT_isError(trained) != 0) {
    return vfs::InvalidArgument("train dictionary of {} ledgers: {}", ledgers.size(),
                                ZDICT_getErrorName(trained));
  }
  dictionary.resize(trained);
  return dictionary;
}

}  // namespace permafrost::engine
