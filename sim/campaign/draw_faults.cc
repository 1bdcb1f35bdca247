// Kinds of faults, and the rules of each.
#include "sim/campaign/draw_faults.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

template <std::size_t N>
std::string_view OneOf(vfs::Prng& prng, const std::array<std::string_view, N>& words) {
  return words[prng.Below(N)];
}

// From 1; small numbers more often, so that what a life does first is failed as often as all the
// rest.
std::uint64_t Nth(vfs::Prng& prng) { return 1 + prng.Below(std::uint64_t{2} << prng.Below(10)); }

// How a sync fails: content, who is told, whether the volume is remounted.
std::string How(vfs::Prng& prng) {
  constexpr std::array<std::string_view, 3> kContents = {"kept", "reverted", "clean"};
  std::string how(OneOf(prng, kContents));
  if (prng.Chance({1, 3})) how += ",every-handle";
  if (prng.Chance({1, 6})) how += ",read-only";
  return how;
}

enum class Kind {
  kError,
  kErrorAfter,
  kReadError,
  kNoSpace,
  kNoHandles,
  kShortWrite,
  kFailedSync,
  kLateFailure,
  kStall,
  kRot,
};
constexpr int kKindCount = 10;

// Files whose every byte is under a checksum that the catalog keeps. Damage at the end of a log
// looks like a torn write, so databases are not among them: `powercut rot` is for those.
constexpr std::array<std::string_view, 3> kChecked = {"ledgers/**", "events/**", "txhash/**"};

std::string RuleOf(Kind kind, vfs::Prng& prng) {
  const std::uint64_t nth = Nth(prng);
  switch (kind) {
    case Kind::kError: {
      constexpr std::array<std::string_view, 2> kRepeats = {"", " sticky"};
      // A disk that fails for good leaves little to look at: seldom.
      const std::string_view repeat = prng.Chance({1, 8}) ? kRepeats[1] : kRepeats[0];
      return fmt::format("when any nth={} then eio{}", nth, repeat);
    }
    case Kind::kErrorAfter: {
      constexpr std::array<std::string_view, 7> kCalls = {
          "append", "rename", "unlink", "create", "make_dir", "sync_dir", "sync_file"};
      return fmt::format("when {} nth={} then eio after", OneOf(prng, kCalls), nth);
    }
    case Kind::kReadError: {
      const std::uint64_t first = prng.Below(4) * 512;
      const bool is_ranged = prng.Chance({1, 2});
      return is_ranged
                 ? fmt::format("when read range={}-{} nth={} then eio", first, first + 512, nth)
                 : fmt::format("when read nth={} then eio", nth);
    }
    case Kind::kNoSpace: {
      constexpr std::array<std::string_view, 2> kErrors = {"enospc", "edquot"};
      constexpr std::array<std::string_view, 4> kCalls = {"any-write", "any-name", "make_dir",
                                                          "rename"};
      const std::string_view error = OneOf(prng, kErrors);
      if (prng.Chance({1, 3}))
        return fmt::format("when any-write budget={} then {} once", 64 * nth, error);
      return fmt::format("when {} nth={} then {}", OneOf(prng, kCalls), nth, error);
    }
    case Kind::kNoHandles: {
      constexpr std::array<std::string_view, 2> kCalls = {"open", "create"};
      return fmt::format("when {} nth={} then emfile", OneOf(prng, kCalls), nth);
    }
    case Kind::kShortWrite: return fmt::format("when append nth={} then short", nth);
    case Kind::kFailedSync: return fmt::format("when sync nth={} then fail:{}", nth, How(prng));
    case Kind::kLateFailure: return fmt::format("when append nth={} then fail:{}", nth, How(prng));
    case Kind::kStall: {
      constexpr std::array<std::string_view, 3> kTimes = {"1ms", "250ms", "5s"};
      return fmt::format("when any nth={} then stall:{}", nth, OneOf(prng, kTimes));
    }
    case Kind::kRot: {
      constexpr std::array<std::string_view, 4> kOnWrites = {"flip", "zero", "misdirect", "lose"};
      constexpr std::array<std::string_view, 3> kOnReads = {"flip", "zero", "stale"};
      const std::string_view path = OneOf(prng, kChecked);
      const std::uint64_t soon = 1 + prng.Below(12);
      if (prng.Chance({1, 3}))
        return fmt::format("when read path={} nth={} then {}", path, soon, OneOf(prng, kOnReads));
      return fmt::format("when append path={} nth={} then {}", path, soon, OneOf(prng, kOnWrites));
    }
  }
  VFS_CHECK(false, "bad kind {}", static_cast<int>(kind));
}

}  // namespace

faults::FaultPlan DrawFaults(vfs::Prng& prng, DrawRot rot) {
  std::vector<Kind> swarm;
  for (int i = 0; i < kKindCount; ++i) {
    const auto kind = static_cast<Kind>(i);
    if (prng.Chance({1, 2}) && (kind != Kind::kRot || rot == DrawRot::kYes)) swarm.push_back(kind);
  }
  if (swarm.empty()) swarm.push_back(Kind::kError);
  std::string text;
  const std::uint64_t count = prng.Between(1, 3);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i > 0) text += "; ";
    text += RuleOf(swarm[prng.Below(swarm.size())], prng);
  }
  const auto plan = faults::ParsePlan(text);
  VFS_CHECK(plan.ok(), "drawn faults '{}': {}", text, vfs::Message(plan.status()));
  return *plan;
}

}  // namespace permafrost::sim
