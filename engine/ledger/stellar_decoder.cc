// One walk over the bytes; what it passes at the marks becomes the view.
#include "engine/ledger/stellar_decoder.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/ledger/stellar_schema.h"
#include "engine/ledger/xdr_walk.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

enum Meaning : std::uint32_t {
  kLedgerHash,
  kProtocol,
  kPreviousHash,
  kCloseTime,
  kSequence,
  kTransactionHash,
  kResultCode,
  kInnerHash,
  kOperation,
  kSorobanEvents,
  kStage,
  kEvent,
  kContract,
  kTopic,
  kTopicsEnd,
  kEventEnd,
};

constexpr auto kBefore = XdrMark::Where::kBefore;
constexpr auto kAfter = XdrMark::Where::kAfter;
constexpr std::array kMarks = {
    XdrMark{"LedgerHeaderHistoryEntry", "hash", kAfter, kLedgerHash},
    XdrMark{"LedgerHeader", "ledgerVersion", kAfter, kProtocol},
    XdrMark{"LedgerHeader", "previousLedgerHash", kAfter, kPreviousHash},
    XdrMark{"StellarValue", "closeTime", kAfter, kCloseTime},
    XdrMark{"LedgerHeader", "ledgerSeq", kAfter, kSequence},
    XdrMark{"TransactionResultPair", "transactionHash", kAfter, kTransactionHash},
    XdrMark{"TransactionResult", "result", kBefore, kResultCode},
    XdrMark{"InnerTransactionResultPair", "transactionHash", kAfter, kInnerHash},
    XdrMark{"OperationMetaV2", "ext", kBefore, kOperation},
    XdrMark{"SorobanTransactionMeta", "events", kBefore, kSorobanEvents},
    XdrMark{"TransactionEvent", "stage", kAfter, kStage},
    XdrMark{"ContractEvent", "ext", kBefore, kEvent},
    XdrMark{"ContractEvent", "contractId", kBefore, kContract},
    XdrMark{"ContractEventV0", "topics", XdrMark::Where::kEachElement, kTopic},
    XdrMark{"ContractEventV0", "topics", kAfter, kTopicsEnd},
    XdrMark{"ContractEvent", "body", kAfter, kEventEnd},
};
constexpr std::array<std::string_view, 1> kUnmarked = {"DiagnosticEvent"};

constexpr std::uint32_t kSuccess = 0;
constexpr std::uint32_t kFeeBumpInnerSuccess = 1;

Hash HashBefore(const char* at) {
  Hash hash;
  std::memcpy(hash.data(), at - hash.size(), hash.size());
  return hash;
}

std::string_view Between(const char* first, const char* end) {
  return {first, static_cast<std::size_t>(end - first)};
}

class Collector {
 public:
  explicit Collector(std::string_view bytes) : end_(bytes.data() + bytes.size()) {
    view_.bytes = bytes;
    // As many as a public ledger of this length has; a tenth of its bytes.
    view_.transactions.reserve(bytes.size() / 3'000);
    view_.events.reserve(bytes.size() / 1'200);
    view_.topics.reserve(bytes.size() / 400);
  }

  // Marks of kind "after" have the value that they name before them.
  void Pass(std::uint32_t meaning, const char* at) {
    switch (meaning) {
      case kLedgerHash: view_.hash = HashBefore(at); break;
      case kProtocol: view_.protocol = LoadXdrWord(at - 4); break;
      case kPreviousHash: view_.previous_hash = HashBefore(at); break;
      case kCloseTime:
        view_.close_time = static_cast<std::int64_t>(std::uint64_t{LoadXdrWord(at - 8)} << 32 |
                                                     LoadXdrWord(at - 4));
        break;
      case kSequence:
        view_.sequence = LedgerSeq{LoadXdrWord(at - 4)};
        has_header_ = true;
        break;
      case kTransactionHash:
        view_.transactions.push_back({.hash = HashBefore(at)});
        operations_ = 0;
        after_transaction_ = 0;
        break;
      case kResultCode:
        if (end_ - at >= 4) {  // else the walk ends here
          const std::uint32_t code = LoadXdrWord(at);
          view_.transactions.back().is_successful =
              code == kSuccess || code == kFeeBumpInnerSuccess;
        }
        break;
      case kInnerHash: view_.transactions.back().inner_hash = HashBefore(at); break;
      case kOperation:
      case kSorobanEvents:
        stage_ = Stage::kNone;
        operation_ = operations_++;
        operation_events_ = 0;
        is_beyond_cursors_ |= operation_ >= kAfterOperations;
        break;
      case kStage: stage_ = static_cast<Stage>(LoadXdrWord(at - 4)); break;
      case kEvent:
        event_at_ = at;
        first_topic_ = view_.topics.size();
        break;
      case kContract: contract_at_ = at; break;
      case kTopic:
        EndTopic(at);
        topic_at_ = at;
        break;
      case kTopicsEnd:
        EndTopic(at);
        topic_at_ = nullptr;
        break;
      case kEventEnd: EndEvent(at); break;
      default: break;
    }
  }

  bool has_header() const { return has_header_; }

  LedgerView Undecoded(std::string reason) && {
    view_.transactions.clear();
    view_.events.clear();
    view_.topics.clear();
    view_.undecoded = {std::move(reason)};
    return std::move(view_);
  }

  absl::StatusOr<LedgerView> Whole() && {
    if (is_beyond_cursors_ || view_.transactions.size() >= kAfterAllTransactions)
      return vfs::InvalidArgument(
          "ledger {} has more transactions or operations than a cursor tells apart",
          view_.sequence.value());
    std::vector<EventView>& events = view_.events;
    events.insert(events.begin(), before_.begin(), before_.end());
    events.insert(events.end(), after_.begin(), after_.end());
    return std::move(view_);
  }

 private:
  enum class Stage : std::uint32_t { kBeforeAll, kAfterTransaction, kAfterAll, kNone };

  void EndTopic(const char* at) {
    if (topic_at_ != nullptr) view_.topics.push_back(Between(topic_at_, at));
  }

  void EndEvent(const char* at) {
    const auto apply_index = static_cast<std::uint32_t>(view_.transactions.size());
    EventView event{.position = {}, .apply_index = apply_index};
    event.xdr = Between(event_at_, at);
    if (LoadXdrWord(contract_at_) == 1) event.contract = {contract_at_ + 4, sizeof(Hash)};
    event.first_topic = static_cast<std::uint32_t>(first_topic_);
    event.topic_count = static_cast<std::uint32_t>(view_.topics.size() - first_topic_);
    std::vector<EventView>* events = &view_.events;
    switch (stage_) {
      case Stage::kNone: event.position = {apply_index, operation_, operation_events_++}; break;
      case Stage::kAfterTransaction:
        event.position = {apply_index, kAfterOperations, after_transaction_++};
        break;
      case Stage::kBeforeAll:
        events = &before_;
        event.position = {0, 0, static_cast<std::uint32_t>(before_.size())};
        break;
      case Stage::kAfterAll:
        events = &after_;
        event.position = {kAfterAllTransactions, 0, static_cast<std::uint32_t>(after_.size())};
        break;
    }
    events->push_back(event);
  }

  const char* end_;
  LedgerView view_;
  std::vector<EventView> before_;
  std::vector<EventView> after_;
  bool has_header_ = false;
  bool is_beyond_cursors_ = false;
  // Of the transaction that is being passed.
  std::uint32_t operations_ = 0;
  std::uint32_t operation_ = 0;
  std::uint32_t operation_events_ = 0;
  std::uint32_t after_transaction_ = 0;
  // Of the event.
  Stage stage_ = Stage::kNone;
  const char* event_at_ = nullptr;
  const char* contract_at_ = nullptr;
  const char* topic_at_ = nullptr;
  std::size_t first_topic_ = 0;
};

std::string UnknownText(const XdrProgram& program, const XdrWalkEnd& end) {
  return fmt::format("{} has no value {} (byte {})", program.type_names[end.instruction],
                     static_cast<std::int32_t>(end.value), end.at);
}

std::string FindingText(const XdrWalkEnd& end, std::size_t bytes) {
  using Finding = XdrWalkEnd::Finding;
  switch (end.finding) {
    case Finding::kWhole: return "whole";
    case Finding::kUnknown: return "unknown";
    case Finding::kTruncated:
      return fmt::format("{} bytes or elements, {} bytes left", end.value, bytes - end.at);
    case Finding::kFlag: return fmt::format("flag {}, neither 0 nor 1", end.value);
    case Finding::kTooLong: return fmt::format("length {}, above its limit", end.value);
    case Finding::kPadding: return fmt::format("padding 0x{:02x}, not zero", end.value);
    case Finding::kTooDeep: return fmt::format("nested more than {} deep", kXdrDepthMax);
  }
  return "";
}

absl::Status NotALedger(const XdrProgram& program, const XdrWalkEnd& end, std::size_t bytes) {
  if (end.finding == XdrWalkEnd::Finding::kUnknown)
    return vfs::InvalidArgument("not a ledger that this program knows: {}",
                                UnknownText(program, end));
  return vfs::InvalidArgument("not a ledger: {} at byte {}: {}",
                              program.type_names[end.instruction], end.at, FindingText(end, bytes));
}

XdrProgram CompileLedger() {
  const auto schema = ParseXdrSchema(StellarSchema());
  VFS_CHECK(schema.ok(), "{}", vfs::Message(schema.status()));
  auto program = CompileXdr(*schema, "LedgerCloseMeta", kMarks, kUnmarked);
  VFS_CHECK(program.ok(), "{}", vfs::Message(program.status()));
  return *std::move(program);
}

}  // namespace

StellarDecoder::StellarDecoder() : program_(CompileLedger()) {}

absl::StatusOr<LedgerView> StellarDecoder::Decode(std::string_view bytes) const {
  Collector collector(bytes);
  const XdrWalkEnd end = WalkXdr(program_, bytes, [&](std::uint32_t meaning, const char* at) {
    collector.Pass(meaning, at);
    return true;
  });
  if (end.finding == XdrWalkEnd::Finding::kUnknown && collector.has_header())
    return std::move(collector).Undecoded(UnknownText(program_, end));
  if (end.finding != XdrWalkEnd::Finding::kWhole) return NotALedger(program_, end, bytes.size());
  if (end.at != bytes.size())
    return vfs::InvalidArgument("not a ledger: it ends at byte {}, {} bytes are left over", end.at,
                                bytes.size() - end.at);
  return std::move(collector).Whole();
}

absl::StatusOr<std::size_t> StellarDecoder::LengthOfFirst(std::string_view bytes) const {
  const XdrWalkEnd end = WalkXdr(program_, bytes, [](std::uint32_t, const char*) { return true; });
  if (end.finding == XdrWalkEnd::Finding::kUnknown)
    return vfs::FailedPrecondition("no later ledger can be told from it: {}",
                                   UnknownText(program_, end));
  if (end.finding != XdrWalkEnd::Finding::kWhole) return NotALedger(program_, end, bytes.size());
  return end.at;
}

absl::StatusOr<LedgerSeq> StellarDecoder::SequenceOf(std::string_view bytes) const {
  LedgerSeq sequence;
  const XdrWalkEnd end = WalkXdr(program_, bytes, [&](std::uint32_t meaning, const char* at) {
    if (meaning != kSequence) return true;
    sequence = LedgerSeq{LoadXdrWord(at - sizeof(std::uint32_t))};
    return false;
  });
  if (end.finding != XdrWalkEnd::Finding::kWhole) return NotALedger(program_, end, bytes.size());
  return sequence;
}

}  // namespace permafrost::engine
