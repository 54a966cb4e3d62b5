#include "gateway/gateway.h"

#include <unistd.h>

#include <latch>

#include "gateway/shared.h"
#include "gateway/worker.h"
#include "io/acceptor.h"

namespace doorward::gateway {
namespace {

/// `localhost` is the one name: nobody is asked for it.
Result<io::Address> parse_listen(std::string listen) {
  constexpr std::string_view kName = "localhost:";
  if (listen.starts_with(kName)) listen.replace(0, kName.size() - 1, "127.0.0.1");
  Result<io::Address> address = io::Address::from_text(listen);
  if (!address) return fail(address.error().kind, "listen: " + address.error().message);
  return address;
}

}  // namespace

struct Gateway::Accepting {
  Accepting(io::Loop& loop, io::Fd listener, io::Acceptor::OnAccept on_accept)
      : acceptor(loop, std::move(listener), std::move(on_accept)) {}
  io::Acceptor acceptor;
  std::unique_ptr<io::Acceptor> local;
};

Result<std::unique_ptr<Gateway>> Gateway::create(Options options, std::shared_ptr<const World> world) {
  std::unique_ptr<Gateway> gateway(new Gateway);
  Result<io::Address> listen = parse_listen(options.listen);
  if (!listen) return std::unexpected(listen.error());
  Result<io::Fd> listener = io::listen_tcp(*listen);
  if (!listener) return std::unexpected(listener.error());
  gateway->listener_ = std::move(*listener);
  Result<io::Address> bound = io::local_address(gateway->listener_.get());
  if (!bound) return std::unexpected(bound.error());
  gateway->address_ = *bound;

  if (!options.local_socket.empty()) {
    Result<io::Fd> local = io::listen_unix(options.local_socket);
    if (!local) return std::unexpected(local.error());
    gateway->local_ = std::move(*local);
  }
  if (options.tls) {
    Result<std::shared_ptr<io::TlsServer>> tls = io::TlsServer::create(*options.tls);
    if (!tls) return std::unexpected(tls.error());
    gateway->tls_ = std::move(*tls);
  }

  Result<std::unique_ptr<Shared>> opened = Shared::open(options, world);
  if (!opened) return std::unexpected(opened.error());
  gateway->shared_ = std::move(*opened);
  gateway->world_ = std::move(world);
  Shared& shared = *gateway->shared_;

  shared.guard = std::make_unique<http::HostGuard>(bound->port(), options.tls ? "https" : "http");
  if (!bound->is_loopback()) {
    // Whoever listens on an address of the network is addressed by it.
    if (Status allowed = shared.guard->allow_host(bound->to_string()); !allowed)
      return std::unexpected(allowed.error());
  }
  for (const std::string& host : options.allowed_hosts) {
    if (Status allowed = shared.guard->allow_host(host); !allowed) return std::unexpected(allowed.error());
  }
  for (const std::string& origin : options.allowed_origins) {
    if (Status allowed = shared.guard->allow_origin(origin); !allowed)
      return std::unexpected(allowed.error());
  }

  return gateway;
}

Gateway::~Gateway() {
  if (running_) static_cast<void>(stop());
}

Status Gateway::start(io::Loop& control) {
  for (const auto& worker : shared_->workers) worker->start();
  running_ = true;
  accepting_ = std::make_unique<Accepting>(
      control, std::move(listener_),
      [this](io::Fd fd, const io::Address& peer) { accept(std::move(fd), peer); });
  if (local_) {
    accepting_->local = std::make_unique<io::Acceptor>(
        control, std::move(local_), [this](io::Fd fd, const io::Address&) { accept_local(std::move(fd)); });
    if (Status started = accepting_->local->start(); !started) return started;
  }
  return accepting_->acceptor.start();
}

void Gateway::accept(io::Fd fd, const io::Address& peer) {
  // Over the cap the connection is closed without a word: an answer would cost what the cap saves.
  if (shared_->connections.load(std::memory_order_relaxed) >= shared_->options.connections) return;
  if (!shared_->peers.enter(peer.host_to_string(), shared_->options.connections_per_peer)) return;
  io::Stream stream(std::move(fd));
  if (tls_) {
    Result<io::Stream> secured = tls_->wrap(stream.release());
    if (!secured) return shared_->peers.leave(peer.host_to_string(), shared_->options.connections_per_peer);
    stream = std::move(*secured);
  }
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  least_loaded().adopt(std::move(stream), peer);
}

void Gateway::accept_local(io::Fd fd) {
  const auto peer = io::peer_credentials(fd.get());
  if (!peer || peer->uid != geteuid()) return;
  if (shared_->connections.load(std::memory_order_relaxed) >= shared_->options.connections) return;
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  least_loaded().adopt_local(io::Stream(std::move(fd)));
}

Worker& Gateway::least_loaded() {
  Worker* least = nullptr;
  for (const auto& worker : shared_->workers) {
    if (least == nullptr || worker->load() < least->load()) least = worker.get();
  }
  return *least;
}

void Gateway::set_world(std::shared_ptr<const World> world) {
  world_ = std::move(world);
  if (!running_) {
    // Workers that have not started take it with their first event.
    for (const auto& worker : shared_->workers) worker->set_world(world_, [] {});
    return;
  }
  std::latch judged(static_cast<std::ptrdiff_t>(shared_->workers.size()));
  for (const auto& worker : shared_->workers) worker->set_world(world_, [&judged] { judged.count_down(); });
  judged.wait();
}

void Gateway::set_tls(std::shared_ptr<const io::TlsServer::Material> material) {
  tls_->use(std::move(material));
}

void Gateway::set_issuers(const std::shared_ptr<const identity::IssuerTable>& issuers) {
  for (const auto& worker : shared_->workers) worker->set_issuers(issuers);
}

void Gateway::sweep_grants() {
  for (const auto& worker : shared_->workers) worker->sweep_soon();
}

void Gateway::drain() {
  stop_accepting();
  for (const auto& worker : shared_->workers) worker->drain();
}

void Gateway::stop_accepting() {
  if (accepting_ == nullptr) return;
  accepting_->acceptor.stop();
  if (accepting_->local == nullptr) return;
  accepting_->local.reset();
  // The state directory is still ours: no other gateway can have put its own there.
  unlink(shared_->options.local_socket.c_str());
}

std::size_t Gateway::connections() const {
  return shared_->connections.load(std::memory_order_relaxed);
}

CallCounters::Totals Gateway::totals() const {
  CallCounters::Totals totals;
  for (const auto& worker : shared_->workers) worker->counters().add_to(totals);
  return totals;
}

Status Gateway::stop() {
  running_ = false;
  stop_accepting();
  accepting_.reset();
  return shared_->close();
}

audit::LogWriter& Gateway::log() {
  return *shared_->log;
}
std::size_t Gateway::workers() const {
  return shared_->workers.size();
}

quota::Table& Gateway::quotas() {
  return *shared_->quotas;
}
upstream::TokenBoard& Gateway::tokens() {
  return shared_->tokens;
}

ToolReports& Gateway::tool_reports() {
  return shared_->tool_reports;
}

}  // namespace doorward::gateway
