// Terms as XXH3 makes them.
#include "engine/ledger/event_term.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include <xxhash.h>

namespace permafrost::engine {
namespace {

constexpr std::size_t kShortValueBytes = 255;  // nearly every topic; those need no allocation

XXH128_hash_t HashOf(std::size_t field, std::string_view value) {
  if (value.size() <= kShortValueBytes) {
    std::array<char, 1 + kShortValueBytes> input;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    input[0] = static_cast<char>(field);
    std::copy(value.begin(), value.end(), input.begin() + 1);
    return XXH3_128bits(input.data(), 1 + value.size());
  }
  std::string input;
  input.reserve(1 + value.size());
  input.push_back(static_cast<char>(field));
  input.append(value);
  return XXH3_128bits(input.data(), input.size());
}

EventTerm TermOf(std::size_t field, std::string_view value) {
  const XXH128_hash_t hash = HashOf(field, value);
  EventTerm term = {};
  for (std::size_t i = 0; i < sizeof(hash.low64); ++i) {
    term[i] = static_cast<std::uint8_t>(hash.low64 >> (8 * i));
    term[sizeof(hash.low64) + i] = static_cast<std::uint8_t>(hash.high64 >> (8 * i));
  }
  return term;
}

}  // namespace

EventTerm ContractTerm(std::string_view contract) { return TermOf(0, contract); }

EventTerm TopicTerm(std::size_t position, std::string_view topic) {
  return TermOf(1 + position, topic);
}

void ForEachTerm(const LedgerView& ledger,
                 const EventView& event,
                 absl::FunctionRef<void(const EventTerm&)> visit) {
  if (!event.contract.empty()) visit(ContractTerm(event.contract));
  const std::span<const std::string_view> topics = ledger.TopicsOf(event);
  for (std::size_t i = 0; i < std::min(topics.size(), kIndexedTopicsMax); ++i)
    visit(TopicTerm(i, topics[i]));
}

}  // namespace permafrost::engine
