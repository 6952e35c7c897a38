// How an answer gets from any thread to the io thread of its connection: one queue per io thread, which wakes that
// thread only when the queue was empty. A group commit that completes many requests thus costs one wake-up per io
// thread. Responders share the mailbox, not the connection, so that one kept too long keeps nothing alive.
//
// Threads  deliver() may be called from any thread. The rest belongs to the io thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "http/server.h"

namespace cloister::http {

struct Answer {
    std::uint64_t connection;
    std::uint64_t sequence;  // of the request on its connection
    Response response;
};

// The io thread, as a mailbox sees it.
class AnswerSink {
 public:
    virtual void answer(Answer answer) = 0;  // called on the io thread
    virtual void wake() = 0;                 // called on any thread: take() soon
    virtual ~AnswerSink() = default;
};

class Mailbox {
 public:
    explicit Mailbox(AnswerSink& sink) : sink_(&sink) {}

    // At once when called on the io thread, through the queue otherwise. After close() answers are dropped.
    void deliver(Answer answer) CLOISTER_EXCLUDES(mutex_);
    std::vector<Answer> take() CLOISTER_EXCLUDES(mutex_);
    void close() CLOISTER_EXCLUDES(mutex_);
    // The calling thread is the io thread from now on.
    void bind_to_this_thread();

 private:
    Mutex mutex_;
    AnswerSink* sink_ CLOISTER_GUARDED_BY(mutex_);
    std::vector<Answer> waiting_ CLOISTER_GUARDED_BY(mutex_);
};

// What a Responder answers to.
class Responder::Target {
 public:
    Target(std::shared_ptr<Mailbox> mailbox, std::uint64_t connection, std::uint64_t sequence)
        : mailbox_(std::move(mailbox)), connection_(connection), sequence_(sequence) {}
    void answer(Response response) { mailbox_->deliver({connection_, sequence_, std::move(response)}); }

 private:
    std::shared_ptr<Mailbox> mailbox_;
    std::uint64_t connection_;
    std::uint64_t sequence_;
};

}  // namespace cloister::http
