// The example of sim/README.md: a complete scenario for a program that keeps one note.
#pragma once

#include "sim/explore/scenario.h"
#include "sim/oracle/expectation.h"
#include "sim/oracle/store_predicates.h"

namespace permafrost::sim {

// README-BEGIN
class NoteScenario final : public Scenario {
 public:
  std::string_view name() const override { return "example/note"; }
  std::string_view description() const override { return "one file, replaced by rename"; }
  Script FixedScript(ScriptSize) const override { return {"first", "second"}; }
  Script RandomScript(vfs::Prng&) const override { return {"first"}; }

  void Work(World& world, History& history, const Script& script) const override {
    for (const std::string& text : script) {
      history.Attempt("note", text);  // may be there from now on, whole
      if (Save(*world.env().fs, text).ok()) history.Acknowledge("note");  // must be there
    }
  }
  void Recover(World& world, History& history) const override {
    static_cast<void>(world.env().fs->SyncDir(""));  // settle what the answer stands on (D8)
    history.Serve("note", Load(*world.env().fs));
    Work(world, history, {"epilogue"});
  }
  std::string LogicalState(World& clone) const override { return Load(*clone.env().fs); }
  std::uint64_t OpenDatabases(World&) const override { return 0; }
  std::vector<std::string> RequiredLabels() const override { return {}; }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }

 private:
  static std::string Load(const vfs::FileSystem& fs) {
    return ReadWholeFile(fs, "note").value_or(kAbsent);
  }
  static absl::Status Save(vfs::FileSystem& fs, const std::string& text) {
    static_cast<void>(fs.Unlink("note.new"));  // what a cut left of an earlier try
    const auto file = fs.Create("note.new");
    if (!file.ok()) return file.status();
    absl::Status status = (*file)->Append(text);
    if (status.ok()) status = (*file)->Sync();
    if (status.ok()) status = fs.Rename("note.new", "note");
    return status.ok() ? fs.SyncDir("") : status;
  }
};
// README-END

}  // namespace permafrost::sim
