// cpp-httplib answers, prometheus-cpp writes the text.
#include "engine/service/admin_endpoint.h"

#include <httplib.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

#include "vfs/base/escape.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

prometheus::MetricFamily Family(const char* name,
                                const char* help,
                                prometheus::MetricType type,
                                const std::atomic<std::uint64_t>& value) {
  prometheus::ClientMetric metric;
  const auto number = static_cast<double>(value.load(std::memory_order_relaxed));
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = number;
  } else {
    metric.gauge.value = number;
  }
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.push_back(std::move(metric));
  return family;
}

}  // namespace

struct AdminEndpoint::Server {
  httplib::Server http;
  vfs::Executor* executor = nullptr;
};

std::string MetricsText(const Metrics& metrics) {
  constexpr auto kGauge = prometheus::MetricType::Gauge;
  constexpr auto kCounter = prometheus::MetricType::Counter;
  const std::vector<prometheus::MetricFamily> families = {
      Family("permafrost_last_committed_ledger", "Last ledger that is durable", kGauge,
             metrics.last_committed_ledger),
      Family("permafrost_oldest_ledger", "First ledger that can be read", kGauge,
             metrics.oldest_ledger),
      Family("permafrost_live_hot_chunks", "Hot databases that are ready", kGauge,
             metrics.live_hot_chunks),
      Family("permafrost_damaged_artifacts",
             "Damaged artifacts of the last repair that could not be made again", kGauge,
             metrics.damaged_artifacts),
      Family("permafrost_ledgers_ingested_total", "Ledgers committed to the hot tier", kCounter,
             metrics.ledgers_ingested),
      Family("permafrost_chunks_frozen_total", "Chunks frozen", kCounter, metrics.chunks_frozen),
      Family("permafrost_indexes_built_total", "Window indexes built", kCounter,
             metrics.indexes_built),
      Family("permafrost_hot_chunks_discarded_total", "Hot databases discarded", kCounter,
             metrics.hot_chunks_discarded),
      Family("permafrost_artifacts_deleted_total", "Artifacts pruned or swept", kCounter,
             metrics.artifacts_deleted),
      Family("permafrost_artifacts_repaired_total", "Damaged artifacts made again", kCounter,
             metrics.artifacts_repaired),
      Family("permafrost_lifecycle_runs_total", "Lifecycle runs", kCounter, metrics.lifecycle_runs),
      Family("permafrost_lifecycle_failures_total", "Lifecycle runs that failed", kCounter,
             metrics.lifecycle_failures),
      Family("permafrost_store_openings_total", "Times that the store was opened", kCounter,
             metrics.store_openings),
  };
  return prometheus::TextSerializer().Serialize(families);
}

AdminEndpoint::AdminEndpoint(std::unique_ptr<Server> server, int port)
    : server_(std::move(server)), port_(port) {}

AdminEndpoint::~AdminEndpoint() {
  server_->http.stop();
  server_->executor->Drain();
}

absl::StatusOr<std::unique_ptr<AdminEndpoint>> AdminEndpoint::Listen(const std::string& address,
                                                                     const Metrics* metrics,
                                                                     const Health* health,
                                                                     vfs::Executor* executor) {
  const std::size_t colon = address.rfind(':');
  const auto port = colon == std::string::npos
                        ? std::nullopt
                        : vfs::ParseNumber<std::uint16_t>(address.substr(colon + 1));
  if (!port.has_value()) {
    return vfs::InvalidArgument("service.admin_endpoint {}: HOST:PORT expected",
                                vfs::EscapedForError(address));
  }
  const std::string host = address.substr(0, colon);
  auto server = std::make_unique<Server>();
  server->executor = executor;
  // Connections that say nothing, or nothing more, hold up the end for no longer than this.
  server->http.set_keep_alive_max_count(1);
  server->http.set_keep_alive_timeout(1);
  server->http.set_read_timeout(0, 500'000);
  server->http.Get("/metrics", [metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(MetricsText(*metrics), "text/plain; version=0.0.4");
  });
  server->http.Get("/healthz", [health](const httplib::Request&, httplib::Response& response) {
    const std::string trouble = health->trouble();
    response.status = trouble.empty() ? 200 : 503;
    response.set_content(trouble.empty() ? "serving\n" : trouble + "\n", "text/plain");
  });
  int bound = *port;
  const bool is_bound = *port == 0 ? (bound = server->http.bind_to_any_port(host.c_str())) > 0
                                   : server->http.bind_to_port(host.c_str(), *port);
  if (!is_bound) {
    return vfs::InvalidArgument(
        "service.admin_endpoint '{}': it cannot be listened on; is another process there?",
        address);
  }
  std::unique_ptr<AdminEndpoint> endpoint(new AdminEndpoint(std::move(server), bound));
  executor->Schedule({.name = "admin/listen",
                      .priority = vfs::Priority::kHigh,
                      .tag = endpoint.get(),
                      .run = [http = &endpoint->server_->http] { http->listen_after_bind(); },
                      .cancelled = {}});
  // Only what runs can be stopped.
  constexpr std::uint64_t kMillisecond = 1'000'000;
  while (!endpoint->server_->http.is_running()) vfs::SystemClock().SleepNanos(kMillisecond);
  return endpoint;
}

}  // namespace permafrost::engine
