// What each effect does to a call.
#include "faults/faulty_file.h"

#include "vfs/base/check.h"

namespace permafrost::faults {
namespace {

using vfs::Call;
using vfs::CallKind;

absl::Status Unreachable() {
  VFS_CHECK(false, "an effect was decided for a call that it does not fit");
}
absl::Status UnreachableFailure(const absl::Status& /*error*/) { return Unreachable(); }

// Carries out the fault of a rule; OK for the lies, else the injected error or the error of the
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
  if (decided.effect == Effect::kShort) {
    const absl::Status result = how.run_half();
    if (!result.ok()) return result;
  }
  injector.Record(rule, call);
  switch (decided.effect) {
    case Effect::kDrop: return how.lie();
    case Effect::kUnsynced: return absl::OkStatus();
    case Effect::kEio:
    case Effect::kEnospc:
    case Effect::kEdquot:
    case Effect::kEmfile:
    case Effect::kFail: {
      absl::Status error = InjectedError(decided.effect, call);
      return vfs::IsSync(call.kind) ? how.fail(std::move(error)) : error;
    }
    case Effect::kShort: return InjectedError(decided.effect, call);
    case Effect::kIgnoreError: break;
  }
  return Unreachable();
}

}  // namespace

absl::Status CarryOut(FaultInjector& injector, const Call& call, const Carrying& how) {
  const std::optional<std::size_t> rule = injector.Decide(call);
  return injector.Answer(call, rule ? Misbehave(injector, *rule, call, how) : how.run());
}

absl::Status CarryOut(FaultInjector& injector,
                      const Call& call,
                      absl::FunctionRef<absl::Status()> run) {
  return CarryOut(injector, call, Carrying{run, Unreachable, UnreachableFailure, Unreachable});
}

FaultyFile::FaultyFile(std::unique_ptr<vfs::File> base,
                       std::string_view path,
                       FaultInjector* injector)
    : WrappingFile(std::move(base)), path_(path), injector_(injector) {}

FaultyFile::~FaultyFile() = default;

absl::Status FaultyFile::CarryOutSync(CallKind kind, absl::FunctionRef<absl::Status()> run) {
  return CarryOut(
      *injector_, Call{.kind = kind, .path = path_},
      Carrying{run, [this] { return LieAboutSync(); },
               [this](absl::Status error) { return FailSync(std::move(error)); }, Unreachable});
}

absl::Status FaultyFile::CarryOutWrite(const Call& call,
                                       absl::FunctionRef<absl::Status()> run,
                                       absl::FunctionRef<absl::Status()> run_half) {
  return CarryOut(*injector_, call, Carrying{run, Unreachable, UnreachableFailure, run_half});
}

absl::Status FaultyFile::Append(std::string_view bytes) {
  return CarryOutWrite(
      Call{.kind = CallKind::kAppend, .path = path_, .bytes = bytes.size(), .data = bytes},
      [&] { return base().Append(bytes); },
      [&] { return base().Append(bytes.substr(0, bytes.size() / 2)); });
}

absl::Status FaultyFile::Write(std::uint64_t offset, std::string_view bytes) {
  return CarryOutWrite(
      Call{.kind = CallKind::kWrite,
           .path = path_,
           .offset = offset,
           .bytes = bytes.size(),
           .data = bytes},
      [&] { return base().Write(offset, bytes); },
      [&] { return base().Write(offset, bytes.substr(0, bytes.size() / 2)); });
}

absl::StatusOr<std::size_t> FaultyFile::Read(std::uint64_t offset, std::span<char> buffer) const {
  return CarryOutFor<std::size_t>(
      *injector_,
      Call{.kind = CallKind::kRead, .path = path_, .offset = offset, .bytes = buffer.size()},
      [&] { return base().Read(offset, buffer); });
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

absl::Status FaultyFile::FailSync(absl::Status error) {
  auto* const liar = dynamic_cast<LyingSync*>(&base());
  return liar != nullptr ? liar->FailSync(std::move(error)) : error;
}

}  // namespace permafrost::faults
