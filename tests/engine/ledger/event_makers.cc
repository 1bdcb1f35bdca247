// Few contracts, few names of events, many addresses.
#include "tests/engine/ledger/event_makers.h"

#include <fmt/format.h>

#include "vfs/base/prng.h"

namespace permafrost::engine::testing {
namespace {

constexpr std::size_t kContractBytes = 32;

std::string BytesOf(std::uint64_t seed, std::size_t count) {
  vfs::Prng prng(seed);
  std::string bytes;
  while (bytes.size() < count) bytes.push_back(static_cast<char>(prng.Next() & 0xff));
  return bytes;
}

}  // namespace

MadeLedger::MadeLedger(std::uint64_t seed, LedgerSeq sequence, std::uint32_t events_max) {
  vfs::Prng prng(seed);
  view_.sequence = sequence;
  view_.close_time = static_cast<std::int64_t>(sequence.value()) * 5 - 1'000;
  view_.transactions.resize(3);
  for (TransactionView& transaction : view_.transactions) {
    for (std::uint8_t& byte : transaction.hash) byte = static_cast<std::uint8_t>(prng.Next());
  }
  const auto count = static_cast<std::uint32_t>(prng.Below(events_max + 1));
  events_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    EventView event;
    event.apply_index = static_cast<std::uint32_t>(1 + prng.Below(view_.transactions.size()));
    event.position = {.transaction = event.apply_index,
                      .operation = prng.Chance({1, 8}) ? kAfterOperations : 0,
                      .event = i};
    const bool has_contract = !prng.Chance({1, 10});
    std::string xdr = "head";
    if (has_contract) xdr += BytesOf(prng.Below(20), kContractBytes);
    std::vector<std::pair<std::size_t, std::size_t>> topics;
    for (std::uint64_t topic = prng.Below(6); topic > 0; --topic) {
      const std::string value = prng.Chance({1, 2}) ? fmt::format("name-{}", prng.Below(2))
                                                    : BytesOf(prng.Below(2'000), 40);
      topics.emplace_back(xdr.size(), value.size());
      xdr += value;
    }
    xdr += BytesOf(prng.Next(), prng.Below(30));
    events_.push_back(std::move(xdr));
    const std::string_view bytes = events_.back();
    if (has_contract) event.contract = bytes.substr(4, kContractBytes);
    event.xdr = bytes;
    event.first_topic = static_cast<std::uint32_t>(view_.topics.size());
    event.topic_count = static_cast<std::uint32_t>(topics.size());
    for (const auto& [offset, size] : topics) view_.topics.push_back(bytes.substr(offset, size));
    view_.events.push_back(event);
  }
}

}  // namespace permafrost::engine::testing
