#include "http/mailbox.h"

#include "base/assert.h"
#include "http/response_writer.h"
#include "log/log.h"

namespace cloister::http {
namespace {

// The mailbox whose io thread this is.
struct Bound {
    const Mailbox* mailbox = nullptr;
    AnswerSink* sink = nullptr;
};
thread_local Bound bound;

}  // namespace

void Mailbox::bind_to_this_thread() {
    MutexLock lock(mutex_);
    bound = {this, sink_};
}

void Mailbox::deliver(Answer answer) {
    if (bound.mailbox == this) return bound.sink->answer(std::move(answer));
    MutexLock lock(mutex_);
    if (sink_ == nullptr) return;
    waiting_.push_back(std::move(answer));
    if (waiting_.size() == 1) sink_->wake();
}

std::vector<Answer> Mailbox::take() {
    std::vector<Answer> taken;
    MutexLock lock(mutex_);
    taken.swap(waiting_);
    return taken;
}

void Mailbox::close() {
    if (bound.mailbox == this) bound = {};
    MutexLock lock(mutex_);
    sink_ = nullptr;
    waiting_.clear();
}

Responder::Responder(std::shared_ptr<Target> target) : target_(std::move(target)) {}
Responder::Responder(Responder&&) noexcept = default;

Responder& Responder::operator=(Responder&& other) noexcept {
    Responder previous(std::move(*this));  // answers 500 if nobody did
    target_ = std::move(other.target_);
    return *this;
}

Responder::~Responder() {
    if (target_ == nullptr) return;
    try {
        target_->answer(plain_problem(500));
    } catch (const std::exception&) {  // a destructor cannot pass it on; the client's time-out remains
        log::error("a request was left without an answer and could not be refused");
    }
}

void Responder::send(Response response) {
    CLOISTER_ASSERT(target_ != nullptr);
    CLOISTER_ASSERT(is_well_formed(response));  // before the target is taken: the client then gets a 500
    const std::shared_ptr<Target> target = std::move(target_);
    target->answer(std::move(response));
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

}  // namespace cloister::http
