// Events: ids from the terms of the filters, payloads compared with what is asked.
#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "engine/layout/keys.h"
#include "engine/query/ledger_reader.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using Ids = std::vector<std::uint32_t>;

// Ids of the events of a range that have every term of the filter; those of a filter without terms
// are the range.
absl::StatusOr<Ids> IdsOf(ChunkEvents& events, const EventFilter& filter, const EventRange& range) {
  std::vector<EventTerm> terms;
  if (filter.contract.has_value()) {
    const std::string contract(filter.contract->begin(), filter.contract->end());
    terms.push_back(ContractTerm(contract));
  }
  for (std::size_t i = 0; i < std::min(filter.topics.size(), kIndexedTopicsMax); ++i)
    if (filter.topics[i].has_value()) terms.push_back(TopicTerm(i, *filter.topics[i]));

  Ids ids;
  if (terms.empty()) {
    for (std::uint32_t id = range.first; id < range.end; ++id) ids.push_back(id);
    return ids;
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    VFS_ASSIGN_OR_RETURN(Ids found, events.Find(terms[i], range));
    if (i > 0) {
      Ids both;
      std::set_intersection(ids.begin(), ids.end(), found.begin(), found.end(),
                            std::back_inserter(both));
      found = std::move(both);
    }
    ids = std::move(found);
    if (ids.empty()) break;
  }
  return ids;
}

absl::StatusOr<Ids> IdsOf(ChunkEvents& events, const EventQuery& query, const EventRange& range) {
  if (query.filters.empty()) return IdsOf(events, EventFilter{}, range);
  Ids ids;
  for (const EventFilter& filter : query.filters) {
    VFS_ASSIGN_OR_RETURN(const Ids found, IdsOf(events, filter, range));
    Ids all;
    std::set_union(ids.begin(), ids.end(), found.begin(), found.end(), std::back_inserter(all));
    ids = std::move(all);
  }
  return ids;
}

// Terms are hashes: the values themselves decide.
bool IsAsked(const EventQuery& query, const EventPayload& event) {
  if (query.after.has_value()) {
    const auto at = std::pair(event.ledger, event.position);
    const auto after = std::pair(query.after->ledger, query.after->position);
    if (query.is_descending ? at >= after : at <= after) return false;
  }
  return query.filters.empty() ||
         std::any_of(query.filters.begin(), query.filters.end(),
                     [&](const EventFilter& filter) { return filter.Matches(event); });
}

// Adds what is asked for until the page is full and something more is there.
absl::Status AddMatches(ChunkId chunk,
                        const EventQuery& query,
                        std::vector<std::string> payloads,
                        EventPage& page) {
  for (std::string& payload : payloads) {
    const absl::StatusOr<EventPayload> event = ParseEventPayload(payload);
    if (!event.ok()) {
      return vfs::DataLoss("read events of chunk {}: {}", chunk.value(),
                           vfs::Message(event.status()));
    }
    if (!IsAsked(query, *event)) continue;
    if (page.payloads.size() == query.limit) {
      page.is_done = false;
      return absl::OkStatus();
    }
    page.end = EventCursor{.ledger = event->ledger, .position = event->position};
    page.payloads.push_back(std::move(payload));
  }
  return absl::OkStatus();
}

absl::Status CheckQuery(const EventQuery& query) {
  if (query.from > query.to) {
    return vfs::InvalidArgument("look up events from ledger {} to {}: the range is inverted",
                                query.from.value(), query.to.value());
  }
  if (query.limit == 0 || query.limit > kEventLimitMax) {
    return vfs::InvalidArgument("look up events: a limit from 1 to {} expected, found {}",
                                kEventLimitMax, query.limit);
  }
  if (query.filters.size() > kEventFiltersMax) {
    return vfs::InvalidArgument("look up events: at most {} filters expected, found {}",
                                kEventFiltersMax, query.filters.size());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status LedgerReader::AddEvents(
    ChunkId chunk, const EventQuery& query, LedgerSeq from, LedgerSeq to, EventPage& page) const {
  const LedgerSeq first = std::max(from, geometry_.First(chunk));
  const LedgerSeq last = std::min(to, geometry_.Last(chunk));
  VFS_ASSIGN_OR_RETURN(const std::unique_ptr<ChunkEvents> events, OpenEvents(chunk, last));
  VFS_ASSIGN_OR_RETURN(const EventRange range, events->RangeOf(first, last));
  VFS_ASSIGN_OR_RETURN(Ids ids, IdsOf(*events, query, range));
  // Fetched in pieces, for the page may be full soon; each piece ascends.
  constexpr std::size_t kPiece = 256;
  while (!ids.empty() && page.is_done) {
    const std::size_t count = std::min(kPiece, ids.size());
    const std::size_t begin = query.is_descending ? ids.size() - count : 0;
    const std::span<const std::uint32_t> piece = std::span(ids).subspan(begin, count);
    std::vector<std::string> payloads;
    VFS_RETURN_IF_ERROR(
        events->Payloads(piece, [&](std::uint32_t /*id*/, std::string_view payload) {
          payloads.emplace_back(payload);
          return absl::OkStatus();
        }));
    if (query.is_descending) std::reverse(payloads.begin(), payloads.end());
    VFS_RETURN_IF_ERROR(AddMatches(chunk, query, std::move(payloads), page));
    const auto at = ids.begin() + static_cast<std::ptrdiff_t>(begin);
    ids.erase(at, at + static_cast<std::ptrdiff_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<EventPage> LedgerReader::Events(const EventQuery& query) const {
  VFS_RETURN_IF_ERROR(CheckQuery(query));
  LedgerSeq from = query.from;
  LedgerSeq to = query.to;
  if (query.after.has_value()) (query.is_descending ? to : from) = query.after->ledger;
  // What the query begins with is not moved in silence; where it ends may be further than what is
  // there.
  const LedgerSeq leading = query.is_descending ? to : from;
  if (leading < oldest_) {
    return vfs::OutOfRange("look up events from ledger {}: {}", leading.value(), Extent());
  }
  from = std::max(from, oldest_);
  to = std::min(to, latest_);
  EventPage page{.payloads = {}, .end = query.after, .is_done = true};
  if (from > to) return page;
  const ChunkId first = geometry_.ChunkOf(from);
  const ChunkId last = geometry_.ChunkOf(to);
  ChunkId chunk = query.is_descending ? last : first;
  while (true) {
    const absl::Status added = AddEvents(chunk, query, from, to, page);
    if (!added.ok()) {
      view_.cold->Forget(KeyText(ChunkArtifact{.chunk = chunk, .kind = ArtifactKind::kEvents}));
      return added;
    }
    if (!page.is_done || chunk == (query.is_descending ? first : last)) return page;
    chunk = query.is_descending ? Previous(chunk) : Next(chunk);
  }
}

}  // namespace permafrost::engine
