// Constants of the journal's bytes on disk.
//
// Source: engine/FORMATS.md "Journal"
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace permafrost::engine::journal {

// --- a segment's header ---
inline constexpr std::string_view kSegmentMagic{"PFJRNL\r\n", 8};
inline constexpr std::uint32_t kSegmentVersion = 2;
inline constexpr std::size_t kStoreIdBytes = 16;
inline constexpr std::size_t kHeaderBytes = 64;
inline constexpr std::size_t kHeaderVersionAt = 8;
inline constexpr std::size_t kHeaderStoreIdAt = 16;
inline constexpr std::size_t kHeaderNonceAt = 32;
inline constexpr std::size_t kHeaderBaseAt = 40;
inline constexpr std::size_t kHeaderFirstLsnAt = 48;
inline constexpr std::size_t kHeaderCrcAt = 60;  // over the 60 bytes before it

// --- a record: frame, payload head, body, zeros to the alignment ---
inline constexpr std::size_t kAlignment = 8;
inline constexpr std::size_t kFrameBytes = 40;
inline constexpr std::size_t kFrameCrcAt = 4;
inline constexpr std::size_t kFrameHashAt = 8;
inline constexpr std::size_t kHashBytes = 32;
inline constexpr std::size_t kHeadBytes = 24;
// Within the payload.
inline constexpr std::size_t kHeadFlagsAt = 1;
inline constexpr std::size_t kHeadZeroAt = 2;
inline constexpr std::size_t kHeadBatchIndexAt = 4;
inline constexpr std::size_t kHeadLsnAt = 8;
inline constexpr std::size_t kHeadMicrosAt = 16;
inline constexpr std::size_t kRecordBytesMin = kFrameBytes + kHeadBytes;
inline constexpr std::size_t kPayloadBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kRecordsPerSegmentMin = 4;

// --- records of the journal itself; their LSN is that of the last record before them ---
inline constexpr std::uint8_t kFirstOwnType = 0xf0;
// Body: the next segment's base (u64). Written when that segment is durable.
inline constexpr std::uint8_t kTrailerType = 0xf0;
// No body: every LSN up to its own was durable when it was written.
inline constexpr std::uint8_t kMarkType = 0xf1;
// No body: ends what a recovery kept, in the segment that it made; its name may be unsettled.
inline constexpr std::uint8_t kKeptType = 0xf2;
inline constexpr std::size_t kTrailerBodyBytes = 8;
inline constexpr std::size_t kTrailerBytes =
    kRecordBytesMin + kTrailerBodyBytes;  // whole, its room always reserved
inline constexpr std::size_t kMarkBytes = kRecordBytesMin;

static_assert(kHeaderBytes % kAlignment == 0);
static_assert(kRecordBytesMin % kAlignment == 0);
static_assert(kTrailerBytes % kAlignment == 0);
static_assert(kHeaderCrcAt + sizeof(std::uint32_t) == kHeaderBytes);
static_assert(kHeadMicrosAt + sizeof(std::int64_t) == kHeadBytes);

// --- names in the journal's directory ---
inline constexpr std::string_view kSegmentSuffix = ".seg";  // "{base offset, 20 digits}.seg"
inline constexpr std::string_view kSparePrefix = "spare-";  // "spare-{20 digits}"
inline constexpr std::string_view kLeasePrefix = "lease-";  // "lease-{name}", locked by a tailer
inline constexpr std::string_view kRemovedSuffix =
    ".removed";  // "{global offset, 20 digits}.removed", of a truncated log
inline constexpr std::string_view kStateName = "checkpoint";  // cursors and checkpoints
inline constexpr std::string_view kStateTempName = "checkpoint.tmp";
inline constexpr std::string_view kDurableName = "durable";
inline constexpr std::string_view kLockName = "writer.lock";

// --- `durable`: how far readers may go, as long as boot and writer are the same ---
inline constexpr std::string_view kDurableMagic{"PFJDUR\r\n", 8};
inline constexpr std::size_t kDurableBytes = 64;
inline constexpr std::size_t kDurableBootAt = 8;  // 16 bytes
inline constexpr std::size_t kDurableEpochAt = 24;
inline constexpr std::size_t kDurableLsnAt = 32;
inline constexpr std::size_t kDurableOffsetAt = 40;
inline constexpr std::size_t kDurableCrcAt = 60;  // over the 60 bytes before it

// --- `checkpoint` ---
inline constexpr std::string_view kStateMagic{"PFJCKP\r\n", 8};
inline constexpr std::uint32_t kStateVersion = 1;

}  // namespace permafrost::engine::journal
