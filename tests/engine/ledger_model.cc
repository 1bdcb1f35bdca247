// Brute force.
#include "tests/engine/ledger_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/ledger/any_decoder.h"
#include "engine/ledger/event_payload.h"
#include "vfs/base/blake3.h"
#include "vfs/base/check.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::testing {
namespace {

bool Matches(const EventFilter& filter, const LedgerView& ledger, const EventView& event) {
  const auto contract = [&] {
    return std::string_view(reinterpret_cast<const char*>(filter.contract->data()), 32);
  };
  if (filter.contract.has_value() && event.contract != contract()) return false;
  const auto topics = ledger.TopicsOf(event);
  for (std::size_t i = 0; i < filter.topics.size(); ++i) {
    if (!filter.topics[i].has_value()) continue;
    if (i >= topics.size() || topics[i] != *filter.topics[i]) return false;
  }
  return true;
}

std::string WrongTransaction(const LedgerReader& reader,
                             const Hash& hash,
                             const LedgerModel::Place& place,
                             LedgerModel::IndexMayWait rule) {
  const auto found = reader.Transaction(hash);
  if (rule == LedgerModel::IndexMayWait::kYes && absl::IsUnavailable(found.status()) &&
      vfs::Message(found.status()).find("is neither under an index nor hot") != std::string::npos) {
    return "";
  }
  const std::string name = "transaction " + vfs::HexOf(hash);
  if (!found.ok()) return name + ": " + found.status().ToString();
  const bool is_there = reader.oldest() <= place.ledger && place.ledger <= reader.latest();
  if (found->has_value() != is_there) return name + (is_there ? " is not found" : " is found");
  if (!is_there) return "";
  const TransactionView& transaction = (*found)->transaction;
  const bool is_equal = (*found)->ledger == place.ledger &&
                        (*found)->apply_index == place.apply_index &&
                        transaction.hash == place.transaction.hash &&
                        transaction.inner_hash == place.transaction.inner_hash &&
                        transaction.is_successful == place.transaction.is_successful;
  return is_equal ? "" : name + " differs";
}

}  // namespace

LedgerModel::LedgerModel(std::vector<std::string> ledgers) : bytes_(std::move(ledgers)) {
  for (const std::string& bytes : bytes_) {
    auto view = AnyDecoder().Decode(bytes);
    VFS_CHECK(view.ok(), "{}", vfs::Message(view.status()));
    for (std::size_t i = 0; i < view->transactions.size(); ++i) {
      const TransactionView& transaction = view->transactions[i];
      const Place place{.ledger = view->sequence,
                        .apply_index = static_cast<std::uint32_t>(i + 1),
                        .transaction = transaction};
      transactions_[transaction.hash] = place;
      if (transaction.inner_hash.has_value()) transactions_[*transaction.inner_hash] = place;
    }
    views_.push_back(*std::move(view));
  }
}

LedgerModel LedgerModel::Synthetic(std::uint64_t seed,
                                   std::uint32_t count,
                                   const SyntheticShape& shape) {
  std::vector<std::string> ledgers;
  for (std::uint32_t i = 0; i < count; ++i)
    ledgers.push_back(SyntheticLedger(seed, LedgerSeq{kFirstLedger.value() + i}, shape));
  return LedgerModel(std::move(ledgers));
}

std::vector<std::string> LedgerModel::Events(const EventQuery& query) const {
  std::vector<std::string> payloads;
  for (const LedgerView& ledger : views_) {
    if (ledger.sequence < query.from || ledger.sequence > query.to) continue;
    for (const EventView& event : ledger.events) {
      const bool is_asked =
          query.filters.empty() ||
          std::any_of(query.filters.begin(), query.filters.end(),
                      [&](const EventFilter& filter) { return Matches(filter, ledger, event); });
      if (is_asked) AppendEventPayload(payloads.emplace_back(), ledger, event);
    }
  }
  if (query.is_descending) std::reverse(payloads.begin(), payloads.end());
  return payloads;
}

std::string LedgerModel::Wrong(const LedgerReader& reader, IndexMayWait rule) const {
  if (reader.latest() < reader.oldest()) return "";
  if (reader.oldest() < first() || reader.latest() > last()) {
    return fmt::format("it reads ledgers {} to {}", reader.oldest().value(),
                       reader.latest().value());
  }
  for (std::uint32_t at = reader.oldest().value(); at <= reader.latest().value(); ++at) {
    const auto found = reader.Ledger(LedgerSeq{at});
    if (!found.ok()) return found.status().ToString();
    if (found->bytes != bytes(LedgerSeq{at})) return fmt::format("ledger {} differs", at);
  }
  for (const auto& [hash, place] : transactions_) {
    if (std::string wrong = WrongTransaction(reader, hash, place, rule); !wrong.empty())
      return wrong;
  }
  const EventFilter by_topic = {.topics = {"topic-0-0"}};  // SyntheticSource's most frequent one
  for (const std::vector<EventFilter>& filters : {std::vector<EventFilter>(), {by_topic}}) {
    const EventQuery query{.from = reader.oldest(),
                           .to = reader.latest(),
                           .filters = filters,
                           .limit = kEventLimitMax};
    const auto events = AllEvents(reader, query);
    if (!events.ok()) return events.status().ToString();
    if (*events != Events(query)) return "its events differ";
  }
  return "";
}

absl::StatusOr<std::vector<std::string>> AllEvents(const LedgerReader& reader, EventQuery query) {
  std::vector<std::string> all;
  while (true) {
    VFS_ASSIGN_OR_RETURN(const EventPage page, reader.Events(query));
    all.insert(all.end(), page.payloads.begin(), page.payloads.end());
    if (page.is_done) return all;
    if (page.payloads.size() != query.limit)
      return vfs::Internal("a page of {} that is not the last", page.payloads.size());
    VFS_ASSIGN_OR_RETURN(query.after, ParseCursor(query, CursorText(query, *page.end)));
  }
}

StoreOptions LedgerStoreOptions() {
  StoreOptions options = StoreWorld::SmallOptions();
  options.store_id = std::string(32, '7');
  return options;
}

absl::Status LedgerWorld::Open(const StoreOptions& options) {
  VFS_ASSIGN_OR_RETURN(store_, LedgerStore::Open(world_.Env(fs_), options, AnyDecoder()));
  return absl::OkStatus();
}

void LedgerWorld::Kill() {
  world_.disk().KillProcess();
  store_.reset();
}

absl::Status LedgerWorld::Close() { return std::exchange(store_, nullptr)->Close(); }

absl::Status LedgerWorld::Reopen(const StoreOptions& options) {
  VFS_RETURN_IF_ERROR(Close());
  return Open(options);
}

std::map<std::string, std::string> LedgerWorld::ColdFiles() {
  std::map<std::string, std::string> files;
  for (const auto& [path, key] : ArtifactFilesOn(disk(), store_->store().layout())) {
    if (path.starts_with("hot of ")) continue;
    const std::unique_ptr<vfs::File> file = *disk().Open(path, vfs::OpenMode::kRead);
    std::string bytes(*file->Size(), '\0');
    VFS_CHECK(*file->Read(0, bytes) == bytes.size(), "read {}", path);
    files[path] = vfs::HexOf(vfs::Blake3Of(bytes).bytes);
  }
  return files;
}

}  // namespace permafrost::engine::testing
