// One thread with its own io_context and the connections that live on it. Nothing is shared between io threads but
// ServerState, so that no request takes a strand or a contended lock.
//
// Threads  post() and wake() may be called from any thread; everything else runs on the thread itself.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <thread>
#include <unordered_map>

#include "http/admission.h"
#include "http/mailbox.h"
#include "http/response_writer.h"
#include "http/tls.h"

namespace cloister::http {

using Executor = boost::asio::io_context::executor_type;  // the concrete type: any_io_executor costs a virtual call
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Connection;

struct ServerState {
    ServerState(const ServerOptions& o, Handler h, TlsContext t)
        : options(o),
          handler(std::move(h)),
          tls(std::move(t)),
          admission(o.connections_limit, o.connections_per_address) {}

    const ServerOptions options;
    const Handler handler;
    const TlsContext tls;  // null: plain HTTP
    Admission admission;
    std::atomic<bool> draining = false;
    std::atomic<std::size_t> body_bytes = 0;  // of request bodies being received, on all connections
};

// Counted per thread, so that counting does not make threads share cache lines.
struct alignas(64) ThreadCounters {
    std::atomic<std::uint64_t> requests = 0;
    std::atomic<std::uint64_t> bad_requests = 0;
    std::atomic<std::uint64_t> tls_failures = 0;
};

class IoThread final : public AnswerSink {
 public:
    explicit IoThread(ServerState& state);
    ~IoThread() override;
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    void start();
    void stop_and_join();
    boost::asio::io_context& context() { return context_; }
    template <class Function>
    void post(Function function) {
        boost::asio::post(context_, std::move(function));
    }

    // A socket that was admitted as `client`.
    void adopt(Socket socket, std::string peer, std::string client);
    void forget(std::uint64_t connection) { connections_.erase(connection); }
    void sweep(SteadyTime now);
    void drain();
    void close_all();

    void answer(Answer answer) override;
    void wake() override;

    ServerState& state() { return state_; }
    ThreadCounters& counters() { return counters_; }
    ResponseWriter& writer() { return writer_; }
    const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
    // Where connections read into, one at a time: is_busy() says that one is at it.
    std::span<char> scratch() { return scratch_; }
    bool is_busy() const { return busy_; }
    void set_busy(bool busy) { busy_ = busy; }

 private:
    void schedule_sweep();
    std::vector<std::shared_ptr<Connection>> snapshot() const;

    ServerState& state_;
    ThreadCounters counters_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<Executor> work_{context_.get_executor()};
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                      Executor>
        timer_{context_};
    std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>(*this);
    ResponseWriter writer_;
    std::array<char, 16 * 1024> scratch_;  // one TLS record
    bool busy_ = false;
    std::uint64_t last_connection_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
    std::thread thread_;
};

}  // namespace cloister::http
