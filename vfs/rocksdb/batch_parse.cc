// The operations that a batch may hold; those of features that are not used here are not batches.
#include "vfs/rocksdb/batch_parse.h"

#include "vfs/base/bytes.h"
#include "vfs/rocksdb/log_format.h"
#include "vfs/rocksdb/varint_reader.h"

namespace permafrost::vfs {
namespace {

enum BatchTag : unsigned {
  kDeletion = 0x0,
  kValue = 0x1,
  kMerge = 0x2,
  kLogData = 0x3,
  kFamilyDeletion = 0x4,
  kFamilyValue = 0x5,
  kFamilyMerge = 0x6,
  kSingleDeletion = 0x7,
  kFamilySingleDeletion = 0x8,
  kNoop = 0xD,
  kFamilyRangeDeletion = 0xE,
  kRangeDeletion = 0xF,
};

// How an operation is written: with a family or not, and how many strings.
struct Shape {
  bool known = true;
  bool counted = true;
  bool family = false;
  int strings = 0;
};

Shape ShapeOf(unsigned tag) {
  switch (tag) {
    case kDeletion:
    case kSingleDeletion: return {.strings = 1};
    case kValue:
    case kMerge:
    case kRangeDeletion: return {.strings = 2};
    case kFamilyDeletion:
    case kFamilySingleDeletion: return {.family = true, .strings = 1};
    case kFamilyValue:
    case kFamilyMerge:
    case kFamilyRangeDeletion: return {.family = true, .strings = 2};
    case kLogData: return {.counted = false, .strings = 1};
    case kNoop: return {.counted = false};
    default: return {.known = false};
  }
}

}  // namespace

std::optional<BatchHead> ParseBatch(std::string_view payload) {
  if (payload.size() < kWriteBatchHeaderBytes) return std::nullopt;
  const BatchHead head{LoadLittleEndian<std::uint64_t>(payload, 0),
                       LoadLittleEndian<std::uint32_t>(payload, 8)};
  VarintReader in(payload.substr(kWriteBatchHeaderBytes));
  std::uint32_t counted = 0;
  while (in.ok() && !in.empty()) {
    const Shape shape = ShapeOf(in.Byte());
    if (!shape.known) return std::nullopt;
    if (shape.family) in.Varint32();
    for (int i = 0; i < shape.strings; ++i) in.String();
    if (shape.counted) ++counted;
  }
  if (!in.ok() || counted != head.count) return std::nullopt;
  return head;
}

}  // namespace permafrost::vfs
