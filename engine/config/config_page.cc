// Markdown from the rows of the schema.
#include "engine/config/config_page.h"

#include <string_view>

#include <fmt/format.h>

#include "engine/config/schema.h"
#include "engine/config/value_text.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kHead = R"(# Configuration

Generated from `engine/config/schema.cc`; `tests/engine/config/config_page_test.cc` compares the
two. To write it anew:
`PERMAFROST_REWRITE_GOLDEN=1 build/dev/tests/engine_config_test --gtest_filter='ConfigPage.*'`.

One TOML file of at most 64 KiB. `permafrost config check --config FILE` says everything that is
wrong with it, one line each, and writes nothing; `permafrost config print` shows every key with its
effective value and where that came from. What is refused is refused with exit code 2.

- **Strict.** An unknown key or table is an error with line, column and the nearest name. So is a
  value of another kind than the key's; nothing is converted.
- **Flags.** Every key is a flag of the same name: `--retention.retention_chunks 5`. A flag beats
  the file, the file beats the default. No environment variable is read. Tables merge key by key,
  those below `service.methods` too; no key holds a list. Commands that write a journal
  (`permafrost journal append`, `replay`, `checkpoint`, `records put`) take `--config` and the flags
  of `journal`.
- **Durations** are strings with a unit, `ms`, `s`, `m` or `h`: `"250ms"`. A bare integer is
  refused.
- **Bytes** are integers, or strings with a unit, `KiB`, `MiB`, `GiB` or `TiB`: `"64MiB"`.
- **Directories.** A relative `storage.default_data_dir` is relative to the current directory. Every
  other directory of `storage` is relative to the data directory, or absolute and inside it, because
  one file system opened at the data directory is the anchor of all barriers. To put a root on
  another volume, make it a symbolic link in the data directory. No root may be another one or lie
  inside another one, whatever path leads there.
- **Pins.** `storage.network` and `retention.earliest_ledger` are written into the catalog at the
  first start, together with the store's geometry, which is not configurable. Later starts must say
  the same; `"now"` keeps what is pinned. Whether a number lies beyond the tip of the network is
  seen at the first start only.
)";

std::string_view TypeText(LeafType type) {
  switch (type) {
    case LeafType::kText:
    case LeafType::kChoice: return "string";
    case LeafType::kCount: return "integer";
    case LeafType::kBytes: return "bytes";
    case LeafType::kDuration: return "duration";
  }
  return "";
}

std::string DefaultText(const Leaf& leaf) {
  if (leaf.default_text == kNoDefault) return "required";
  if (leaf.default_text == kProcessors) return "processors of the machine";
  const absl::StatusOr<Value> value = ParseText(leaf, leaf.default_text);
  return fmt::format("`{}`", TomlText(leaf, *value));
}

}  // namespace

std::string ConfigPageText() {
  std::string out(kHead);
  std::string_view section;
  for (const Leaf& leaf : Leaves()) {
    const std::string_view top = leaf.path.substr(0, leaf.path.find('.'));
    if (top != section) {
      section = top;
      out += fmt::format(
          "\n## {}\n\n| key | kind | default | must be | what it is |\n"
          "|---|---|---|---|---|\n",
          section);
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", leaf.path, TypeText(leaf.type),
                       DefaultText(leaf), RuleText(leaf), leaf.help);
  }
  out +=
      "\n## Left out\n\nKeys of the system that this engine replaces, which it refuses by name.\n\n"
      "| key | why |\n|---|---|\n";
  for (const LeftOut& key : LeftOutKeys()) out += fmt::format("| `{}` | {} |\n", key.path, key.why);
  return out;
}

}  // namespace permafrost::engine
