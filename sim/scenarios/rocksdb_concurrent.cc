// Each line of a script is a thread; "join" waits for all of them.
#include "sim/scenarios/rocksdb_concurrent.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/live_through.h"
#include "sim/scenarios/script_threads.h"
#include "sim/scenarios/writer_model.h"
#include "vfs/base/check.h"
#include "vfs/base/mutex.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {
namespace {

constexpr char kPath[] = "data/db";
constexpr char kCheckpoints[] = "data";
constexpr std::size_t kWriters = 4;
constexpr int kOpenAttempts = 3;

vfs::RocksDbOptions DbOptions(const vfs::RocksOptions& rocks, bool has_threads) {
  vfs::RocksDbOptions options;
  options.rocks = rocks;
  options.rocks.unsynced_writes = true;
  options.rocks.queued_jobs = !has_threads;
  options.rocks.spins_before_waiting = false;
  options.families = {"default", "meta"};
  options.write_buffer_bytes = 64U << 10;
  options.background_jobs_max = 4;
  options.subcompactions_max = 2;
  return options;
}

std::string DomainOf(std::size_t writer) { return fmt::format("w{}", writer); }

std::string ValueOf(std::uint64_t count) {
  return count == 0 ? std::string(kAbsent) : fmt::format("{}", count);
}

// A checkpoint is there or kAbsent.
constexpr char kThere[] = "there";

// Each checkpoint has a number that no other ever has, from 1.
std::string CheckpointDomain(std::size_t number) { return fmt::format("checkpoint-{}", number); }
std::string CheckpointPath(std::size_t number) {
  return fmt::format("{}/{}", kCheckpoints, CheckpointDomain(number));
}

// The configuration says how many were begun, and for each how many batches of each writer were
// written before, or that its call failed: "checkpoints=2 5,3,0,0 failed".
constexpr std::string_view kConfigKey = "checkpoints=";
constexpr std::string_view kFailed = "failed";

// Empty: its call failed.
using CheckpointContent = WriterCounts;

std::string ConfigOf(const std::vector<CheckpointContent>& checkpoints) {
  std::string text = fmt::format("{}{}", kConfigKey, checkpoints.size());
  for (const CheckpointContent& counts : checkpoints) {
    text += ' ';
    text += counts.empty() ? kFailed : fmt::format("{}", fmt::join(counts, ","));
  }
  return text;
}

std::vector<CheckpointContent> CheckpointsOf(const std::string& config) {
  VFS_CHECK(config.starts_with(kConfigKey), "config '{}'", config);
  std::istringstream words(config.substr(kConfigKey.size()));
  std::size_t count = 0;
  words >> count;
  std::vector<CheckpointContent> checkpoints(count);
  for (CheckpointContent& counts : checkpoints) {
    std::string word;
    words >> word;
    if (word == kFailed) continue;
    std::istringstream numbers(word);
    for (std::string number; std::getline(numbers, number, ',');)
      counts.push_back(vfs::ParseNumber<std::uint64_t>(number).value_or(0));
    VFS_CHECK(counts.size() == kWriters, "config '{}'", config);
  }
  return checkpoints;
}

// One process life of the program.
class Session {
 public:
  Session(World& world, History& history, const vfs::RocksOptions& rocks)
      : world_(world),
        history_(history),
        options_(DbOptions(rocks, world.has_threads())),
        attempted_(kWriters, 0),
        written_(kWriters, 0),
        checkpoints_(CheckpointsOf(history.config())),
        threads_(world) {}

  // Opens, judges and serves the whole content. False: the database cannot be used.
  bool Start() {
    for (int attempt = 1; attempt <= kOpenAttempts; ++attempt) {
      const std::size_t faults_before = world_.faulty().Injected().size();
      const absl::Status status = Open();
      if (status.ok()) return true;
      db_.reset();
      if (world_.faulty().Injected().size() == faults_before) {
        history_.Violate("12-database-opens", vfs::Message(status));
        return false;
      }
    }
    return false;
  }

  bool Execute(const std::string& op) {
    std::istringstream words(op);
    std::string verb;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    words >> verb >> first >> second;
    if (verb == "write") {
      const std::size_t writer = first % kWriters;
      if (busy_writers_.insert(writer).second)
        threads_.Start(op, [this, writer, second] { Write(writer, second); });
    } else if (verb == "read") {
      threads_.Start(op, [this, first] { Read(first); });
    } else if (verb == "flush") {
      threads_.Start(op, [this, first] { Flush(first); });
    } else if (verb == "compact") {
      threads_.Start(op, [this, first] { Compact(first); });
    } else if (verb == "checkpoint") {
      threads_.Start(op, [this, first] { Checkpoint(first); });
    } else if (verb == "join") {
      JoinAll();
    } else if (verb == "reopen") {
      return Reopen();
    } else {
      history_.Violate("32-operation-succeeds", fmt::format("unknown operation '{}'", op));
      return false;
    }
    return true;
  }

  bool Reopen() {
    Stop();
    return Start();
  }

  void Stop() {
    JoinAll();
    if (db_ == nullptr) return;
    static_cast<void>(db_->Close());  // nothing is promised by closing
    db_.reset();
  }

 private:
  absl::Status Open() {
    VFS_ASSIGN_OR_RETURN(db_, vfs::RocksDb::Open(world_.env(), kPath, options_));
    VFS_ASSIGN_OR_RETURN(const Content content, ReadContent(*db_, nullptr));
    const auto counts = CountsOf(content, kWriters);
    if (!counts.ok()) {
      history_.Violate("25-batches-are-whole-and-in-order", vfs::Message(counts.status()));
      return absl::OkStatus();
    }
    for (std::size_t writer = 0; writer < kWriters; ++writer)
      history_.Serve(DomainOf(writer), ValueOf((*counts)[writer]));
    attempted_ = *counts;
    written_ = *counts;
    return ServeCheckpoints();
  }

  absl::Status ServeCheckpoints() {
    for (std::size_t number = 1; number <= checkpoints_.size(); ++number) {
      // A sync of its name may have failed, and no later one proves anything (D4): nobody asks for
      // it again.
      if (checkpoints_[number - 1].empty()) continue;
      VFS_ASSIGN_OR_RETURN(const bool is_there, HoldsCheckpoint(number));
      history_.Serve(CheckpointDomain(number), is_there ? kThere : kAbsent);
    }
    return absl::OkStatus();
  }

  // Whether a whole one is there. What a cut leaves of one that was being made may be nothing, not
  // open, or lack rows: that is as good as none, unless it was acknowledged.
  absl::StatusOr<bool> HoldsCheckpoint(std::size_t number) {
    const std::string path = CheckpointPath(number);
    vfs::FileSystem& fs = *world_.env().fs;
    VFS_ASSIGN_OR_RETURN(const bool exists, fs.Exists(path));
    if (!exists) return false;
    // The answer stands on these names, found and not yet settled (D8).
    VFS_RETURN_IF_ERROR(fs.SyncDir(path));
    VFS_RETURN_IF_ERROR(fs.SyncDir(kCheckpoints));
    const std::size_t faults_before = world_.faulty().Injected().size();
    const absl::Status status = JudgeCheckpoint(path, checkpoints_[number - 1]);
    if (status.ok()) return true;
    if (world_.faulty().Injected().size() != faults_before) return status;
    history_.Note(fmt::format("{}: {}", path, vfs::Message(status)));
    return false;
  }

  // kDataLoss unless it holds whole batches, at least those `written` before it was begun.
  absl::Status JudgeCheckpoint(const std::string& path, const WriterCounts& written) const {
    VFS_ASSIGN_OR_RETURN(const Content content, ReadCheckpoint(path));
    VFS_ASSIGN_OR_RETURN(const WriterCounts counts, CountsOf(content, kWriters));
    for (std::size_t writer = 0; writer < kWriters; ++writer) {
      if (counts[writer] >= written[writer]) continue;
      return vfs::DataLoss("{} batches of writer {}, {} were written before", counts[writer],
                           writer, written[writer]);
    }
    return absl::OkStatus();
  }
  absl::StatusOr<Content> ReadCheckpoint(const std::string& path) const {
    VFS_ASSIGN_OR_RETURN(const auto copy, vfs::RocksDb::OpenReadOnly(world_.env(), path, options_));
    return ReadContent(*copy, nullptr);
  }

  void JoinAll() {
    threads_.Join();
    busy_writers_.clear();
  }

  WriterCounts Attempted() const {
    const vfs::MutexLock lock(&mu_);
    return attempted_;
  }
  WriterCounts Written() const {
    const vfs::MutexLock lock(&mu_);
    return written_;
  }
  void Set(WriterCounts& counts, std::size_t writer, std::uint64_t count) {
    const vfs::MutexLock lock(&mu_);
    counts[writer] = count;
  }

  // A failed operation ends its thread: both outcomes are allowed, and the next open says which.
  bool Went(const absl::Status& status, std::string_view what) {
    if (status.ok()) return true;
    if (world_.faulty().Injected().empty())
      history_.Violate("32-operation-succeeds", fmt::format("{}: {}", what, vfs::Message(status)));
    return false;
  }

  void Write(std::size_t writer, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const vfs::Step step("client.write");
      const WriterCounts seen = Written();
      const std::uint64_t number = Attempted()[writer] + 1;
      // A batch that failed may be there: the writer would have to ask before it goes on.
      if (number != seen[writer] + 1) return;
      const vfs::RocksBatch batch = BatchOf(writer, number, seen);
      const bool is_synced = IsSynced(writer, number);
      Set(attempted_, writer, number);
      history_.Attempt(DomainOf(writer), ValueOf(number));
      const absl::Status status =
          db_->Write(batch, is_synced ? vfs::SyncWrite::kYes : vfs::SyncWrite::kNo);
      if (!Went(status, "write")) return;
      Set(written_, writer, number);
      if (is_synced) history_.Acknowledge(DomainOf(writer));
    }
  }

  // Snapshots must hold what was written before they were taken, whole and in order.
  void Read(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      const WriterCounts before = Written();
      const auto snapshot = db_->Snapshot();
      const auto content = ReadContent(*db_, snapshot.get());
      if (!Went(content.status(), "read")) return;
      Judge(*content, before, "snapshot");
    }
  }

  void Judge(const Content& content, const WriterCounts& before, std::string_view where) {
    const auto counts = CountsOf(content, kWriters);
    if (!counts.ok()) {
      history_.Violate("25-batches-are-whole-and-in-order",
                       fmt::format("{}: {}", where, vfs::Message(counts.status())));
      return;
    }
    const WriterCounts begun = Attempted();
    for (std::size_t writer = 0; writer < kWriters; ++writer) {
      if ((*counts)[writer] >= before[writer] && (*counts)[writer] <= begun[writer]) continue;
      history_.Violate(
          "37-reads-are-current",
          fmt::format("{}: {} batches of writer {}, {} were written before, {} begun", where,
                      (*counts)[writer], writer, before[writer], begun[writer]));
    }
  }

  void Flush(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      const auto wait = world_.has_threads() ? vfs::FlushWait::kYes : vfs::FlushWait::kNo;
      const absl::Status status = db_->Flush(wait);
      if (!world_.has_threads()) world_.PumpAll();
      if (!Went(status, "flush")) return;
    }
  }

  void Compact(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      const absl::Status status = db_->CompactTables(vfs::kDefaultFamily);
      // Somebody else's compaction has the same tables: nothing was promised.
      if (status.ok() || absl::IsAborted(status) || absl::IsInvalidArgument(status)) continue;
      if (!Went(status, "compact")) return;
    }
  }

  // Its number. `written`: what it must hold.
  std::size_t BeginCheckpoint(const WriterCounts& written) {
    const vfs::MutexLock lock(&mu_);
    checkpoints_.push_back(written);
    history_.Configure(ConfigOf(checkpoints_));
    history_.Attempt(CheckpointDomain(checkpoints_.size()), kThere);
    return checkpoints_.size();
  }

  void GiveUpCheckpoint(std::size_t number) {
    const vfs::MutexLock lock(&mu_);
    checkpoints_[number - 1].clear();
    history_.Configure(ConfigOf(checkpoints_));
  }

  void Checkpoint(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) {
      const WriterCounts before = Written();
      const std::size_t number = BeginCheckpoint(before);
      const std::string path = CheckpointPath(number);
      const absl::Status made = db_->Checkpoint(path);
      if (!made.ok()) GiveUpCheckpoint(number);
      if (!Went(made, "checkpoint")) return;
      history_.Acknowledge(CheckpointDomain(number));
      const auto content = ReadCheckpoint(path);
      if (!Went(content.status(), "read checkpoint")) return;
      Judge(*content, before, path);
    }
  }

  World& world_;
  History& history_;
  const vfs::RocksDbOptions options_;
  std::unique_ptr<vfs::RocksDb> db_;
  mutable vfs::Mutex mu_;
  WriterCounts attempted_;                      // begun
  WriterCounts written_;                        // returned OK
  std::vector<CheckpointContent> checkpoints_;  // begun, of all lives: what each must hold
  std::set<std::size_t> busy_writers_;
  ScriptThreads threads_;  // last: they use all of it
};

class RocksDbConcurrent final : public Scenario {
 public:
  explicit RocksDbConcurrent(const ScenarioOptions& options) : rocks_(options.rocks) {}

  std::string_view name() const override { return "rocksdb/concurrent"; }
  std::string_view description() const override {
    return "threads on one RocksDB: four writers, synced and unsynced, two column families, a "
           "reader with snapshots, flushes, compactions, checkpoints";
  }
  bool has_threads() const override { return true; }
  std::string FirstConfig() const override { return ConfigOf({}); }

  std::vector<std::string_view> Verbs() const override {
    return {"write", "read", "flush", "compact", "checkpoint", "join", "reopen"};
  }
  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) {
      return {"write 0 3", "write 1 3", "read 2", "flush 1", "join", "write 0 2", "compact 1"};
    }
    return {"write 0 8", "write 1 8",    "write 2 8", "write 3 8", "read 4",    "flush 2",
            "compact 1", "checkpoint 1", "join",      "reopen",    "write 0 5", "write 1 5",
            "write 2 5", "read 2",       "flush 1",   "compact 2"};
  }
  Script RandomScript(vfs::Prng& prng) const override {
    Script script;
    const std::uint64_t phases = prng.Between(1, 2);
    for (std::uint64_t phase = 0; phase < phases; ++phase) {
      if (phase > 0) script.emplace_back(prng.Chance({1, 2}) ? "join" : "reopen");
      const std::uint64_t writers = prng.Between(1, kWriters);
      for (std::uint64_t writer = 0; writer < writers; ++writer)
        script.push_back(fmt::format("write {} {}", writer, prng.Between(1, 8)));
      for (const char* verb : {"read", "flush", "compact", "checkpoint"}) {
        if (prng.Chance({1, 2})) script.push_back(fmt::format("{} {}", verb, prng.Between(1, 2)));
      }
    }
    return script;
  }

  void Work(World& world, History& history, const Script& script) const override {
    LiveThrough(Session(world, history, rocks_), script,
                [&](const std::string& op) { history.Note(op); });
  }

  void Recover(World& world, History& history) const override {
    LiveThrough(Session(world, history, rocks_), {"write 0 1", "write 1 1", "join", "flush 1",
                                                  "reopen", "write 2 1", "join", "flush 1"});
  }

  std::string LogicalState(World& clone) const override {
    const auto db = vfs::RocksDb::Open(clone.env(), kPath, DbOptions(rocks_, false));
    if (!db.ok()) return "does not open: " + vfs::Message(db.status());
    const auto content = ReadContent(**db, nullptr);
    if (!content.ok()) return "does not read: " + vfs::Message(content.status());
    std::string text;
    for (const auto& [key, value] : content->rows) text += fmt::format("{}={};", key, value);
    for (const auto& [key, value] : content->meta) text += fmt::format("meta/{}={};", key, value);
    return text;
  }

  std::uint64_t OpenDatabases(World& clone) const override {
    const auto db = vfs::RocksDb::Open(clone.env(), kPath, DbOptions(rocks_, false));
    if (!db.ok() || !ReadContent(**db, nullptr).ok() || !(*db)->Close().ok()) return 0;
    return 1;
  }

  std::vector<std::string> RequiredLabels() const override { return {"client.write"}; }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }

 private:
  const vfs::RocksOptions rocks_;
};

}  // namespace

std::unique_ptr<Scenario> MakeRocksDbConcurrent(const ScenarioOptions& options) {
  return std::make_unique<RocksDbConcurrent>(options);
}

}  // namespace permafrost::sim
