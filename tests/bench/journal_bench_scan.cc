// Reading a log to its end, opening one, and how much memory both take.
#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <set>
#include <thread>

#include <rocksdb/db.h>
#include <rocksdb/transaction_log.h>

#include "engine/journal/journal_reader.h"
#include "tests/bench/journal_bench.h"
#include "tests/bench/journal_bench_log.h"
#include "tests/bench/journal_bench_world.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/blake3.h"
#include "vfs/base/check.h"

namespace permafrost::bench {

using engine::journal::HashCheck;
using engine::journal::Journal;
using engine::journal::Lsn;
using engine::journal::ReadRecords;
using engine::journal::RecordView;
using engine::journal::Segment;

namespace {

constexpr std::size_t kKib = 1024;
constexpr std::size_t kPayloads[] = {100, kKib, 16 * kKib};

void MustRocks(const rocksdb::Status& status) { VFS_CHECK(status.ok(), "{}", status.ToString()); }

// A journal of so many payload bytes, closed as a process that stops in order does.
void MakeJournal(const std::string& root, std::size_t payload_bytes, std::uint64_t log_bytes) {
  RealWorld world(root);
  const std::unique_ptr<Journal> journal = world.OpenJournal();
  const std::string payload(payload_bytes, 'p');
  for (std::uint64_t at = 0; at < log_bytes; at += payload_bytes)
    Must(journal->Buffer(kBenchType, payload).status());
  Must(journal->Close());
}

// Replayed into a write buffer that takes all of it: no table is written by an open.
rocksdb::Options RocksOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = std::size_t{2} << 30;
  options.avoid_flush_during_recovery = true;
  return options;
}

std::unique_ptr<rocksdb::DB> OpenRocks(const std::string& root) {
  rocksdb::DB* db = nullptr;
  MustRocks(rocksdb::DB::Open(RocksOptions(), root + "/db", &db));
  return std::unique_ptr<rocksdb::DB>(db);
}

// The same payloads in RocksDB's log, a batch each.
void MakeRocks(const std::string& root, std::size_t payload_bytes, std::uint64_t log_bytes) {
  const std::unique_ptr<rocksdb::DB> db = OpenRocks(root);
  const std::string payload(payload_bytes, 'p');
  std::uint64_t next = 0;
  for (std::uint64_t at = 0; at < log_bytes; at += payload_bytes)
    MustRocks(db->Put({}, fmt::format("{:016x}", next++), payload));
  MustRocks(db->SyncWAL());
}

// Reads records and counts the bytes of their bodies.
std::uint64_t BodyBytes(const std::vector<Segment>& segments, Lsn first, Lsn last, HashCheck hash) {
  std::uint64_t bytes = 0;
  Must(ReadRecords(segments, first, last, hash, [&bytes](const RecordView& record) {
    bytes += record.body.size();
    return absl::OkStatus();
  }));
  return bytes;
}

// The two halves of the log beside each other.
std::uint64_t BodyBytesOnTwo(const std::vector<Segment>& segments, Lsn last) {
  std::uint64_t second = 0;
  std::thread beside([&] { second = BodyBytes(segments, last / 2 + 1, last, HashCheck::kYes); });
  const std::uint64_t first = BodyBytes(segments, 1, last / 2, HashCheck::kYes);
  beside.join();
  return first + second;
}

std::uint64_t RocksBodyBytes(rocksdb::DB& db, std::size_t payload_bytes) {
  std::unique_ptr<rocksdb::TransactionLogIterator> at;
  MustRocks(db.GetUpdatesSince(1, &at));
  std::uint64_t bytes = 0;
  for (; at->Valid(); at->Next()) {
    const rocksdb::BatchResult batch = at->GetBatch();
    VFS_CHECK(batch.writeBatchPtr->GetDataSize() > payload_bytes, "a batch of {} bytes",
              batch.writeBatchPtr->GetDataSize());
    bytes += payload_bytes;
  }
  MustRocks(at->status());
  return bytes;
}

// The hash alone, over one text of this length that stays in the cache.
std::uint64_t HashOnly(std::size_t payload_bytes, std::uint64_t log_bytes) {
  const std::string payload(payload_bytes, 'p');
  std::uint64_t bytes = 0;
  for (; bytes < log_bytes; bytes += payload_bytes) {
    const vfs::Blake3 hash = vfs::Blake3Of(payload);
    asm volatile("" : : "r"(&hash) : "memory");
  }
  return bytes;
}

// One of the things that a row compares.
struct Work {
  std::string name;
  std::function<std::uint64_t()> run;     // returns bytes of payload
  std::function<void()> prepare = [] {};  // not measured
  std::vector<double> rates = {};         // bytes per second, of each round
};

// Every work in every round, after one that fills caches.
void RunRounds(std::vector<Work>& works, std::size_t rounds, double (*now)()) {
  for (std::size_t round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      Work& work = works[(i + round) % works.size()];
      work.prepare();
      const double start = now();
      const std::uint64_t bytes = work.run();
      const double seconds = (now() - start) / 1e9;
      if (round > 0) work.rates.push_back(static_cast<double>(bytes) / seconds);
    }
  }
}

double RatioOf(const std::vector<Work>& works, std::string_view a, std::string_view b) {
  const auto rates = [&works](std::string_view name) {
    return std::find_if(works.begin(), works.end(),
                        [name](const Work& work) { return work.name == name; })
        ->rates;
  };
  const std::vector<double> left = rates(a);
  const std::vector<double> right = rates(b);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < left.size(); ++i) ratios.push_back(left[i] / right[i]);
  return Median(ratios);
}

void ReportWorks(const std::string& row, const std::vector<Work>& works, BenchReport& report) {
  report.text += fmt::format("\n{}: MB/s of payload\n", row);
  for (const Work& work : works) {
    const double megabytes = Median(work.rates) / 1e6;
    report.rows.push_back({row + "/" + work.name, megabytes, "MB/s"});
    report.text += fmt::format("  {:24} {:10.1f}\n", work.name, megabytes);
  }
}

void AddGoal(const std::string& row,
             const std::vector<Work>& works,
             std::string_view a,
             std::string_view b,
             double bound,
             BenchReport& report) {
  report.goals.push_back({fmt::format("{}: {} / {}", row, a, b), RatioOf(works, a, b), bound});
}

void MeasureScan(std::size_t payload_bytes, const BenchOptions& options, BenchReport& report) {
  const TempDir ours;
  const TempDir theirs;
  MakeJournal(ours.path(), payload_bytes, options.log_bytes);
  MakeRocks(theirs.path(), payload_bytes, options.log_bytes);
  RealWorld world(ours.path());
  const std::vector<Segment> segments = world.Segments();
  const Lsn last = segments.back().last_lsn;
  std::unique_ptr<rocksdb::DB> db = OpenRocks(theirs.path());
  const auto scan = [&](HashCheck hash) { return BodyBytes(segments, 1, last, hash); };
  std::vector<Work> works;
  works.push_back({.name = "crc", .run = [&] { return scan(HashCheck::kNo); }});
  works.push_back({.name = "blake3", .run = [&] { return scan(HashCheck::kYes); }});
  if (!options.is_busy) {
    works.push_back(
        {.name = "blake3_2_threads", .run = [&] { return BodyBytesOnTwo(segments, last); }});
  }
  works.push_back(
      {.name = "blake3_alone", .run = [&] { return HashOnly(payload_bytes, options.log_bytes); }});
  works.push_back(
      {.name = "rocksdb_log_reader", .run = [&] { return RocksBodyBytes(*db, payload_bytes); }});
  works.push_back({.name = "rocksdb_open",
                   .run =
                       [&] {
                         db = OpenRocks(theirs.path());
                         return options.log_bytes;
                       },
                   .prepare = [&] { db.reset(); }});
  RunRounds(works, options.rounds, options.is_busy ? NowCpuNanos : NowNanos);
  const std::string row = "scan/" + BytesName(payload_bytes);
  ReportWorks(row, works, report);
  if (payload_bytes >= kKib) {
    AddGoal(row, works, "crc", "rocksdb_log_reader", 1.3, report);
    AddGoal(row, works, "crc", "rocksdb_open", 5, report);
  }
  AddGoal(row, works, "blake3", "blake3_alone", payload_bytes <= kKib ? 0.85 : 0.6, report);
  if (!options.is_busy) AddGoal(row, works, "blake3_2_threads", "blake3", 1.5, report);
}

std::set<std::string> NamesIn(const std::string& directory) {
  std::set<std::string> names;
  DIR* const listing = ::opendir(directory.c_str());
  VFS_CHECK(listing != nullptr, "opendir {}", directory);
  while (const dirent* entry = ::readdir(listing))
    if (entry->d_name[0] != '.') names.insert(entry->d_name);
  ::closedir(listing);
  return names;
}

// Takes away what an open has added, so that the next one finds the same.
void KeepOnly(const std::string& directory, const std::set<std::string>& names) {
  for (const std::string& name : NamesIn(directory))
    if (!names.contains(name)) Must(::unlink((directory + "/" + name).c_str()), "unlink " + name);
}

void MeasureOpen(std::size_t payload_bytes, const BenchOptions& options, BenchReport& report) {
  const TempDir ours;
  const TempDir theirs;
  MakeJournal(ours.path(), payload_bytes, options.log_bytes);
  MakeRocks(theirs.path(), payload_bytes, options.log_bytes);
  const std::string directory = ours.Join(kBenchJournal);
  const std::set<std::string> names = NamesIn(directory);
  RealWorld world(ours.path());
  std::unique_ptr<Journal> journal;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<Work> works;
  works.push_back({.name = "journal",
                   .run =
                       [&] {
                         journal = world.OpenJournal();
                         return options.log_bytes;
                       },
                   .prepare =
                       [&] {
                         journal.reset();
                         KeepOnly(directory, names);
                       }});
  works.push_back({.name = "rocksdb_open",
                   .run =
                       [&] {
                         db = OpenRocks(theirs.path());
                         return options.log_bytes;
                       },
                   .prepare = [&] { db.reset(); }});
  RunRounds(works, options.rounds, NowNanos);
  const std::string row = "open/" + BytesName(payload_bytes);
  ReportWorks(row, works, report);
  if (payload_bytes != kKib) AddGoal(row, works, "journal", "rocksdb_open", 2, report);
}

// The line of /proc/self/status with this name, in KiB.
double StatusKib(std::string_view name) {
  std::FILE* const file = std::fopen("/proc/self/status", "re");
  VFS_CHECK(file != nullptr, "no /proc/self/status");
  char line[256];
  double kib = -1;
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::string_view(line).starts_with(name))
      kib = std::strtod(line + name.size() + 1, nullptr);
  }
  std::fclose(file);
  return kib;
}

// Of a process of its own: the allocator of this one holds what earlier rows gave back.
double PeakKibOfChild(std::string_view what, const std::string& root) {
  char self[4096] = {};
  Must(::readlink("/proc/self/exe", self, sizeof(self) - 1), "readlink");
  const std::string command = fmt::format("'{}' --peak {} '{}'", self, what, root);
  std::FILE* const output = ::popen(command.c_str(), "re");
  VFS_CHECK(output != nullptr, "popen {}", command);
  char line[64] = {};
  VFS_CHECK(std::fgets(line, sizeof(line), output) != nullptr, "{}: no output", command);
  VFS_CHECK(::pclose(output) == 0, "{}: failed", command);
  return std::strtod(line, nullptr);
}

}  // namespace

double PeakKibOf(std::string_view what, const std::string& root) {
  RealWorld world(root);
  ::malloc_trim(0);
  const double before = StatusKib("VmHWM");
  if (what == "open") {
    world.OpenJournal();
  } else {
    const std::vector<Segment> segments = world.Segments();
    BodyBytes(segments, 1, segments.back().last_lsn, HashCheck::kYes);
  }
  return StatusKib("VmHWM") - before;
}

void MeasureScans(const BenchOptions& options, BenchReport& report) {
  for (const std::size_t payload_bytes : kPayloads)
    if (IsWanted(options, "scan/" + BytesName(payload_bytes)))
      MeasureScan(payload_bytes, options, report);
}

void MeasureOpens(const BenchOptions& options, BenchReport& report) {
  for (const std::size_t payload_bytes : kPayloads)
    if (IsWanted(options, "open/" + BytesName(payload_bytes)))
      MeasureOpen(payload_bytes, options, report);
}

void MeasureMemory(const BenchOptions& options, BenchReport& report) {
  constexpr double kBatchKib = 4 * 1024;  // max_batch_bytes
  for (const std::string_view what : {"scan", "open"}) {
    const std::string row = fmt::format("memory/{}", what);
    if (!IsWanted(options, row)) continue;
    for (const std::uint64_t mebibytes : {std::uint64_t{64}, std::uint64_t{256}}) {
      const TempDir ours;
      MakeJournal(ours.path(), kKib, mebibytes << 20);
      const double kib = PeakKibOfChild(what, ours.path());
      report.text += fmt::format("{}: {} MiB of log take {:.0f} KiB\n", row, mebibytes, kib);
      report.rows.push_back({fmt::format("{}/{}MiB", row, mebibytes), kib, "KiB"});
      report.goals.push_back({fmt::format("{}/{}MiB: peak / batch", row, mebibytes),
                              kib / kBatchKib, 2, Goal::Side::kAtMost});
    }
  }
}

}  // namespace permafrost::bench
