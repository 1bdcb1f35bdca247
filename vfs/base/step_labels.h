// The registry of step labels: every label that the engine or the world below gives to a vfs::Step,
// with its meaning.
//
// Labels of RocksDB's own calls (`rocksdb.*`) are made from file kinds and verbs in
// vfs/rocksdb/rocks_labels.h. tests/tidy_test.cc compares this table with the literals in the
// sources, in both directions.
#pragma once

#include <array>
#include <string_view>

namespace permafrost::vfs {

struct StepLabel {
  std::string_view label;
  std::string_view meaning;
};

// Sorted by label.
inline constexpr std::array kStepLabels = {
    StepLabel{"background", "a job of the queued executor runs"},
    StepLabel{"client.write", "a program of the rocksdb/ scenarios changes its database"},
    StepLabel{"delete.demote", "the key of a file that must go becomes `pruning`"},
    StepLabel{"delete.key", "the key of a file whose unlink is durable is deleted"},
    StepLabel{"delete.sync.parent", "the unlink is made durable"},
    StepLabel{"delete.unlink", "the file's name is removed"},
    StepLabel{"freeze.flip", "the key becomes `frozen`: readers may trust the file"},
    StepLabel{"freeze.mark", "the key becomes `freezing` before the file exists"},
    StepLabel{"freeze.sync.file", "the file's bytes are made durable"},
    StepLabel{"freeze.sync.grandparent", "the name of the file's directory is made durable"},
    StepLabel{"freeze.sync.parent", "the file's name is made durable"},
    StepLabel{"freeze.write", "the file is written"},
    StepLabel{"hot.create", "a hot store's directory and database are made"},
    StepLabel{"hot.mark", "the key of a hot store becomes `transient` around create and discard"},
    StepLabel{"hot.ready", "the key of a hot store becomes `ready`"},
    StepLabel{"hot.sync.dir", "the names inside a hot store are made durable"},
    StepLabel{"hot.sync.parent",
              "the name of a hot store's directory is made durable, or its removal"},
    StepLabel{"hot.wipe", "what a hot store's directory held is removed"},
    StepLabel{"index.commit",
              "one batch: the new index frozen, the old one and its spent inputs pruning"},
    StepLabel{"index.mark", "the key of an index becomes `freezing` before the file exists"},
    StepLabel{"index.sync.file", "the index's bytes are made durable"},
    StepLabel{"index.sync.grandparent", "the name of the index's directory is made durable"},
    StepLabel{"index.sync.parent", "the index's name is made durable"},
    StepLabel{"index.write", "the index is written"},
    StepLabel{"journal.append", "a batch of records is written"},
    StepLabel{"journal.checkpoint", "cursors and checkpoints are written and take their name"},
    StepLabel{"journal.durable", "readers in other processes are told how far they may go"},
    StepLabel{"journal.header", "a segment's header, and the tail that a recovery keeps"},
    StepLabel{"journal.mark", "a mark says that everything before it is durable"},
    StepLabel{"journal.recover", "an open reads what the last writer left"},
    StepLabel{"journal.remove", "what stands behind a damaged record is copied or renamed aside"},
    StepLabel{"journal.rename", "a segment takes its name"},
    StepLabel{"journal.spare", "a segment is filled with zeros before it is needed"},
    StepLabel{"journal.sync", "a batch of records is made durable"},
    StepLabel{"journal.sync.checkpoint", "cursors and checkpoints are made durable"},
    StepLabel{"journal.sync.dir", "names in the journal's directory are made durable"},
    StepLabel{"journal.sync.header", "a segment's header is made durable before its name"},
    StepLabel{"journal.sync.mark", "the mark of a closed journal is made durable"},
    StepLabel{"journal.sync.trailer", "a segment's trailer is made durable"},
    StepLabel{"journal.trailer", "a segment's trailer names its successor"},
    StepLabel{"journal.unlink", "segments that nobody needs are removed or become spares"},
    StepLabel{"pins.write", "the identity and the pinned configuration of a store are written"},
    StepLabel{"records.apply",
              "one batch: the rows of some journal records and the cursor behind them"},
    StepLabel{"repair.taint", "the keys of damaged files become `freezing` again"},
    StepLabel{"roots.sync", "the chain of directories up to a root is made durable"},
};

// Steps whose syncs the power cuts of some scenario do not show to be needed, each with the reason
// why it is made all the same. `powercut syncs` holds this list: a sync that is not shown and not
// here is an error, and so is one that stands here and is shown, but by the scenario that it names.
struct SyncException {
  std::string_view label;
  std::string_view reason;
  std::string_view shown_by = "";  // a scenario; empty: none
};

// Sorted by label.
inline constexpr std::array kSyncExceptions = {
    SyncException{"freeze.write",
                  "before a directory is made anew: needed only behind an attempt that failed (D4)",
                  "engine/lifecycle"},
    SyncException{"hot.sync.dir",
                  "redundant with the settling of names by the RocksDB adapter; needed with that "
                  "hardening off"},
};

}  // namespace permafrost::vfs
