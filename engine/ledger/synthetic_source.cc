// Everything is drawn from streams that are forked from the seed by the ledger's sequence.
#include "engine/ledger/synthetic_source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "vfs/base/blake3.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kContracts = 8;
constexpr std::uint64_t kTopics = 12;             // of each position
constexpr std::uint64_t kTopicsOfAnEventMax = 5;  // one more than are indexed
constexpr std::int64_t kFirstCloseTime = 1'443'639'600;
constexpr std::int64_t kSecondsPerLedger = 5;

Hash HashOf(std::string_view what, std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  std::string text(what);
  for (const std::uint64_t number : {seed, a, b}) vfs::AppendLittleEndian(text, number);
  return vfs::Blake3Of(text).bytes;
}

// The first few are asked for far more often than the last.
std::uint64_t Favoured(vfs::Prng& prng, std::uint64_t bound) {
  return std::min(prng.Below(bound), prng.Below(bound));
}

std::string DrawEvent(vfs::Prng& prng, const SyntheticShape& shape) {
  std::optional<Hash> contract;
  if (!prng.Chance({1, 16})) contract = HashOf("contract", 0, Favoured(prng, kContracts), 0);
  std::vector<std::string> topics(prng.Between(1, kTopicsOfAnEventMax));
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const std::uint64_t drawn = Favoured(prng, kTopics);
    topics[i] = fmt::format("topic-{}-{}", i, drawn);
  }
  std::string data(shape.event_data_bytes, '\0');
  for (char& c : data) c = static_cast<char>(prng.Below(16));
  return EncodeFrameEvent(contract, topics, data);
}

// Events of one ledger. Spans of their views borrow from `bytes`.
struct Events {
  std::vector<EventView> views;
  std::vector<std::string> bytes;
};

// A fee event before all transactions for most of them, then those of operations, some behind.
Events DrawEvents(vfs::Prng& prng, const SyntheticShape& shape, std::uint32_t transactions) {
  Events events;
  const auto add = [&](EventPosition position, std::uint32_t apply_index) {
    events.views.push_back({.position = position, .apply_index = apply_index});
    events.bytes.push_back(DrawEvent(prng, shape));
  };
  if (shape.events_max == 0) return events;
  std::uint32_t before = 0;
  for (std::uint32_t i = 1; i <= transactions; ++i) {
    if (prng.Chance({3, 4})) add({0, 0, before++}, i);
  }
  for (std::uint32_t i = 1; i <= transactions; ++i) {
    const std::uint64_t count = prng.Below(shape.events_max);
    EventPosition position{i, 0, 0};
    for (std::uint64_t k = 0; k < count; ++k) {
      if (prng.Chance({1, 3})) position = {i, position.operation + 1, 0};
      add(position, i);
      ++position.event;
    }
    if (prng.Chance({1, 16})) add({i, kAfterOperations, 0}, i);
  }
  if (transactions > 0 && prng.Chance({1, 4})) add({kAfterAllTransactions, 0, 0}, transactions);
  for (std::size_t i = 0; i < events.views.size(); ++i) events.views[i].xdr = events.bytes[i];
  return events;
}

std::string Filling(vfs::Prng& prng, std::size_t bytes) {
  constexpr std::string_view kCommon = "twenty-four equal bytes,";
  std::string filling;
  filling.reserve(bytes + 32);
  while (filling.size() < bytes) {
    vfs::AppendLittleEndian(filling, prng.Next());
    filling += kCommon;
  }
  filling.resize(bytes);
  return filling;
}

class SyntheticStream final : public LedgerStream {
 public:
  SyntheticStream(std::uint64_t seed,
                  const SyntheticShape& shape,
                  std::string name,
                  LedgerSource::Range range)
      : seed_(seed),
        shape_(shape),
        name_(std::move(name)),
        next_(range.first.value()),
        last_(range.last.value()) {}

  absl::StatusOr<std::optional<SourcedLedger>> Next() override {
    if (next_ > last_) return std::nullopt;
    const LedgerSeq sequence{static_cast<std::uint32_t>(next_++)};
    return SourcedLedger{sequence, SyntheticLedger(seed_, sequence, shape_), name_};
  }

 private:
  std::uint64_t seed_;
  SyntheticShape shape_;
  std::string name_;
  std::uint64_t next_;
  std::uint64_t last_;
};

}  // namespace

Hash SyntheticHash(std::uint64_t seed, LedgerSeq sequence) {
  return HashOf("ledger", seed, sequence.value(), 0);
}

std::string SyntheticLedger(std::uint64_t seed, LedgerSeq sequence, const SyntheticShape& shape) {
  VFS_CHECK(sequence >= kFirstLedger, "ledger {}", sequence.value());
  VFS_CHECK(shape.transactions_min <= shape.transactions_max, "{} to {} transactions",
            shape.transactions_min, shape.transactions_max);
  vfs::Prng prng = vfs::Prng(seed).Fork(sequence.value());
  LedgerView ledger;
  ledger.sequence = sequence;
  ledger.close_time = kFirstCloseTime + kSecondsPerLedger * sequence.value();
  ledger.protocol = 1;
  ledger.hash = SyntheticHash(seed, sequence);
  ledger.previous_hash = SyntheticHash(seed, LedgerSeq{sequence.value() - 1});
  const std::uint64_t count = prng.Between(shape.transactions_min, shape.transactions_max);
  for (std::uint64_t i = 0; i < count; ++i) {
    TransactionView transaction{.hash = HashOf("transaction", seed, sequence.value(), i)};
    if (prng.Chance({1, 10})) transaction.inner_hash = HashOf("inner", seed, sequence.value(), i);
    transaction.is_successful = prng.Chance({3, 4});
    ledger.transactions.push_back(transaction);
  }
  Events events = DrawEvents(prng, shape, static_cast<std::uint32_t>(count));
  ledger.events = std::move(events.views);
  const bool is_undecoded =
      shape.undecoded_every != 0 && sequence.value() % shape.undecoded_every == 0;
  const std::uint32_t version = is_undecoded ? 2 : 1;
  std::string frame = EncodeFrame(ledger, "", version);
  if (frame.size() >= shape.bytes_min) return frame;
  return EncodeFrame(ledger, Filling(prng, shape.bytes_min - frame.size()), version);
}

std::string SyntheticSource::name() const { return fmt::format("synthetic:{},{}", seed_, count_); }

absl::StatusOr<LedgerSource::Range> SyntheticSource::Available() {
  if (count_ == 0) return vfs::NotFound("{} has no ledgers", name());
  return Range{kFirstLedger, LedgerSeq{kFirstLedger.value() + count_ - 1}};
}

absl::StatusOr<std::unique_ptr<LedgerStream>> SyntheticSource::Open(
    std::optional<LedgerSeq> first) {
  const LedgerSeq from = first.value_or(kFirstLedger);
  if (from < kFirstLedger)
    return vfs::OutOfRange("{} begins with ledger {}, not {}", name(), kFirstLedger.value(),
                           from.value());
  return std::make_unique<SyntheticStream>(
      seed_, shape_, name(), Range{from, LedgerSeq{kFirstLedger.value() + count_ - 1}});
}

}  // namespace permafrost::engine
