#include "http/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "http/io_thread.h"
#include "http/sweep.h"
#include "log/log.h"

namespace cloister::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kAcceptsPerTurn = 32;                     // then the connections of this thread have their turn
constexpr std::chrono::milliseconds kAcceptPause{100};  // when the process is out of descriptors

// Connections are counted by address, in IPv6 by the /64 that one customer of a network commonly holds.
std::string client_key(const asio::ip::address& address) {
    if (!address.is_v6()) return address.to_string();
    const auto bytes = address.to_v6().to_bytes();
    return std::string(reinterpret_cast<const char*>(bytes.data()), 8);
}

asio::ip::address unmapped(const asio::ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

class ServerImpl final : public Server {
 public:
    ServerImpl(const ServerOptions& options, Handler handler, TlsContext tls)
        : state_(options, std::move(handler), std::move(tls)) {
        for (unsigned i = 0; i < std::max(1u, options.threads); ++i)
            threads_.push_back(std::make_unique<IoThread>(state_));
        acceptor_.emplace(threads_.front()->context());
        pause_.emplace(threads_.front()->context());
    }

    ~ServerImpl() override {
        drain(std::chrono::milliseconds(0));
        for (const auto& thread : threads_) thread->stop_and_join();
    }

    Result<void> listen();
    std::uint16_t port() const override { return port_; }
    ServerCounters counters() const override;
    void drain(std::chrono::milliseconds within) override;
    void sweep(SteadyTime now) {
        on_all([now](IoThread& thread) { thread.sweep(now); });
    }

 private:
    void accept_when_ready();
    void accept_some();
    bool accept_one();
    void hand_out(int fd, const sockaddr_storage& from, socklen_t length);
    template <class Function>
    void on_all(Function function);

    ServerState state_;
    std::vector<std::unique_ptr<IoThread>> threads_;
    std::optional<asio::basic_socket_acceptor<tcp, Executor>> acceptor_;  // both live on the first thread
    std::optional<
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>>
        pause_;
    std::size_t next_thread_ = 0;
    std::uint16_t port_ = 0;
    std::atomic<std::uint64_t> connections_total_ = 0;
    std::atomic<std::uint64_t> connections_refused_ = 0;
};

Result<void> ServerImpl::listen() {
    const ServerOptions& options = state_.options;
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return Error(ErrorCode::invalid_argument, "not a network address: " + options.address);
    const tcp::endpoint endpoint(address, options.port);
    const std::string place = options.address + " port " + std::to_string(options.port);
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->set_option(tcp::no_delay(true), error);  // accepted sockets inherit it
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error == asio::error::address_in_use)
        return Error(ErrorCode::unavailable, place + " is in use by another program");
    if (error) return Error(ErrorCode::unavailable, "cannot listen on " + place + ": " + error.message());
    acceptor_->native_non_blocking(true, error);
    if (!error) port_ = acceptor_->local_endpoint(error).port();
    if (error) return Error(ErrorCode::unavailable, "cannot listen on " + place + ": " + error.message());
    accept_when_ready();
    for (const auto& thread : threads_) thread->start();
    return {};
}

void ServerImpl::accept_when_ready() {
    acceptor_->async_wait(tcp::acceptor::wait_read, [this](const boost::system::error_code& error) {
        if (!error) accept_some();
    });
}

void ServerImpl::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        if (accept_one()) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        if (errno == ECONNABORTED || errno == EINTR) continue;
        // Out of descriptors or memory: readiness would be reported again at once, so wait a little.
        log::warn("cannot accept connections", {{"errno", errno}});
        pause_->expires_after(kAcceptPause);
        pause_->async_wait([this](const boost::system::error_code& error) {
            if (!error && acceptor_->is_open()) accept_when_ready();
        });
        return;
    }
    accept_when_ready();
}

// False with errno set when there is none.
bool ServerImpl::accept_one() {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const int fd = ::accept4(acceptor_->native_handle(), reinterpret_cast<sockaddr*>(&from), &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return false;
    hand_out(fd, from, length);
    return true;
}

void ServerImpl::hand_out(int fd, const sockaddr_storage& from, socklen_t length) {
    IoThread& thread = *threads_[next_thread_++ % threads_.size()];
    Socket socket(thread.context());
    boost::system::error_code error;
    socket.assign(from.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, error);
    if (error) {
        ::close(fd);
        return;
    }
    tcp::endpoint peer;
    std::memcpy(peer.data(), &from, std::min<std::size_t>(length, peer.capacity()));
    peer.resize(length);
    const asio::ip::address address = unmapped(peer.address());
    std::string client = client_key(address);
    if (!state_.admission.enter(client)) {
        ++connections_refused_;
        return;  // the socket closes
    }
    ++connections_total_;
    thread.post(
        [&thread, socket = std::move(socket), name = address.to_string(), client = std::move(client)]() mutable {
            thread.adopt(std::move(socket), std::move(name), std::move(client));
        });
}

ServerCounters ServerImpl::counters() const {
    ServerCounters sum;
    sum.connections_open = state_.admission.open();
    sum.connections_total = connections_total_;
    sum.connections_refused = connections_refused_;
    for (const auto& thread : threads_) {
        const ThreadCounters& counted = thread->counters();
        sum.requests += counted.requests;
        sum.bad_requests += counted.bad_requests;
        sum.tls_failures += counted.tls_failures;
    }
    return sum;
}

// Runs `function` on every io thread and waits for all. Must not be called on one.
template <class Function>
void ServerImpl::on_all(Function function) {
    std::vector<std::future<void>> done;
    for (const auto& thread : threads_) {
        auto task = std::make_shared<std::packaged_task<void()>>([function, &thread] { function(*thread); });
        done.push_back(task->get_future());
        thread->post([task] { (*task)(); });
    }
    for (auto& one : done) one.get();
}

void ServerImpl::drain(std::chrono::milliseconds within) {
    if (port_ == 0) return;  // never listened
    state_.draining = true;
    std::promise<void> stopped;
    threads_.front()->post([this, &stopped] {
        boost::system::error_code ignored;
        acceptor_->close(ignored);
        pause_->cancel();
        stopped.set_value();
    });
    stopped.get_future().wait();
    on_all([](IoThread& thread) { thread.drain(); });
    if (state_.admission.wait_until_empty(within)) return;
    on_all([](IoThread& thread) { thread.close_all(); });
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handler handler) {
    CLOISTER_ASSERT(handler != nullptr && options.pipeline_limit > 0);
    TlsContext tls;
    if (!options.tls.certificate_file.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(tls, make_tls_context(options.tls));
    }
    auto server = std::make_unique<ServerImpl>(options, std::move(handler), std::move(tls));
    CLOISTER_RETURN_IF_ERROR(server->listen());
    return Result<std::unique_ptr<Server>>(std::move(server));
}

void sweep_as_if(Server& server, std::chrono::steady_clock::time_point now) {
    dynamic_cast<ServerImpl&>(server).sweep(now);
}

}  // namespace cloister::http
