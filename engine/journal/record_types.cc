// The table of record types, and the only place that makes messages by number.
#include "engine/journal/record_types.h"

#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <limits>

#include "engine/journal/journal_format.h"
#include "engine/journal/records.pb.h"
#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/nearest.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using google::protobuf::Message;

struct TypeRow {
  RecordType type;
  std::string_view name;
  std::unique_ptr<Message> (*decoder)();  // an empty message, which parses and prints the type
};

template <typename Class>
std::unique_ptr<Message> Make() {
  return std::make_unique<Class>();
}

// By number.
constexpr std::array kTypes = {
    TypeRow{RecordType::kLedger, "ledger", Make<records::Ledger>},
    TypeRow{RecordType::kAssertion, "assertion", Make<records::Assertion>},
    TypeRow{RecordType::kVote, "vote", Make<records::Vote>},
    TypeRow{RecordType::kEpoch, "epoch", Make<records::Epoch>},
    TypeRow{RecordType::kHeaderSync, "header_sync", Make<records::HeaderSync>},
    TypeRow{RecordType::kDataSync, "data_sync", Make<records::DataSync>},
    TypeRow{RecordType::kMerkleSync, "merkle_sync", Make<records::MerkleSync>},
    TypeRow{RecordType::kPriorSync, "prior_sync", Make<records::PriorSync>},
    TypeRow{RecordType::kAccountSync, "account_sync", Make<records::AccountSync>},
    TypeRow{RecordType::kReconciliation, "reconciliation", Make<records::Reconciliation>},
    TypeRow{RecordType::kReconciliationBatch, "reconciliation_batch",
            Make<records::ReconciliationBatch>},
    TypeRow{RecordType::kBlock, "block", Make<records::Block>},
    TypeRow{RecordType::kSkipMark, "skip_mark", Make<records::SkipMark>},
};

constexpr std::uint8_t NumberOf(RecordType type) { return static_cast<std::uint8_t>(type); }

constexpr bool IsTableInOrder() {
  for (std::size_t i = 1; i < kTypes.size(); ++i) {
    if (NumberOf(kTypes[i - 1].type) >= NumberOf(kTypes[i].type)) return false;
  }
  return NumberOf(kTypes.front().type) > 0 && NumberOf(kTypes.back().type) < journal::kFirstOwnType;
}
static_assert(IsTableInOrder(), "record types are listed once each, by number, from 1");

const TypeRow* RowOf(std::uint8_t number) {
  const auto* const row =
      std::find_if(kTypes.begin(), kTypes.end(),
                   [number](const TypeRow& entry) { return NumberOf(entry.type) == number; });
  return row == kTypes.end() ? nullptr : row;
}

const TypeRow& RowOf(RecordType type) {
  const TypeRow* const row = RowOf(NumberOf(type));
  VFS_CHECK(row != nullptr, "record type {}", NumberOf(type));
  return *row;
}

}  // namespace

std::string_view ToString(RecordType type) { return RowOf(type).name; }

std::optional<RecordType> FindRecordType(std::uint8_t number) {
  const TypeRow* const row = RowOf(number);
  return row == nullptr ? std::nullopt : std::optional(row->type);
}

std::optional<RecordType> FindRecordType(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

std::vector<RecordType> RecordTypes() {
  std::vector<RecordType> types;
  for (const TypeRow& row : kTypes) types.push_back(row.type);
  return types;
}

Record::Record(RecordType type, std::unique_ptr<Message> message)
    : type_(type), message_(std::move(message)) {
  VFS_CHECK(message_ != nullptr, "a {} without a message", ToString(type));
  VFS_CHECK(RowOf(type).decoder()->GetDescriptor() == message_->GetDescriptor(), "a {} holds a {}",
            ToString(type), message_->GetDescriptor()->full_name());
}

Record::~Record() = default;
Record::Record(Record&&) noexcept = default;
Record& Record::operator=(Record&&) noexcept = default;

std::string Record::Encode() const { return message_->SerializeAsString(); }

std::string Record::Json() const {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto printed = google::protobuf::util::MessageToJsonString(*message_, &json, options);
  VFS_CHECK(printed.ok(), "print {}: {}", ToString(type_), printed.ToString());
  return json;
}

absl::StatusOr<Record> RecordFactory::Decode(std::uint8_t type, std::string_view body) {
  const TypeRow* const row = RowOf(type);
  if (row == nullptr) {
    return vfs::DataLoss("decode record of type {}: no such type, known are {} to {}", type,
                         NumberOf(kTypes.front().type), NumberOf(kTypes.back().type));
  }
  std::unique_ptr<Message> message = row->decoder();
  // The library prints a line of its own about text that is not UTF-8.
  const google::protobuf::LogSilencer silencer;
  const bool fits = body.size() <= std::size_t{std::numeric_limits<int>::max()};
  if (!fits || !message->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return vfs::DataLoss("decode {}: its {} bytes do not parse as {}", row->name, body.size(),
                         message->GetDescriptor()->full_name());
  }
  return Record(row->type, std::move(message));
}

absl::StatusOr<Record> RecordFactory::FromJson(std::string_view type_name, std::string_view json) {
  const std::optional<RecordType> type = FindRecordType(type_name);
  if (!type.has_value()) {
    std::vector<std::string_view> names;
    for (const TypeRow& row : kTypes) names.push_back(row.name);
    return vfs::InvalidArgument("make record of type {}: no such type{}",
                                vfs::EscapedForError(type_name), vfs::DidYouMean(type_name, names));
  }
  std::unique_ptr<Message> message = RowOf(*type).decoder();
  const google::protobuf::LogSilencer silencer;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, message.get());
  if (!parsed.ok()) {
    const auto text = parsed.message();
    return vfs::InvalidArgument("make {} of {} bytes of JSON: {}", type_name, json.size(),
                                vfs::EscapedForError({text.data(), text.size()}));
  }
  return Record(*type, std::move(message));
}

}  // namespace permafrost::engine
