// Tailers against everything that a writer may do, whatever the order: no gap, no repeat, and
// nothing that a power cut could take away.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/journal/tailer.h"
#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/journal/follower.h"
#include "vfs/base/check.h"
#include "vfs/base/probe.h"
#include "vfs/call.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine::journal {
namespace {

using testing::AppendUpTo;
using testing::BodyOf;
using testing::BootOptions;
using testing::BootTailOptions;
using testing::Follower;
using testing::JournalWorld;
using testing::kDir;
using testing::kType;
using testing::TailOptions;

using Bodies = std::map<Lsn, std::string>;

// The disk as a power cut may leave it. `kind` kNone: nothing that was not synced is there.
std::vector<sim::DiskState> Cut(const sim::DiskState& disk,
                                sim::Personality::Kind kind,
                                std::uint64_t images) {
  std::vector<sim::DiskState> cut;
  const sim::CrashImages all(disk, {.kind = kind}, {.images_max = images});
  all.ForEach([&](const sim::CrashImage& image) {
    cut.push_back(image.state);
    return true;
  });
  return cut;
}

// What is wrong when a restart on this disk does not serve these records; "" when it does.
std::string LostOf(const sim::DiskState& disk, const Bodies& returned) {
  JournalWorld world(disk);
  const auto journal = world.Open(BootOptions());
  if (!journal.ok()) return vfs::Message(journal.status());
  const Lsn needed = (*journal)->state().first_needed.lsn;
  for (auto at = returned.lower_bound(needed); at != returned.end(); ++at) {
    const auto record = (*journal)->Get(at->first);
    if (!record.ok()) return vfs::Message(record.status());
    if (record->body != at->second) return fmt::format("LSN {} is another", at->first);
  }
  return "";
}

// One tailer of the property, with what it was told.
struct Reader {
  std::string name;
  bool is_inside = false;
  bool knows_boot = false;
  bool is_deep = false;
  Lsn next = 1;
  std::shared_ptr<Tailer> tailer = nullptr;
};

class Life {
 public:
  explicit Life(std::uint64_t seed) : prng_(seed) {
    VFS_CHECK(world_.disk().MakeDir(kDir).ok(), "make {}", kDir);
    readers_ = {{.name = "inside", .is_inside = true},
                {.name = "outside", .knows_boot = true},
                {.name = "deep", .knows_boot = true, .is_deep = true},
                {.name = "stranger"},
                {.name = "sleeper", .knows_boot = true}};
    Start();
  }

  void Run(int steps) {
    for (int i = 0; i < steps && wrong.empty(); ++i) {
      Write();
      Learn();
      Reader& reader = readers_[prng_.Below(readers_.size())];
      if (reader.name != "sleeper" || prng_.Chance({1, 10})) Poll(reader);
      if (i % 25 == 24) CheckCut();
    }
    Finish();
  }

  std::string wrong;
  int restarts = 0;
  int poisons = 0;
  int truncated = 0;   // tailers that were overtaken
  int dead_polls = 0;  // polls that gave something while there was no writer
  std::uint64_t returned_records = 0;

 private:
  void Start() {
    ++restarts;
    constexpr const char* kEffects[] = {"fail", "fail:reverted", "fail:clean"};
    const std::string plan = prng_.Chance({1, 2})
                                 ? fmt::format("when sync_data nth={} then {}",
                                               prng_.Between(1, 60), kEffects[prng_.Below(3)])
                                 : "";
    faulty_ = std::make_unique<faults::FaultyFileSystem>(&world_.disk(), *faults::ParsePlan(plan));
    JournalOptions options = BootOptions();
    options.batch_size = 5;
    auto opened = Journal::Open(world_.Env(faulty_.get()), kDir, options);
    if (!opened.ok()) return Say("open", opened.status());
    journal_ = *std::move(opened);
    // What was durable is as it was; what a recovery keeps is durable from now on.
    Bodies served;
    const absl::Status replayed = journal_->Replay([&](const JournalRecord& record) {
      served[record.lsn] = record.body;
      return absl::OkStatus();
    });
    if (!replayed.ok()) Say("replay", replayed);
    for (auto at =
             durable_.lower_bound(served.empty() ? durable_.size() + 1 : served.begin()->first);
         at != durable_.end(); ++at) {
      if (served[at->first] != at->second) wrong += fmt::format("LSN {} is lost; ", at->first);
    }
    durable_.merge(served);
    given_.clear();
    last_ = journal_->LastFlushedLsn();
  }

  void Stop(bool is_closed) {
    if (is_closed) journal_->Close().IgnoreError();  // a poisoned one says so again
    Learn();
    journal_.reset();
    if (prng_.Chance({1, 2}) && !world_.disk().DropCaches().ok()) wrong += "drop; ";
  }

  // A body that no other record has.
  std::string Body() { return fmt::format("{}-{}", ++bodies_, std::string(prng_.Below(200), 'x')); }
  void Give(const absl::StatusOr<Lsn>& lsn, const std::string& body) {
    if (lsn.ok()) given_[*lsn] = body;
  }

  void Write() {
    if (journal_ == nullptr) {
      if (prng_.Chance({1, 3})) Start();
      return;
    }
    const std::uint64_t choice = prng_.Below(100);
    if (choice < 40) {
      const std::string body = Body();
      Give(journal_->Append(kType, body), body);
    } else if (choice < 55) {
      std::vector<std::string> bodies(prng_.Between(2, 8));
      std::vector<absl::StatusOr<PendingAppend>> handles;
      for (std::string& body : bodies) {
        body = Body();
        handles.push_back(journal_->AppendAsync(kType, body));
      }
      for (std::size_t i = bodies.size(); i-- > 0;) {
        if (handles[i].ok()) Give(handles[i]->Wait(), bodies[i]);
      }
    } else if (choice < 75) {
      const std::string body = Body();
      Give(journal_->Buffer(kType, body), body);
    } else if (choice < 82) {
      journal_->Flush().IgnoreError();  // its health is looked at below
    } else if (choice < 85) {
      journal_->MarkIdle().IgnoreError();  // as above
    } else if (choice < 93) {
      Truncate();
    } else {
      return Stop(choice < 95);
    }
    if (!journal_->Health().ok() && prng_.Chance({1, 2})) {
      ++poisons;
      Stop(prng_.Chance({1, 2}));
    }
  }

  void Truncate() {
    if (!journal_->Health().ok()) return;
    Lsn before = journal_->LastFlushedLsn() + 1;
    const bool is_behind_all = prng_.Chance({9, 10});
    const bool are_all_away = prng_.Chance({1, 3});
    for (Reader& reader : readers_) {
      if (are_all_away) reader.tailer.reset();
      if (reader.tailer != nullptr && is_behind_all) before = std::min(before, reader.next);
    }
    const absl::Status done = journal_->TruncateBefore(before);
    if (!done.ok() && journal_->Health().ok()) Say("truncate", done);
  }

  // Takes over what the writer calls durable.
  void Learn() {
    if (journal_ != nullptr) last_ = std::max(last_, journal_->LastFlushedLsn());
    for (auto at = given_.begin(); at != given_.end() && at->first <= last_;)
      durable_.insert(given_.extract(at++));
  }

  void Open(Reader& reader) {
    TailerOptions options =
        reader.knows_boot ? BootTailOptions(reader.name) : TailOptions(reader.name);
    options.from_lsn = reader.next;
    options.is_deep = reader.is_deep;
    if (reader.is_inside) options.durable_lsn = [this] { return last_; };
    auto opened = Tailer::Open(&world_.disk(), kDir, options);
    if (!opened.ok()) return Say("tailer", opened.status());
    reader.tailer = *std::move(opened);
  }

  void Poll(Reader& reader) {
    if (reader.tailer == nullptr) return prng_.Chance({1, 4}) ? Open(reader) : void();
    if (prng_.Chance({1, 30})) return reader.tailer.reset();
    Advance(reader, prng_.Chance({1, 2}) ? 1000 : prng_.Between(1, 6));
  }

  void Advance(Reader& reader, std::size_t limit) {
    const auto records = reader.tailer->Next(limit);
    if (records.status().code() == absl::StatusCode::kOutOfRange) {
      ++truncated;
      // It was overtaken: on with what is there.
      const std::string text = vfs::Message(records.status());
      const Lsn first = std::stoull(text.substr(text.rfind(' ') + 1));
      if (first <= reader.next) wrong += text;
      reader.tailer.reset();
      reader.next = first;
      return;
    }
    if (!records.ok()) return Say(reader.name, records.status());
    if (journal_ == nullptr && !records->empty()) ++dead_polls;
    for (const JournalRecord& record : *records) Take(reader, record);
  }

  void Take(Reader& reader, const JournalRecord& record) {
    const auto known = durable_.find(record.lsn);
    if (record.lsn != reader.next) {
      wrong += fmt::format("{}: LSN {} instead of {}; ", reader.name, record.lsn, reader.next);
    } else if (known == durable_.end()) {
      wrong += fmt::format("{}: LSN {} is not durable; ", reader.name, record.lsn);
    } else if (known->second != record.body) {
      wrong += fmt::format("{}: LSN {} is '{}'; ", reader.name, record.lsn, record.body);
    }
    reader.next = record.lsn + 1;
    returned_[record.lsn] = record.body;
    ++returned_records;
  }

  // Whatever was returned is there after a cut that takes all it can.
  void CheckCut() {
    for (const sim::DiskState& disk :
         Cut(world_.disk().CopyState(), sim::Personality::Kind::kNone, 1))
      wrong += LostOf(disk, returned_);
  }

  // With a writer that is closed in good order, each tailer ends where the log ends.
  void Finish() {
    while (wrong.empty()) {
      if (journal_ == nullptr) Start();
      const bool is_closed = journal_ != nullptr && journal_->Close().ok();
      Learn();
      journal_.reset();
      if (is_closed) break;
    }
    for (Reader& reader : readers_) {
      for (int polls = 0; reader.next <= last_ && wrong.empty(); ++polls) {
        if (reader.tailer == nullptr) Open(reader);
        if (reader.tailer != nullptr) Advance(reader, 1000);
        if (polls == 1000) wrong += fmt::format("{} stays at {}; ", reader.name, reader.next);
      }
    }
  }

  void Say(const std::string& who, const absl::Status& status) {
    wrong += who + ": " + vfs::Message(status) + "; ";
  }

  vfs::Prng prng_;
  JournalWorld world_;
  std::unique_ptr<faults::FaultyFileSystem> faulty_;
  std::unique_ptr<Journal> journal_;  // null: no writer
  std::vector<Reader> readers_;
  std::uint64_t bodies_ = 0;
  Bodies given_;    // by the writer that lives, not known to be durable
  Bodies durable_;  // ever
  Bodies returned_;
  Lsn last_ = 0;  // durable, as the last writer said
};

TEST(TailerRandom, SeveralTailersSeeWhatWasAcknowledgedAndNothingElse) {
  int restarts = 0;
  int poisons = 0;
  int truncated = 0;
  int dead_polls = 0;
  std::uint64_t records = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Life life(seed);
    life.Run(500);
    ASSERT_EQ(life.wrong, "") << "seed " << seed;
    restarts += life.restarts;
    poisons += life.poisons;
    truncated += life.truncated;
    dead_polls += life.dead_polls;
    records += life.returned_records;
  }
  EXPECT_GT(restarts, 100);
  EXPECT_GT(poisons, 100);
  EXPECT_GT(truncated, 20);
  EXPECT_GT(dead_polls, 50);
  EXPECT_GT(records, 10'000U);
  const auto probes = vfs::ProbeCounts();
  EXPECT_GT(probes.at("journal/rolled"), 100U);
  EXPECT_GT(probes.at("journal/segment_recycled"), 20U);
  EXPECT_GT(probes.at("journal/tail_kept"), 50U);
}

// Keeps the disk as it was before each call that changes something.
class EachCall final : public vfs::CallObserver {
 public:
  explicit EachCall(const sim::SimFileSystem* disk) : disk_(disk) {}
  void OnBegin(const vfs::Call& call) override {
    if (vfs::IsMutating(call.kind)) points.push_back(disk_->state());
  }
  void OnEnd(const vfs::Call&, const absl::Status&) override {}

  std::vector<sim::DiskState> points;

 private:
  const sim::SimFileSystem* const disk_;
};

// The writer dies before each of its calls in turn. What a tailer then returns survives a power
// cut, although nobody but the tailer was there to settle it.
TEST(TailerRandom, WhereverTheWriterDiesWhatIsReturnedSurvivesACut) {
  JournalWorld world;
  EachCall each(&world.disk());
  vfs::RecordingFileSystem recording(&world.disk(), &each);
  for (Lsn last = 12; last <= 48; last += 12) {
    ASSERT_OK_AND_ASSIGN(const auto journal,
                         Journal::Open(world.Env(&recording), kDir, BootOptions()));
    AppendUpTo(*journal, last - 3);
    for (Lsn lsn = last - 2; lsn <= last; ++lsn) ASSERT_OK(journal->Buffer(kType, BodyOf(lsn)));
    ASSERT_OK(journal->Flush());
    if (last == 36) {
      ASSERT_OK(journal->TruncateBefore(20));
    }
  }
  ASSERT_GT(each.points.size(), 150U);
  std::uint64_t returned = 0;
  for (const sim::DiskState& point : each.points) {
    for (const bool knows_boot : {false, true}) {
      sim::SimFileSystem disk(point);
      disk.KillProcess();
      if (!*disk.Exists(kDir)) continue;
      TailerOptions options = knows_boot ? BootTailOptions() : TailOptions();
      ASSERT_OK_AND_ASSIGN(const JournalState state, ReadState(&disk, kDir));
      options.from_lsn = state.first_needed.lsn;
      Follower tail(&disk, options);
      const Lsn last = tail.Drain();
      ASSERT_OK(tail.status());
      ASSERT_EQ(tail.wrong(), "");
      Bodies bodies;
      for (Lsn lsn = options.from_lsn; lsn <= last; ++lsn) bodies[lsn] = BodyOf(lsn);
      returned += bodies.size();
      for (const auto& [kind, images] : {std::pair(sim::Personality::Kind::kNone, 1U),
                                         std::pair(sim::Personality::Kind::kStrict, 8U)}) {
        for (const sim::DiskState& image : Cut(disk.CopyState(), kind, images))
          ASSERT_EQ(LostOf(image, bodies), "");
      }
    }
  }
  EXPECT_GT(returned, 5000U);
}

// The writer dies before it syncs a record, and the next one in its recovery, which keeps it.
TEST(TailerRandom, ARecoverysSegmentIsBelievedWhenItsNameIsSettled) {
  JournalWorld world;
  EachCall first(&world.disk());
  vfs::RecordingFileSystem recording(&world.disk(), &first);
  {
    ASSERT_OK_AND_ASSIGN(const auto journal,
                         Journal::Open(world.Env(&recording), kDir, BootOptions()));
    AppendUpTo(*journal, 5);
  }
  int with_tail = 0;
  for (const sim::DiskState& death : first.points) {
    JournalWorld next(death);
    next.disk().KillProcess();
    EachCall second(&next.disk());
    vfs::RecordingFileSystem of_recovery(&next.disk(), &second);
    {
      ASSERT_OK_AND_ASSIGN(const auto journal,
                           Journal::Open(next.Env(&of_recovery), kDir, BootOptions()));
      ASSERT_LE(journal->LastLsn(), 5U);
      with_tail += journal->recovery().kept_bytes > 0 ? 1 : 0;
    }
    for (const sim::DiskState& point : second.points) {
      sim::SimFileSystem disk(point);
      disk.KillProcess();
      if (!*disk.Exists(kDir)) continue;
      Follower tail(&disk, TailOptions());
      const Lsn last = tail.Drain();
      ASSERT_OK(tail.status());
      Bodies bodies;
      for (Lsn lsn = 1; lsn <= last; ++lsn) bodies[lsn] = BodyOf(lsn);
      for (const sim::DiskState& image : Cut(disk.CopyState(), sim::Personality::Kind::kNone, 1))
        ASSERT_EQ(LostOf(image, bodies), "");
    }
  }
  EXPECT_GT(with_tail, 4);
}

// Every call of a tailer fails once: it says so or goes on, and leaves nothing out.
TEST(TailerRandom, AnyFailingCallIsToldAndNothingIsLeftOut) {
  const auto follow = [](std::string_view plan, std::uint64_t& calls) {
    JournalWorld world;
    const auto journal = world.Open(BootOptions());
    VFS_CHECK(journal.ok(), "open");
    faults::FaultyFileSystem faulty(&world.disk(), *faults::ParsePlan(plan));
    int errors = 0;
    std::vector<std::unique_ptr<Tailer>> tailers;
    for (const bool knows_boot : {false, true}) {
      const TailerOptions options = knows_boot ? BootTailOptions("a") : TailOptions("b");
      auto opened = Tailer::Open(&faulty, kDir, options);
      if (!opened.ok()) opened = (++errors, Tailer::Open(&faulty, kDir, options));
      VFS_CHECK(opened.ok(), "tailer: {}", vfs::Message(opened.status()));
      tailers.push_back(*std::move(opened));
    }
    std::vector<Lsn> seen(tailers.size());
    for (Lsn last = 1; last <= 30; ++last) {
      AppendUpTo(**journal, last);
      if (last == 30) {
        ASSERT_OK((*journal)->Close());
      }
      for (std::size_t i = 0; i < tailers.size(); ++i) {
        auto records = tailers[i]->Next(100);
        if (!records.ok()) {
          ++errors;
          EXPECT_TRUE(vfs::IsInjected(records.status())) << records.status();
          records = tailers[i]->Next(100);
        }
        if (records.ok() && last == 30 && seen[i] + records->size() < 30) {
          for (const JournalRecord& record : *records) EXPECT_EQ(record.lsn, ++seen[i]);
          records = tailers[i]->Next(100);
        }
        ASSERT_OK(records);
        for (const JournalRecord& record : *records) {
          EXPECT_EQ(record.lsn, ++seen[i]);
          EXPECT_EQ(record.body, BodyOf(record.lsn));
        }
      }
    }
    for (const Lsn last : seen) EXPECT_EQ(last, 30U);
    EXPECT_LE(errors, 1);
    calls = faulty.FallibleCalls();
  };
  std::uint64_t calls = 0;
  follow("", calls);
  ASSERT_GT(calls, 200U);
  for (std::uint64_t nth = 1; nth <= calls; ++nth) {
    SCOPED_TRACE(nth);
    std::uint64_t unused = 0;
    follow(fmt::format("when any nth={} then eio", nth), unused);
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace permafrost::engine::journal
