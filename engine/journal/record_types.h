// The types of journal records: one table of numbers, names and decoders, and a decoded record.
//
// Protobuf stays out of this header: who looks into a record includes
// "engine/journal/records.pb.h" as well.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace permafrost::engine {

// Numbers are on disk: never renumber, never reuse. Zero is never a type.
enum class RecordType : std::uint8_t {
  kLedger = 1,
  kAssertion = 2,
  kVote = 3,
  kEpoch = 4,
  kHeaderSync = 5,
  kDataSync = 6,
  kMerkleSync = 7,
  kPriorSync = 8,
  kAccountSync = 9,
  kReconciliation = 10,
  kReconciliationBatch = 11,
  kBlock = 12,
  kSkipMark = 13,
};

// "ledger", "header_sync", ...; stable.
std::string_view ToString(RecordType type);
// The type of a number, or of a name as ToString gives it; nothing if there is none.
std::optional<RecordType> FindRecordType(std::uint8_t number);
std::optional<RecordType> FindRecordType(std::string_view name);
// All types, by number.
std::vector<RecordType> RecordTypes();

// A decoded record: a type and its message.
//
// Threads: immutable.
class Record {
 public:
  // Requires the message class of `type`.
  Record(RecordType type, std::unique_ptr<google::protobuf::Message> message);
  ~Record();
  Record(Record&&) noexcept;
  Record& operator=(Record&&) noexcept;

  RecordType type() const { return type_; }
  const google::protobuf::Message& message() const { return *message_; }
  // The message as its class, or null if the record is of another type. Needs records.pb.h.
  template <typename Class>
  const Class* As() const {
    return dynamic_cast<const Class*>(message_.get());
  }

  // The body, fields that this build does not know included.
  std::string Encode() const;
  // One line of JSON by protobuf's mapping: field names as in records.proto, bytes in base64,
  // 64-bit numbers as strings. Unknown fields have no JSON form and are left out.
  std::string Json() const;

 private:
  RecordType type_;
  std::unique_ptr<google::protobuf::Message> message_;
};

// Makes records of bytes from a journal and of text from a person.
//
// Threads: concurrent calls allowed.
class RecordFactory {
 public:
  // Errors: kDataLoss  no such type; or the body does not parse as its message
  static absl::StatusOr<Record> Decode(std::uint8_t type, std::string_view body);

  // The inverse of Record::Json; also takes the lowerCamelCase spelling of field names.
  //
  // Errors: kInvalidArgument  no such type (with the nearest name), or not JSON of its message
  static absl::StatusOr<Record> FromJson(std::string_view type_name, std::string_view json);
};

}  // namespace permafrost::engine
