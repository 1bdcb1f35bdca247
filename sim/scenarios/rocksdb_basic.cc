// The smallest complete scenario: what somebody with a RocksDB program of their own would write.
#include "sim/scenarios/rocksdb_basic.h"

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/live_through.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {
namespace {

constexpr char kPath[] = "data/db";
constexpr char kDomain[] = "db";
constexpr vfs::Family kMeta{1};
constexpr int kOpenAttempts = 3;

vfs::RocksDbOptions DbOptions(const vfs::RocksOptions& rocks) {
  vfs::RocksDbOptions options;
  options.rocks = rocks;
  options.rocks.unsynced_writes = true;
  options.rocks.queued_jobs = true;
  options.families = {"default", "meta"};
  options.write_buffer_bytes = 64U << 10;
  return options;
}

// "default/k1=v1;meta/k1=m1;" in key order, or "absent" if there is nothing.
absl::StatusOr<std::string> Dump(const vfs::RocksDb& db) {
  std::string text;
  for (const auto& [family, name] :
       {std::pair{vfs::kDefaultFamily, "default"}, std::pair{kMeta, "meta"}}) {
    VFS_ASSIGN_OR_RETURN(const auto rows, db.Scan(family, {}));
    for (const auto& [key, value] : rows) text += fmt::format("{}/{}={};", name, key, value);
  }
  return text.empty() ? std::string(kAbsent) : text;
}

// The database and the model of its content, for the length of one process life.
class Session {
 public:
  Session(World& world, History& history, const vfs::RocksOptions& rocks)
      : world_(world), history_(history), options_(DbOptions(rocks)) {}

  // Opens and serves the whole content. False: the database cannot be used; that was reported
  // unless a fault did it.
  bool Start() {
    for (int attempt = 1; attempt <= kOpenAttempts; ++attempt) {
      const std::size_t faults_before = world_.faulty().Injected().size();
      const absl::Status status = Open();
      if (status.ok()) return true;
      db_.reset();
      world_.KillProcess();
      const bool was_injected = world_.faulty().Injected().size() > faults_before;
      if (!was_injected) {
        history_.Violate("12-database-opens", vfs::Message(status));
        return false;
      }
    }
    return false;
  }

  void Stop() {
    if (db_ == nullptr) return;
    // A close that fails leaves what a death leaves; nothing is promised by closing.
    if (!db_->Close().ok()) world_.KillProcess();
    db_.reset();
  }

  void Die() {
    db_.reset();
    world_.KillProcess();
  }

  // False: nothing more can be done.
  bool Execute(const std::string& op) {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      const absl::Status status = ExecuteOnce(op);
      if (status.ok()) return true;
      // After any error the database is closed and opened again: either outcome is allowed, and the
      // open says which.
      Die();
      if (!Start()) return false;
    }
    return true;
  }

 private:
  absl::Status Open() {
    VFS_ASSIGN_OR_RETURN(db_, vfs::RocksDb::Open(world_.env(), kPath, options_));
    model_.clear();
    for (const auto& [family, name] :
         {std::pair{vfs::kDefaultFamily, "default"}, std::pair{kMeta, "meta"}}) {
      VFS_ASSIGN_OR_RETURN(const auto rows, db_->Scan(family, {}));
      for (const auto& [key, value] : rows) model_[fmt::format("{}/{}", name, key)] = value;
    }
    history_.Serve(kDomain, ModelText());
    return absl::OkStatus();
  }

  std::string ModelText() const {
    std::string text;
    for (const auto& [key, value] : model_) text += fmt::format("{}={};", key, value);
    return text.empty() ? std::string(kAbsent) : text;
  }

  absl::Status ExecuteOnce(const std::string& op) {
    std::istringstream words(op);
    std::string verb;
    std::string key;
    std::string value;
    words >> verb >> key >> value;
    if (verb == "put") return Write({{"default/" + key, value}}, vfs::SyncWrite::kYes);
    if (verb == "put-unsynced") return Write({{"default/" + key, value}}, vfs::SyncWrite::kNo);
    if (verb == "put-both")
      return Write({{"default/" + key, value}, {"meta/" + key, "m" + value}}, vfs::SyncWrite::kYes);
    if (verb == "delete") return Write({{"default/" + key, std::nullopt}}, vfs::SyncWrite::kYes);
    if (verb == "pump") {
      world_.PumpSome();
      return db_->Health();
    }
    if (verb == "flush-start") return db_->Flush(vfs::FlushWait::kNo);
    if (verb == "flush") return Flush();
    if (verb == "compact") return db_->CompactTables(vfs::kDefaultFamily);
    if (verb == "reopen") {
      Stop();
      return Start() ? absl::OkStatus() : vfs::Unavailable("reopen {}: given up", kPath);
    }
    if (verb == "die") {
      Die();
      return Start() ? absl::OkStatus() : vfs::Unavailable("reopen {}: given up", kPath);
    }
    return vfs::InvalidArgument("run rocksdb/basic: unknown operation '{}'", op);
  }

  absl::Status Write(const std::vector<std::pair<std::string, std::optional<std::string>>>& changes,
                     vfs::SyncWrite sync) {
    const vfs::Step step("client.write");
    vfs::RocksBatch batch;
    const auto before = model_;
    for (const auto& [name, value] : changes) {
      const std::size_t slash = name.find('/');
      const vfs::Family family = name.substr(0, slash) == "meta" ? kMeta : vfs::kDefaultFamily;
      if (value.has_value()) {
        batch.Put(family, name.substr(slash + 1), *value);
        model_[name] = *value;
      } else {
        batch.Delete(family, name.substr(slash + 1));
        model_.erase(name);
      }
    }
    history_.Attempt(kDomain, ModelText());
    const absl::Status status = db_->Write(batch, sync);
    if (!status.ok()) {
      model_ = before;
      return status;
    }
    if (sync == vfs::SyncWrite::kYes) history_.Acknowledge(kDomain);
    return absl::OkStatus();
  }

  absl::Status Flush() {
    VFS_RETURN_IF_ERROR(db_->Flush(vfs::FlushWait::kNo));
    world_.PumpAll();
    VFS_RETURN_IF_ERROR(db_->Health());
    history_.Acknowledge(kDomain);
    return absl::OkStatus();
  }

  World& world_;
  History& history_;
  const vfs::RocksDbOptions options_;
  std::unique_ptr<vfs::RocksDb> db_;
  std::map<std::string, std::string> model_;
};

class RocksDbBasic final : public Scenario {
 public:
  explicit RocksDbBasic(const ScenarioOptions& options) : rocks_(options.rocks) {}

  std::string_view name() const override { return "rocksdb/basic"; }
  std::string_view description() const override {
    return "a RocksDB database: synced and unsynced puts, two column families, flush, compaction, "
           "reopen, death";
  }

  std::vector<std::string_view> Verbs() const override {
    return {"put",         "put-unsynced", "put-both", "delete", "pump",
            "flush-start", "flush",        "compact",  "reopen", "die"};
  }
  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) {
      return {"put k1 v1",          "put-both k2 v2", "put-unsynced u1 x1", "flush", "put k3 v3",
              "put-unsynced u2 x2", "reopen",         "put k4 v4"};
    }
    Script script;
    for (int i = 1; i <= 5; ++i) script.push_back(fmt::format("put k{} v{}", i, i));
    script.insert(script.end(),
                  {"put-both b1 w1", "put-unsynced u1 x1", "put-unsynced u2 x2", "flush"});
    for (int i = 6; i <= 10; ++i) script.push_back(fmt::format("put k{} v{}", i, i));
    script.insert(script.end(),
                  {"delete k1", "put-both b2 w2", "flush-start", "put-unsynced u3 x3", "pump",
                   "flush", "compact", "put k2 v2b", "put-unsynced u4 x4", "reopen",
                   "put-both b1 w3", "put-unsynced u5 x5", "die", "put k11 v11"});
    return script;
  }

  Script RandomScript(vfs::Prng& prng) const override {
    constexpr const char* kVerbs[] = {"put",         "put-unsynced", "put-both", "delete", "flush",
                                      "flush-start", "pump",         "compact",  "reopen", "die"};
    std::vector<std::string> verbs{"put"};
    for (const char* verb : kVerbs) {
      if (prng.Chance({1, 2})) verbs.emplace_back(verb);
    }
    Script script;
    const std::uint64_t count = prng.Between(4, 24);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      if (verb.starts_with("put") || verb == "delete") {
        script.push_back(fmt::format("{} k{} {:x}", verb, prng.Below(6), prng.Below(1U << 20)));
      } else {
        script.push_back(verb);
      }
    }
    return script;
  }

  void Work(World& world, History& history, const Script& script) const override {
    LiveThrough(Session(world, history, rocks_), script,
                [&](const std::string& op) { world.trace().AddNote(op); });
  }

  void Recover(World& world, History& history) const override {
    LiveThrough(Session(world, history, rocks_),
                {"put epilogue 1", "put-both epilogue 2", "flush", "reopen", "put epilogue 3"});
  }

  std::string LogicalState(World& clone) const override {
    const auto db = vfs::RocksDb::Open(clone.env(), kPath, DbOptions(rocks_));
    if (!db.ok()) return "does not open: " + vfs::Message(db.status());
    const auto dump = Dump(**db);
    return dump.ok() ? *dump : "does not read: " + vfs::Message(dump.status());
  }

  std::uint64_t OpenDatabases(World& clone) const override {
    const auto db = vfs::RocksDb::Open(clone.env(), kPath, DbOptions(rocks_));
    if (!db.ok() || !Dump(**db).ok() || !(*db)->Close().ok()) return 0;
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

std::unique_ptr<Scenario> MakeRocksDbBasic(const ScenarioOptions& options) {
  return std::make_unique<RocksDbBasic>(options);
}

}  // namespace permafrost::sim
