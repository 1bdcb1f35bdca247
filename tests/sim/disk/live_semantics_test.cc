// The same random operations on the simulated and on the real disk: same results, codes, contents.
//
// Usage: live_semantics_test [--operations=N] (default 100,000); RC_PARAMS="seed=S" fixes the seed.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sim/disk/sim_file_system.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/base/hash.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::sim {
namespace {

constexpr int kOperationsPerLifeMax = 400;
constexpr int kOperationsPerLifeMean = kOperationsPerLifeMax / 2;
constexpr std::size_t kHandlesMax = 4;

std::uint64_t& OperationCount() {
  static std::uint64_t count = 100'000;
  return count;
}

struct Operation {
  int kind = 0;
  std::uint64_t first = 0;   // path, handle
  std::uint64_t second = 0;  // path, offset
  std::uint64_t third = 0;   // length
};

constexpr int kOperationKinds = 20;

std::string Describe(const Operation& operation) {
  return fmt::format("{}({}, {}, {})", operation.kind, operation.first, operation.second,
                     operation.third);
}
// How RapidCheck prints a counterexample.
void showValue(const Operation& operation, std::ostream& out) { out << Describe(operation); }

std::string PathAt(std::uint64_t number) {
  static const std::array<std::string, 12> kPaths = {"a",   "b", "c",     "d",     "d/a", "d/b",
                                                     "d/e", "e", "d/e/a", "d/e/b", "e/a", "a/b"};
  return kPaths[number % kPaths.size()];
}

// One side: a file system, its open handles, and each operation's result as one comparable text.
class Side {
 public:
  explicit Side(vfs::FileSystem* fs) : fs_(fs) {}

  std::string Do(const Operation& operation) {
    const std::string path = PathAt(operation.first);
    const std::string other = PathAt(operation.second);
    switch (operation.kind) {
      case 0:
      case 1: return Keep(fs_->Create(path));
      case 2: return Keep(fs_->Open(path, vfs::OpenMode::kReadWrite));
      case 3: return Keep(fs_->Open(path, vfs::OpenMode::kRead));
      case 4: return Text(fs_->MakeDir(path));
      case 5: return Text(fs_->RemoveDir(path));
      case 6: return Listing(path);
      case 7: return operation.third % 16 == 0 ? Text(fs_->SyncDir(path)) : StatText(path);
      case 8:
      case 9: return Text(fs_->Rename(path, other));
      case 10: return Text(fs_->Link(path, other));
      case 11: return Text(fs_->Unlink(path));
      case 12: return StatText(path);
      case 13: return IdentityText(path, other);
      default: break;
    }
    if (handles_.empty()) return "no handle";
    return DoOnHandle(operation, operation.first % handles_.size());
  }

  // Every name, kind, size, link count and byte.
  std::string Contents(const std::string& directory = "") const {
    std::string text;
    const auto entries = fs_->List(directory);
    VFS_CHECK(entries.ok(), "{}", entries.status().ToString());
    for (const vfs::DirEntry& entry : *entries) {
      const std::string path = vfs::JoinPath(directory, entry.name);
      text += StatText(path) + " " + path;
      if (entry.kind == vfs::FileKind::kDirectory) {
        text += "/\n" + Contents(path);
        continue;
      }
      const auto file = fs_->Open(path, vfs::OpenMode::kRead);
      VFS_CHECK(file.ok(), "{}", file.status().ToString());
      text += "=" + ReadText(**file, 0, 1 << 20) + "\n";
    }
    return text;
  }

 private:
  static std::string Text(const absl::Status& status) {
    return fmt::format("{} {} {}", static_cast<int>(status.code()), vfs::ErrnoOf(status),
                       vfs::Message(status));
  }

  std::string Keep(absl::StatusOr<std::unique_ptr<vfs::File>> file) {
    const std::string text = Text(file.status());
    if (!file.ok()) return text;
    if (handles_.size() >= kHandlesMax) handles_.erase(handles_.begin());
    handles_.push_back(*std::move(file));
    return text;
  }

  std::string Listing(const std::string& path) const {
    const auto entries = fs_->List(path);
    std::string text = Text(entries.status());
    if (!entries.ok()) return text;
    for (const vfs::DirEntry& entry : *entries) {
      text += fmt::format(" {}:{}", entry.name, static_cast<int>(entry.kind));
    }
    return text;
  }

  std::string StatText(const std::string& path) const {
    const auto info = fs_->Stat(path);
    if (!info.ok()) return Text(info.status());
    return fmt::format("{} {} {}", static_cast<int>(info->kind), info->bytes, info->link_count);
  }

  std::string IdentityText(const std::string& path, const std::string& other) const {
    const auto one = fs_->Identity(path);
    const auto two = fs_->Identity(other);
    if (!one.ok() || !two.ok()) return Text(one.status()) + Text(two.status());
    return *one == *two ? "same" : "different";
  }

  static std::string ReadText(const vfs::File& file, std::uint64_t offset, std::size_t bytes) {
    std::string buffer(bytes, '#');
    const auto count = file.Read(offset, buffer);
    if (!count.ok()) return Text(count.status());
    return fmt::format("{}:{}", *count,
                       vfs::HashBytes(std::string_view(buffer).substr(0, *count)).Hex());
  }

  // Real syncs take milliseconds and change nothing live: a few are enough.
  static std::string SyncText(vfs::File& file, std::uint64_t chance) {
    if (chance % 32 == 0) return Text(file.Sync());
    return chance % 32 == 1 ? Text(file.SyncData()) : "";
  }

  std::string DoOnHandle(const Operation& operation, std::size_t handle) {
    vfs::File& file = *handles_[handle];
    const std::uint64_t offset = operation.second % 12000;
    const std::size_t length = operation.third % 6000;
    const std::string bytes(length, static_cast<char>('A' + operation.third % 26));
    switch (operation.kind) {
      case 14: return Text(file.Append(bytes));
      case 15: return Text(file.Write(offset, bytes));
      case 16: return ReadText(file, offset, length);
      case 17: return Text(file.Truncate(offset));
      case 18:
        return Text(file.Preallocate(offset, length)) + Text(file.HintWriteOut(offset, length)) +
               SyncText(file, operation.third);
      default: break;
    }
    const auto size = file.Size();
    std::string text = Text(size.status()) + fmt::format(" {}", size.ok() ? *size : 0);
    if (operation.third % 3 == 0) {
      text += Text(file.Close());
      if (operation.third % 2 == 0)
        handles_.erase(handles_.begin() + static_cast<std::ptrdiff_t>(handle));
    }
    return text;
  }

  vfs::FileSystem* const fs_;
  std::vector<std::unique_ptr<vfs::File>> handles_;
};

void CheckLife(const std::vector<Operation>& operations, std::uint64_t& executed) {
  executed += operations.size();
  const TempDir directory;
  auto posix = vfs::PosixFileSystem::Open(directory.path());
  RC_ASSERT(posix.ok());
  SimFileSystem simulated;
  Side real(posix->get());
  Side model(&simulated);
  for (const Operation& operation : operations) {
    const std::string expected = real.Do(operation);
    const std::string found = model.Do(operation);
    if (expected != found) RC_FAIL(Describe(operation) + "\n" + expected + "\n" + found);
  }
  const std::string expected = real.Contents();
  const std::string found = model.Contents();
  RC_ASSERT(expected == found);
}

TEST(LiveSemantics, TheSimulatedDiskAnswersAsTheRealOneDoes) {
  const std::uint64_t lives =
      (OperationCount() + kOperationsPerLifeMean - 1) / kOperationsPerLifeMean;
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = static_cast<int>(lives);
  params.maxSize = 100;
  const auto operation = rc::gen::map(
      rc::gen::tuple(
          rc::gen::inRange(0, kOperationKinds), rc::gen::inRange<std::uint64_t>(0, 1 << 20),
          rc::gen::inRange<std::uint64_t>(0, 1 << 20), rc::gen::inRange<std::uint64_t>(0, 1 << 20)),
      [](const std::tuple<int, std::uint64_t, std::uint64_t, std::uint64_t>& drawn) {
        return Operation{std::get<0>(drawn), std::get<1>(drawn), std::get<2>(drawn),
                         std::get<3>(drawn)};
      });
  std::uint64_t executed = 0;
  const auto result = rc::detail::checkTestable(
      [&] {
        CheckLife(*rc::gen::resize(kOperationsPerLifeMax,
                                   rc::gen::container<std::vector<Operation>>(operation)),
                  executed);
      },
      rc::detail::TestMetadata{}, params);
  if (!result.is<rc::detail::SuccessResult>()) {
    std::ostringstream text;
    rc::detail::printResultMessage(result, text);
    ADD_FAILURE() << text.str();
  }
  EXPECT_GE(executed, OperationCount() / 2);
  RecordProperty("operations", std::to_string(executed));
}

}  // namespace
}  // namespace permafrost::sim

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view kFlag = "--operations=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(kFlag)) continue;
    const std::string_view number = argument.substr(kFlag.size());
    std::from_chars(number.data(), number.data() + number.size(),
                    permafrost::sim::OperationCount());
  }
  return RUN_ALL_TESTS();
}
