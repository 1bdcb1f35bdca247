// The table of fault points and the page made from it.
#include "faults/fault_points.h"

#include <array>

#include <fmt/format.h>

namespace permafrost::faults {
namespace {

using vfs::CallKind;

constexpr std::array<FaultPoint, vfs::kCallKindCount> kFaultPoints = {{
    {"vfs/append", CallKind::kAppend,
     "a record or block is taken as written though any prefix of it may be there"},
    {"vfs/close", CallKind::kClose, "a handle leaks, or closing is taken for a sync"},
    {"vfs/create", CallKind::kCreate,
     "a key names a file that was never made, or an empty file is left that no key names"},
    {"vfs/drop_caches", CallKind::kDropCaches,
     "after a failed sync the page cache is believed instead of the disk"},
    {"vfs/free_space", CallKind::kFreeSpace, "unknown free space is taken for none, or for plenty"},
    {"vfs/hint_write_out", CallKind::kHintWriteOut, "a failed hint stops work that needs no hint"},
    {"vfs/identity", CallKind::kIdentity,
     "two roots that are one directory are both locked and both swept"},
    {"vfs/link", CallKind::kLink, "a snapshot or backup lacks a file that its list names"},
    {"vfs/list", CallKind::kList, "an unreadable directory is taken for an empty one"},
    {"vfs/lock", CallKind::kLock, "two processes write one root"},
    {"vfs/make_dir", CallKind::kMakeDir,
     "files are written below a directory that is not there, or one made before is an error"},
    {"vfs/open", CallKind::kOpen,
     "a file that cannot be opened now is taken for absent and is written again or forgotten"},
    {"vfs/preallocate", CallKind::kPreallocate,
     "a hint that is not supported stops work, or lost space is found out too late"},
    {"vfs/read", CallKind::kRead,
     "an unreadable range is served as zeros, as the end of the file, or as 'not found'"},
    {"vfs/remove_dir", CallKind::kRemoveDir,
     "a key is deleted while its directory still holds files"},
    {"vfs/rename", CallKind::kRename,
     "the new version is taken for current while the old one is, or the other way round"},
    {"vfs/size", CallKind::kSize, "an append or a length check works with a wrong end of the file"},
    {"vfs/stat", CallKind::kStat,
     "a file whose state is unknown is taken for absent, and its key or data is dropped"},
    {"vfs/sync", CallKind::kSync,
     "bytes are acknowledged that a power cut takes away; a second sync is believed (D4)"},
    {"vfs/sync_data", CallKind::kSyncData,
     "log records are acknowledged that a power cut takes away; a retry is believed (D4)"},
    {"vfs/sync_dir", CallKind::kSyncDir,
     "a frozen key names a file whose name is lost, or a removed file comes back unnamed (D2)"},
    {"vfs/truncate", CallKind::kTruncate,
     "a torn tail stays and is read as records after the next append"},
    {"vfs/unlink", CallKind::kUnlink,
     "a key is deleted while its file stays: space that nobody will ever free"},
    {"vfs/write", CallKind::kWrite,
     "a block is taken as overwritten though any part of it may be old"},
}};

}  // namespace

std::span<const FaultPoint> FaultPoints() { return kFaultPoints; }

std::string CatalogueText() {
  std::string text =
      "# Fault points\n\n"
      "Generated from `faults/fault_points.cc`; `tests/faults/fault_points_test.cc` compares the "
      "two. To write it anew:\n"
      "`PERMAFROST_REWRITE_GOLDEN=1 build/dev/tests/faults_test "
      "--gtest_filter='FaultPoints.*'`.\n\n"
      "| point | call in a rule | what breaks if the code above handles its failure wrongly "
      "|\n|---|---|---|\n";
  for (const FaultPoint& point : FaultPoints()) {
    const std::string_view call = vfs::ToString(point.kind);
    text += fmt::format("| `{}` | `{}` | {} |\n", point.name, call == "sync" ? "sync_file" : call,
                        point.if_wrong);
  }
  return text;
}

}  // namespace permafrost::faults
