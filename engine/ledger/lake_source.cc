// Finds objects by their names; what is in them is checked where they are split.
#include "engine/ledger/lake_source.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/ledger/lake_object.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// What is wrong with the object of that name. What is damaged there is whole where it came from.
absl::Status At(const absl::Status& status, std::string_view origin) {
  const bool is_damaged = status.code() == absl::StatusCode::kDataLoss;
  absl::Status told = vfs::MakeStatus(
      status.code(), fmt::format("{}: {}{}", origin, vfs::Message(status),
                                 is_damaged ? "; put the right object in its place" : ""));
  if (const int error = vfs::ErrnoOf(status); error != 0) vfs::SetErrno(told, error);
  return told;
}

std::string_view OtherSuffix(std::string_view suffix) { return suffix == "zst" ? "zstd" : "zst"; }

}  // namespace

class LakeSource::Stream final : public LedgerStream {
 public:
  Stream(const LakeSource* lake, LedgerSeq first) : lake_(lake), next_(first.value()) {}

  absl::StatusOr<std::optional<SourcedLedger>> Next() override {
    if (next_ > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    const LedgerSeq sequence{static_cast<std::uint32_t>(next_)};
    if (ledgers_.empty() || sequence < first_ || sequence > last_)
      VFS_RETURN_IF_ERROR(Load(sequence));
    const std::string_view bytes = ledgers_[sequence.value() - first_.value()];
    SourcedLedger ledger{sequence, std::string(bytes), origin_};
    ++next_;
    return ledger;
  }

 private:
  absl::Status Load(LedgerSeq sequence) {
    ledgers_.clear();
    const LakeBatch batch = BatchOf(lake_->layout_, sequence);
    if (!newest_.has_value() || newest_->batch <= batch) {
      auto newest = lake_->FindNewest();
      if (newest.status().code() == absl::StatusCode::kNotFound)
        return vfs::Unavailable("{} yet", vfs::Message(newest.status()));
      VFS_RETURN_IF_ERROR(newest.status());
      newest_ = *std::move(newest);
    }
    VFS_ASSIGN_OR_RETURN(batch_bytes_, lake_->Unpack(batch, *newest_));
    origin_ = fmt::format("{}: {}", lake_->name_, LakeKey(lake_->layout_, batch, newest_->suffix));
    auto ledgers = SplitLakeBatch(lake_->decoder_, batch, batch_bytes_);
    if (!ledgers.ok()) return At(ledgers.status(), origin_);
    ledgers_ = *std::move(ledgers);
    first_ = LedgerSeq{std::max(batch.first, kFirstLedger.value())};
    last_ = LedgerSeq{batch.last};
    return absl::OkStatus();
  }

  const LakeSource* lake_;
  std::uint64_t next_;
  std::optional<Newest> newest_;  // by the last listing
  // Of the batch that was read last.
  std::string origin_;
  std::string batch_bytes_;
  std::vector<std::string_view> ledgers_;
  LedgerSeq first_;
  LedgerSeq last_;
};

LakeSource::LakeSource(vfs::FileSystem* fs, std::string name, const LakeLayout& layout)
    : fs_(fs), name_(std::move(name)), layout_(layout) {}

absl::StatusOr<std::unique_ptr<LakeSource>> LakeSource::Open(vfs::FileSystem* fs,
                                                             std::string_view dir,
                                                             const LakeOptions& options) {
  std::string name = fmt::format("lake:{}", dir);
  VFS_ASSIGN_OR_RETURN(const auto manifest, ReadLakeManifest(*fs, name));
  VFS_ASSIGN_OR_RETURN(const LakeLayout layout, AgreeOnLayout(manifest, options, name));
  return std::unique_ptr<LakeSource>(new LakeSource(fs, std::move(name), layout));
}

// Names of newer objects sort first, and so do names of newer partitions.
absl::StatusOr<std::optional<LakeSource::Newest>> LakeSource::NewestIn(
    std::string_view directory) const {
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs_->List(directory));
  for (const vfs::DirEntry& entry : entries) {
    auto name = entry.kind == vfs::FileKind::kFile ? ParseLakeName(entry.name) : std::nullopt;
    if (!name.has_value()) continue;
    const std::string path = directory.empty() ? entry.name : vfs::JoinPath(directory, entry.name);
    if (name->batch.first > name->batch.last)
      return vfs::FailedPrecondition("{}: {} names ledgers {} to {}; move it away", name_, path,
                                     name->batch.first, name->batch.last);
    const LakeBatch batch = BatchOf(layout_, LedgerSeq{name->batch.last});
    const std::string key = LakeKey(layout_, batch, name->suffix);
    if (path != key)
      return vfs::FailedPrecondition(
          "{}: {} does not fit {} ledgers a batch and {} batches a partition, which make {}; move "
          "it "
          "away or mend {}",
          name_, path, layout_.ledgers_per_batch, layout_.batches_per_partition, key,
          kLakeManifest);
    return Newest{batch, std::move(name->suffix)};
  }
  return std::nullopt;
}

absl::StatusOr<LakeSource::Newest> LakeSource::FindNewest() const {
  std::vector<std::string> directories = {""};
  if (layout_.batches_per_partition > 1) {
    directories.clear();
    VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs_->List(""));
    for (const vfs::DirEntry& entry : entries) {
      if (entry.kind == vfs::FileKind::kDirectory && IsLakePartition(entry.name))
        directories.push_back(entry.name);
    }
  }
  for (const std::string& directory : directories) {
    VFS_ASSIGN_OR_RETURN(auto newest, NewestIn(directory));
    if (newest.has_value()) return *std::move(newest);
  }
  return vfs::NotFound("{} has no ledgers", name_);
}

absl::StatusOr<LedgerSource::Range> LakeSource::Available() {
  VFS_ASSIGN_OR_RETURN(const Newest newest, FindNewest());
  // Everything from `there` on exists, nothing below `absent`, in numbers of batches.
  const std::uint32_t size = layout_.ledgers_per_batch;
  std::uint64_t absent = kFirstLedger.value() / size;
  std::uint64_t there = newest.batch.first / size;
  while (absent < there) {
    const std::uint64_t middle = absent + (there - absent) / 2;
    const LakeBatch batch = BatchOf(layout_, LedgerSeq{static_cast<std::uint32_t>(middle * size)});
    VFS_ASSIGN_OR_RETURN(const bool exists, fs_->Exists(LakeKey(layout_, batch, newest.suffix)));
    if (exists) {
      there = middle;
    } else {
      absent = middle + 1;
    }
  }
  const auto first = static_cast<std::uint32_t>(there * size);
  return Range{LedgerSeq{std::max(first, kFirstLedger.value())}, LedgerSeq{newest.batch.last}};
}

absl::StatusOr<LedgerSeq> LakeSource::First() {
  VFS_ASSIGN_OR_RETURN(const Range range, Available());
  VFS_RETURN_IF_ERROR(CheckSameSuffixBefore(range.first));
  return range.first;
}

// What looks like the beginning may be where a suffix ends.
absl::Status LakeSource::CheckSameSuffixBefore(LedgerSeq first) const {
  if (first <= kFirstLedger) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const Newest newest, FindNewest());
  const LakeBatch before = BatchOf(layout_, LedgerSeq{first.value() - 1});
  const std::string other = LakeKey(layout_, before, OtherSuffix(newest.suffix));
  VFS_ASSIGN_OR_RETURN(const bool has_other, fs_->Exists(other));
  if (!has_other) return absl::OkStatus();
  return vfs::FailedPrecondition("{}: {} has another suffix than {}; rename one of them", name_,
                                 other, LakeKey(layout_, BatchOf(layout_, first), newest.suffix));
}

absl::StatusOr<std::unique_ptr<LedgerStream>> LakeSource::Open(std::optional<LedgerSeq> first) {
  if (!first.has_value()) {
    VFS_ASSIGN_OR_RETURN(first, First());
  }
  if (*first < kFirstLedger)
    return vfs::OutOfRange("{} has no ledger {}: {} is the first of a network", name_,
                           first->value(), kFirstLedger.value());
  VFS_RETURN_IF_ERROR(CheckBegin(*first));
  return std::make_unique<Stream>(this, *first);
}

// Looks at one object, and at the others only if that is not there.
absl::Status LakeSource::CheckBegin(LedgerSeq first) {
  const auto newest = FindNewest();
  if (newest.status().code() == absl::StatusCode::kNotFound) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(newest.status());
  const LakeBatch batch = BatchOf(layout_, first);
  if (batch >= newest->batch) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const bool exists, fs_->Exists(LakeKey(layout_, batch, newest->suffix)));
  if (exists) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const Range range, Available());
  if (range.first <= first) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(CheckSameSuffixBefore(range.first));
  return vfs::OutOfRange("{} begins with ledger {}, not {}", name_, range.first.value(),
                         first.value());
}

// The listing that found the newest came before this read: what is older was complete by then.
absl::StatusOr<std::string> LakeSource::Unpack(const LakeBatch& batch, const Newest& newest) const {
  const std::string key = LakeKey(layout_, batch, newest.suffix);
  const std::string origin = fmt::format("{}: {}", name_, key);
  if (batch > newest.batch) return vfs::Unavailable("{} is not there yet", origin);
  const bool is_tip = batch == newest.batch;
  const auto object = ReadLakeObject(*fs_, key);
  if (object.status().code() == absl::StatusCode::kNotFound) {
    if (is_tip) return vfs::Unavailable("{} is not there any more", origin);
    const std::string other = LakeKey(layout_, batch, OtherSuffix(newest.suffix));
    VFS_ASSIGN_OR_RETURN(const bool has_other, fs_->Exists(other));
    return vfs::DataLoss(
        "{} is missing, though there are ledgers up to {}; {}", origin, newest.batch.last,
        has_other ? "it is there with another suffix than theirs: rename it" : "put it back");
  }
  if (!object.ok()) return At(object.status(), origin);
  auto bytes = UnpackLakeObject(*object);
  if (bytes.ok()) return bytes;
  if (bytes.status().code() != absl::StatusCode::kOutOfRange) return At(bytes.status(), origin);
  const auto code = is_tip ? absl::StatusCode::kUnavailable : absl::StatusCode::kDataLoss;
  return At(vfs::MakeStatus(code, vfs::Message(bytes.status())), origin);
}

}  // namespace permafrost::engine
