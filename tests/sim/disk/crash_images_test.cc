// Properties of snapshots and images: isolation, keys, replay of choices, determinism, budgets.
#include "sim/disk/crash_images.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/disk/sim_file_system.h"
#include "tests/sim/disk/tree_dump.h"
#include "tests/status_matchers.h"
#include "vfs/base/prng.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string>& PersonalityTexts() {
  static const std::vector<std::string> kTexts = {"strict",
                                                  "ordered",
                                                  "writeback",
                                                  "treelog",
                                                  "prefix",
                                                  "all",
                                                  "none",
                                                  "strict+da_alloc+nopsow+tear_bytes",
                                                  "ordered+da_alloc+tear_bytes"};
  return kTexts;
}

Personality Parsed(std::string_view name) {
  auto parsed = ParsePersonality(name);
  EXPECT_OK(parsed);
  return *parsed;
}

// A disk with a random history: names, links, writes, syncs, failed syncs, deaths.
class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : prng_(vfs::Prng(seed).Fork("life")) {}

  void Step() {
    const std::string path = Path();
    const std::string other = Path();
    const std::uint64_t chance = prng_.Below(16);
    // Refusals (missing, taken, wrong kind) are part of a random life: results are not looked at.
    switch (chance) {
      case 0: fs_.MakeDir(path).IgnoreError(); break;
      case 1:
      case 2: fs_.Create(path).status().IgnoreError(); break;
      case 3: fs_.Rename(path, other).IgnoreError(); break;
      case 4: fs_.Link(path, other).IgnoreError(); break;
      case 5: fs_.Unlink(path).IgnoreError(); break;
      case 6: fs_.RemoveDir(path).IgnoreError(); break;
      case 7:
        (prng_.Chance({1, 6}) ? fs_.LieAboutSyncDir(Dir()) : fs_.SyncDir(Dir())).IgnoreError();
        break;
      case 8:
        if (prng_.Chance({1, 20})) fs_.KillProcess();
        break;
      default: StepOnFile(path, chance); break;
    }
  }

  SimFileSystem& fs() { return fs_; }

 private:
  std::string Dir() { return prng_.Chance({1, 2}) ? "" : prng_.Chance({1, 2}) ? "d" : "e"; }
  std::string Path() { return vfs::JoinPath(Dir(), std::string(1, "abde"[prng_.Below(4)])); }

  void StepOnFile(const std::string& path, std::uint64_t chance) {
    auto file = fs_.Open(path, vfs::OpenMode::kReadWrite);
    if (!file.ok()) return;
    const std::string bytes(prng_.Between(1, 1500), static_cast<char>('A' + prng_.Below(26)));
    auto& lying = dynamic_cast<faults::LyingSync&>(**file);
    switch (chance) {
      case 9:
      case 10:
      case 11: EXPECT_OK((*file)->Append(bytes)); break;
      case 12: EXPECT_OK((*file)->Write(prng_.Below(3000), bytes)); break;
      case 13: EXPECT_OK((*file)->Truncate(prng_.Below(3000))); break;
      case 14: EXPECT_OK((*file)->SyncData()); break;
      default: EXPECT_OK(prng_.Chance({1, 3}) ? lying.LieAboutSync() : (*file)->Sync()); break;
    }
  }

  vfs::Prng prng_;
  SimFileSystem fs_;
};

// The tree built again by plain calls on a fresh disk, and settled.
DiskState Rebuilt(const InodeTree& tree) {
  SimFileSystem fs;
  std::map<InodeId, std::string> seen;
  std::vector<std::pair<InodeId, std::string>> todo = {{kRootInode, ""}};
  while (!todo.empty()) {
    const InodeId dir = todo.back().first;
    const std::string path = todo.back().second;
    todo.pop_back();
    tree.Find(dir)->entries.ForEach([&](const std::string& name, InodeId child) {
      const Inode* inode = tree.Find(child);
      const std::string at = vfs::JoinPath(path, name);
      if (inode->kind == vfs::FileKind::kDirectory) {
        EXPECT_OK(fs.MakeDir(at));
        todo.emplace_back(child, at);
      } else if (!seen.emplace(child, at).second) {
        EXPECT_OK(fs.Link(seen[child], at));
      } else {
        auto file = fs.Create(at);
        EXPECT_OK(file);
        inode->pages.ForEach([&](std::uint64_t index, const PageRef& page) {
          EXPECT_OK((*file)->Write(index * kPageBytes, {page->bytes.data(), kPageBytes}));
          return true;
        });
        EXPECT_OK((*file)->Truncate(inode->bytes));
        EXPECT_OK((*file)->Sync());
      }
      return true;
    });
    EXPECT_OK(fs.SyncDir(path));
  }
  for (const auto& [id, path] : seen) EXPECT_OK(fs.SyncDir(vfs::ParentOf(path)));
  fs.SyncDir("d").IgnoreError();  // links may have come after their directory was settled
  fs.SyncDir("e").IgnoreError();
  EXPECT_OK(fs.SyncDir(""));
  return fs.state();
}

TEST(CrashImages, EqualTreesHaveEqualKeysAndDifferentTreesDifferentOnes) {
  std::map<std::string, vfs::Hash128> key_of;
  std::map<vfs::Hash128, std::string> dump_of;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    RandomLife life(seed);
    for (int i = 0; i < 60; ++i) life.Step();
    CrashImages(life.fs().state(), {}, {.images_max = 60, .seed = seed})
        .ForEach([&](const CrashImage& image) {
          const std::string dump = DumpTree(image.state.live());
          EXPECT_EQ(key_of.emplace(dump, image.key).first->second, image.key) << dump;
          if (dump.find('?') == std::string::npos) {  // garbage prints alike
            EXPECT_EQ(dump_of.emplace(image.key, dump).first->second, dump);
          }
          EXPECT_EQ(Rebuilt(image.state.durable()).DurableKey(), image.key) << dump;
          return !::testing::Test::HasFailure();
        });
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(key_of.size(), 500U);
}

TEST(CrashImages, EveryPrintedChoiceRebuildsItsImage) {
  std::uint64_t images = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    RandomLife life(seed);
    for (int i = 0; i < 50; ++i) life.Step();
    for (const std::string& personality : PersonalityTexts()) {
      const CrashImages made(life.fs().state(), Parsed(personality),
                             {.images_max = 80, .seed = seed});
      made.ForEach([&](const CrashImage& image) {
        ++images;
        const auto again = made.FromChoice(image.choice);
        EXPECT_OK(again);
        if (!again.ok()) return false;
        EXPECT_EQ(again->key, image.key) << image.choice;
        EXPECT_EQ(again->choice, image.choice);
        EXPECT_EQ(again->lost, image.lost);
        EXPECT_EQ(again->partial, image.partial);
        return !::testing::Test::HasFailure();
      });
      ASSERT_FALSE(HasFailure()) << "seed " << seed << " " << personality;
    }
  }
  EXPECT_GT(images, 2000U);
}

TEST(CrashImages, WhatAChoiceLosesMakesItsImageAgain) {
  std::uint64_t images = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    RandomLife life(seed);
    for (int i = 0; i < 50; ++i) life.Step();
    for (const std::string& personality : PersonalityTexts()) {
      const CrashImages made(life.fs().state(), Parsed(personality),
                             {.images_max = 40, .seed = seed});
      made.ForEach([&](const CrashImage& image) {
        ++images;
        const auto losses = made.LossesOf(image.choice);
        EXPECT_OK(losses);
        const auto again = made.Losing(*losses);
        EXPECT_OK(again);
        EXPECT_EQ(again->choice, image.choice);
        EXPECT_EQ(again->key, image.key);
        Losses split = *losses;
        split.units = made.PartsOf(losses->units);
        EXPECT_GE(split.units.size(), losses->units.size());
        EXPECT_EQ(made.Losing(split)->choice, image.choice);
        return !::testing::Test::HasFailure();
      });
      ASSERT_FALSE(HasFailure()) << "seed " << seed << " " << personality;
    }
  }
  EXPECT_GT(images, 2000U);
}

TEST(CrashImages, LosingFewerUnitsLosesNoOtherEffects) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    RandomLife life(seed);
    for (int i = 0; i < 50; ++i) life.Step();
    for (const std::string& personality : PersonalityTexts()) {
      const CrashImages made(life.fs().state(), Parsed(personality),
                             {.images_max = 40, .seed = seed});
      vfs::Prng prng(seed);
      made.ForEach([&](const CrashImage& image) {
        Losses fewer = *made.LossesOf(image.choice);
        std::erase_if(fewer.units, [&](const LostUnit&) { return prng.Chance({1, 2}); });
        const auto smaller = made.Losing(fewer);
        EXPECT_OK(smaller);
        EXPECT_TRUE(std::includes(image.lost.begin(), image.lost.end(), smaller->lost.begin(),
                                  smaller->lost.end()))
            << image.choice << " became " << smaller->choice;
        return !::testing::Test::HasFailure();
      });
      ASSERT_FALSE(HasFailure()) << "seed " << seed << " " << personality;
    }
  }
}

TEST(CrashImages, LostUnitsAreNamedWithoutNumbers) {
  SimFileSystem fs;
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("000012.log"));
  const vfs::Step step("tiny.write");
  ASSERT_OK(file->Append(std::string(1024, 'A')));
  const CrashImages images(fs.state(), {}, {});

  ASSERT_OK_AND_ASSIGN(const Losses losses, images.LossesOf("strict keep=0,1.s1 fill=stale"));

  EXPECT_EQ(losses.fill, Fill::kStale);
  EXPECT_THAT(losses.units, ::testing::ElementsAre(LostUnit{"write #.log tiny.write -1", "s0"},
                                                   LostUnit{"grow #.log tiny.write -1", "all"}));
}

TEST(CrashImages, AUnitThatIsNotPendingIsRefused) {
  const CrashImages images(SimFileSystem().state(), {}, {});

  EXPECT_ERROR(images.Losing({.units = {{"create a  -1", "all"}}}), absl::StatusCode::kNotFound,
               ::testing::Eq("crash image: one of 1 lost units is not pending"));
}

TEST(CrashImages, TheSameHistoryAndSeedOfferTheSameImages) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<std::string> runs[2];
    for (std::vector<std::string>& run : runs) {
      RandomLife life(seed);
      for (int i = 0; i < 80; ++i) life.Step();
      CrashImages(life.fs().state(), {}, {.seed = seed}).ForEach([&](const CrashImage& image) {
        run.push_back(image.key.Hex() + image.choice);
        return true;
      });
    }
    EXPECT_EQ(runs[0], runs[1]);
  }
}

// At most how many combinations of names, sizes and sectors strict has.
std::uint64_t UnitCombinations(const DiskState& state) {
  std::uint64_t product = 1;
  for (const EffectRef& effect : state.EffectsInOrder()) {
    if (product > 4096) return product;
    if (IsNameKind(effect->kind)) product *= 2;
    if (effect->kind == EffectKind::kTruncate) product *= 2;
    if (effect->kind == EffectKind::kGrow) {
      product *= (effect->size_after - effect->size_before) / kSectorBytes + 3;
    }
    product <<= std::min<std::size_t>(SectorCount(*effect), 16);
  }
  return product;
}

// What strict offers is a superset: no personality shows a disk that strict forbids.
TEST(CrashImages, EveryPersonalityStaysWithinStrict) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomLife life(seed);
    for (int i = 0; i < 25; ++i) life.Step();
    std::set<vfs::Hash128> strict;
    const auto collect = [&](const CrashImage& image) {
      strict.insert(image.key);
      return true;
    };
    const ImageBudget wide{
        .images_max = 5000, .random_images = 0, .seed = 1, .subset_nodes_max = 12};
    const CrashImages all(life.fs().state(), {}, wide);
    if (UnitCombinations(life.fs().state()) > 4096 || !all.ForEach(collect).exhausted) continue;
    ++compared;
    for (const char* personality : {"ordered", "writeback", "treelog", "prefix", "none"}) {
      CrashImages(life.fs().state(), Parsed(personality), wide)
          .ForEach([&](const CrashImage& image) {
            if (image.choice.find("fill=zero") != std::string::npos) {  // fills are sampled
              EXPECT_TRUE(strict.contains(image.key)) << personality << " " << image.choice << "\n"
                                                      << DumpTree(image.state.live());
            }
            return true;
          });
    }
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(compared, 50);
}

TEST(CrashImages, ASnapshotDoesNotSeeWhatComesLater) {
  RandomLife life(5);
  std::vector<DiskState> snapshots;
  std::vector<std::string> dumps;
  for (int i = 0; i < 300; ++i) {
    life.Step();
    snapshots.push_back(life.fs().state());
    dumps.push_back(DumpTree(snapshots.back().live()) + snapshots.back().FullKey().Hex());
  }
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    EXPECT_EQ(DumpTree(snapshots[i].live()) + snapshots[i].FullKey().Hex(), dumps[i]);
  }
}

TEST(CrashImages, SixEffectsAreExhaustedWithinTheDefaultBudget) {
  SimFileSystem fs;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) ASSERT_OK(fs.MakeDir(name));
  const CrashImages images(fs.state(), {}, {});
  std::uint64_t visited = 0;
  const ImageCount count = images.ForEach([&](const CrashImage&) { return ++visited > 0; });

  EXPECT_EQ(count.effects, 6U);
  EXPECT_EQ(count.candidates, 64U);
  EXPECT_EQ(visited, 64U);
  EXPECT_TRUE(count.exhausted);
}

TEST(CrashImages, ManyEffectsStayWithinTheBudgetAndAreNotExhausted) {
  SimFileSystem fs;
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  for (int i = 0; i < 200; ++i) ASSERT_OK(file->Append(std::string(700, 'x')));
  const ImageCount count =
      CrashImages(fs.state(), {}, {.images_max = 300}).ForEach([](const CrashImage&) {
        return true;
      });

  EXPECT_FALSE(count.exhausted);
  EXPECT_LE(count.candidates, 300U);
  EXPECT_GT(count.candidates, 200U);
}

TEST(CrashImages, AVisitorThatHasEnoughStopsTheEnumeration) {
  SimFileSystem fs;
  for (const char* name : {"a", "b", "c"}) ASSERT_OK(fs.MakeDir(name));
  int visited = 0;
  const ImageCount count =
      CrashImages(fs.state(), {}, {}).ForEach([&](const CrashImage&) { return ++visited < 3; });

  EXPECT_EQ(visited, 3);
  EXPECT_FALSE(count.exhausted);
}

TEST(CrashImages, LostWritesBelowTheSizeShowZerosStaleBytesOrGarbage) {
  SimFileSystem fs;
  MakeSettled(fs, "old", Sectors('o', 1));
  ASSERT_OK(fs.Unlink("old"));
  ASSERT_OK(fs.SyncDir(""));
  MakeSettled(fs, "f", "");
  ASSERT_OK(OpenFile(fs, "f")->Append(Sectors('A', 1)));

  EXPECT_EQ(CutDumpsWith(fs.state(), "strict", "fill=zero"),
            (std::set<std::string>{"f=", "f=.", "f=A"}));
  EXPECT_EQ(CutDumpsWith(fs.state(), "strict", "fill=stale"), (std::set<std::string>{"f=o"}));
  EXPECT_EQ(CutDumpsWith(fs.state(), "strict", "fill=garbage").size(), 1U);
}

TEST(CrashImages, FillNeverTouchesBytesOfTheSectorThatSurvived) {
  SimFileSystem fs;
  MakeSettled(fs, "old", Sectors('o', 1));
  ASSERT_OK(fs.Unlink("old"));
  ASSERT_OK(fs.SyncDir(""));
  MakeSettled(fs, "f", std::string(100, 'a'));
  ASSERT_OK(OpenFile(fs, "f")->Append(std::string(60, 'B')));
  ASSERT_OK(OpenFile(fs, "f")->Write(300, std::string(40, 'C')));

  // The gap from 160 to 300 was never written: it is zero whatever the disk held there.
  EXPECT_EQ(
      CutDumpsWith(fs.state(), "strict", "fill=stale"),
      (std::set<std::string>{"f={a100 o60}", "f={a100 o60 .140 o40}", "f={a100 B60 .140 o40}"}));
}

TEST(CrashImages, BytesTearOnlyUnderTheirModifier) {
  SimFileSystem fs;
  MakeSettled(fs, "f", Sectors('a', 9));
  ASSERT_OK(OpenFile(fs, "f")->Write(512, Sectors('B', 1)));

  EXPECT_TRUE(CutDumpsWith(fs.state(), "strict", "tear=").empty());
  EXPECT_EQ(CutDumpsWith(fs.state(), "strict+tear_bytes", "tear="),
            (std::set<std::string>{"f=a{B1 a511}aaaaaaa", "f=a{B256 a256}aaaaaaa",
                                   "f=a{B511 a1}aaaaaaa"}));
  // Against D9 the whole page around the torn sector is garbage, the next page is not.
  const auto garbled = CutDumpsWith(fs.state(), "strict+nopsow", "garbled");
  ASSERT_EQ(garbled.size(), 1U);
  EXPECT_EQ(garbled.begin()->find("f={"), 0U);
  EXPECT_EQ(garbled.begin()->back(), 'a');
}

TEST(CrashImages, EffectsNameTheirStepPathAndSite) {
  SimFileSystem fs;
  {
    const vfs::Step outer("ingest.write.ledger");
    const vfs::Step inner("rocksdb.wal.append");
    ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("tmp"));
    ASSERT_OK(fs.Rename("tmp", "final"));
    ASSERT_OK(file->Append("x"));
  }
  const CrashImages images(fs.state(), {}, {});
  const auto& effects = images.effects();

  ASSERT_EQ(effects.size(), 4U);
  EXPECT_EQ(effects[0].kind, "create");
  EXPECT_EQ(effects[1].kind, "rename");
  EXPECT_EQ(effects[2].kind, "write");
  EXPECT_EQ(effects[3].kind, "grow");
  EXPECT_EQ(effects[0].path, "tmp");
  EXPECT_EQ(effects[2].path, "final");  // where the file is now, not where it was opened
  EXPECT_EQ(effects[2].label, "rocksdb.wal.append");
  EXPECT_EQ(effects[2].labels, "ingest.write.ledger/rocksdb.wal.append");
  EXPECT_THAT(effects[2].site, HasSubstr("crash_images_test.cc:"));
}

TEST(CrashImages, AChoiceThatDoesNotFitIsRefused) {
  SimFileSystem fs;
  MakeSettled(fs, "f", "");
  ASSERT_OK(OpenFile(fs, "f")->Append(Sectors('A', 3)));
  const CrashImages images(fs.state(), {}, {});

  EXPECT_OK(images.FromChoice("strict keep=0.s0+s2,1 size=1:1024 fill=zero"));
  for (const char* choice :
       {"", "ordered keep=0 fill=zero", "strict", "strict keep=2 fill=zero", "strict keep=0.s3",
        "strict keep=1 size=1:4096", "strict keep=x", "strict keep=0 fill=red", "strict keep=0-",
        "strict keep=0 tear=0.s0:600", "strict keep=0 tear=0.s0:100", "strict keep=0.size+s0"}) {
    EXPECT_ERROR(images.FromChoice(choice), absl::StatusCode::kInvalidArgument,
                 HasSubstr("crash choice"));
  }
}

TEST(Personality, PrintsWhatItParses) {
  for (const std::string& text : PersonalityTexts()) EXPECT_EQ(ToString(Parsed(text)), text);
  EXPECT_ERROR(ParsePersonality("stern"), absl::StatusCode::kInvalidArgument, HasSubstr("'stern'"));
  EXPECT_ERROR(ParsePersonality("strict+x"), absl::StatusCode::kInvalidArgument, HasSubstr("'x'"));
}

}  // namespace
}  // namespace permafrost::sim
