// The model parses bodies and frames values by itself.
#include "tests/engine/records/record_makers.h"

#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "engine/journal/journal_types.h"
#include "engine/journal/records.pb.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/hash.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine::testing {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::string Bytes(const ContentAddress& address) {
  return {address.bytes.begin(), address.bytes.end()};
}

template <typename Message>
Message Parsed(const std::string& body) {
  Message message;
  VFS_CHECK(message.ParseFromString(body), "a body of the tests does not parse");
  return message;
}

JournalRecord Recorded(std::uint64_t lsn, RecordType type, std::string body) {
  const auto number = static_cast<std::uint8_t>(type);
  return {.lsn = lsn,
          .type = number,
          .unix_micros = static_cast<std::int64_t>(lsn) * 1000,
          .offset = lsn * 4096,
          .hash = AddressOf(number, body),
          .body = std::move(body),
          .is_durable = true};
}

// What the rows say, before they are bytes.
class Model {
 public:
  void Add(const JournalRecord& record) {
    std::string index(1, static_cast<char>(record.type));
    payloads_[fmt::format("L:{:020d}", record.lsn)] = index + Bytes(record.hash);
    switch (static_cast<RecordType>(record.type)) {
      case RecordType::kAssertion:
        payloads_["H:" + Hex(Bytes(record.hash))] = record.body;
        subjects_["S:" + Parsed<records::Assertion>(record.body).subject()].insert(
            Bytes(record.hash));
        break;
      case RecordType::kVote:
        payloads_["V:" + Hex(Parsed<records::Vote>(record.body).assertion_hash()) + ":" +
                  Hex(Bytes(record.hash))] = record.body;
        break;
      case RecordType::kEpoch:
        payloads_["E:" + Hex(Parsed<records::Epoch>(record.body).epoch_id())] = record.body;
        break;
      case RecordType::kAccountSync:
        AddAccounts(record.lsn, Parsed<records::AccountSync>(record.body).accounts());
        break;
      case RecordType::kReconciliation:
        AddAccount(record.lsn, Parsed<records::Reconciliation>(record.body).account());
        break;
      case RecordType::kReconciliationBatch:
        AddAccounts(record.lsn, Parsed<records::ReconciliationBatch>(record.body).accounts());
        break;
      default: break;
    }
    next_lsn_ = record.lsn + 1;
  }

  std::map<std::string, std::string> Rows() const {
    std::map<std::string, std::string> rows;
    for (const auto& [key, payload] : payloads_) rows[key] = Value(key, payload);
    for (const auto& [key, assertions] : subjects_) {
      std::string payload;
      for (const std::string& assertion : assertions) payload += assertion;
      rows[key] = Value(key, payload);
    }
    std::string cursor;
    vfs::AppendLittleEndian(cursor, next_lsn_);
    if (next_lsn_ > 1) rows["meta:cursor"] = Value("meta:cursor", cursor);
    return rows;
  }

 private:
  static std::string Value(const std::string& key, const std::string& payload) {
    std::string value = "\x01" + payload;
    vfs::AppendLittleEndian(value, vfs::Crc32c(key + value));
    return value;
  }

  template <typename Accounts>
  void AddAccounts(std::uint64_t lsn, const Accounts& accounts) {
    for (const records::AccountState& account : accounts) AddAccount(lsn, account);
  }
  void AddAccount(std::uint64_t lsn, const records::AccountState& account) {
    std::string payload;
    vfs::AppendLittleEndian(payload, lsn);
    vfs::AppendLittleEndian(payload, std::uint64_t{account.nonce()});
    payloads_["A:" + account.account()] = payload + account.balance();
  }

  std::map<std::string, std::string> payloads_;
  std::map<std::string, std::set<std::string>> subjects_;
  std::uint64_t next_lsn_ = 1;
};

}  // namespace

ContentAddress AddressOf(std::uint8_t type, std::string_view body) {
  return journal::ContentAddressOf(type, body);
}

JournalRecord RecordOf(std::uint64_t lsn, RecordType type, std::string_view json) {
  const auto record = RecordFactory::FromJson(ToString(type), json);
  VFS_CHECK(record.ok(), "{}: {}", json, vfs::Message(record.status()));
  return Recorded(lsn, type, record->Encode());
}

JournalRecord AnyRecord(std::uint64_t lsn, std::uint32_t choice) {
  const std::vector<RecordType> types = RecordTypes();
  const RecordType type = types[choice % types.size()];
  const std::uint32_t which = choice / static_cast<std::uint32_t>(types.size()) % 4;
  const std::uint32_t variant = choice / 64 % 4;
  const auto account = [&](std::uint32_t number) {
    return fmt::format(R"({{"account":"a:{}","balance":"-{}","nonce":"{}"}})", number % 4,
                       choice % 1000 + 1, variant);
  };
  switch (type) {
    case RecordType::kAssertion:
      return RecordOf(lsn, type,
                      fmt::format(R"({{"subject":"s:{}","predicate":"p{}"}})", which, variant));
    case RecordType::kVote: {
      records::Vote vote;
      vote.set_assertion_hash(std::string(32, static_cast<char>(which)));
      vote.set_weight(variant);
      return Recorded(lsn, type, vote.SerializeAsString());
    }
    case RecordType::kEpoch: {
      records::Epoch epoch;
      epoch.set_epoch_id(std::string(which + 1, '\xee'));
      epoch.set_first_ledger(variant);
      return Recorded(lsn, type, epoch.SerializeAsString());
    }
    case RecordType::kAccountSync:
      return RecordOf(lsn, type,
                      fmt::format(R"({{"accounts":[{},{}]}})", account(which), account(which + 1)));
    case RecordType::kReconciliation:
      return RecordOf(lsn, type, fmt::format(R"({{"account":{}}})", account(which)));
    case RecordType::kReconciliationBatch:
      return RecordOf(lsn, type,
                      fmt::format(R"({{"part_index":{},"part_count":9,"accounts":[{},{}]}})",
                                  variant, account(which), account(which)));
    case RecordType::kLedger: return RecordOf(lsn, type, fmt::format(R"({{"sequence":{}}})", lsn));
    case RecordType::kSkipMark:
      return RecordOf(lsn, type, R"({"skipped_lsn":"9","reason":"test"})");
    case RecordType::kHeaderSync:
    case RecordType::kDataSync:
    case RecordType::kMerkleSync:
    case RecordType::kPriorSync:
      return RecordOf(lsn, type, fmt::format(R"({{"peer":"{}"}})", which));
    case RecordType::kBlock:
      return RecordOf(lsn, type, fmt::format(R"({{"height":"{}"}})", variant));
  }
  VFS_CHECK(false, "record type {}", static_cast<int>(type));
}

std::vector<JournalRecord> AnyRecords(std::uint64_t count, std::uint64_t seed) {
  vfs::Prng prng(seed);
  std::vector<JournalRecord> records;
  for (std::uint64_t lsn = 1; lsn <= count; ++lsn) {
    records.push_back(AnyRecord(lsn, static_cast<std::uint32_t>(prng.Between(0, 9'999))));
  }
  return records;
}

std::map<std::string, std::string> RowsAfter(std::span<const JournalRecord> records) {
  Model model;
  for (const JournalRecord& record : records) model.Add(record);
  return model.Rows();
}

absl::StatusOr<std::map<std::string, std::string>> RowsOf(RecordStore& store) {
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::RocksDb::Row> rows,
                       store.db()->Scan(vfs::kDefaultFamily, vfs::PrefixRange("")));
  return std::map<std::string, std::string>(rows.begin(), rows.end());
}

absl::Status MemorySink::Put(std::uint64_t lsn, const records::Ledger& ledger) {
  VFS_RETURN_IF_ERROR(answer);
  lsns.insert(lsn);
  sequences.insert(ledger.sequence());
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RecordStore>> OpenRecords(const vfs::Env& env, LedgerSink* ledgers) {
  VFS_RETURN_IF_ERROR(vfs::MakeDirs(env.fs, {.leaf = kRecordsDir, .anchor = ""}, "roots.sync"));
  RecordStoreOptions options{.rocks = {}, .ledgers = ledgers};
  options.rocks.queued_jobs = true;
  return RecordStore::Open(env, kRecordsDir, options);
}

}  // namespace permafrost::engine::testing
