// Dumps of simulated disks for comparison with sets written out by hand.
#include "tests/sim/disk/tree_dump.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

char Shown(char c) {
  if (c == 0) return '.';
  return std::isgraph(static_cast<unsigned char>(c)) != 0 ? c : '?';
}

char ByteAt(const Inode& file, std::uint64_t at) {
  const PageRef* page = file.pages.Find(at / kPageBytes);
  return page == nullptr ? '\0' : (*page)->bytes[at % kPageBytes];
}

std::string DumpSector(const Inode& file, std::uint64_t first, std::uint64_t end) {
  std::string runs;
  std::size_t run_count = 0;
  for (std::uint64_t at = first; at < end;) {
    std::uint64_t run_end = at;
    while (run_end < end && Shown(ByteAt(file, run_end)) == Shown(ByteAt(file, at))) ++run_end;
    if (run_count++ > 0) runs += ' ';
    runs += fmt::format("{}{}", Shown(ByteAt(file, at)), run_end - at);
    at = run_end;
  }
  if (run_count == 1 && end - first == kSectorBytes)
    return std::string(1, Shown(ByteAt(file, first)));
  return "{" + runs + "}";
}

void DumpDirectory(const InodeTree& tree,
                   InodeId dir,
                   const std::string& prefix,
                   std::map<InodeId, std::string>& seen,
                   std::vector<std::string>& items) {
  tree.Find(dir)->entries.ForEach([&](const std::string& name, InodeId child) {
    const Inode* inode = tree.Find(child);
    const std::string path = prefix + name;
    if (inode->kind == vfs::FileKind::kDirectory) {
      items.push_back(path + "/");
      DumpDirectory(tree, child, path + "/", seen, items);
    } else if (!seen.emplace(child, path).second) {
      items.push_back(path + "~" + seen[child]);
    } else {
      std::string content;
      for (std::uint64_t at = 0; at < inode->bytes; at += kSectorBytes) {
        content += DumpSector(*inode, at, std::min(inode->bytes, at + kSectorBytes));
      }
      items.push_back(path + "=" + content);
    }
    return true;
  });
}

}  // namespace

std::string DumpTree(const InodeTree& tree) {
  std::map<InodeId, std::string> seen;
  std::vector<std::string> items;
  DumpDirectory(tree, kRootInode, "", seen, items);
  return fmt::format("{}", fmt::join(items, " "));
}

std::set<std::string> CutDumpsWith(const DiskState& state,
                                   std::string_view personality,
                                   std::string_view choice_part) {
  const auto parsed = ParsePersonality(personality);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  std::set<std::string> dumps;
  const CrashImages images(state, *parsed,
                           {.images_max = 20000, .seed = 7, .subset_nodes_max = 12});
  const ImageCount count = images.ForEach([&](const CrashImage& image) {
    EXPECT_FALSE(image.state.HasPending());
    EXPECT_EQ(image.key, image.state.DurableKey());
    if (image.choice.find(choice_part) != std::string::npos) {
      dumps.insert(DumpTree(image.state.live()));
    }
    return true;
  });
  EXPECT_TRUE(count.exhausted);
  return dumps;
}

std::set<std::string> CutDumps(const DiskState& state, std::string_view personality) {
  return CutDumpsWith(state, personality, "fill=zero");
}

std::string Sectors(char fill, std::size_t count) {
  return std::string(count * kSectorBytes, fill);
}

void MakeSettled(vfs::FileSystem& fs, std::string_view path, std::string_view content) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create(path));
  ASSERT_OK(file->Append(content));
  ASSERT_OK(file->Sync());
  ASSERT_OK(fs.SyncDir(vfs::ParentOf(path)));
}

std::unique_ptr<vfs::File> OpenFile(vfs::FileSystem& fs, std::string_view path) {
  auto file = fs.Open(path, vfs::OpenMode::kReadWrite);
  EXPECT_OK(file);
  return *std::move(file);
}

}  // namespace permafrost::sim
