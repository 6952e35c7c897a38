// One connection: handshake, then requests in, answers out in the order of the requests, until either side ends it.
//
// A state machine without waiting: whatever happens (readiness, an answer, a sweep) leads to pump(), which does all
// that can be done now and then arms what must be waited for. Deadlines are plain times that a sweep of the io thread
// compares; arming a timer per operation would cost more than parsing a request.
//
// Threads  The io thread's only.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "http/io_thread.h"
#include "http/request_reader.h"
#include "http/transport.h"

namespace cloister::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
    Connection(IoThread& thread, Socket socket, std::uint64_t id, std::string peer, std::string client);
    ~Connection();

    void start();
    // The answer to request number `sequence`; ignored when that was answered or the connection is ending.
    void answer(std::uint64_t sequence, Response response);
    // Ends what has waited beyond its deadline.
    void sweep(SteadyTime now);
    // Ends the connection as soon as what was received is answered.
    void drain();
    void close();

 private:
    enum class Phase { handshake, open, lingering, closed };
    // What the read deadline is for.
    enum class Awaiting { nothing, handshake, idle, header, body, linger };
    struct Slot {  // one request that was received and not yet answered on the wire
        bool is_head = false;
        bool close = false;
        bool ready = false;
        std::size_t body_bytes = 0;
        Response response;
    };

    void pump();
    void advance();
    bool shake_hands();
    void read();
    void consume(std::string_view input);
    void parse(std::string_view input);
    void dispatch();
    void refuse(int status);
    void offer_continue();
    void emit_ready();
    void flush();
    void finish();
    void linger();
    void on_end_of_input();
    void account_body(std::size_t bytes);

    void arm();
    void update_deadline();
    Awaiting awaiting_now() const;
    bool may_parse() const;
    bool is_draining() const { return thread_.state().draining.load(std::memory_order_relaxed); }
    std::size_t unsent_bytes() const { return output_.size() - sent_; }
    const ServerOptions& options() const { return thread_.state().options; }

    IoThread& thread_;
    Socket socket_;
    Transport transport_;
    const std::uint64_t id_;
    const std::string peer_;
    const std::string client_;

    Phase phase_ = Phase::handshake;
    RequestReader reader_;
    std::deque<Slot> slots_;
    std::uint64_t first_sequence_ = 0;  // of slots_.front()
    std::size_t owed_body_bytes_ = 0;   // of the requests in slots_
    std::size_t accounted_bytes_ = 0;   // of ours in ServerState::body_bytes
    std::string output_;
    std::size_t sent_ = 0;

    bool pumping_ = false;
    bool stalled_ = false;  // input was kept because of may_parse()
    bool closing_ = false;  // no further request is read
    bool close_after_write_ = false;
    bool input_ended_ = false;
    bool continue_sent_ = false;

    bool wants_read_ = false;
    bool wants_write_ = false;
    bool read_armed_ = false;
    bool write_armed_ = false;

    Awaiting awaiting_ = Awaiting::nothing;
    SteadyTime deadline_ = SteadyTime::max();
    SteadyTime write_deadline_ = SteadyTime::max();
    std::size_t lingered_bytes_ = 0;
};

}  // namespace cloister::http
