// The record of LSN n says n, so whoever reads it knows what must stand there.
#include "sim/scenarios/journal_rotate_truncate.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/journal_session.h"
#include "sim/scenarios/live_through.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::journal::Journal;
using engine::journal::Lsn;

constexpr std::uint64_t kSegmentBytes = 1024;
constexpr char kLog[] = "log";        // the last LSN
constexpr char kCursor[] = "cursor";  // of `reader`
constexpr char kStart[] = "start";    // the first LSN that is needed
constexpr char kReader[] = "reader";

std::string BodyOf(Lsn lsn) {
  return fmt::format("record {} {}", lsn,
                     std::string(lsn % 5 * 9, static_cast<char>('a' + lsn % 26)));
}

std::string ValueOf(Lsn lsn) { return lsn == 0 ? std::string(kAbsent) : fmt::format("{}", lsn); }

// Nothing that a cursor needs may be given up.
void CheckNeeds(const Journal& journal, History& history) {
  const auto state = journal.state();
  if (state.first_needed.lsn <= state.need().lsn) return;
  history.Violate("26-acknowledged-is-present",
                  fmt::format("{} needs LSN {}, LSN {} is the first that is kept", state.need().by,
                              state.need().lsn, state.first_needed.lsn));
}

absl::Status ServeAll(const Journal& journal, History& history) {
  VFS_ASSIGN_OR_RETURN(const auto records, ReadJournal(journal));
  for (const engine::JournalRecord& record : records) {
    if (record.body != BodyOf(record.lsn) || record.type != kJournalType) {
      history.Violate("25-records-are-whole-and-in-order",
                      fmt::format("LSN {} reads '{}'", record.lsn, record.body));
    }
  }
  const auto state = journal.state();
  if (!records.empty() && records.front().lsn > state.first_needed.lsn) {
    history.Violate("26-acknowledged-is-present",
                    fmt::format("LSN {} is needed, LSN {} is the first", state.first_needed.lsn,
                                records.front().lsn));
  }
  CheckNeeds(journal, history);
  history.Serve(kLog, ValueOf(journal.LastFlushedLsn()));
  const auto cursor = state.cursors.find(kReader);
  history.Serve(kCursor, ValueOf(cursor == state.cursors.end() ? 0 : cursor->second));
  history.Serve(kStart, ValueOf(state.first_needed.lsn == 1 ? 0 : state.first_needed.lsn));
  return absl::OkStatus();
}

class Life {
 public:
  Life(World& world, History& history)
      : world_(world),
        history_(history),
        session_(world, history, JournalOptionsOf(kSegmentBytes), [this](const Journal& journal) {
          return ServeAll(journal, history_);
        }) {}

  bool Start() { return session_.Start(); }
  void Stop() { session_.Stop(); }

  // False: nothing more can be done.
  bool Execute(const std::string& op) {
    std::istringstream words(op);
    std::string verb;
    std::uint64_t count = 1;
    words >> verb >> count;
    if (verb == "append") return Times(count, [this] { return Append(); });
    if (verb == "buffer") return session_.Try([&] { return Buffer(count); });
    if (verb == "cursor") return session_.Try([&] { return MoveCursor(count); });
    if (verb == "checkpoint") return session_.Try([this] { return Checkpoint(); });
    if (verb == "truncate") return session_.Try([this] { return Truncate(); });
    if (verb == "mark") return session_.Try([this] { return journal().MarkIdle(); });
    if (verb == "reopen") {
      session_.Stop();
      return session_.Start();
    }
    if (verb == "die") {
      session_.Die();
      return session_.Start();
    }
    history_.Violate("32-operation-succeeds", fmt::format("unknown operation '{}'", op));
    return false;
  }

 private:
  Journal& journal() { return session_.journal(); }

  bool Times(std::uint64_t count, const std::function<absl::Status()>& step) {
    for (std::uint64_t i = 0; i < count; ++i)
      if (!session_.Try(step)) return false;
    return true;
  }

  absl::Status Append() {
    const vfs::Step step("client.write");
    const Lsn lsn = journal().LastLsn() + 1;
    history_.Attempt(kLog, ValueOf(lsn));
    VFS_ASSIGN_OR_RETURN(const Lsn given, journal().Append(kJournalType, BodyOf(lsn)));
    history_.Acknowledge(kLog);
    if (given != lsn)
      history_.Violate("25-records-are-whole-and-in-order",
                       fmt::format("LSN {} for {}", given, lsn));
    world_.PumpSome();
    return absl::OkStatus();
  }

  absl::Status Buffer(std::uint64_t count) {
    const vfs::Step step("client.write");
    for (std::uint64_t i = 0; i < count; ++i) {
      const Lsn lsn = journal().LastLsn() + 1;
      history_.Attempt(kLog, ValueOf(lsn));
      VFS_RETURN_IF_ERROR(journal().Buffer(kJournalType, BodyOf(lsn)).status());
    }
    VFS_RETURN_IF_ERROR(journal().Flush());
    history_.Acknowledge(kLog);
    return absl::OkStatus();
  }

  absl::Status MoveCursor(std::uint64_t behind) {
    const Lsn end = journal().LastFlushedLsn() + 1;
    const Lsn needed = journal().state().first_needed.lsn;
    const Lsn next = std::max(needed, end > behind ? end - behind : 1);
    history_.Attempt(kCursor, ValueOf(next));
    VFS_RETURN_IF_ERROR(journal().SetCursor(kReader, next));
    history_.Acknowledge(kCursor);
    return absl::OkStatus();
  }

  // Moves the start as soon as there are more than two.
  absl::Status Checkpoint() {
    const auto state = journal().state();
    if (state.cursors.empty()) return absl::OkStatus();
    const Lsn applied = state.need().lsn;
    auto kept = state.checkpoints;
    std::erase_if(kept, [applied](const auto& at) { return at.lsn >= applied; });
    const bool moves = kept.size() == 2 && kept[1].lsn > state.first_needed.lsn;
    if (moves) history_.Attempt(kStart, ValueOf(kept[1].lsn));
    VFS_RETURN_IF_ERROR(journal().CreateCheckpoint().status());
    if (moves) history_.Acknowledge(kStart);
    const Lsn said = journal().state().checkpoints.back().lsn;
    if (said != applied) {
      history_.Violate(
          "26-acknowledged-is-present",
          fmt::format("a checkpoint at LSN {}, {} needs LSN {}", said, state.need().by, applied));
    }
    CheckNeeds(journal(), history_);
    return absl::OkStatus();
  }

  absl::Status Truncate() {
    const auto state = journal().state();
    if (state.cursors.empty()) return absl::OkStatus();
    const Lsn lsn = state.need().lsn;
    if (lsn > state.first_needed.lsn) history_.Attempt(kStart, ValueOf(lsn));
    VFS_RETURN_IF_ERROR(journal().TruncateBefore(lsn));
    if (lsn > state.first_needed.lsn) history_.Acknowledge(kStart);
    return absl::OkStatus();
  }

  World& world_;
  History& history_;
  JournalSession session_;
};

class JournalRotateTruncate final : public Scenario {
 public:
  std::string_view name() const override { return "journal/rotate-truncate"; }
  std::string_view description() const override {
    return "a journal with small segments: appends, buffers, rolls, cursors, checkpoints, "
           "truncation, recycling, reopen, death";
  }

  std::vector<std::string_view> Verbs() const override {
    return {"append", "buffer", "cursor", "checkpoint", "truncate", "mark", "reopen", "die"};
  }
  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort)
      return {"append 7", "cursor 1", "truncate", "append 2", "reopen", "append 1"};
    return {"append 9",   "cursor 2", "checkpoint", "buffer 4",   "append 4",
            "cursor 1",   "truncate", "append 7",   "checkpoint", "cursor 2",
            "checkpoint", "mark",     "die",        "append 5",   "cursor 0",
            "truncate",   "buffer 3", "reopen",     "append 9",   "cursor 0",
            "truncate",   "append 9", "checkpoint", "die",        "append 2"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    std::vector<std::string> verbs{"append"};
    for (const std::string_view verb : Verbs()) {
      if (prng.Chance({1, 2})) verbs.emplace_back(verb);
    }
    Script script;
    const std::uint64_t count = prng.Between(4, 20);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      const bool has_count = verb == "append" || verb == "buffer" || verb == "cursor";
      script.push_back(has_count ? fmt::format("{} {}", verb, prng.Below(9)) : verb);
    }
    return script;
  }

  void Work(World& world, History& history, const Script& script) const override {
    LiveThrough(Life(world, history), script,
                [&](const std::string& op) { world.trace().AddNote(op); });
  }

  void Recover(World& world, History& history) const override {
    LiveThrough(Life(world, history), {"append 2", "cursor 1", "reopen", "truncate", "append 12"});
  }

  std::string LogicalState(World& clone) const override {
    return JournalStateText(clone, kSegmentBytes);
  }

  std::uint64_t OpenDatabases(World& clone) const override {
    return OpenJournals(clone, kSegmentBytes);
  }

  std::vector<std::string> RequiredLabels() const override {
    return {"client.write",         "journal.append",      "journal.checkpoint",
            "journal.header",       "journal.mark",        "journal.rename",
            "journal.spare",        "journal.sync",        "journal.sync.checkpoint",
            "journal.sync.dir",     "journal.sync.header", "journal.sync.mark",
            "journal.sync.trailer", "journal.trailer",     "journal.unlink"};
  }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {"journal/rolled",      "journal/segment_recycled",    "journal/spare_ahead",
            "journal/spare_found", "journal/spent_segment_found", "journal/tail_kept"};
  }
};

}  // namespace

std::unique_ptr<Scenario> MakeJournalRotateTruncate(const ScenarioOptions&) {
  return std::make_unique<JournalRotateTruncate>();
}

}  // namespace permafrost::sim
