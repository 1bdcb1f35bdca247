// An XDR schema as a flat program that checks a value from its first byte to its last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/ledger/xdr_schema.h"

namespace permafrost::engine {

enum class XdrCode : std::uint8_t {
  kSkip,       // `skip` bytes of any content
  kMark,       // the place has the meaning `first`
  kOnly,       // 4 bytes that are `first`
  kRange,      // 4 bytes from `first` on, `second` values
  kMember,     // 4 bytes that are a void arm of union `second`
  kBool,       // 4 bytes, 0 or 1
  kOpaque,     // a length of at most `first`, as many bytes, zeros to a multiple of 4
  kOptional,   // 0: on with instruction `second`; 1: with the next
  kUnion,      // 4 bytes that are an arm of union `second`
  kLastUnion,  // as kUnion, with nothing behind it in its procedure
  kList,       // a length of at most `first`, as many times the procedure at `second`
  kReturn,
};

struct XdrInstruction {
  XdrCode code = XdrCode::kReturn;
  std::uint32_t skip = 0;  // bytes of any content behind it
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

struct XdrProgram {
  static constexpr std::uint32_t kNothing = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t kUnknown = kNothing - 1;

  // What an arm consists of: the procedure at `procedure`, or `skip` bytes of any content.
  struct Arm {
    std::uint32_t procedure = kUnknown;
    std::uint32_t skip = 0;
  };
  struct Union {
    std::int32_t first_value = 0;
    std::uint32_t first_arm = 0;  // in `arms`
    std::uint32_t count = 0;
  };

  std::vector<XdrInstruction> code;
  std::vector<Union> unions;
  std::vector<Arm> arms;
  std::vector<std::string> type_names;  // of the type that each instruction belongs to
  std::uint32_t entry = 0;
};

// A place in the schema that a walk reports.
struct XdrMark {
  enum class Where { kBefore, kAfter, kEachElement };
  std::string_view type;
  std::string_view field;
  Where where = Where::kBefore;
  std::uint32_t meaning = 0;
};

// `unmarked`: the types within which no mark is reported.
//
// Errors: kInvalidArgument  a type that is not defined, a struct that contains itself, a list of
//                           elements without bytes, a mark whose place is not there
absl::StatusOr<XdrProgram> CompileXdr(const XdrSchema& schema,
                                      std::string_view root,
                                      std::span<const XdrMark> marks,
                                      std::span<const std::string_view> unmarked);

}  // namespace permafrost::engine
