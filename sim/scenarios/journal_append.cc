// Each writer numbers its records and names the LSN that its last one was given: whoever reads the
// log can tell whether a number that was acknowledged still is what it was.
#include "sim/scenarios/journal_append.h"

#include <array>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/journal_session.h"
#include "sim/scenarios/live_through.h"
#include "sim/scenarios/script_threads.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::journal::Journal;
using engine::journal::Lsn;

constexpr std::size_t kWriters = 4;
constexpr std::uint64_t kSegmentBytes = 2048;

// What a writer has in the log.
struct Written {
  std::uint64_t count = 0;
  Lsn last = 0;  // LSN of the last
};
using AllWritten = std::array<Written, kWriters>;

std::string DomainOf(std::size_t writer) { return fmt::format("w{}", writer); }
std::string ValueOf(std::uint64_t count) {
  return count == 0 ? std::string(kAbsent) : fmt::format("{}", count);
}
std::string BodyOf(std::size_t writer, std::uint64_t number, Lsn before) {
  return fmt::format("{} {} {} {}", writer, number, before,
                     std::string((writer * 7 + number * 5) % 40, 'x'));
}

// Errors: kInternal  what the records cannot have come to
absl::StatusOr<AllWritten> WrittenIn(const std::vector<engine::JournalRecord>& records) {
  AllWritten all{};
  for (const engine::JournalRecord& record : records) {
    std::istringstream words(record.body);
    std::size_t writer = kWriters;
    std::uint64_t number = 0;
    Lsn before = 0;
    words >> writer >> number >> before;
    if (writer >= kWriters || record.body != BodyOf(writer, number, before))
      return vfs::Internal("LSN {} reads '{}'", record.lsn, record.body);
    Written& written = all[writer];
    if (number != written.count + 1 || before != written.last) {
      return vfs::Internal(
          "LSN {} is record {} of writer {}, whose record {} was acknowledged as LSN {}; before it "
          "stand {} records, the last as LSN {}",
          record.lsn, number, writer, number - 1, before, written.count, written.last);
    }
    written = {.count = number, .last = record.lsn};
  }
  return all;
}

class Life {
 public:
  Life(World& world, History& history)
      : history_(history),
        session_(world,
                 history,
                 JournalOptionsOf(kSegmentBytes),
                 [this](const Journal& journal) { return Serve(journal); }),
        threads_(world) {}

  bool Start() { return session_.Start(); }
  void Stop() {
    JoinAll();
    session_.Stop();
  }

  bool Execute(const std::string& op) {
    std::istringstream words(op);
    std::string verb;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    words >> verb >> first >> second;
    const std::size_t writer = first % kWriters;
    if (verb == "write" || verb == "async") {
      if (!busy_.insert(writer).second) return true;
      threads_.Start(op, [this, verb, writer, second] {
        verb == "write" ? Write(writer, second) : WriteAsync(writer, second);
      });
      return true;
    }
    if (verb == "flush") {
      threads_.Start(op, [this] { static_cast<void>(session_.journal().Flush()); });
      return true;
    }
    if (verb == "read") {
      threads_.Start(op, [this] { Read(); });
      return true;
    }
    if (verb == "mark") {
      threads_.Start(op, [this] { static_cast<void>(session_.journal().MarkIdle()); });
      return true;
    }
    if (verb == "join") return Join();
    if (verb == "reopen" || verb == "die") {
      JoinAll();
      verb == "die" ? session_.Die() : session_.Stop();
      return session_.Start();
    }
    history_.Violate("32-operation-succeeds", fmt::format("unknown operation '{}'", op));
    return false;
  }

 private:
  absl::Status Serve(const Journal& journal) {
    VFS_ASSIGN_OR_RETURN(const auto records, ReadJournal(journal));
    const auto written = WrittenIn(records);
    if (!written.ok()) {
      history_.Violate("25-records-are-whole-and-in-order", vfs::Message(written.status()));
      return absl::OkStatus();
    }
    for (std::size_t writer = 0; writer < kWriters; ++writer)
      history_.Serve(DomainOf(writer), ValueOf((*written)[writer].count));
    written_ = *written;
    return absl::OkStatus();
  }

  void JoinAll() {
    threads_.Join();
    busy_.clear();
  }

  // After a failure the program starts again, as it would as a process.
  bool Join() {
    JoinAll();
    if (session_.journal().Health().ok()) return true;
    session_.Die();
    return session_.Start();
  }

  // Only its own thread writes a writer's counts.
  bool Acknowledged(std::size_t writer, Lsn lsn) {
    history_.Acknowledge(DomainOf(writer));
    Written& written = written_[writer];
    if (lsn <= written.last) {
      history_.Violate(
          "25-records-are-whole-and-in-order",
          fmt::format("writer {} was given LSN {} after LSN {}", writer, lsn, written.last));
      return false;
    }
    if (lsn > session_.journal().LastFlushedLsn()) {
      history_.Violate("26-acknowledged-is-present",
                       fmt::format("LSN {} is acknowledged, LSN {} is durable", lsn,
                                   session_.journal().LastFlushedLsn()));
      return false;
    }
    written = {.count = written.count + 1, .last = lsn};
    return true;
  }

  void Write(std::size_t writer, std::uint64_t count) {
    const vfs::Step step("client.write");
    for (std::uint64_t i = 0; i < count; ++i) {
      const Written& written = written_[writer];
      history_.Attempt(DomainOf(writer), ValueOf(written.count + 1));
      const auto lsn =
          session_.journal().Append(kJournalType, BodyOf(writer, written.count + 1, written.last));
      // It may be there or not, so this writer says nothing more until a restart tells.
      if (!lsn.ok() || !Acknowledged(writer, *lsn)) return;
    }
  }

  void WriteAsync(std::size_t writer, std::uint64_t count) {
    const vfs::Step step("client.write");
    for (std::uint64_t i = 0; i < count; ++i) {
      const Written& written = written_[writer];
      history_.Attempt(DomainOf(writer), ValueOf(written.count + 1));
      auto handle = session_.journal().AppendAsync(kJournalType,
                                                   BodyOf(writer, written.count + 1, written.last));
      if (!handle.ok()) return;
      const auto lsn = handle->Wait();
      if (!lsn.ok() || !Acknowledged(writer, *lsn)) return;
    }
  }

  // What is read while others write is whole and in order too.
  void Read() {
    const Journal& journal = session_.journal();
    const Lsn durable = journal.LastFlushedLsn();
    const auto records = journal.Read(1, durable);
    if (!records.ok()) return;  // a fault: what is on the disk is judged after the restart
    const auto written = WrittenIn(*records);
    if (!written.ok() || records->size() != durable) {
      history_.Violate("25-records-are-whole-and-in-order",
                       written.ok() ? fmt::format("read {} of {} records", records->size(), durable)
                                    : vfs::Message(written.status()));
    }
  }

  History& history_;
  AllWritten written_{};
  std::set<std::size_t> busy_;
  JournalSession session_;
  ScriptThreads threads_;  // last: they use all of it
};

class JournalAppend final : public Scenario {
 public:
  std::string_view name() const override { return "journal/append"; }
  std::string_view description() const override {
    return "writers on threads of one journal: group commit, handles, flushes, readers, restarts";
  }
  bool has_threads() const override { return true; }

  std::vector<std::string_view> Verbs() const override {
    return {"write", "async", "flush", "read", "mark", "join", "reopen", "die"};
  }
  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort)
      return {"write 0 2", "write 1 2", "write 2 1", "join", "reopen", "write 0 1", "join"};
    return {"write 0 5", "write 1 5", "write 2 5", "async 3 4", "join",  "mark",
            "join",      "write 0 4", "async 1 4", "read",      "flush", "write 2 4",
            "join",      "die",       "write 3 3", "write 0 2", "join",  "reopen",
            "write 1 2", "write 2 2", "mark",      "join"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    std::vector<std::string> verbs{"write", "write"};
    for (const std::string_view verb : Verbs()) {
      if (prng.Chance({1, 2})) verbs.emplace_back(verb);
    }
    Script script;
    const std::uint64_t count = prng.Between(3, 16);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      const bool is_writer = verb == "write" || verb == "async";
      script.push_back(is_writer
                           ? fmt::format("{} {} {}", verb, prng.Below(kWriters), prng.Between(1, 6))
                           : verb);
    }
    script.emplace_back("join");
    return script;
  }

  void Work(World& world, History& history, const Script& script) const override {
    LiveThrough(Life(world, history), script,
                [&](const std::string& op) { world.trace().AddNote(op); });
  }

  void Recover(World& world, History& history) const override {
    LiveThrough(Life(world, history),
                {"write 0 1", "write 1 1", "join", "reopen", "write 2 1", "join"});
  }

  std::string LogicalState(World& clone) const override {
    return JournalStateText(clone, kSegmentBytes);
  }

  std::uint64_t OpenDatabases(World& clone) const override {
    return OpenJournals(clone, kSegmentBytes);
  }

  std::vector<std::string> RequiredLabels() const override {
    return {"client.write",        "journal.append",       "journal.header",
            "journal.rename",      "journal.sync",         "journal.sync.dir",
            "journal.sync.header", "journal.sync.trailer", "journal.trailer"};
  }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {"journal/tail_kept"};
  }
};

}  // namespace

std::unique_ptr<Scenario> MakeJournalAppend(const ScenarioOptions&) {
  return std::make_unique<JournalAppend>();
}

}  // namespace permafrost::sim
