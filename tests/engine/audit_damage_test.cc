// A byte of a frozen file is another: the deep audit names the file, and no reader gives another
// answer.
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/audit/contents.h"
#include "engine/ingest/ingest.h"
#include "engine/ledger/synthetic_source.h"
#include "engine/query/ledger_reader.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/hex.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::StoreWorld;

constexpr std::uint32_t kLedgers = 14;
constexpr std::size_t kFlipsMax = 400;  // of a file; a smaller one has every byte flipped

// What the store says to each question, or its error.
using Answers = std::map<std::string, absl::StatusOr<std::string>>;

class FrozenDamage : public ::testing::Test {
 protected:
  // 4 ledgers a chunk, 2 chunks a window: chunks 0 to 2 are frozen, window 0 is finished, so that
  // chunk 2 has every kind of file; two ledgers are hot.
  void SetUp() override {
    StoreOptions options = StoreWorld::SmallOptions();
    options.geometry =
        *Geometry::Create({.ledgers_per_chunk = 4, .chunks_per_window = 2, .chunks_per_bucket = 2});
    ASSERT_OK_AND_ASSIGN(store_, LedgerStore::Open(world_.Env(), options, source_.decoder()));
    ASSERT_OK(Ingest(*store_, source_, {}));
    ASSERT_OK_AND_ASSIGN(catalog_, store_->store().View());
    ASSERT_EQ(catalog_.hot.size(), 1U);
    ASSERT_EQ(catalog_.coverages.size(), 2U);
  }

  std::string Bytes(const std::string& path) {
    const auto file = world_.disk().Open(path, vfs::OpenMode::kRead);
    EXPECT_OK(file);
    std::string bytes(*(*file)->Size(), '\0');
    EXPECT_OK((*file)->Read(0, std::span<char>(bytes)));
    return bytes;
  }

  void Replace(const std::string& path, const std::string& bytes) {
    ASSERT_OK(world_.disk().Unlink(path));
    ASSERT_OK_AND_ASSIGN(const auto file, world_.disk().Create(path));
    ASSERT_OK(file->Append(bytes));
  }

  AuditReport DeepAudit() {
    AuditReport report;
    report.view = catalog_;
    AuditContents(&world_.disk(), store_->store().layout(), report);
    return report;
  }

  absl::StatusOr<std::string> Ledger(const LedgerReader& reader, LedgerSeq sequence) {
    VFS_ASSIGN_OR_RETURN(FoundLedger found, reader.Ledger(sequence));
    return std::move(found.bytes);
  }

  absl::StatusOr<std::string> Transaction(const LedgerReader& reader, const Hash& hash) {
    VFS_ASSIGN_OR_RETURN(const auto found, reader.Transaction(hash));
    if (!found.has_value()) return "none";
    return fmt::format("{} {} {} {}", found->ledger.value(), found->apply_index,
                       found->transaction.is_successful, vfs::HexOf(found->transaction.hash));
  }

  absl::StatusOr<std::string> Events(const LedgerReader& reader, const EventFilter& filter) {
    EventQuery query{.from = reader.oldest(), .to = reader.latest(), .limit = 1'000};
    if (filter != EventFilter{}) query.filters.push_back(filter);
    VFS_ASSIGN_OR_RETURN(const EventPage page, reader.Events(query));
    std::string all;
    for (const std::string& payload : page.payloads) all += payload;
    return all;
  }

  // Of every ledger, of every transaction of it and one that is nowhere, of all events and those of
  // each contract.
  // Every file that is needed is opened for it.
  Answers Ask() {
    store_->cold_readers().ForgetAll();
    const LedgerReader reader(store_->OpenView(), store_->decoder());
    Answers answers;
    const auto add = [&](std::string question, absl::StatusOr<std::string> answer) {
      answers.emplace(std::move(question), std::move(answer));
    };
    for (std::uint32_t i = 0; i < kLedgers; ++i) {
      const LedgerSeq sequence{kFirstLedger.value() + i};
      add(fmt::format("ledger {}", i), Ledger(reader, sequence));
      const std::string bytes = SyntheticLedger(kSeed, sequence);
      const LedgerView ledger = *source_.decoder().Decode(bytes);
      for (const TransactionView& transaction : ledger.transactions)
        add("tx " + vfs::HexOf(transaction.hash), Transaction(reader, transaction.hash));
      for (const EventView& event : ledger.events) {
        if (event.contract.empty()) continue;
        Hash contract;
        std::copy_n(event.contract.begin(), contract.size(), contract.begin());
        const std::string question = "events " + vfs::HexOf(contract);
        if (!answers.contains(question)) add(question, Events(reader, {.contract = contract}));
      }
    }
    add("tx nowhere", Transaction(reader, {}));
    add("events", Events(reader, {}));
    return answers;
  }

  // Returns how many answers became errors.
  std::size_t ExpectSameOrNamed(const std::string& path, const Answers& right) {
    std::size_t errors = 0;
    for (const auto& [question, answer] : Ask()) {
      if (answer.ok()) {
        EXPECT_EQ(*answer, *right.at(question)) << question;
      } else {
        EXPECT_THAT(vfs::Message(answer.status()), HasSubstr("read " + path)) << question;
        ++errors;
      }
    }
    return errors;
  }

  // Flips bytes of a file one at a time. Every file is needed by some question.
  void FlipEach(const std::string& path, const std::string& key) {
    const Answers right = Ask();
    const std::string whole = Bytes(path);
    const std::size_t step = whole.size() <= kFlipsMax ? 1 : whole.size() / kFlipsMax | 1;
    std::size_t errors = 0;
    for (std::size_t at = 0; at < whole.size(); at += step) {
      SCOPED_TRACE(fmt::format("{} at {} of {}", path, at, whole.size()));
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      ASSERT_NO_FATAL_FAILURE(Replace(path, flipped));
      const AuditReport report = DeepAudit();
      ASSERT_FALSE(report.violations.empty());
      for (const Violation& violation : report.violations) {
        ASSERT_EQ(violation.number, 18);
        ASSERT_THAT(violation.finding, HasSubstr("read " + path));
      }
      ASSERT_THAT(report.tainted, ::testing::ElementsAre(key));
      errors += ExpectSameOrNamed(path, right);
      ASSERT_FALSE(HasFailure());
    }
    Replace(path, whole);
    // A hash run waits for an index to be built: nobody reads it.
    EXPECT_EQ(errors > 0, !path.ends_with(".bin")) << path;
  }

  static constexpr std::uint64_t kSeed = 7;

  StoreWorld world_;
  SyntheticSource source_{kSeed, kLedgers};
  std::unique_ptr<LedgerStore> store_;
  CatalogView catalog_;
};

TEST_F(FrozenDamage, ASoundStoreHasNoneAndEveryAnswer) {
  const AuditReport report = DeepAudit();
  EXPECT_THAT(report.violations, IsEmpty());
  EXPECT_THAT(report.tainted, IsEmpty());
  EXPECT_EQ(report.checked.at(18), 3 * (1 + 3) + 1 + 2);  // packs and events, a run, indexes
  for (const auto& [question, answer] : Ask()) {
    ASSERT_OK(answer) << question;
    EXPECT_EQ(*answer == "none", question == "tx nowhere") << question;
  }
}

TEST_F(FrozenDamage, OfEachKindIsNamedAndNeverAnotherAnswer) {
  std::set<ArtifactKind> kinds;
  const Layout& layout = store_->store().layout();
  for (const auto& [artifact, record] : catalog_.artifacts) {
    if (artifact.chunk != ChunkId{2}) continue;
    kinds.insert(artifact.kind);
    for (const std::string& path : layout.PathsOf(artifact)) FlipEach(path, KeyText(artifact));
  }
  EXPECT_THAT(kinds, SizeIs(3));
  for (const auto& [coverage, record] : catalog_.coverages)
    FlipEach(layout.PathOf(coverage), KeyText(coverage));
}

TEST_F(FrozenDamage, AFileThatIsGoneOrCutIsNamed) {
  const Answers right = Ask();
  const std::string path = "ledgers/00000/00000001.pack";
  const std::string whole = Bytes(path);
  Replace(path, whole.substr(0, whole.size() / 2));
  EXPECT_THAT(DeepAudit().tainted, ::testing::ElementsAre("chunk:00000001:ledgers"));
  EXPECT_GT(ExpectSameOrNamed(path, right), 0U);
  ASSERT_OK(world_.disk().Unlink(path));
  EXPECT_THAT(DeepAudit().tainted, ::testing::ElementsAre("chunk:00000001:ledgers"));
  EXPECT_GT(ExpectSameOrNamed(path, right), 0U);
}

}  // namespace
}  // namespace permafrost::engine
