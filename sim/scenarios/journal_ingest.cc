// The record of LSN n is a function of n, so what the record store must hold is one of its cursor.
#include "sim/scenarios/journal_ingest.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "engine/journal/record_types.h"
#include "engine/records/ingestor.h"
#include "engine/records/record_store.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/journal_session.h"
#include "sim/scenarios/live_through.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/hash.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using engine::Ingestor;
using engine::RecordStore;
using engine::RecordType;
using engine::journal::Journal;
using engine::journal::Lsn;

constexpr std::uint64_t kSegmentBytes = 2048;
constexpr char kStorePath[] = "records";
constexpr char kLog[] = "log";      // the last LSN
constexpr char kStore[] = "store";  // the next LSN that the record store applies
constexpr char kStart[] = "start";  // the first LSN that is needed
constexpr Lsn kSubjects = 3;
constexpr Lsn kAccounts = 2;

engine::RecordStoreOptions StoreOptions(const vfs::RocksOptions& rocks) {
  engine::RecordStoreOptions options{.rocks = rocks, .dir_owner = vfs::DirOwner::kAdapter};
  options.rocks.queued_jobs = true;
  return options;
}

std::string ValueOf(Lsn lsn) { return lsn == 0 ? std::string(kAbsent) : fmt::format("{}", lsn); }

using Rows = std::map<std::string, std::string>;

struct Content {
  RecordType type = RecordType::kAssertion;
  std::string body;
};

// Assertions, account syncs and epochs in turn.
Content ContentOf(Lsn lsn) {
  Content content;
  std::string json;
  switch (lsn % 3) {
    case 0:
      content.type = RecordType::kAccountSync;
      json = fmt::format(
          R"({{"peer":"p","accounts":[{{"account":"a{}","balance":"{}","nonce":"{}"}}]}})",
          lsn % kAccounts, lsn * 10, lsn);
      break;
    case 1:
      json = fmt::format(R"({{"subject":"s{}","predicate":"is {}"}})", lsn % kSubjects, lsn);
      break;
    default:
      content.type = RecordType::kEpoch;
      json =
          fmt::format(R"({{"epochId":"AAA{}","firstLedger":{}}})", lsn % 2 == 0 ? 'A' : 'B', lsn);
      break;
  }
  const auto record = engine::RecordFactory::FromJson(engine::ToString(content.type), json);
  VFS_CHECK(record.ok(), "{}: {}", json, vfs::Message(record.status()));
  content.body = record->Encode();
  return content;
}

// Every row of a store that has applied everything up to this LSN, worked out without its code.
Rows RowsThrough(Lsn last) {
  Rows payloads;
  std::map<std::string, std::set<std::string>> subjects;
  for (Lsn lsn = 1; lsn <= last; ++lsn) {
    const Content content = ContentOf(lsn);
    const auto type = static_cast<std::uint8_t>(content.type);
    const auto hash = engine::journal::ContentAddressOf(type, content.body);
    const std::string address(hash.bytes.begin(), hash.bytes.end());
    payloads[fmt::format("L:{:020d}", lsn)] = static_cast<char>(type) + address;
    switch (content.type) {
      case RecordType::kAccountSync: {
        std::string& payload = payloads[fmt::format("A:a{}", lsn % kAccounts)];
        payload.clear();
        vfs::AppendLittleEndian(payload, lsn);
        vfs::AppendLittleEndian(payload, lsn);  // its nonce
        payload += fmt::format("{}", lsn * 10);
        break;
      }
      case RecordType::kAssertion:
        payloads["H:" + hash.Hex()] = content.body;
        subjects[fmt::format("S:s{}", lsn % kSubjects)].insert(address);
        break;
      default: payloads[fmt::format("E:00000{}", lsn % 2)] = content.body; break;
    }
  }
  for (const auto& [key, addresses] : subjects) {
    for (const std::string& address : addresses) payloads[key] += address;
  }
  if (last > 0) vfs::AppendLittleEndian(payloads["meta:cursor"], last + 1);
  Rows rows;
  for (const auto& [key, payload] : payloads) {
    std::string& value = rows[key] = "\x01" + payload;
    vfs::AppendLittleEndian(value, vfs::Crc32c(key + value));
  }
  return rows;
}

// What is wrong with a store that has applied everything below its cursor; "" if nothing is.
absl::StatusOr<std::string> WrongIn(RecordStore& store) {
  const Rows expected = RowsThrough(store.cursor() - 1);
  VFS_ASSIGN_OR_RETURN(const auto scanned, store.db()->Scan(vfs::kDefaultFamily, {}));
  const Rows found(scanned.begin(), scanned.end());
  const auto [is, should] =
      std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
  if (is == found.end() && should == expected.end()) return std::string();
  const auto text = [](const Rows& rows, Rows::const_iterator row) {
    return row == rows.end()
               ? std::string("no row")
               : fmt::format("row {} of {}", row->first, vfs::HashBytes(row->second).Hex());
  };
  return fmt::format("cursor {}: {}, {} expected", store.cursor(), text(found, is),
                     text(expected, should));
}

class Life {
 public:
  Life(World& world, History& history, const vfs::RocksOptions& rocks)
      : world_(world),
        history_(history),
        rocks_(rocks),
        session_(world, history, JournalOptionsOf(kSegmentBytes), [this](const Journal& journal) {
          return Serve(journal);
        }) {}
  ~Life() { Forget(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  bool Start() { return session_.Start(); }
  void Stop() {
    ingestor_.reset();
    if (store_ != nullptr && !store_->Close().ok()) return Die();
    store_.reset();
    session_.Stop();
  }
  void Die() {
    Forget();
    session_.Die();
  }

  bool Execute(const std::string& op) {
    std::istringstream words(op);
    std::string verb;
    std::uint64_t count = 1;
    words >> verb >> count;
    if (verb == "append") {
      for (std::uint64_t i = 0; i < count; ++i)
        if (!Try([this] { return Append(); })) return false;
      return true;
    }
    if (verb == "ingest") return Try([&] { return Ingest(count); });
    if (verb == "save") return Try([this] { return ingestor_->SaveCursor(); });
    if (verb == "flush") return Try([this] { return store_->db()->Flush(vfs::FlushWait::kYes); });
    if (verb == "truncate") return Try([this] { return Truncate(); });
    if (verb == "reopen" || verb == "die") {
      verb == "die" ? Die() : Stop();
      return session_.Start();
    }
    history_.Violate("32-operation-succeeds", fmt::format("unknown operation '{}'", op));
    return false;
  }

 private:
  void Forget() {
    ingestor_.reset();
    store_.reset();
  }

  bool Try(const std::function<absl::Status()>& step) {
    constexpr int kTries = 2;
    for (int attempt = 1; attempt <= kTries; ++attempt) {
      if (step().ok()) return true;
      Die();
      if (!session_.Start()) return false;
    }
    return true;
  }

  absl::Status Serve(const Journal& journal) {
    Forget();
    VFS_ASSIGN_OR_RETURN(const auto records, ReadJournal(journal));
    for (const engine::JournalRecord& record : records) {
      const Content content = ContentOf(record.lsn);
      if (record.type != static_cast<std::uint8_t>(content.type) || record.body != content.body) {
        history_.Violate("25-records-are-whole-and-in-order",
                         fmt::format("LSN {} is of another record", record.lsn));
      }
    }
    VFS_ASSIGN_OR_RETURN(store_, RecordStore::Open(world_.env(), kStorePath, StoreOptions(rocks_)));
    VFS_ASSIGN_OR_RETURN(const std::string wrong, WrongIn(*store_));
    if (!wrong.empty()) history_.Violate("25-applied-exactly-once", wrong);
    history_.Serve(kLog, ValueOf(journal.LastFlushedLsn()));
    history_.Serve(kStore, ValueOf(store_->cursor() == 1 ? 0 : store_->cursor()));
    const Lsn needed = journal.state().first_needed.lsn;
    history_.Serve(kStart, ValueOf(needed == 1 ? 0 : needed));
    VFS_ASSIGN_OR_RETURN(ingestor_, Ingestor::Attach(&session_.journal(), store_.get(),
                                                     {.batch_records = 2, .cursor_records = 4}));
    return absl::OkStatus();
  }

  absl::Status Append() {
    const vfs::Step step("client.write");
    Journal& journal = session_.journal();
    const Lsn lsn = journal.LastLsn() + 1;
    const Content content = ContentOf(lsn);
    history_.Attempt(kLog, ValueOf(lsn));
    VFS_RETURN_IF_ERROR(
        journal.Append(static_cast<std::uint8_t>(content.type), content.body).status());
    history_.Acknowledge(kLog);
    return absl::OkStatus();
  }

  absl::Status Ingest(std::uint64_t batches) {
    for (std::uint64_t i = 0; i < batches; ++i) {
      const Lsn end = session_.journal().LastFlushedLsn() + 1;
      const Lsn next = std::min<Lsn>(store_->cursor() + 2, end);
      if (next == store_->cursor()) return absl::OkStatus();
      history_.Attempt(kStore, ValueOf(next));
      VFS_RETURN_IF_ERROR(ingestor_->Step().status());
      history_.Acknowledge(kStore);
    }
    return absl::OkStatus();
  }

  absl::Status Truncate() {
    const auto state = session_.journal().state();
    const Lsn lsn = state.need().lsn;
    const bool moves = lsn > state.first_needed.lsn;
    if (moves) history_.Attempt(kStart, ValueOf(lsn));
    VFS_RETURN_IF_ERROR(session_.journal().TruncateBefore(lsn));
    if (moves) history_.Acknowledge(kStart);
    return absl::OkStatus();
  }

  World& world_;
  History& history_;
  const vfs::RocksOptions rocks_;
  std::unique_ptr<RecordStore> store_;
  std::unique_ptr<Ingestor> ingestor_;
  JournalSession session_;
};

class JournalIngest final : public Scenario {
 public:
  explicit JournalIngest(const ScenarioOptions& options) : rocks_(options.rocks) {}

  std::string_view name() const override { return "journal/ingest"; }
  std::string_view description() const override {
    return "a journal, the ingestor and the record store: appends, batches, cursors, truncation, "
           "reopen, death";
  }

  std::vector<std::string_view> Verbs() const override {
    return {"append", "ingest", "save", "flush", "truncate", "reopen", "die"};
  }
  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) return {"append 3", "ingest 2", "append 1", "die", "ingest 1"};
    return {"append 5", "ingest 2",  "append 4", "ingest 1", "save",     "truncate", "append 7",
            "ingest 3", "truncate",  "flush",    "append 3", "die",      "ingest 4", "save",
            "truncate", "append 12", "ingest 5", "reopen",   "ingest 1", "append 2"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    std::vector<std::string> verbs{"append", "ingest"};
    for (const std::string_view verb : Verbs()) {
      if (prng.Chance({1, 2})) verbs.emplace_back(verb);
    }
    Script script;
    const std::uint64_t count = prng.Between(4, 18);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      const bool has_count = verb == "append" || verb == "ingest";
      script.push_back(has_count ? fmt::format("{} {}", verb, prng.Between(1, 6)) : verb);
    }
    return script;
  }

  void Work(World& world, History& history, const Script& script) const override {
    LiveThrough(Life(world, history, rocks_), script,
                [&](const std::string& op) { world.trace().AddNote(op); });
  }

  void Recover(World& world, History& history) const override {
    LiveThrough(Life(world, history, rocks_),
                {"ingest 40", "append 2", "save", "truncate", "ingest 1", "reopen"});
  }

  std::string LogicalState(World& clone) const override {
    const auto journal = Journal::Open(clone.env(), kJournalPath, JournalOptionsOf(kSegmentBytes));
    if (!journal.ok()) return "does not open: " + vfs::Message(journal.status());
    const auto store = RecordStore::Open(clone.env(), kStorePath, StoreOptions(rocks_));
    if (!store.ok()) return "does not open: " + vfs::Message(store.status());
    const auto rows = (*store)->db()->Scan(vfs::kDefaultFamily, {});
    if (!rows.ok()) return "does not read: " + vfs::Message(rows.status());
    std::string text = JournalStateText(**journal);
    for (const auto& [key, value] : *rows)
      text += fmt::format("{}={};", key, vfs::HashBytes(value).Hex());
    return text;
  }

  std::uint64_t OpenDatabases(World& clone) const override {
    const auto store = RecordStore::Open(clone.env(), kStorePath, StoreOptions(rocks_));
    return store.ok() && (*store)->db()->Scan(vfs::kDefaultFamily, {}).ok() ? 1 : 0;
  }

  std::vector<std::string> RequiredLabels() const override {
    return {"client.write", "journal.append", "journal.checkpoint", "journal.sync",
            "records.apply"};
  }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {"journal/tail_kept"};
  }

 private:
  const vfs::RocksOptions rocks_;
};

}  // namespace

std::unique_ptr<Scenario> MakeJournalIngest(const ScenarioOptions& options) {
  return std::make_unique<JournalIngest>(options);
}

}  // namespace permafrost::sim
