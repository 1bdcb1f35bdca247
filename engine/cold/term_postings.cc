// Varints, 7 bits a byte, lowest first.
#include "engine/cold/term_postings.h"

#include "vfs/base/check.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

void AppendVarint(std::string& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

}  // namespace

void AppendIds(std::string& out, std::span<const std::uint32_t> ids) {
  std::uint32_t before = 0;
  for (const std::uint32_t id : ids) {
    AppendVarint(out, id - before);
    before = id;
  }
}

std::optional<std::vector<std::uint32_t>> ParseIds(std::string_view bytes) {
  std::vector<std::uint32_t> ids;
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    shift += 7;
    if (shift > 35) return std::nullopt;
    if ((byte & 0x80) != 0) continue;
    const std::uint64_t id = ids.empty() ? value : ids.back() + value;
    const bool ascends = ids.empty() || value > 0;
    if (!ascends || id > ~std::uint32_t{0}) return std::nullopt;
    ids.push_back(static_cast<std::uint32_t>(id));
    value = 0;
    shift = 0;
  }
  if (ids.empty() || shift != 0) return std::nullopt;
  return ids;
}

TermPostings::TermPostings(const TermShare& share) : share_(share) {
  VFS_CHECK(share.index < share.count && share.count <= 65'536, "share {} of {}", share.index,
            share.count);
}

void TermPostings::Add(const EventTerm& term, std::uint32_t event) {
  const std::uint32_t leading = (std::uint32_t{term[0]} << 8) | term[1];
  if (((std::uint64_t{leading} * share_.count) >> 16) != share_.index) return;
  const auto [found, is_new] = terms_.try_emplace(term);
  Postings& postings = found->second;
  VFS_CHECK(is_new || event >= postings.last, "event {} after {}", event, postings.last);
  if (!is_new && event == postings.last) return;
  AppendVarint(postings.ids, event - postings.last);
  postings.last = event;
}

void TermPostings::AddLedger(const LedgerView& ledger, std::uint32_t first_event) {
  for (const EventView& event : ledger.events) {
    ForEachTerm(ledger, event,
                [this, first_event](const EventTerm& term) { Add(term, first_event); });
    ++first_event;
  }
}

absl::Status TermPostings::ForEach(VisitTerm visit) const {
  for (const auto& [term, postings] : terms_) {
    const auto ids = ParseIds(postings.ids);
    VFS_CHECK(ids.has_value(), "postings of {} bytes", postings.ids.size());
    VFS_RETURN_IF_ERROR(visit(term, *ids));
  }
  return absl::OkStatus();
}

}  // namespace permafrost::engine
