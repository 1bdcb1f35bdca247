// A table of XDR types as text, one line a type, and what it says.
//
// Shape:  `Name s field:T ...` struct; `Name u D value=arm:T ... value=v` union;
//         `Name e 0 1 ...` enum. T: `i` 4 bytes, `h` 8, `b` bool, `v` void, `o32` fixed opaque,
//         `O64` variable opaque or string with its limit, `[5 T]` list with its limit,
//         `(4 T)` fixed list, `?T` optional.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace permafrost::engine {

struct XdrType {
  enum class Kind { kVoid, kFixed, kBool, kOpaque, kList, kTuple, kOptional, kNamed };
  Kind kind = Kind::kVoid;
  // Of kFixed: bytes; of kOpaque and kList: the limit; of kTuple: how many.
  std::uint32_t count = 0;
  std::string_view spelling = {};     // of kNamed: the name
  std::vector<XdrType> element = {};  // of kList, kTuple and kOptional: one
};

struct XdrField {
  std::string_view name;
  XdrType type;
};

struct XdrArm {
  std::int32_t value = 0;
  XdrType type = {};
};

struct XdrDefinition {
  enum class Kind { kStruct, kUnion, kEnum };
  Kind kind = Kind::kStruct;
  std::vector<XdrField> fields = {};
  std::vector<XdrArm> arms = {};  // ascending; of an enum: its members, without a type
};

// Borrows from the text.
using XdrSchema = std::map<std::string_view, XdrDefinition>;

// Errors: kInvalidArgument  names the line and what is wrong in it
absl::StatusOr<XdrSchema> ParseXdrSchema(std::string_view text);

}  // namespace permafrost::engine
