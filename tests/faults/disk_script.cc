// Two rounds over files, then names, in directories of their own.
#include "tests/faults/disk_script.h"

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/hash.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"

namespace permafrost::faults {
namespace {

using vfs::File;

class Script {
 public:
  explicit Script(vfs::FileSystem& fs) : fs_(fs) {}

  std::vector<std::string> Run() {
    for (const std::string directory : {"one", "two"}) {
      const bool is_made = Note("make_dir", directory, fs_.MakeDir(directory));
      DoFiles(directory);
      if (is_made) SyncDir(directory);
      SyncDir("");
      DoNames(directory);
      if (is_made) SyncDir(directory);
      Note("remove_dir", directory, fs_.RemoveDir(directory));
    }
    Note("drop_caches", "", fs_.DropCaches());
    return std::move(lines_);
  }

 private:
  // Whether the call went well.
  bool Note(std::string_view call,
            std::string_view path,
            const absl::Status& status,
            std::string_view answer = "") {
    lines_.push_back(fmt::format("{} {}: {} {} '{}' {} {}", call, path,
                                 static_cast<int>(status.code()), vfs::ErrnoOf(status),
                                 vfs::Message(status), vfs::IsInjected(status), answer));
    return status.ok();
  }

  // A handle whose sync failed is let go.
  template <typename Call>
  void NoteSync(std::string_view call,
                std::string_view path,
                std::unique_ptr<File>& file,
                Call run) {
    if (file != nullptr && !Note(call, path, run(*file))) file.reset();
  }

  void SyncDir(const std::string& path) {
    if (given_up_.contains(path)) return;
    if (!Note("sync_dir", path, fs_.SyncDir(path))) given_up_.insert(path);
  }

  std::unique_ptr<File> Keep(std::string_view call,
                             const std::string& path,
                             absl::StatusOr<std::unique_ptr<File>> file) {
    return Note(call, path, file.status()) ? *std::move(file) : nullptr;
  }

  void Read(const std::string& path, const File& file) {
    char buffer[64];
    const auto count = file.Read(1, buffer);
    Note("read", path, count.status(),
         count.ok() ? vfs::HashBytes(std::string_view(buffer, *count)).Hex() : "");
    const auto size = file.Size();
    Note("size", path, size.status(), size.ok() ? std::to_string(*size) : "");
  }

  void DoFiles(const std::string& directory) {
    const vfs::Step step("script.files");
    for (const char* name : {"/a", "/b.log"}) {
      const std::string path = directory + name;
      std::unique_ptr<File> file = Keep("create", path, fs_.Create(path));
      if (file == nullptr) file = Keep("open", path, fs_.Open(path, vfs::OpenMode::kReadWrite));
      if (file == nullptr) continue;
      Note("preallocate", path, file->Preallocate(0, 8192));
      Note("append", path, file->Append("0123456789abcdef"));
      Note("write", path, file->Write(12, "WRITTEN"));
      Note("hint_write_out", path, file->HintWriteOut(0, 16));
      NoteSync("sync_data", path, file, [](File& f) { return f.SyncData(); });
      if (file != nullptr) Note("truncate", path, file->Truncate(14));
      NoteSync("sync", path, file, [](File& f) { return f.Sync(); });
      if (file == nullptr) continue;
      Read(path, *file);
      Note("close", path, file->Close());
    }
  }

  void DoNames(const std::string& directory) {
    const vfs::Step step("script.names");
    const std::string a = directory + "/a";
    const std::string renamed = directory + "/c";
    const std::string linked = directory + "/d.log";
    const std::string lock_path = directory + "/LOCK";
    const auto lock = fs_.Lock(lock_path, {});
    Note("lock", lock_path, lock.status());
    Note("rename", a, fs_.Rename(a, renamed));
    Note("link", renamed, fs_.Link(renamed, linked));
    for (const std::string& path : {a, renamed, linked, directory}) {
      const auto info = fs_.Stat(path);
      Note("stat", path, info.status(),
           info.ok() ? fmt::format("{} {} {}", static_cast<int>(info->kind), info->bytes,
                                   info->link_count)
                     : "");
    }
    Note("identity", linked, fs_.Identity(linked).status());
    Note("free_space", directory, fs_.FreeSpace(directory).status());
    if (const auto file = Keep("open", linked, fs_.Open(linked, vfs::OpenMode::kRead))) {
      Read(linked, *file);
    }
    Note("unlink", linked, fs_.Unlink(linked));
    const auto entries = fs_.List(directory);
    std::string names;
    if (entries.ok())
      for (const vfs::DirEntry& entry : *entries) names += " " + entry.name;
    Note("list", directory, entries.status(), names);
  }

  vfs::FileSystem& fs_;
  std::vector<std::string> lines_;
  std::set<std::string> given_up_;  // directories whose sync failed
};

}  // namespace

std::vector<std::string> RunDiskScript(vfs::FileSystem& fs) { return Script(fs).Run(); }

}  // namespace permafrost::faults
