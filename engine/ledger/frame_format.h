// The numbers of the engine's own ledger frame.
//
// Source: engine/FORMATS.md "Ledger frame"
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace permafrost::engine {

inline constexpr std::string_view kFrameMagic = "PFLEDGER";
inline constexpr std::uint32_t kFrameVersion = 1;

inline constexpr std::size_t kFrameVersionAt = 8;
inline constexpr std::size_t kFrameLengthAt = 12;
inline constexpr std::size_t kFrameSequenceAt = 16;
inline constexpr std::size_t kFrameProtocolAt = 20;
inline constexpr std::size_t kFrameCloseTimeAt = 24;
inline constexpr std::size_t kFrameHashAt = 32;
inline constexpr std::size_t kFramePreviousHashAt = 64;
inline constexpr std::size_t kFrameTransactionsAt = 96;
inline constexpr std::size_t kFrameEventsAt = 100;
inline constexpr std::size_t kFrameHeaderBytes = 104;
inline constexpr std::size_t kFrameCrcBytes = 4;

inline constexpr std::uint8_t kFrameIsSuccessful = 1;
inline constexpr std::uint8_t kFrameHasInnerHash = 2;

static_assert(kFrameEventsAt + sizeof(std::uint32_t) == kFrameHeaderBytes);

}  // namespace permafrost::engine
