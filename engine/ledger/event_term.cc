// Terms as XXH3 makes them.
#include "engine/ledger/event_term.h"

#include <algorithm>
#include <span>
#include <string>

#include <xxhash.h>

#include "vfs/base/bytes.h"

namespace permafrost::engine {
namespace {

EventTerm TermOf(std::size_t field, std::string_view value) {
  std::string input;
  input.reserve(1 + value.size());
  input.push_back(static_cast<char>(field));
  input.append(value);
  const XXH128_hash_t hash = XXH3_128bits(input.data(), input.size());
  std::string bytes;
  vfs::AppendLittleEndian(bytes, std::uint64_t{hash.low64});
  vfs::AppendLittleEndian(bytes, std::uint64_t{hash.high64});
  EventTerm term;
  std::copy(bytes.begin(), bytes.end(), term.begin());
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
