// What reading the store answers, through the engine's own code, as values of domains.
#include <algorithm>
#include <array>
#include <cerrno>

#include <absl/functional/function_ref.h>
#include <fmt/format.h>

#include "sim/explore/scenario.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_session.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "sim/scenarios/view_answers.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

using lifecycle::Domain;
using lifecycle::Id;
using lifecycle::kFull;

// Whether the answer is an error that says which file is damaged.
bool NamesAFile(std::string_view answer) {
  if (!answer.starts_with(kErrorAnswer)) return false;
  constexpr std::array<std::string_view, 3> kRoots = {"ledgers/", "events/", "txhash/"};
  return std::any_of(kRoots.begin(), kRoots.end(), [&](std::string_view root) {
    return answer.find(root) != std::string_view::npos;
  });
}

}  // namespace

void LifecycleSession::ServeAll() {
  const std::int64_t floor = store_->floor().value();
  if (floor > floor_) {
    history_.Violate(
        "4-retention-bound",
        fmt::format("the floor is {}, the retained range begins at {}", floor, floor_));
  }
  for (const auto& [domain, answer] : ReadAll()) {
    const std::size_t slash = domain.find('/');
    const auto chunk = static_cast<std::int64_t>(lifecycle::ToNumber(domain.substr(slash + 1)));
    if (chunk >= floor) {
      history_.Serve(domain, answer);
      continue;
    }
    // Hidden is not gone: a wider retention may show it again, unless it was pruned meanwhile.
    if (answer != kAbsent) {
      history_.Violate("36-nothing-below-the-floor", fmt::format("{}: {}", domain, answer));
    }
    history_.Attempt(domain, kAbsent);
  }
}

LifecycleSession::Answers LifecycleSession::ReadAll() {
  constexpr int kTries = 2;
  Answers answers;
  // What an injected fault made of a read says nothing about the store: it is read again.
  const auto ask = [&](const std::string& domain, absl::FunctionRef<std::string()> read) {
    for (int i = 0; i < kTries; ++i) {
      const std::size_t faults_before = world_.faulty().Injected().size();
      std::string answer = read();
      if (store_->needs_reopen()) return;
      if (world_.faulty().Injected().size() != faults_before) continue;
      if (config_.has_rot && NamesAFile(answer)) return;
      answers[domain] = std::move(answer);
      return;
    }
  };
  const engine::ReadView view = store_->OpenView();
  std::map<std::uint32_t, absl::StatusOr<engine::IndexContent>> windows;
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    for (const char* kind : {"ledgers", "events"})
      ask(Domain(kind, c), [&] { return AnswerOf(view, kind, c); });
    ask(Domain("lookup", c), [&] {
      const std::uint32_t window = c / kModelChunksPerWindow;
      const auto [it, is_new] = windows.try_emplace(window, absl::UnknownError(""));
      if (!it->second.ok()) it->second = view.LookupWindow(engine::WindowId{window});
      return LookUp(view, c, it->second);
    });
    CheckFamilies(c);
  }
  return answers;
}

absl::StatusOr<LifecycleSession::Answers> LifecycleSession::ReadEverything() {
  Answers answers = ReadAll();
  if (answers.size() == std::size_t{3} * kLifecycleChunksMax) return answers;
  // This program's own answer, and of the class of the fault: the engine's answers were judged when
  // they came.
  return vfs::MarkInjected(vfs::ErrnoToStatus(EIO, "read", "every chunk"));
}

LifecycleSession::Answers LifecycleSession::Look() {
  const absl::Status opened = Open();
  Answers answers;
  if (opened.ok()) {
    answers = ReadAll();
    answers["identity"] = config_.store_id;
    Stop();
    return answers;
  }
  const std::string error = fmt::format("{}{}", kErrorAnswer, vfs::Message(opened));
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    for (const char* what : {"ledgers", "events", "lookup"}) answers[Domain(what, c)] = error;
  }
  answers["identity"] = error;
  return answers;
}

void LifecycleSession::CheckFamilies(std::uint32_t chunk) {
  if (HotCount(chunk) == 0) return;
  const auto db = store_->OpenHot(Id(chunk));
  if (!db.ok()) return;
  const auto rows_of = [&](std::string_view prefix) {
    return (*db)->Scan(vfs::kDefaultFamily, vfs::PrefixRange(prefix));
  };
  const auto ledgers = rows_of("ledgers:");
  const auto events = rows_of("events:");
  const auto hashes = rows_of("txhash:");
  // A scan that a fault ended says nothing of how many rows there are.
  if (!ledgers.ok() || !events.ok() || !hashes.ok()) return;
  if (ledgers->size() == events->size() && events->size() == hashes->size()) return;
  history_.Violate("25-all-families-or-none",
                   fmt::format("hot chunk {} holds {} ledgers, {} events rows, {} hash rows", chunk,
                               ledgers->size(), events->size(), hashes->size()));
}

absl::StatusOr<std::uint32_t> LifecycleSession::CountHot(std::uint32_t chunk) {
  VFS_ASSIGN_OR_RETURN(const auto state, store_->catalog().Find(engine::HotChunkKey{Id(chunk)}));
  if (state != engine::HotState::kReady) return 0;
  VFS_ASSIGN_OR_RETURN(const engine::HotHandle db, store_->OpenHot(Id(chunk)));
  VFS_ASSIGN_OR_RETURN(const auto rows,
                       db->Scan(vfs::kDefaultFamily, vfs::PrefixRange("ledgers:")));
  return static_cast<std::uint32_t>(rows.size());
}

std::uint32_t LifecycleSession::HotCount(std::uint32_t chunk) {
  return CountHot(chunk).value_or(0);
}

}  // namespace permafrost::sim
