// An open file of a faulty file system, and the one place where a decided fault is carried out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "faults/fault_injector.h"
#include "faults/lying_sync.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::faults {

// How a call of the file system below is carried out, well or badly.
struct Carrying {
  absl::FunctionRef<absl::Status()> run;
  // Sync-class calls only: lies and failures below.
  absl::FunctionRef<absl::Status()> lie;
  absl::FunctionRef<absl::Status(std::size_t rule, absl::Status error)> fail;
  // Writes only: what else than all of it in its place goes to the file below.
  absl::FunctionRef<absl::Status(std::size_t rule)> miswrite;
};

// Decides the call, carries it out or not, records the fault, and gives the caller's answer.
absl::Status CarryOut(FaultInjector& injector, const vfs::Call& call, const Carrying& how);
// The same for calls that are neither syncs nor writes.
absl::Status CarryOut(FaultInjector& injector,
                      const vfs::Call& call,
                      absl::FunctionRef<absl::Status()> run);

// The same for calls that answer a value: no error of theirs can be ignored.
template <typename T>
absl::StatusOr<T> CarryOutFor(FaultInjector& injector,
                              const vfs::Call& call,
                              absl::FunctionRef<absl::StatusOr<T>()> run) {
  const std::optional<std::size_t> rule = injector.Decide(call);
  if (absl::Status refused = injector.CheckRemount(call); !refused.ok()) return refused;
  if (!rule) return run();
  const FaultRule& decided = injector.plan().rules[*rule];
  if (decided.timing == Timing::kAfter) {
    absl::StatusOr<T> result = run();
    if (!result.ok()) return result;
  }
  injector.Record(*rule, call);
  return InjectedError(decided.effect, call);
}

// Threads: as the file below.
class FaultyFile final : public vfs::WrappingFile, public LyingSync {
 public:
  // `injector` must outlive this. `errors` null: the plan asks for none.
  FaultyFile(std::unique_ptr<vfs::File> base,
             std::string_view path,
             FaultInjector* injector,
             std::shared_ptr<InodeErrors> errors);
  ~FaultyFile() override;

  absl::Status Append(std::string_view bytes) override;
  absl::Status Write(std::uint64_t offset, std::string_view bytes) override;
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override;
  absl::Status Truncate(std::uint64_t bytes) override;
  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) override;
  absl::Status SyncData() override;
  absl::Status Sync() override;
  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) override;
  absl::StatusOr<std::uint64_t> Size() const override;
  absl::Status Close() override;

  absl::Status LieAboutSync() override;
  absl::Status FailSync(const SyncFailure& how, absl::Status error) override;
  absl::StatusOr<std::size_t> ReadDurable(std::uint64_t offset,
                                          std::span<char> buffer) const override;

 private:
  // Where a write goes: at an offset, or at the end.
  using Put = absl::FunctionRef<absl::Status(std::string_view bytes)>;

  absl::Status CarryOutSync(vfs::CallKind kind, absl::FunctionRef<absl::Status()> run);
  absl::Status CarryOutWrite(const vfs::Call& call, Put put);
  absl::Status Miswrite(std::size_t rule, const vfs::Call& call, Put put);
  absl::Status Misdirect(const vfs::Call& call, Put put);
  // Fails a sync below and remembers whom to tell.
  absl::Status FailAndNote(std::size_t rule, absl::Status error);
  const SyncFailure& HowOf(std::size_t rule) const { return injector_->plan().rules[rule].how; }

  const std::string path_;
  FaultInjector* const injector_;
  const std::shared_ptr<InodeErrors> errors_;
  std::uint64_t failures_known_ = 0;  // of errors_, to this handle
};

}  // namespace permafrost::faults
