// What each effect does to a call.
#include "faults/faulty_file.h"

#include <algorithm>
#include <utility>

#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::faults {
namespace {

using vfs::Call;
using vfs::CallKind;

constexpr std::size_t kSectorBytes = 512;

absl::Status Unreachable() {
  VFS_CHECK(false, "an effect was decided for a call that it does not fit");
}
absl::Status UnreachableFailure(std::size_t, const absl::Status&) { return Unreachable(); }
absl::Status UnreachableMiswrite(std::size_t) { return Unreachable(); }

// Carries out the fault of a rule; OK for lies and rot, else the injected error or the error of the
// file system below.
absl::Status Misbehave(FaultInjector& injector,
                       std::size_t rule,
                       const Call& call,
                       const Carrying& how) {
  const FaultRule& decided = injector.plan().rules[rule];
  if (decided.timing == Timing::kAfter) {
    const absl::Status result = how.run();
    if (!result.ok()) return result;
    injector.Record(rule, call);
    return InjectedError(decided.effect, call);
  }
  const bool is_sync = vfs::IsSync(call.kind);
  const bool reaches_the_file = IsRot(decided.effect) || decided.effect == Effect::kShort ||
                                (decided.effect == Effect::kFail && !is_sync);
  if (reaches_the_file) {
    const absl::Status result = how.miswrite(rule);
    if (!result.ok()) return result;
  }
  injector.Record(rule, call);
  switch (decided.effect) {
    case Effect::kDrop: return how.lie();
    case Effect::kUnsynced: return absl::OkStatus();
    case Effect::kFail:
      if (!is_sync) return absl::OkStatus();
      [[fallthrough]];
    case Effect::kEio:
    case Effect::kEnospc:
    case Effect::kEdquot:
    case Effect::kEmfile: {
      absl::Status error = InjectedError(decided.effect, call);
      return is_sync ? how.fail(rule, std::move(error)) : error;
    }
    case Effect::kShort: return InjectedError(decided.effect, call);
    case Effect::kFlip:
    case Effect::kZero:
    case Effect::kMisdirect:
    case Effect::kLose: return absl::OkStatus();
    case Effect::kStale:
    case Effect::kStall:
    case Effect::kIgnoreError: break;
  }
  return Unreachable();
}

void FlipMiddle(std::span<char> bytes) {
  if (!bytes.empty()) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
}

void ZeroMiddle(std::span<char> bytes) {
  if (bytes.empty()) return;
  const std::size_t first = bytes.size() / 2 / kSectorBytes * kSectorBytes;
  const auto sector = bytes.subspan(first, std::min(kSectorBytes, bytes.size() - first));
  std::fill(sector.begin(), sector.end(), '\0');
}

}  // namespace

absl::Status CarryOut(FaultInjector& injector, const Call& call, const Carrying& how) {
  const std::optional<std::size_t> rule = injector.Decide(call);
  absl::Status refused = injector.CheckRemount(call);
  if (!refused.ok()) return injector.Answer(call, std::move(refused));
  return injector.Answer(call, rule ? Misbehave(injector, *rule, call, how) : how.run());
}

absl::Status CarryOut(FaultInjector& injector,
                      const Call& call,
                      absl::FunctionRef<absl::Status()> run) {
  return CarryOut(injector, call,
                  Carrying{run, Unreachable, UnreachableFailure, UnreachableMiswrite});
}

FaultyFile::FaultyFile(std::unique_ptr<vfs::File> base,
                       std::string_view path,
                       FaultInjector* injector,
                       std::shared_ptr<InodeErrors> errors)
    : WrappingFile(std::move(base)),
      path_(path),
      injector_(injector),
      errors_(std::move(errors)),
      failures_known_(errors_ == nullptr ? 0 : errors_->told_to_all()) {}

FaultyFile::~FaultyFile() = default;

absl::Status FaultyFile::FailAndNote(std::size_t rule, absl::Status error) {
  if (errors_ != nullptr) failures_known_ = errors_->NoteSync(rule, HowOf(rule).tells_every_handle);
  return FailSync(HowOf(rule), std::move(error));
}

absl::Status FaultyFile::CarryOutSync(CallKind kind, absl::FunctionRef<absl::Status()> run) {
  const Call call{.kind = kind, .path = path_};
  const auto run_or_tell = [&]() -> absl::Status {
    const auto untold = errors_ == nullptr ? std::nullopt : errors_->FindUntold(failures_known_);
    if (!untold.has_value()) return run();
    injector_->Record(untold->rule, call);
    absl::Status error = InjectedError(Effect::kFail, call);
    if (untold->is_late) return FailAndNote(untold->rule, std::move(error));
    failures_known_ = errors_->told_to_all();
    return FailSync(HowOf(untold->rule), std::move(error));
  };
  return CarryOut(*injector_, call,
                  Carrying{run_or_tell, [this] { return LieAboutSync(); },
                           [this](std::size_t rule, absl::Status error) {
                             return FailAndNote(rule, std::move(error));
                           },
                           UnreachableMiswrite});
}

absl::Status FaultyFile::CarryOutWrite(const Call& call, Put put) {
  return CarryOut(*injector_, call,
                  Carrying{[&] { return put(call.data); }, Unreachable, UnreachableFailure,
                           [&](std::size_t rule) { return Miswrite(rule, call, put); }});
}

absl::Status FaultyFile::Miswrite(std::size_t rule, const Call& call, Put put) {
  std::string bytes(call.data);
  switch (injector_->plan().rules[rule].effect) {
    case Effect::kShort: return put(call.data.substr(0, call.data.size() / 2));
    case Effect::kFail: {
      VFS_RETURN_IF_ERROR(put(call.data));
      errors_->NoteLate(rule);
      // What it orphans is the point; the next sync gives the error.
      FailSync(HowOf(rule), vfs::DataLoss("write out {}", path_)).IgnoreError();
      return absl::OkStatus();
    }
    case Effect::kFlip: FlipMiddle(bytes); return put(bytes);
    case Effect::kZero: ZeroMiddle(bytes); return put(bytes);
    case Effect::kLose:
      if (call.kind == CallKind::kWrite) return absl::OkStatus();
      return put(std::string(bytes.size(), '\0'));
    case Effect::kMisdirect: return Misdirect(call, put);
    default: return Unreachable();
  }
}

absl::Status FaultyFile::Misdirect(const Call& call, Put put) {
  std::uint64_t place = call.offset;
  if (call.kind == CallKind::kAppend) {
    VFS_ASSIGN_OR_RETURN(place, base().Size());
    VFS_RETURN_IF_ERROR(put(std::string(call.data.size(), '\0')));
  }
  // In the first sector there is nothing before it: the bytes are lost.
  if (place < kSectorBytes) return absl::OkStatus();
  return base().Write(place - kSectorBytes, call.data);
}

absl::Status FaultyFile::Append(std::string_view bytes) {
  return CarryOutWrite(
      Call{.kind = CallKind::kAppend, .path = path_, .bytes = bytes.size(), .data = bytes},
      [&](std::string_view what) { return base().Append(what); });
}

absl::Status FaultyFile::Write(std::uint64_t offset, std::string_view bytes) {
  return CarryOutWrite(Call{.kind = CallKind::kWrite,
                            .path = path_,
                            .offset = offset,
                            .bytes = bytes.size(),
                            .data = bytes},
                       [&](std::string_view what) { return base().Write(offset, what); });
}

absl::StatusOr<std::size_t> FaultyFile::Read(std::uint64_t offset, std::span<char> buffer) const {
  const Call call{.kind = CallKind::kRead, .path = path_, .offset = offset, .bytes = buffer.size()};
  const std::optional<std::size_t> rule = injector_->Decide(call);
  if (!rule) return base().Read(offset, buffer);
  const FaultRule& decided = injector_->plan().rules[*rule];
  if (IsRot(decided.effect)) {
    const bool is_stale = decided.effect == Effect::kStale;
    VFS_ASSIGN_OR_RETURN(const std::size_t count,
                         is_stale ? ReadDurable(offset, buffer) : base().Read(offset, buffer));
    if (decided.effect == Effect::kFlip) FlipMiddle(buffer.first(count));
    if (decided.effect == Effect::kZero) ZeroMiddle(buffer.first(count));
    injector_->Record(*rule, call);
    return count;
  }
  if (decided.timing == Timing::kAfter) VFS_RETURN_IF_ERROR(base().Read(offset, buffer).status());
  injector_->Record(*rule, call);
  return InjectedError(decided.effect, call);
}

absl::Status FaultyFile::Truncate(std::uint64_t bytes) {
  return CarryOut(*injector_, Call{.kind = CallKind::kTruncate, .path = path_, .bytes = bytes},
                  [&] { return base().Truncate(bytes); });
}

absl::Status FaultyFile::Preallocate(std::uint64_t offset, std::uint64_t bytes) {
  return CarryOut(
      *injector_,
      Call{.kind = CallKind::kPreallocate, .path = path_, .offset = offset, .bytes = bytes},
      [&] { return base().Preallocate(offset, bytes); });
}

absl::Status FaultyFile::SyncData() {
  return CarryOutSync(CallKind::kSyncData, [this] { return base().SyncData(); });
}

absl::Status FaultyFile::Sync() {
  return CarryOutSync(CallKind::kSync, [this] { return base().Sync(); });
}

absl::Status FaultyFile::HintWriteOut(std::uint64_t offset, std::uint64_t bytes) {
  return CarryOut(
      *injector_,
      Call{.kind = CallKind::kHintWriteOut, .path = path_, .offset = offset, .bytes = bytes},
      [&] { return base().HintWriteOut(offset, bytes); });
}

absl::StatusOr<std::uint64_t> FaultyFile::Size() const {
  return CarryOutFor<std::uint64_t>(*injector_, Call{.kind = CallKind::kSize, .path = path_},
                                    [&] { return base().Size(); });
}

absl::Status FaultyFile::Close() {
  return CarryOut(*injector_, Call{.kind = CallKind::kClose, .path = path_},
                  [this] { return base().Close(); });
}

absl::Status FaultyFile::LieAboutSync() {
  auto* const liar = dynamic_cast<LyingSync*>(&base());
  return liar != nullptr ? liar->LieAboutSync() : absl::OkStatus();
}

absl::Status FaultyFile::FailSync(const SyncFailure& how, absl::Status error) {
  auto* const liar = dynamic_cast<LyingSync*>(&base());
  return liar != nullptr ? liar->FailSync(how, std::move(error)) : error;
}

absl::StatusOr<std::size_t> FaultyFile::ReadDurable(std::uint64_t offset,
                                                    std::span<char> buffer) const {
  const auto* const liar = dynamic_cast<LyingSync*>(&base());
  return liar != nullptr ? liar->ReadDurable(offset, buffer) : base().Read(offset, buffer);
}

}  // namespace permafrost::faults
