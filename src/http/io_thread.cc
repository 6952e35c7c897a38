#include "http/io_thread.h"

#include "http/connection.h"

namespace cloister::http {
namespace {

constexpr std::chrono::seconds kSweepInterval{1};  // time-outs are whole seconds

}  // namespace

IoThread::IoThread(ServerState& state) : state_(state) {}
IoThread::~IoThread() { stop_and_join(); }

void IoThread::start() {
    thread_ = std::thread([this] {
        mailbox_->bind_to_this_thread();
        schedule_sweep();
        context_.run();
        close_all();
        mailbox_->close();
    });
}

void IoThread::stop_and_join() {
    if (!thread_.joinable()) return;
    context_.stop();
    thread_.join();
}

void IoThread::schedule_sweep() {
    timer_.expires_after(kSweepInterval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        sweep(std::chrono::steady_clock::now());
        schedule_sweep();
    });
}

// Connections leave the map while it is walked.
std::vector<std::shared_ptr<Connection>> IoThread::snapshot() const {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) all.push_back(connection);
    return all;
}

void IoThread::adopt(Socket socket, std::string peer, std::string client) {
    const std::uint64_t id = ++last_connection_;
    const auto connection =
        std::make_shared<Connection>(*this, std::move(socket), id, std::move(peer), std::move(client));
    connections_.emplace(id, connection);
    if (state_.draining) return connection->close();
    connection->start();
}

void IoThread::sweep(SteadyTime now) {
    for (const auto& connection : snapshot()) connection->sweep(now);
}

void IoThread::drain() {
    for (const auto& connection : snapshot()) connection->drain();
}

void IoThread::close_all() {
    for (const auto& connection : snapshot()) connection->close();
}

void IoThread::answer(Answer answer) {
    const auto found = connections_.find(answer.connection);
    if (found == connections_.end()) return;  // the client has gone
    const std::shared_ptr<Connection> connection = found->second;
    connection->answer(answer.sequence, std::move(answer.response));
}

void IoThread::wake() {
    post([this] {
        for (Answer& waiting : mailbox_->take()) answer(std::move(waiting));
    });
}

}  // namespace cloister::http
