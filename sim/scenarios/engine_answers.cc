// Ledgers, transactions and events of one chunk.
#include "sim/scenarios/engine_answers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/explore/scenario.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

using engine::LedgerReader;
using engine::LedgerSeq;

constexpr std::string_view kWrong = "wrong: ";

LedgerSeq Before(LedgerSeq sequence) { return LedgerSeq{sequence.value() - 1}; }
LedgerSeq After(LedgerSeq sequence) { return LedgerSeq{sequence.value() + 1}; }

std::string ErrorText(const absl::Status& status) {
  return fmt::format("{}{}", kErrorAnswer, vfs::Message(status));
}

bool IsReadable(const LedgerReader& reader, LedgerSeq sequence) {
  return reader.oldest() <= sequence && sequence <= reader.latest();
}

// What was found of one ledger: it is there, it is not, or what is wrong.
struct Finding {
  bool is_there = false;
  std::string wrong;  // empty: nothing
};

LedgerSeq At(const engine::Geometry& geometry, engine::ChunkId chunk, std::uint32_t index) {
  return LedgerSeq{geometry.First(chunk).value() + index};
}

template <typename Ask>
std::string CountFrom(const EngineModel& model, engine::ChunkId chunk, const Ask& ask) {
  const engine::Geometry& geometry = model.geometry();
  std::uint32_t count = 0;
  for (LedgerSeq at = geometry.First(chunk); at <= geometry.Last(chunk); at = After(at)) {
    if (!model.Has(at)) break;
    Finding finding = ask(at);
    if (!finding.wrong.empty()) return std::move(finding.wrong);
    if (!finding.is_there) continue;
    if (At(geometry, chunk, count) != at) {
      return fmt::format("{}ledger {} is there, ledger {} is not", kWrong, at.value(),
                         At(geometry, chunk, count).value());
    }
    ++count;
  }
  return EngineCountText(count);
}

Finding FindLedger(const LedgerReader& reader, const ModelLedger& ledger) {
  const auto found = reader.Ledger(ledger.sequence);
  const bool is_readable = IsReadable(reader, ledger.sequence);
  if (found.ok()) {
    if (!is_readable)
      return {.wrong = fmt::format("{}ledger {} outside what can be read", kWrong,
                                   ledger.sequence.value())};
    if (found->bytes == ledger.bytes) return {.is_there = true, .wrong = {}};
    return {.wrong = fmt::format("{}ledger {} has other bytes", kWrong, ledger.sequence.value())};
  }
  const bool is_absent = absl::IsNotFound(found.status()) && !is_readable;
  if (is_absent || absl::IsUnavailable(found.status())) return {};
  return {.wrong = ErrorText(found.status())};
}

Finding FindTransaction(const LedgerReader& reader,
                        LedgerSeq ledger,
                        const ModelLookup& transaction) {
  const auto found = reader.Transaction(transaction.hash);
  const bool is_readable = IsReadable(reader, ledger);
  const auto wrong = [&](std::string_view what) {
    return Finding{.wrong = fmt::format("{}transaction {} of ledger {} {}", kWrong,
                                        transaction.apply_index, ledger.value(), what)};
  };
  if (absl::IsUnavailable(found.status())) return {};
  if (!found.ok()) return {.wrong = ErrorText(found.status())};
  if (!found->has_value()) {
    return is_readable ? wrong("is said to be nowhere") : Finding{};
  }
  if (!is_readable) return wrong("is found outside what can be read");
  const engine::FoundTransaction& is = **found;
  const bool is_right = is.ledger == ledger && is.apply_index == transaction.apply_index &&
                        is.transaction.is_successful == transaction.is_successful;
  return is_right ? Finding{.is_there = true, .wrong = {}} : wrong("is found as another one");
}

using Payloads = std::vector<std::string>;

// All pages of a query.
absl::StatusOr<Payloads> Ask(const LedgerReader& reader, engine::EventQuery query) {
  Payloads all;
  for (;;) {
    auto page = reader.Events(query);
    if (!page.ok()) return page.status();
    std::move(page->payloads.begin(), page->payloads.end(), std::back_inserter(all));
    if (page->is_done) return all;
    if (page->payloads.empty() || page->end == query.after)
      return vfs::Internal("a page of events is empty and not the last");
    query.after = page->end;
  }
}

// The filter that the last event with a contract passes, and what passes it.
struct Filtered {
  engine::EventFilter filter;
  Payloads expected;
};
std::optional<Filtered> FilteredFrom(const Payloads& events) {
  std::optional<Filtered> filtered;
  std::string contract;
  std::string topic;
  for (auto at = events.rbegin(); at != events.rend(); ++at) {
    const auto event = engine::ParseEventPayload(*at);
    if (!event.ok() || event->contract.empty() || event->topics.empty()) continue;
    if (!filtered.has_value()) {
      contract = event->contract;
      topic = event->topics[0];
      filtered.emplace();
      std::copy(contract.begin(), contract.end(), filtered->filter.contract.emplace().begin());
      filtered->filter.topics = {topic};
    }
    if (event->contract == contract && event->topics[0] == topic) filtered->expected.push_back(*at);
  }
  if (filtered.has_value()) std::reverse(filtered->expected.begin(), filtered->expected.end());
  return filtered;
}

}  // namespace

std::string EngineCountText(std::uint32_t ledgers) {
  if (ledgers == 0) return kAbsent;
  if (ledgers == kEngineSizes.ledgers_per_chunk) return "full";
  return fmt::format("{} of {}", ledgers, kEngineSizes.ledgers_per_chunk);
}

std::string LedgersIn(const LedgerReader& reader, const EngineModel& model, engine::ChunkId chunk) {
  return CountFrom(model, chunk, [&](LedgerSeq at) { return FindLedger(reader, model.Of(at)); });
}

std::string LookupsIn(const LedgerReader& reader, const EngineModel& model, engine::ChunkId chunk) {
  return CountFrom(model, chunk, [&](LedgerSeq at) -> Finding {
    Finding all{.is_there = true, .wrong = {}};
    for (const ModelLookup& lookup : model.Of(at).lookups) {
      Finding one = FindTransaction(reader, at, lookup);
      if (!one.wrong.empty()) return one;
      all.is_there = all.is_there && one.is_there;
      // One is enough where none may be found.
      if (!IsReadable(reader, at)) break;
    }
    return all;
  });
}

std::string EventsIn(const LedgerReader& reader, const EngineModel& model, engine::ChunkId chunk) {
  const engine::Geometry& geometry = model.geometry();
  const LedgerSeq from = std::max(geometry.First(chunk), reader.oldest());
  const LedgerSeq to = std::min(geometry.Last(chunk), reader.latest());
  if (to < from) return kAbsent;
  Payloads expected;
  for (LedgerSeq at = from; at <= to; at = After(at)) {
    if (!model.Has(at))
      return fmt::format("{}ledger {} can be read, nobody wrote it", kWrong, at.value());
    const Payloads& events = model.Of(at).events;
    expected.insert(expected.end(), events.begin(), events.end());
  }
  std::string answer = EngineCountText(to.value() - geometry.First(chunk).value() + 1);
  const auto compare = [&](std::string_view what, const engine::EventQuery& query,
                           const Payloads& should) {
    const auto is = Ask(reader, query);
    if (absl::IsUnavailable(is.status())) {
      answer = kAbsent;
    } else if (!is.ok()) {
      answer = ErrorText(is.status());
    } else if (*is != should) {
      answer = fmt::format("{}{} events of ledgers {} to {}, {} expected, or others", kWrong,
                           is->size(), from.value(), to.value(), should.size());
    } else {
      return true;
    }
    if (answer != kAbsent) answer += fmt::format(" ({})", what);
    return false;
  };
  engine::EventQuery query{.from = from, .to = to};
  query.limit = expected.size() / 2 + 1;
  if (!compare("two pages", query, expected)) return answer;
  if (const auto filtered = FilteredFrom(expected); filtered.has_value()) {
    engine::EventQuery some = query;
    some.filters = {filtered->filter};
    if (!compare("by contract and topic", some, filtered->expected)) return answer;
  }
  std::reverse(expected.begin(), expected.end());
  query.is_descending = true;
  compare("descending", query, expected);
  return answer;
}

std::vector<Violation> AskForNothing(const LedgerReader& reader,
                                     const EngineModel& model,
                                     bool is_whole) {
  std::vector<Violation> found;
  for (const LedgerSeq outside : {Before(reader.oldest()), After(reader.latest())}) {
    if (IsReadable(reader, outside)) continue;
    const auto ledger = reader.Ledger(outside);
    if (absl::IsNotFound(ledger.status())) continue;
    found.push_back({"36-nothing-outside-the-range",
                     fmt::format("ledger {} of {} to {}: {}", outside.value(),
                                 reader.oldest().value(), reader.latest().value(),
                                 ledger.ok() ? "found" : vfs::Message(ledger.status()))});
  }
  // The twin of a hash that is there shares all of it that an index holds.
  const auto twin_of = [&](LedgerSeq ledger) {
    engine::Hash twin = model.Of(ledger).lookups.front().hash;
    twin.back() ^= 1;
    return twin;
  };
  const LedgerSeq latest = model.Has(reader.latest()) ? reader.latest() : model.last();
  engine::Hash nobodys{};
  nobodys.fill(0xee);
  for (const engine::Hash& hash : {twin_of(model.first()), twin_of(latest), nobodys}) {
    const auto transaction = reader.Transaction(hash);
    if (transaction.ok() && !transaction->has_value()) continue;
    if (absl::IsUnavailable(transaction.status()) && !is_whole) continue;
    found.push_back({"38-absent-is-not-found",
                     fmt::format("hash {} that no ledger has: {}", vfs::HexOf(hash),
                                 transaction.ok() ? fmt::format("found in ledger {}",
                                                                (*transaction)->ledger.value())
                                                  : vfs::Message(transaction.status()))});
  }
  return found;
}

}  // namespace permafrost::sim
