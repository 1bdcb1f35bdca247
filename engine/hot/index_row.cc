// Packing and unpacking, with a checksum over the place as well.
#include "engine/hot/index_row.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kUndecodedFlag = 1;
constexpr std::size_t kChecksumBytes = 4;

std::uint32_t ChecksumOf(LedgerSeq sequence, std::string_view bytes) {
  std::string place;
  vfs::AppendLittleEndian(place, sequence.value());
  return vfs::Crc32cExtend(vfs::Crc32c(place), bytes);
}

void AppendVarint(std::string& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void AppendHash(std::string& out, const Hash& hash) { out.append(hash.begin(), hash.end()); }

// Reads one field after another; once it has read past the end, everything is zero.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Number() {
    if (left_.size() < sizeof(T)) return Fail<T>();
    const T value = vfs::LoadLittleEndian<T>(left_, 0);
    left_.remove_prefix(sizeof(T));
    return value;
  }

  template <typename Array>
  Array Bytes() {
    Array array = {};
    if (left_.size() < array.size()) return Fail<Array>();
    std::copy_n(left_.begin(), array.size(), array.begin());
    left_.remove_prefix(array.size());
    return array;
  }

  // Only the shortest form of a number.
  std::uint32_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = Number<std::uint8_t>();
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if ((byte & 0x80U) != 0) continue;
      if ((byte == 0 && shift > 0) || value > 0xffff'ffffU) return Fail<std::uint32_t>();
      return static_cast<std::uint32_t>(value);
    }
    return Fail<std::uint32_t>();
  }

  std::size_t left() const { return left_.size(); }
  bool is_bad() const { return is_bad_; }

 private:
  template <typename T>
  T Fail() {
    is_bad_ = true;
    left_ = {};
    return T{};
  }

  std::string_view left_;
  bool is_bad_ = false;
};

std::optional<Posting> ParsePosting(Fields& fields, std::uint32_t event_count) {
  Posting posting{.term = fields.Bytes<EventTerm>(), .events = {}};
  const std::uint32_t count = fields.Varint();
  if (count == 0 || count > fields.left()) return std::nullopt;
  posting.events.reserve(count);
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t event = next + fields.Varint();
    if (event >= event_count) return std::nullopt;
    posting.events.push_back(static_cast<std::uint32_t>(event));
    next = event + 1;
  }
  return posting;
}

// Why it is no row, or "".
std::string_view ParseInto(Fields& fields, IndexRow& row) {
  if (fields.Number<std::uint8_t>() != kVersion) return "its version is not 1";
  const auto flags = fields.Number<std::uint8_t>();
  if ((flags & ~kUndecodedFlag) != 0) return "it has unknown flags";
  row.is_undecoded = (flags & kUndecodedFlag) != 0;
  row.close_time = static_cast<std::int64_t>(fields.Number<std::uint64_t>());
  row.protocol = fields.Number<std::uint32_t>();
  row.hash = fields.Bytes<Hash>();
  row.previous_hash = fields.Bytes<Hash>();
  row.transaction_count = fields.Number<std::uint32_t>();
  row.event_count = fields.Number<std::uint32_t>();
  const auto hash_count = fields.Number<std::uint32_t>();
  const auto posting_count = fields.Number<std::uint32_t>();
  if (hash_count > fields.left() / sizeof(Hash)) return "its hashes do not fit";
  row.hashes.reserve(hash_count);
  for (std::uint32_t i = 0; i < hash_count; ++i) row.hashes.push_back(fields.Bytes<Hash>());
  if (!std::is_sorted(row.hashes.begin(), row.hashes.end())) return "its hashes are not sorted";
  if (posting_count > fields.left() / sizeof(EventTerm)) return "its postings do not fit";
  row.postings.reserve(posting_count);
  for (std::uint32_t i = 0; i < posting_count; ++i) {
    std::optional<Posting> posting = ParsePosting(fields, row.event_count);
    if (!posting.has_value()) return "a posting names an event that is not there";
    if (!row.postings.empty() && row.postings.back().term >= posting->term)
      return "its terms are not sorted";
    row.postings.push_back(*std::move(posting));
  }
  if (fields.is_bad()) return "it ends early";
  return fields.left() == 0 ? "" : "bytes are left over";
}

}  // namespace

namespace {

// A term as two numbers that compare as its bytes do, and faster.
struct TermOfEvent {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint32_t event = 0;
  friend auto operator<=>(const TermOfEvent&, const TermOfEvent&) = default;
};

TermOfEvent Numbered(const EventTerm& term, std::uint32_t event) {
  return {.high = vfs::LoadBigEndian64(term.data()),
          .low = vfs::LoadBigEndian64(term.data() + sizeof(std::uint64_t)),
          .event = event};
}

EventTerm TermOf(const TermOfEvent& numbered) {
  EventTerm term = {};
  constexpr unsigned kBits = 64;
  for (unsigned i = 0; i < sizeof(numbered.high); ++i) {
    const unsigned shift = kBits - 8 * (i + 1);
    term[i] = static_cast<std::uint8_t>(numbered.high >> shift);
    term[sizeof(numbered.high) + i] = static_cast<std::uint8_t>(numbered.low >> shift);
  }
  return term;
}

}  // namespace

IndexRow IndexRowOf(const LedgerView& ledger) {
  IndexRow row{.sequence = ledger.sequence,
               .is_undecoded = ledger.undecoded.has_value(),
               .close_time = ledger.close_time,
               .protocol = ledger.protocol,
               .hash = ledger.hash,
               .previous_hash = ledger.previous_hash,
               .transaction_count = static_cast<std::uint32_t>(ledger.transactions.size()),
               .event_count = static_cast<std::uint32_t>(ledger.events.size()),
               .hashes = {},
               .postings = {}};
  row.hashes.reserve(2 * ledger.transactions.size());
  for (const TransactionView& transaction : ledger.transactions) {
    row.hashes.push_back(transaction.hash);
    if (transaction.inner_hash.has_value()) row.hashes.push_back(*transaction.inner_hash);
  }
  std::sort(row.hashes.begin(), row.hashes.end());

  std::vector<TermOfEvent> terms;
  terms.reserve((1 + kIndexedTopicsMax) * ledger.events.size());
  for (std::uint32_t i = 0; i < row.event_count; ++i) {
    ForEachTerm(ledger, ledger.events[i],
                [&](const EventTerm& term) { terms.push_back(Numbered(term, i)); });
  }
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  for (auto at = terms.begin(); at != terms.end();) {
    const auto is_other = [at](const TermOfEvent& other) {
      return other.high != at->high || other.low != at->low;
    };
    const auto end = std::find_if(at, terms.end(), is_other);
    Posting& posting = row.postings.emplace_back(Posting{.term = TermOf(*at), .events = {}});
    posting.events.reserve(static_cast<std::size_t>(end - at));
    for (; at != end; ++at) posting.events.push_back(at->event);
  }
  return row;
}

std::string EncodeIndexRow(const IndexRow& row) {
  std::string bytes;
  bytes.push_back(static_cast<char>(kVersion));
  bytes.push_back(static_cast<char>(row.is_undecoded ? kUndecodedFlag : 0));
  vfs::AppendLittleEndian(bytes, static_cast<std::uint64_t>(row.close_time));
  vfs::AppendLittleEndian(bytes, row.protocol);
  AppendHash(bytes, row.hash);
  AppendHash(bytes, row.previous_hash);
  vfs::AppendLittleEndian(bytes, row.transaction_count);
  vfs::AppendLittleEndian(bytes, row.event_count);
  vfs::AppendLittleEndian(bytes, static_cast<std::uint32_t>(row.hashes.size()));
  vfs::AppendLittleEndian(bytes, static_cast<std::uint32_t>(row.postings.size()));
  for (const Hash& hash : row.hashes) AppendHash(bytes, hash);
  for (const Posting& posting : row.postings) {
    bytes.append(posting.term.begin(), posting.term.end());
    AppendVarint(bytes, static_cast<std::uint32_t>(posting.events.size()));
    std::uint32_t next = 0;
    for (const std::uint32_t event : posting.events) {
      AppendVarint(bytes, event - next);
      next = event + 1;
    }
  }
  vfs::AppendLittleEndian(bytes, ChecksumOf(row.sequence, bytes));
  return bytes;
}

absl::StatusOr<IndexRow> ParseIndexRow(LedgerSeq sequence, std::string_view bytes) {
  const auto damaged = [&](std::string_view finding) {
    return vfs::DataLoss("its index row of {} bytes: {}", bytes.size(), finding);
  };
  if (bytes.size() < kChecksumBytes) return damaged("it is shorter than its checksum");
  const std::string_view content = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (vfs::LoadLittleEndian<std::uint32_t>(bytes, content.size()) !=
      ChecksumOf(sequence, content)) {
    return damaged("its checksum does not match");
  }
  IndexRow row{.sequence = sequence};
  Fields fields(content);
  const std::string_view finding = ParseInto(fields, row);
  if (!finding.empty()) return damaged(finding);
  return row;
}

}  // namespace permafrost::engine
