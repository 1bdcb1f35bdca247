// Cold files on the real disk, each path beside what it cannot be faster than: the same bytes,
// compressed or read and decompressed with nothing around it. Interleaved, medians.
//
// Usage: cold_bench [--json] [--ledgers N] [--rounds N]. TEST_TMPDIR names the disk. Ledgers are
// synthetic, 60 KiB each, of one pool of accounts; dictionaries gain less on real ones.
#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/ledger/stored_ledger.h"
#include "tests/bench/bench_rows.h"
#include "tests/bench/best_turn.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kTransactions = 259;
constexpr std::size_t kDictionaryBytes = 112'640;
constexpr std::size_t kDictionaryLedgers = 200;
constexpr LedgerSeq kFirst{2};

struct Plan {
  std::uint32_t ledgers = 2'000;
  std::uint32_t rounds = 7;
};

void Must(const absl::Status& status) { VFS_CHECK(status.ok(), "{}", vfs::Message(status)); }

template <typename T>
T Must(absl::StatusOr<T> result) {
  Must(result.status());
  return *std::move(result);
}

void AppendRandom(std::string& out, vfs::Prng& prng, std::size_t bytes) {
  for (; bytes >= 8; bytes -= 8) {
    const std::uint64_t word = prng.Next();
    out.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
}

// A skewed choice of 300 accounts.
std::string Account(vfs::Prng& prng) {
  vfs::Prng key(1'000 + prng.Below(1 + prng.Below(300)));
  std::string account;
  AppendRandom(account, key, 32);
  return account;
}

// About 60 KiB, of which a tenth are hashes and signatures that nothing compresses.
std::string Ledger(std::uint64_t seed) {
  vfs::Prng prng(seed);
  std::string ledger;
  for (std::size_t i = 0; i < kTransactions; ++i) {
    AppendRandom(ledger, prng, 24);
    ledger += std::string("\0\0\0\2\0\0\0\0", 8) + Account(prng);
    ledger += fmt::format("{:012}{:016}", prng.Below(100'000), prng.Below(1'000'000));
    for (std::size_t change = 0; change < 2; ++change) {
      ledger += std::string("\0\0\0\1\0\0\0\0\0\0\0\3", 12) + Account(prng);
      ledger += std::string(36, static_cast<char>(change)) + Account(prng);
    }
  }
  return ledger;
}

std::vector<std::string> Ledgers(std::uint64_t first, std::size_t count) {
  std::vector<std::string> ledgers;
  for (std::size_t i = 0; i < count; ++i) ledgers.push_back(Ledger(first + i));
  return ledgers;
}

std::vector<std::string> Compressed(const std::vector<std::string>& ledgers,
                                    std::string_view dictionary) {
  LedgerCompressor compressor(dictionary);
  std::vector<std::string> stored;
  for (const std::string& ledger : ledgers)
    stored.push_back(Must(compressor.Compress(ledger, false)));
  return stored;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Seconds of each of two paths, in turns; who begins alternates.
struct Pair {
  std::vector<double> floor;
  std::vector<double> ours;
};

Pair Measure(std::uint32_t rounds,
             const std::function<void()>& floor,
             const std::function<void()>& ours) {
  const auto seconds = [](const std::function<void()>& body) {
    const double start = MonotonicNanos();
    body();
    return (MonotonicNanos() - start) / 1e9;
  };
  floor();
  ours();
  Pair pair;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    if (round % 2 == 0) pair.floor.push_back(seconds(floor));
    pair.ours.push_back(seconds(ours));
    if (round % 2 == 1) pair.floor.push_back(seconds(floor));
  }
  return pair;
}

// The ratio of the two, ours over the floor: its median, minimum and maximum.
void AddRatio(std::vector<BenchRow>& rows, const std::string& name, const Pair& pair) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < pair.ours.size(); ++i) ratios.push_back(pair.ours[i] / pair.floor[i]);
  rows.push_back({name, Median(ratios), "x the time of its floor"});
  rows.push_back({name + ".min", *std::min_element(ratios.begin(), ratios.end()), "x"});
  rows.push_back({name + ".max", *std::max_element(ratios.begin(), ratios.end()), "x"});
}

// One disk, and the files on it.
class Bench {
 public:
  explicit Bench(const Plan& plan)
      : plan_(plan),
        fs_(Must(vfs::PosixFileSystem::Open(dir_.path()))),
        ledgers_(Ledgers(10'000, plan.ledgers)) {}

  std::vector<BenchRow> Run() {
    const std::string dictionary =
        Must(TrainLedgerDictionary(Ledgers(1, kDictionaryLedgers), kDictionaryBytes));
    const std::vector<std::string> plain = Compressed(ledgers_, {});
    const std::vector<std::string> shared = Compressed(ledgers_, dictionary);
    Freeze(plain, {}, "freeze");
    const std::uint64_t plain_bytes = WritePack("plain.pack", plain, {});
    const std::uint64_t shared_bytes = WritePack("shared.pack", shared, dictionary);
    rows_.push_back({"pack.bytes_per_ledger", Each(static_cast<double>(plain_bytes)), "B"});
    rows_.push_back({"pack.bytes_per_ledger.dict", Each(static_cast<double>(shared_bytes)), "B"});
    rows_.push_back({"pack.smaller_by_dict",
                     static_cast<double>(plain_bytes) / static_cast<double>(shared_bytes), "x"});
    Read("plain.pack", {}, "read");
    Read("shared.pack", dictionary, "read.dict");
    HashRun();
    return rows_;
  }

 private:
  double Each(double total) const { return total / plan_.ledgers; }

  std::uint64_t WritePack(std::string_view path,
                          const std::vector<std::string>& stored,
                          std::string_view dictionary) {
    const auto file = Must(fs_->Create(path));
    LedgerPackWriter writer(file.get(), {}, kFirst, dictionary);
    for (std::uint32_t i = 0; i < stored.size(); ++i)
      Must(writer.Add(LedgerSeq{kFirst.value() + i}, stored[i]));
    Must(writer.Finish());
    Must(file->Sync());
    return Must(file->Size());
  }

  // Beside compressing the same ledgers once more, which is what freezing does not do.
  void Freeze(const std::vector<std::string>& stored,
              std::string_view dictionary,
              const std::string& name) {
    const Pair pair = Measure(
        plan_.rounds, [&] { Compressed(ledgers_, dictionary); },
        [&] {
          WritePack("frozen", stored, dictionary);
          Must(fs_->Unlink("frozen"));
        });
    rows_.push_back({name + ".ledger_us", Each(Median(pair.ours) * 1e6), "us, synced"});
    rows_.push_back({name + ".zstd_us", Each(Median(pair.floor) * 1e6), "us"});
    AddRatio(rows_, name, pair);
  }

  // Beside a pread and a decompression at known places into buffers that are there.
  void Read(const std::string& path, std::string_view dictionary, const std::string& name) {
    const LedgerPackReader pack = Must(LedgerPackReader::Open(*fs_, path, {}));
    LedgerDecompressor decompressor(pack.dictionary());
    const int fd = ::open(dir_.Join(path).c_str(), O_RDONLY | O_CLOEXEC);
    VFS_CHECK(fd >= 0, "open {}", path);
    std::vector<std::pair<off_t, std::size_t>> places;
    for (std::uint32_t i = 0; i < plan_.ledgers; ++i) {
      const std::size_t bytes = Must(pack.Stored(LedgerSeq{kFirst.value() + i})).size();
      const off_t at =
          i == 0 ? 0 : places.back().first + static_cast<off_t>(places.back().second) + 4;
      places.emplace_back(at, bytes);
    }
    std::vector<std::uint32_t> order(plan_.ledgers);
    for (std::uint32_t i = 0; i < plan_.ledgers; ++i) order[i] = i;
    vfs::Prng prng(1);
    prng.Shuffle(order);
    ZSTD_DCtx* const context = ZSTD_createDCtx();
    ZSTD_DDict* const shared =
        dictionary.empty() ? nullptr : ZSTD_createDDict(dictionary.data(), dictionary.size());
    std::size_t total = 0;
    std::string stored_buffer(std::size_t{1} << 20, '\0');
    std::string ledger_buffer(std::size_t{1} << 20, '\0');

    const Pair pair = Measure(
        plan_.rounds,
        [&] {
          for (const std::uint32_t i : order) {
            char* const stored = stored_buffer.data();
            const std::size_t bytes = places[i].second;
            VFS_CHECK(::pread(fd, stored, bytes, places[i].first) == static_cast<ssize_t>(bytes),
                      "pread {}", i);
            const std::size_t found = ZSTD_decompress_usingDDict(
                context, ledger_buffer.data(), ledger_buffer.size(), stored + 1, bytes - 1, shared);
            VFS_CHECK(ZSTD_isError(found) == 0, "decompress {}", i);
            total += found;
          }
        },
        [&] {
          for (const std::uint32_t i : order) {
            const std::string stored = Must(pack.Stored(LedgerSeq{kFirst.value() + i}));
            total += Must(decompressor.Decompress(stored)).size();
          }
        });
    VFS_CHECK(total > 0, "nothing was read");
    rows_.push_back({name + ".ledger_us", Each(Median(pair.ours) * 1e6), "us, warm, any order"});
    rows_.push_back({name + ".floor_us", Each(Median(pair.floor) * 1e6), "us"});
    AddRatio(rows_, name, pair);
    ZSTD_freeDDict(shared);
    ZSTD_freeDCtx(context);
    ::close(fd);
  }

  // Sorting, writing and reading hashes, beside sorting them.
  void HashRun() {
    vfs::Prng prng(3);
    std::vector<HashEntry> entries(std::size_t{plan_.ledgers} * kTransactions);
    for (HashEntry& entry : entries) {
      for (std::uint8_t& byte : entry.hash) byte = static_cast<std::uint8_t>(prng.Next());
      entry.ledger = LedgerSeq{static_cast<std::uint32_t>(prng.Below(10'000))};
    }
    const double count = static_cast<double>(entries.size());
    const Pair written = Measure(
        plan_.rounds,
        [&] {
          std::vector<HashEntry> sorted = entries;
          std::sort(sorted.begin(), sorted.end());
        },
        [&] {
          if (fs_->Stat("run").ok()) Must(fs_->Unlink("run"));
          const auto file = Must(fs_->Create("run"));
          Must(WriteHashRun(*file, {}, entries));
        });
    rows_.push_back(
        {"hash_run.write_ns", Median(written.ours) / count * 1e9, "ns an entry, sorted"});
    AddRatio(rows_, "hash_run.write", written);
    std::uint64_t read_entries = 0;
    const Pair read = Measure(
        plan_.rounds,
        [&] {
          const auto file = Must(fs_->Open("run", vfs::OpenMode::kRead));
          std::string piece(65'152, '\0');
          for (std::uint64_t at = 0;; at += piece.size())
            if (Must(file->Read(at, std::span<char>(piece))) < piece.size()) break;
        },
        [&] {
          HashRunCursor run = Must(HashRunCursor::Open(*fs_, "run", {}));
          for (auto block = Must(run.NextBlock()); !block.empty(); block = Must(run.NextBlock()))
            read_entries += block.size();
        });
    VFS_CHECK(read_entries > 0, "nothing was read");
    rows_.push_back({"hash_run.read_ns", Median(read.ours) / count * 1e9, "ns an entry, verified"});
    AddRatio(rows_, "hash_run.read", read);
  }

  const Plan plan_;
  TempDir dir_;
  std::unique_ptr<vfs::PosixFileSystem> fs_;
  std::vector<std::string> ledgers_;
  std::vector<BenchRow> rows_;
};

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) {
  permafrost::engine::Plan plan;
  const int flags = argc > 1 && std::string_view(argv[1]) == "--json" ? 2 : 1;
  for (int i = flags; i + 1 < argc; i += 2) {
    const auto number = permafrost::vfs::ParseNumber<std::uint32_t>(argv[i + 1]);
    VFS_CHECK(number.has_value() && *number > 0, "{} {}", argv[i], argv[i + 1]);
    if (std::string_view(argv[i]) == "--ledgers") plan.ledgers = *number;
    if (std::string_view(argv[i]) == "--rounds") plan.rounds = *number;
  }
  return permafrost::PrintBench("cold", permafrost::engine::Bench(plan).Run(), argc, argv);
}
