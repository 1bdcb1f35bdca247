// The journal and the bare loops that no log can beat.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/journal/segment_file.h"
#include "tests/bench/journal_bench.h"
#include "tests/bench/journal_bench_log.h"
#include "tests/bench/journal_bench_world.h"
#include "vfs/base/check.h"
#include "vfs/base/log.h"
#include "vfs/base/status.h"

namespace permafrost::bench {

using engine::journal::Journal;
using engine::journal::JournalOptions;

void Must(const absl::Status& status) { VFS_CHECK(status.ok(), "{}", vfs::Message(status)); }

std::int64_t Must(std::int64_t result, std::string_view what) {
  VFS_CHECK(result >= 0, "{}: {}", what, std::strerror(errno));
  return result;
}

JournalOptions BenchJournalOptions() {
  JournalOptions options;
  options.store_id.fill(1);
  options.boot_id.fill(1);
  return options;
}

RealWorld::RealWorld(const std::string& root) {
  auto fs = vfs::PosixFileSystem::Open(root);
  Must(fs.status());
  fs_ = *std::move(fs);
}

vfs::Env RealWorld::env() {
  return {.fs = fs_.get(),
          .clock = &clock_,
          .executor = &executor_,
          .prng = &prng_,
          .log = &vfs::NullLog()};
}

std::unique_ptr<Journal> RealWorld::OpenJournal(const JournalOptions& options) {
  auto journal = Journal::Open(env(), kBenchJournal, options);
  Must(journal.status());
  return *std::move(journal);
}

std::vector<engine::journal::Segment> RealWorld::Segments() {
  auto found = engine::journal::Inspect(env(), kBenchJournal, BenchJournalOptions());
  Must(found.status());
  return std::move(found->segments);
}

namespace {

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

// A segment takes what comes in a round, and the one before is recycled at rest: what is measured
// is the path of a commit, rolls included, in a journal whose readers keep up.
class JournalLog final : public DurableLog {
 public:
  JournalLog(const std::string& root, std::uint64_t bytes) : world_(root) {
    JournalOptions options = BenchJournalOptions();
    options.segment_bytes = std::clamp(bytes, 8 * kMib, 512 * kMib);
    journal_ = world_.OpenJournal(options);
    // To have a spare.
    const std::string large(4 * kMib / 4, '\0');
    while (journal_->segments().size() == 1) Must(journal_->Buffer(kBenchType, large).status());
    Rest();
  }
  void Commit(std::string_view payload) override {
    Must(journal_->Append(kBenchType, payload).status());
  }
  void Rest() override {
    Must(journal_->Flush());
    Must(journal_->TruncateBefore(journal_->LastFlushedLsn() + 1));
  }

 private:
  RealWorld world_;
  std::unique_ptr<Journal> journal_;
};

// One file by the system's calls.
class BareFile {
 public:
  BareFile(const std::string& path, int flags)
      : fd_(static_cast<int>(Must(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600),
                                  "open " + path))) {}
  ~BareFile() { ::close(fd_); }
  BareFile(const BareFile&) = delete;
  BareFile& operator=(const BareFile&) = delete;

  void Write(std::uint64_t offset, std::string_view bytes) const {
    const std::int64_t written =
        Must(::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset)), "pwrite");
    VFS_CHECK(static_cast<std::size_t>(written) == bytes.size(), "pwrite: {} bytes", written);
  }
  void Sync() const { Must(::fdatasync(fd_), "fdatasync"); }
  void Fill(std::uint64_t bytes) const {
    const std::string zeros(kMib, '\0');
    for (std::uint64_t at = 0; at < bytes; at += kMib) Write(at, zeros);
    Must(::fsync(fd_), "fsync");
  }

 private:
  const int fd_;
};

// One write and one fdatasync for each payload. The bytes of a record of the journal, so that
// the disk has the same to do.
class BareLog final : public DurableLog {
 public:
  enum class Kind { kAppend, kOverwrite };
  BareLog(const std::string& root, Kind kind) : file_(root + "/bare", 0), kind_(kind) {
    if (kind == Kind::kOverwrite) file_.Fill(kFileBytes);
  }
  void Commit(std::string_view payload) override {
    if (record_.empty()) record_.assign(engine::journal::RecordBytes(payload.size()), 'r');
    if (kind_ == Kind::kOverwrite && at_ + record_.size() > kFileBytes) at_ = 0;
    file_.Write(at_, record_);
    at_ += record_.size();
    const double start = NowNanos();
    file_.Sync();
    sync_micros_.push_back((NowNanos() - start) / 1e3);
  }
  std::vector<double> SyncMicros() override { return sync_micros_; }

 private:
  static constexpr std::uint64_t kFileBytes = 64 * kMib;
  const BareFile file_;
  const Kind kind_;
  std::string record_;
  std::uint64_t at_ = 0;
  std::vector<double> sync_micros_;
};

// What the device takes: large blocks over written ones, past the page cache.
class DeviceLog final : public DurableLog {
 public:
  explicit DeviceLog(const std::string& root)
      : file_(root + "/device", O_DIRECT), block_(AlignedBlock()) {
    for (std::uint64_t at = 0; at < kFileBytes; at += kBlockBytes) file_.Write(at, View());
    file_.Sync();
  }
  ~DeviceLog() override { std::free(block_); }
  void Commit(std::string_view) override {
    file_.Write(at_, View());
    at_ = (at_ + kBlockBytes) % kFileBytes;
    if (at_ == 0) file_.Sync();
  }

  static constexpr std::size_t kBlockBytes = 8 * kMib;

 private:
  static constexpr std::uint64_t kFileBytes = 256 * kMib;
  static char* AlignedBlock() {
    constexpr std::size_t kPage = 4096;
    void* block = std::aligned_alloc(kPage, kBlockBytes);
    VFS_CHECK(block != nullptr, "no memory for {} bytes", kBlockBytes);
    std::memset(block, 'd', kBlockBytes);
    return static_cast<char*>(block);
  }
  std::string_view View() const { return {block_, kBlockBytes}; }

  const BareFile file_;
  char* const block_;
  std::uint64_t at_ = 0;
};

}  // namespace

std::vector<Contender> OwnContenders() {
  return {
      {.name = "journal",
       .open = [](const std::string& root,
                  std::uint64_t bytes) { return std::make_unique<JournalLog>(root, bytes); }},
      {.name = "append",
       .open =
           [](const std::string& root, std::uint64_t) {
             return std::make_unique<BareLog>(root, BareLog::Kind::kAppend);
           },
       .is_one_thread = true},
      {.name = "overwrite",
       .open =
           [](const std::string& root, std::uint64_t) {
             return std::make_unique<BareLog>(root, BareLog::Kind::kOverwrite);
           },
       .is_one_thread = true},
      {.name = "device",
       .open = [](const std::string& root,
                  std::uint64_t) { return std::make_unique<DeviceLog>(root); },
       .is_one_thread = true,
       .payload_bytes = DeviceLog::kBlockBytes},
  };
}

}  // namespace permafrost::bench
