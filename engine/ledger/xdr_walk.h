// Walks an XDR value along its program: every rule of the schema holds, or the walk says where not.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/ledger/xdr_program.h"

namespace permafrost::engine {

// How deep lists and unions may lie in one another: more than any node of the network accepts.
inline constexpr std::size_t kXdrDepthMax = 1'500;

struct XdrWalkEnd {
  enum class Finding {
    kWhole,      // a value ends at `at`
    kTruncated,  // `value` bytes or elements are wanted at `at`, and fewer are left
    kUnknown,    // the arm or member `value` at `at`
    kFlag,       // neither 0 nor 1, but `value`
    kTooLong,    // a length of `value`, above the limit
    kPadding,    // a byte that is not zero
    kTooDeep,
  };
  Finding finding = Finding::kWhole;
  std::size_t at = 0;  // in bytes from the start
  std::uint32_t value = 0;
  std::uint32_t instruction = 0;
};

inline std::uint32_t LoadXdrWord(const char* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return __builtin_bswap32(word);
}

// Calls capture(meaning, at) at every mark, `at` within or at the end of `bytes`; the walk ends
// there as kWhole if it answers false. A value may be followed by others.
template <typename Capture>
XdrWalkEnd WalkXdr(const XdrProgram& program, std::string_view bytes, Capture&& capture) {
  using Finding = XdrWalkEnd::Finding;
  struct Frame {
    const XdrInstruction* next;  // behind the list or the union
    const XdrInstruction* body;
    std::uint32_t left;  // further elements
  };
  std::array<Frame, kXdrDepthMax> frames;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::size_t depth = 0;
  const XdrInstruction* const code = program.code.data();
  const XdrInstruction* ins = code + program.entry;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();

  const auto stop = [&](Finding finding, std::uint32_t value) {
    return XdrWalkEnd{finding, static_cast<std::size_t>(at - bytes.data()), value,
                      static_cast<std::uint32_t>(ins - code)};
  };
  const auto left = [&] { return static_cast<std::size_t>(end - at); };

  for (;;) {
    std::uint32_t word = 0;
    if (ins->code >= XdrCode::kOnly && ins->code != XdrCode::kReturn) {
      if (left() < sizeof(word)) return stop(Finding::kTruncated, sizeof(word));
      word = LoadXdrWord(at);
    }
    switch (ins->code) {
      case XdrCode::kSkip: break;
      case XdrCode::kMark:
        if (!capture(ins->first, at)) return stop(Finding::kWhole, 0);
        break;
      case XdrCode::kOnly:
        if (word != ins->first) return stop(Finding::kUnknown, word);
        at += sizeof(word);
        break;
      case XdrCode::kRange:
        if (word - ins->first >= ins->second) return stop(Finding::kUnknown, word);
        at += sizeof(word);
        break;
      case XdrCode::kMember:
      case XdrCode::kUnion:
      case XdrCode::kLastUnion: {
        const XdrProgram::Union& of = program.unions[ins->second];
        const std::uint32_t index = word - static_cast<std::uint32_t>(of.first_value);
        if (index >= of.count) return stop(Finding::kUnknown, word);
        const XdrProgram::Arm arm = program.arms[of.first_arm + index];
        if (arm.procedure == XdrProgram::kUnknown) return stop(Finding::kUnknown, word);
        at += sizeof(word);
        if (arm.procedure == XdrProgram::kNothing) {
          if (left() < arm.skip) return stop(Finding::kTruncated, arm.skip);
          at += arm.skip;
          break;
        }
        if (depth == kXdrDepthMax) return stop(Finding::kTooDeep, kXdrDepthMax);
        if (ins->code != XdrCode::kLastUnion) frames[depth++] = {ins + 1, nullptr, 0};
        ins = code + arm.procedure;
        continue;
      }
      case XdrCode::kBool:
        if (word > 1) return stop(Finding::kFlag, word);
        at += sizeof(word);
        break;
      case XdrCode::kOpaque: {
        if (word > ins->first) return stop(Finding::kTooLong, word);
        const std::size_t padded = (std::size_t{word} + 3) & ~std::size_t{3};
        if (left() - sizeof(word) < padded) return stop(Finding::kTruncated, word);
        at += sizeof(word) + word;
        for (std::size_t i = word; i < padded; ++i, ++at) {
          if (*at != '\0') return stop(Finding::kPadding, static_cast<std::uint8_t>(*at));
        }
        break;
      }
      case XdrCode::kOptional:
        if (word > 1) return stop(Finding::kFlag, word);
        at += sizeof(word);
        if (word == 1) break;
        ins = code + ins->second;
        continue;
      case XdrCode::kList:
        if (word > ins->first) return stop(Finding::kTooLong, word);
        // Every element has at least 4 bytes.
        if (word > (left() - sizeof(word)) / 4) return stop(Finding::kTruncated, word);
        at += sizeof(word);
        if (word == 0) break;
        if (depth == kXdrDepthMax) return stop(Finding::kTooDeep, kXdrDepthMax);
        frames[depth++] = {ins + 1, code + ins->second, word - 1};
        ins = frames[depth - 1].body;
        continue;
      case XdrCode::kReturn: {
        if (depth == 0) return stop(Finding::kWhole, 0);
        Frame& frame = frames[depth - 1];
        if (frame.left > 0) {
          --frame.left;
          ins = frame.body;
        } else {
          --depth;
          ins = frame.next;
        }
        continue;
      }
    }
    if (left() < ins->skip) return stop(Finding::kTruncated, ins->skip);
    at += ins->skip;
    ++ins;
  }
}

}  // namespace permafrost::engine
