// Claims of keys, epochs of readers, and what is remembered of directories.
#include "engine/catalog/key_claims.h"

#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/catalog/epochs.h"

namespace permafrost::engine {
namespace {

TEST(KeyClaims, NobodyElseHoldsAClaimedKey) {
  KeyClaims claims;
  const std::vector<std::set<std::string>> wanted = {{"a", "b"}, {"b", "c"}, {"c", "a"}};
  int holders_of_b = 0;
  int most = 0;
  std::vector<std::thread> threads;
  threads.reserve(wanted.size() * 4);
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        const std::set<std::string>& keys = wanted[static_cast<std::size_t>(i) % wanted.size()];
        const KeyClaims::Held held = claims.Take(keys);
        if (!keys.contains("b")) continue;
        // Only holders of b come here: no lock is needed, and a sanitizer would see it.
        most = std::max(most, ++holders_of_b);
        --holders_of_b;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(most, 1);
}

TEST(KeyClaims, OtherKeysAreNotWaitedFor) {
  KeyClaims claims;
  const KeyClaims::Held first = claims.Take({"a"});

  const KeyClaims::Held second = claims.Take({"b", "c"});

  SUCCEED() << "it returned";
}

TEST(KeyClaims, AMovedClaimIsGivenBackOnce) {
  KeyClaims claims;
  {
    KeyClaims::Held first = claims.Take({"a"});
    const KeyClaims::Held moved = std::move(first);
  }

  const KeyClaims::Held again = claims.Take({"a"});

  SUCCEED() << "it returned";
}

TEST(Epochs, WhoeverEnteredBeforeTheEndHoldsItUp) {
  Epochs epochs;
  auto reader = std::make_unique<Epochs::Pin>(epochs.Enter());
  const std::uint64_t ended = epochs.End();
  EXPECT_FALSE(epochs.IsDrained(ended));

  reader.reset();

  EXPECT_TRUE(epochs.IsDrained(ended));
}

TEST(Epochs, WhoeverEntersLaterDoesNot) {
  Epochs epochs;
  const std::uint64_t ended = epochs.End();

  const Epochs::Pin reader = epochs.Enter();

  EXPECT_TRUE(epochs.IsDrained(ended));
  EXPECT_FALSE(epochs.IsDrained(epochs.End()));
}

TEST(Epochs, AnOlderReaderHoldsUpEveryLaterEpoch) {
  Epochs epochs;
  const Epochs::Pin reader = epochs.Enter();
  epochs.End();

  EXPECT_FALSE(epochs.IsDrained(epochs.End()));
}

TEST(Epochs, AMovedPinLeavesOnce) {
  Epochs epochs;
  Epochs::Pin other = epochs.Enter();
  const std::uint64_t ended = epochs.End();
  {
    Epochs::Pin first = std::move(other);
    EXPECT_FALSE(epochs.IsDrained(ended));
  }

  EXPECT_TRUE(epochs.IsDrained(ended));
}

}  // namespace
}  // namespace permafrost::engine
