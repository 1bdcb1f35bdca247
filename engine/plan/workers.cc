// A shared counter, and jobs that draw from it.
#include "engine/plan/workers.h"

#include <memory>

namespace permafrost::engine {
namespace {

// Shared by the caller and its jobs; the caller outlives them all.
class Pieces {
 public:
  Pieces(std::size_t count, absl::FunctionRef<void(std::size_t)> work)
      : count_(count), work_(work) {}

  void AddJob() {
    const vfs::MutexLock lock(&mu_);
    ++jobs_;
  }
  void EndJob() {
    const vfs::MutexLock lock(&mu_);
    --jobs_;
    ended_.NotifyAll();
  }
  void AwaitJobs() {
    const vfs::MutexLock lock(&mu_);
    while (jobs_ > 0) ended_.Wait(&mu_);
  }

  // Takes pieces until none is left.
  void Work() {
    for (std::size_t piece = Next(); piece < count_; piece = Next()) work_(piece);
  }

 private:
  std::size_t Next() {
    const vfs::MutexLock lock(&mu_);
    return next_ < count_ ? next_++ : count_;
  }

  const std::size_t count_;
  const absl::FunctionRef<void(std::size_t)> work_;
  vfs::Mutex mu_;
  vfs::CondVar ended_;
  std::size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  int jobs_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace

bool Turns::HasCome(std::size_t piece) const {
  const vfs::MutexLock lock(&mu_);
  return next_ == piece;
}

void Turns::Await(std::size_t piece) {
  const vfs::MutexLock lock(&mu_);
  while (next_ < piece) changed_.Wait(&mu_);
}

void Turns::End(std::size_t piece) {
  const vfs::MutexLock lock(&mu_);
  ended_.insert(piece);
  while (ended_.erase(next_) > 0) ++next_;
  changed_.NotifyAll();
}

void RunWorkers(vfs::Executor& executor,
                int workers,
                std::size_t count,
                absl::FunctionRef<void(std::size_t)> work) {
  Pieces pieces(count, work);
  for (int i = 1; i < workers && static_cast<std::size_t>(i) < count; ++i) {
    pieces.AddJob();
    executor.Schedule({.name = "engine.worker",
                       .priority = vfs::Priority::kUser,
                       .tag = &pieces,
                       .run =
                           [&pieces] {
                             pieces.Work();
                             pieces.EndJob();
                           },
                       .cancelled = [&pieces] { pieces.EndJob(); }});
  }
  pieces.Work();
  // Jobs that did not start have nothing left to do.
  executor.Cancel(&pieces, vfs::Priority::kUser);
  pieces.AwaitJobs();
}

}  // namespace permafrost::engine
