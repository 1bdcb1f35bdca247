// Metrics and health over HTTP.
//
//   GET /metrics  the text that Prometheus reads
//   GET /healthz  200 "serving", or 503 and what is wrong
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "engine/service/metrics.h"
#include "vfs/executor.h"

namespace permafrost::engine {

// Answers until it is destroyed.
//
// Threads: one thread at a time; answers in threads of its own.
class AdminEndpoint {
 public:
  // `address` is HOST:PORT; port 0 is one that is free. What is pointed to must outlive it;
  // `executor` does nothing else, for it is drained at the end.
  //
  // Errors: kInvalidArgument  it cannot be listened on
  static absl::StatusOr<std::unique_ptr<AdminEndpoint>> Listen(const std::string& address,
                                                               const Metrics* metrics,
                                                               const Health* health,
                                                               vfs::Executor* executor);
  ~AdminEndpoint();
  AdminEndpoint(const AdminEndpoint&) = delete;
  AdminEndpoint& operator=(const AdminEndpoint&) = delete;

  int port() const { return port_; }

 private:
  struct Server;
  AdminEndpoint(std::unique_ptr<Server> server, int port);

  std::unique_ptr<Server> server_;
  const int port_;
};

// The text of /metrics.
std::string MetricsText(const Metrics& metrics);

}  // namespace permafrost::engine
