#include "http/connection.h"

#include <typeinfo>

#include "base/assert.h"
#include "log/log.h"

namespace cloister::http {
namespace {

// Bodies of requests read ahead of their answers: a client that pipelines uploads waits instead of filling memory.
constexpr std::size_t kReadAheadBodyBytes = 64 * 1024;
// Answers not taken by the client beyond this stop the reading of further requests.
constexpr std::size_t kUnsentPause = 64 * 1024;
constexpr std::size_t kKeptOutputCapacity = 16 * 1024;  // an idle connection keeps no more
constexpr int kReadsPerTurn = 16;                       // then other connections have their turn
// A closed socket with unread input resets the connection and takes our last answer with it; so input is read and
// dropped for a while (RFC 9112 section 9.6).
constexpr std::chrono::seconds kLingerTimeout{3};
constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;

}  // namespace

Connection::Connection(IoThread& thread, Socket socket, std::uint64_t id, std::string peer, std::string client)
    : thread_(thread),
      socket_(std::move(socket)),
      transport_(socket_.native_handle(), thread.state().tls.get()),
      id_(id),
      peer_(std::move(peer)),
      client_(std::move(client)),
      reader_({.header_bytes = options().header_limit_bytes, .body_bytes = options().body_limit_bytes}) {}

Connection::~Connection() { CLOISTER_ASSERT(phase_ == Phase::closed); }

void Connection::start() { pump(); }

void Connection::pump() {
    if (phase_ == Phase::closed || pumping_) return;
    if (thread_.is_busy()) return thread_.post([self = shared_from_this()] { self->pump(); });
    const auto self = shared_from_this();
    pumping_ = true;
    thread_.set_busy(true);
    try {
        advance();
    } catch (const std::exception& error) {  // memory, or a bug here: this connection ends, the others go on
        log::error("a connection failed", {{"kind", typeid(error).name()}});
        close();
    }
    thread_.set_busy(false);
    pumping_ = false;
    if (phase_ != Phase::closed) arm();
}

void Connection::advance() {
    wants_read_ = wants_write_ = false;
    if (phase_ == Phase::handshake && !shake_hands()) return;
    if (phase_ == Phase::lingering) return linger();
    consume({});
    read();
}

bool Connection::shake_hands() {
    switch (transport_.handshake()) {
        case Io::done: phase_ = Phase::open; return true;
        case Io::wants_read: wants_read_ = true; return false;
        case Io::wants_write: wants_write_ = true; return false;
        case Io::ended:
        case Io::failed: break;
    }
    ++thread_.counters().tls_failures;
    close();
    return false;
}

void Connection::read() {
    for (int reads = 0; phase_ == Phase::open && may_parse() && !input_ended_ && !read_armed_; ++reads) {
        if (reads == kReadsPerTurn) return thread_.post([self = shared_from_this()] { self->pump(); });
        std::size_t count = 0;
        switch (transport_.read(thread_.scratch(), count)) {
            case Io::done: consume({thread_.scratch().data(), count}); break;
            case Io::wants_read: wants_read_ = true; return;
            case Io::wants_write: wants_write_ = true; return;
            case Io::ended: return on_end_of_input();
            case Io::failed: return close();
        }
    }
}

// Sending answers may make room for requests that were kept, so both go on until neither can.
void Connection::consume(std::string_view input) {
    if (!input.empty()) parse(input);
    flush();
    while (phase_ == Phase::open && stalled_ && may_parse()) {
        parse({});
        flush();
    }
}

void Connection::parse(std::string_view input) {
    stalled_ = false;
    while (may_parse()) {
        switch (reader_.next(input)) {
            case RequestReader::Outcome::need_more: account_body(reader_.body_bytes()); return offer_continue();
            case RequestReader::Outcome::refused: return refuse(reader_.refusal());
            case RequestReader::Outcome::complete:
                if (is_draining()) {  // so that has_begun() tells whether this was the last request
                    reader_.keep(input);
                    input = {};
                }
                dispatch();
        }
    }
    if (closing_) return;
    reader_.keep(input);
    stalled_ = reader_.has_kept();
}

bool Connection::may_parse() const {
    return phase_ == Phase::open && !closing_ && slots_.size() < options().pipeline_limit &&
           owed_body_bytes_ <= kReadAheadBodyBytes && unsent_bytes() <= kUnsentPause;
}

void Connection::dispatch() {
    Request request = reader_.take();
    account_body(0);
    const bool close = !reader_.keep_alive() || (is_draining() && !reader_.has_begun());
    const std::uint64_t sequence = first_sequence_ + slots_.size();
    slots_.push_back({.is_head = request.method == "HEAD", .close = close, .body_bytes = request.body.size()});
    owed_body_bytes_ += request.body.size();
    closing_ = closing_ || close;
    continue_sent_ = false;
    awaiting_ = Awaiting::nothing;
    thread_.counters().requests.fetch_add(1, std::memory_order_relaxed);
    request.peer = peer_;

    // A Responder destroyed on the way out answers 500. The text of a foreign exception may quote a value, so only its
    // type is logged.
    try {
        thread_.state().handler(std::move(request),
                                Responder(std::make_shared<Responder::Target>(thread_.mailbox(), id_, sequence)));
    } catch (const Bug& bug) {
        log::error("a request handler has a bug", {{"reason", bug.what()}});
    } catch (const std::exception& error) {
        log::error("a request handler failed", {{"kind", typeid(error).name()}});
    }
}

void Connection::refuse(int status) {
    ++thread_.counters().bad_requests;
    account_body(0);
    closing_ = true;
    slots_.push_back({.close = true, .ready = true, .response = plain_problem(status)});
    emit_ready();
}

// Memory for bodies is bounded over all connections: they are received before anybody knows who is calling.
void Connection::account_body(std::size_t bytes) {
    std::atomic<std::size_t>& total = thread_.state().body_bytes;
    if (bytes == accounted_bytes_) return;
    const std::size_t now = total.fetch_add(bytes - accounted_bytes_) + (bytes - accounted_bytes_);
    const bool grew = bytes > accounted_bytes_;
    accounted_bytes_ = bytes;
    if (grew && now > options().bodies_limit_bytes) refuse(503);
}

void Connection::offer_continue() {
    if (closing_ || continue_sent_ || !slots_.empty() || !reader_.expects_continue()) return;
    continue_sent_ = true;
    output_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void Connection::answer(std::uint64_t sequence, Response response) {
    if (sequence < first_sequence_ || sequence - first_sequence_ >= slots_.size()) return;
    Slot& slot = slots_[sequence - first_sequence_];
    if (slot.ready) return;
    slot.ready = true;
    slot.response = std::move(response);
    emit_ready();
    pump();
}

void Connection::emit_ready() {
    while (!slots_.empty() && slots_.front().ready && !close_after_write_) {
        const Slot& slot = slots_.front();
        const bool is_last = is_draining() && slots_.size() == 1 && !reader_.has_begun();
        close_after_write_ = slot.close || is_last;
        thread_.writer().append(output_, slot.response,
                                {.is_head = slot.is_head, .close = close_after_write_, .tls = transport_.is_tls()});
        owed_body_bytes_ -= slot.body_bytes;
        slots_.pop_front();
        ++first_sequence_;
    }
    closing_ = closing_ || close_after_write_;
    offer_continue();
}

void Connection::flush() {
    bool progress = false;
    while (phase_ == Phase::open && unsent_bytes() > 0) {
        std::size_t count = 0;
        switch (transport_.write(std::string_view(output_).substr(sent_), count)) {
            case Io::done:
                sent_ += count;
                progress = true;
                continue;
            case Io::wants_read: wants_read_ = true; break;
            case Io::wants_write: wants_write_ = true; break;
            case Io::ended:
            case Io::failed: return close();
        }
        if (progress || write_deadline_ == SteadyTime::max())
            write_deadline_ = std::chrono::steady_clock::now() + options().write_timeout;
        return;
    }
    if (phase_ != Phase::open) return;
    output_.clear();
    sent_ = 0;
    write_deadline_ = SteadyTime::max();
    if (output_.capacity() > kKeptOutputCapacity) output_ = std::string();
    if (close_after_write_ || (input_ended_ && slots_.empty())) finish();
}

void Connection::finish() {
    phase_ = Phase::lingering;
    transport_.finish_writing();
    linger();
}

void Connection::linger() {
    if (input_ended_) return close();
    while (lingered_bytes_ < kLingerBytes) {
        std::size_t count = 0;
        const Io outcome = transport_.discard(thread_.scratch(), count);
        lingered_bytes_ += count;
        if (outcome == Io::done) continue;
        if (outcome != Io::wants_read) break;
        wants_read_ = true;
        return;
    }
    close();
}

void Connection::on_end_of_input() {
    input_ended_ = true;
    closing_ = true;
    if (slots_.empty() && unsent_bytes() == 0) close();
}

void Connection::sweep(SteadyTime now) {
    if (now >= write_deadline_) return close();
    if (now < deadline_) return;
    switch (awaiting_) {
        case Awaiting::nothing: return;
        case Awaiting::handshake: ++thread_.counters().tls_failures; return close();
        case Awaiting::linger: return close();
        case Awaiting::idle: transport_.finish_writing(); return close();
        case Awaiting::header:
        case Awaiting::body: refuse(408); return pump();
    }
}

void Connection::drain() {
    if (phase_ == Phase::handshake) return close();
    if (phase_ != Phase::open || !slots_.empty() || unsent_bytes() > 0 || reader_.has_begun()) return;
    transport_.finish_writing();
    close();
}

void Connection::close() {
    if (phase_ == Phase::closed) return;
    phase_ = Phase::closed;
    account_body(0);
    slots_.clear();
    boost::system::error_code ignored;
    socket_.close(ignored);
    thread_.state().admission.leave(client_);
    thread_.forget(id_);
}

void Connection::arm() {
    update_deadline();
    if (wants_read_ && !read_armed_) {
        read_armed_ = true;
        socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
            self->read_armed_ = false;
            if (error) return;
            self->transport_.now_readable();
            self->pump();
        });
    }
    if (wants_write_ && !write_armed_) {
        write_armed_ = true;
        socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
            self->write_armed_ = false;
            if (!error) self->pump();
        });
    }
}

Connection::Awaiting Connection::awaiting_now() const {
    if (phase_ == Phase::handshake) return Awaiting::handshake;
    if (phase_ == Phase::lingering) return Awaiting::linger;
    if (!may_parse()) return Awaiting::nothing;
    if (reader_.in_body()) return Awaiting::body;
    if (reader_.has_kept()) return Awaiting::header;
    return slots_.empty() && unsent_bytes() == 0 ? Awaiting::idle : Awaiting::nothing;
}

void Connection::update_deadline() {
    const Awaiting now_awaiting = awaiting_now();
    if (now_awaiting == awaiting_) return;
    awaiting_ = now_awaiting;
    const auto within = [this]() -> std::chrono::seconds {
        switch (awaiting_) {
            case Awaiting::handshake:
            case Awaiting::header: return options().header_timeout;
            case Awaiting::body: return options().body_timeout;
            case Awaiting::idle: return options().idle_timeout;
            case Awaiting::linger: return kLingerTimeout;
            case Awaiting::nothing: break;
        }
        return {};
    };
    deadline_ = awaiting_ == Awaiting::nothing ? SteadyTime::max() : std::chrono::steady_clock::now() + within();
}

}  // namespace cloister::http
