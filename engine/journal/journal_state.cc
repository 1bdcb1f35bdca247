// A temporary name, a sync, a rename, a directory sync.
#include "engine/journal/journal_state.h"

#include <algorithm>
#include <span>

#include "engine/journal/journal_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::uint64_t kStateBytesMax = std::uint64_t{1} << 20;

void AppendPlace(std::string& out, const JournalPlace& place) {
  vfs::AppendLittleEndian(out, place.lsn);
  vfs::AppendLittleEndian(out, place.offset);
}

// Takes bytes from the front; false when there are too few.
class Pieces {
 public:
  explicit Pieces(std::string_view bytes) : left_(bytes) {}
  template <typename T>
  bool Take(T& value) {
    if (left_.size() < sizeof(T)) return false;
    value = vfs::LoadLittleEndian<T>(left_, 0);
    left_.remove_prefix(sizeof(T));
    return true;
  }
  bool Take(std::string& value, std::size_t bytes) {
    if (left_.size() < bytes) return false;
    value = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return true;
  }
  bool Take(JournalPlace& place) { return Take(place.lsn) && Take(place.offset); }
  bool is_empty() const { return left_.empty(); }

 private:
  std::string_view left_;
};

std::string Encode(const JournalState& state) {
  std::string out(kStateMagic);
  vfs::AppendLittleEndian(out, kStateVersion);
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(state.checkpoints.size()));
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(state.cursors.size()));
  AppendPlace(out, state.first_needed);
  for (const JournalPlace& place : state.checkpoints) AppendPlace(out, place);
  for (const auto& [name, lsn] : state.cursors) {
    vfs::AppendLittleEndian(out, lsn);
    vfs::AppendLittleEndian(out, static_cast<std::uint8_t>(name.size()));
    out += name;
  }
  vfs::AppendLittleEndian(out, vfs::Crc32c(out));
  return out;
}

absl::StatusOr<JournalState> Decode(std::string_view bytes) {
  constexpr std::size_t kCrcBytes = sizeof(std::uint32_t);
  if (!bytes.starts_with(kStateMagic) || bytes.size() < kStateMagic.size() + kCrcBytes)
    return vfs::DataLoss("no checkpoint file: {} bytes", bytes.size());
  const auto stored = vfs::LoadLittleEndian<std::uint32_t>(bytes, bytes.size() - kCrcBytes);
  const std::uint32_t computed = vfs::Crc32c(bytes.substr(0, bytes.size() - kCrcBytes));
  if (stored != computed) return vfs::DataLoss("crc32c {:08x}, computed {:08x}", stored, computed);
  bytes.remove_suffix(kCrcBytes);
  Pieces pieces(bytes.substr(kStateMagic.size()));
  std::uint32_t version = 0;
  std::uint32_t checkpoints = 0;
  std::uint32_t cursors = 0;
  JournalState state;
  if (!pieces.Take(version) || version != kStateVersion)
    return vfs::DataLoss("version {}, this program reads {}", version, kStateVersion);
  bool is_whole =
      pieces.Take(checkpoints) && pieces.Take(cursors) && pieces.Take(state.first_needed);
  for (std::uint32_t i = 0; i < checkpoints && is_whole; ++i) {
    JournalPlace place;
    is_whole = pieces.Take(place);
    state.checkpoints.push_back(place);
  }
  for (std::uint32_t i = 0; i < cursors && is_whole; ++i) {
    Lsn lsn = 0;
    std::uint8_t name_bytes = 0;
    std::string name;
    is_whole = pieces.Take(lsn) && pieces.Take(name_bytes) && pieces.Take(name, name_bytes) &&
               CheckCursorName(name).ok();
    state.cursors[name] = lsn;
  }
  if (!is_whole || !pieces.is_empty()) return vfs::DataLoss("its lists do not fit its length");
  return state;
}

}  // namespace

JournalState::Proof JournalState::proof() const {
  Proof best{.lsn = first_needed.lsn - 1, .by = "the first needed record"};
  const auto take = [&best](Lsn next, std::string by) {
    if (next > best.lsn + 1) best = {.lsn = next - 1, .by = std::move(by)};
  };
  for (const JournalPlace& place : checkpoints) take(place.lsn, "a checkpoint");
  for (const auto& [name, lsn] : cursors) take(lsn, fmt::format("cursor '{}'", name));
  return best;
}

JournalState::Need JournalState::need() const {
  Need need;
  for (const auto& [name, lsn] : cursors) {
    if (lsn < need.lsn) need = {.lsn = lsn, .by = fmt::format("cursor '{}'", name)};
  }
  return need;
}

absl::StatusOr<JournalState> ReadState(vfs::FileSystem* fs, const std::string& directory) {
  const std::string path = vfs::JoinPath(directory, kStateName);
  auto file = fs->Open(path, vfs::OpenMode::kRead);
  if (file.status().code() == absl::StatusCode::kNotFound) return JournalState{};
  VFS_RETURN_IF_ERROR(file.status());
  VFS_ASSIGN_OR_RETURN(const std::uint64_t size, (*file)->Size());
  if (size > kStateBytesMax) {
    return vfs::DataLoss("read {}: {} bytes, at most {} expected; restore it from a backup", path,
                         size, kStateBytesMax);
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  VFS_ASSIGN_OR_RETURN(const std::size_t read, (*file)->Read(0, std::span<char>(bytes)));
  bytes.resize(read);
  auto state = Decode(bytes);
  if (state.ok()) return state;
  return vfs::DataLoss("read {}: {}; restore it from a backup", path, vfs::Message(state.status()));
}

absl::Status PutState(vfs::FileSystem* fs,
                      const std::string& directory,
                      const JournalState& state) {
  const std::string temp = vfs::JoinPath(directory, kStateTempName);
  const vfs::Step step("journal.checkpoint");
  VFS_RETURN_IF_ERROR(vfs::UnlinkIfExists(fs, temp));
  VFS_ASSIGN_OR_RETURN(const std::unique_ptr<vfs::File> file, fs->Create(temp));
  VFS_RETURN_IF_ERROR(file->Append(Encode(state)));
  {
    const vfs::Step sync("journal.sync.checkpoint");
    VFS_RETURN_IF_ERROR(file->Sync());
  }
  VFS_RETURN_IF_ERROR(file->Close());
  return fs->Rename(temp, vfs::JoinPath(directory, kStateName));
}

absl::Status WriteState(vfs::FileSystem* fs,
                        const std::string& directory,
                        const JournalState& state) {
  VFS_RETURN_IF_ERROR(PutState(fs, directory, state));
  return vfs::SettleDir(fs, directory, "journal.sync.dir");
}

absl::Status CheckCursorName(std::string_view name) {
  const bool is_good = !name.empty() && name.size() <= kNameBytesMax &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '_';
                       });
  if (is_good) return absl::OkStatus();
  return vfs::InvalidArgument("cursor {}: a name has 1 to {} letters, digits, '-' and '_'",
                              vfs::EscapedForError(name), kNameBytesMax);
}

}  // namespace permafrost::engine::journal
