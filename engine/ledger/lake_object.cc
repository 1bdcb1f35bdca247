// Reading, unpacking and splitting, each with a limit.
#include "engine/ledger/lake_object.h"

#include <zstd.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "engine/ledger/xdr_walk.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kBatchHeaderBytes = 12;  // start, end, how many

using Decompression = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

// A disk that does not answer may do so the next time; whoever waits for the ledger asks again.
absl::Status AsUnavailable(const absl::Status& status) {
  const bool is_passing = status.code() == absl::StatusCode::kDataLoss ||
                          status.code() == absl::StatusCode::kResourceExhausted;
  if (!is_passing) return status;
  absl::Status unavailable = vfs::Unavailable("{}", vfs::Message(status));
  if (const int error = vfs::ErrnoOf(status); error != 0) vfs::SetErrno(unavailable, error);
  return unavailable;
}

// Bytes that are no ledger are damage; an unknown type waits for a later table.
absl::Status NoSuchLedger(std::uint64_t sequence, std::size_t at, const absl::Status& why) {
  const bool is_unknown = why.code() == absl::StatusCode::kFailedPrecondition;
  return vfs::MakeStatus(
      is_unknown ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kDataLoss,
      fmt::format("ledger {} at byte {}: {}", sequence, at, vfs::Message(why)));
}

}  // namespace

absl::StatusOr<std::string> ReadLakeObject(vfs::FileSystem& fs, std::string_view key) {
  auto file = fs.Open(key, vfs::OpenMode::kRead);
  if (!file.ok()) return AsUnavailable(file.status());
  const auto bytes = (*file)->Size();
  if (!bytes.ok()) return AsUnavailable(bytes.status());
  if (*bytes > kLakeObjectBytesMax)
    return vfs::DataLoss("{} bytes, at most {} expected", *bytes, kLakeObjectBytesMax);
  std::string content(*bytes, '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const auto count = (*file)->Read(done, std::span<char>(content).subspan(done));
    if (!count.ok()) return AsUnavailable(count.status());
    if (*count == 0) break;
    done += *count;
  }
  content.resize(done);
  return content;
}

absl::StatusOr<std::string> UnpackLakeObject(std::string_view object, std::uint64_t bytes_max) {
  const Decompression context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  std::string out;
  ZSTD_inBuffer in = {object.data(), object.size(), 0};
  for (;;) {
    // As much at once as was there already, so that no byte is copied often.
    const std::size_t done = out.size();
    const std::size_t room = std::max(ZSTD_DStreamOutSize(), done);
    out.resize(done + room);
    ZSTD_outBuffer chunk = {out.data() + done, room, 0};
    const std::size_t left = ZSTD_decompressStream(context.get(), &chunk, &in);
    out.resize(done + chunk.pos);
    if (ZSTD_isError(left) != 0)
      return vfs::DataLoss("zstd frame of {} bytes: {}", object.size(), ZSTD_getErrorName(left));
    if (out.size() > bytes_max)
      return vfs::DataLoss("zstd frame with more than {} bytes in it", bytes_max);
    if (left == 0) break;
    if (in.pos == in.size && chunk.pos < room)
      return vfs::OutOfRange("zstd frame ends after {} bytes, more expected", object.size());
  }
  if (in.pos != in.size)
    return vfs::DataLoss("{} bytes behind the zstd frame, which ends at byte {}", in.size - in.pos,
                         in.pos);
  return out;
}

absl::StatusOr<std::vector<std::string_view>> SplitLakeBatch(const StellarDecoder& decoder,
                                                             const LakeBatch& batch,
                                                             std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes)
    return vfs::DataLoss("batch of {} bytes, at least {} expected", bytes.size(),
                         kBatchHeaderBytes);
  const std::uint32_t first = LoadXdrWord(bytes.data());
  const std::uint32_t last = LoadXdrWord(bytes.data() + 4);
  const std::uint32_t count = LoadXdrWord(bytes.data() + 8);
  const std::uint32_t wanted_first = std::max(batch.first, kFirstLedger.value());
  if (first != wanted_first || last != batch.last)
    return vfs::DataLoss("batch of ledgers {} to {}, {} to {} expected", first, last, wanted_first,
                         batch.last);
  if (count != std::uint64_t{last} - first + 1)
    return vfs::DataLoss("batch of ledgers {} to {} with {} ledgers in it", first, last, count);
  std::vector<std::string_view> ledgers;
  std::size_t at = kBatchHeaderBytes;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    const std::string_view rest = bytes.substr(at);
    const auto found = decoder.SequenceOf(rest);
    if (!found.ok()) return NoSuchLedger(sequence, at, found.status());
    if (found->value() != sequence)
      return vfs::DataLoss("ledger {} at byte {}, {} expected", found->value(), at, sequence);
    if (sequence == last) {  // what is left over, its decoder finds
      ledgers.push_back(rest);
      break;
    }
    const auto length = decoder.LengthOfFirst(rest);
    if (!length.ok()) return NoSuchLedger(sequence, at, length.status());
    ledgers.push_back(rest.substr(0, *length));
    at += *length;
  }
  return ledgers;
}

}  // namespace permafrost::engine
