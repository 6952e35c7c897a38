#include "api/route.h"

#include <cstdio>

#include "base/mutex.h"
#include "crypto/hash.h"
#include "log/log.h"

namespace cloister::api {

// ---------------------------------------------------------------------------------------------------------- Answer

struct Answer::State {
    State(http::Responder r, records::CallPtr c) : responder(std::move(r)), call(std::move(c)) {}
    http::Responder responder;
    records::CallPtr call;
    std::atomic<int> waiting{2};
    http::Response response;
    std::optional<Error> unaudited;

    void arrive() {
        if (waiting.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        responder.send(unaudited ? problem(*call, *unaudited) : std::move(response));
    }
};

Answer::Answer(http::Responder responder, records::CallPtr call)
    : state_(std::make_shared<State>(std::move(responder), std::move(call))) {}

records::Audited Answer::audited() const {
    return [state = state_](Result<std::uint64_t> index) {
        if (!index) state->unaudited = index.error();
        state->arrive();
    };
}

void Answer::ready(http::Response response) const {
    response.headers.emplace_back("Cloister-Request", state_->call->request);
    state_->response = std::move(response);
    state_->arrive();
}

void Answer::fail(const Error& error) const { ready(problem(*state_->call, error)); }

void Answer::fail_now(const Error& error) const { now(problem(*state_->call, error)); }

void Answer::now(http::Response response) const {
    state_->waiting.fetch_sub(1, std::memory_order_acq_rel);
    ready(std::move(response));
}

// --------------------------------------------------------------------------------------------------------- Context

std::string_view Context::query_value(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return value;
    return {};
}

Error Context::invalid() const {
    return Error(ErrorCode::invalid_argument, call->problems.empty()
                                                  ? "the request is not valid"
                                                  : call->problems.front().path + ": " + call->problems.front().reason);
}

audit::Entry Context::entry() const {
    audit::Entry e;
    e.time = vault.clock.now();
    e.actor = call->subject.id;
    e.token = call->token;
    e.origin = call->origin;
    e.request = call->request;
    e.action = to_string(action);
    e.purpose = call->purpose;
    e.reason = call->reason;
    e.decision = "permit";
    e.policy_version = call->policy_version;
    return e;
}

void Context::audit_and_answer(http::Response response,
                               std::vector<std::pair<std::string, std::string>> details) const {
    audit::Entry e = entry();
    e.details = std::move(details);
    vault.audit.append(e, answer.audited());
    answer.ready(std::move(response));
}

void Context::audit_and_fail(const Error& error) const {
    audit::Entry e = entry();
    e.decision = "deny";
    e.problem = to_string(error.code());
    vault.audit.append(e, answer.audited());
    answer.fail(error);
}

// ------------------------------------------------------------------------------------------------------------- Api

namespace {

constexpr std::size_t kMaxPurpose = 64;
constexpr std::size_t kMaxReason = 400;       // bytes; policy limits characters further
constexpr std::size_t kMaxIdempotency = 200;  // bytes

// One segment of a pattern: literal text, or a parameter with an optional literal tail ("{id}", "customers:search").
struct Segment {
    std::string literal;
    bool parameter = false;
    bool rest = false;  // "{path...}" takes everything that follows
};

struct Compiled {
    Route route;
    std::vector<Segment> segments;
};

std::vector<Segment> compile(std::string_view pattern) {
    std::vector<Segment> segments;
    for (const std::string_view part : split(pattern.substr(1), '/')) {
        if (part.starts_with('{')) {
            const bool rest = part.ends_with("...}");
            segments.push_back({std::string(part.substr(1, part.size() - (rest ? 5 : 2))), true, rest});
        } else {
            segments.push_back({std::string(part), false, false});
        }
    }
    return segments;
}

using PathParameters = std::map<std::string, std::string, std::less<>>;

bool match(const std::vector<Segment>& segments, const std::vector<std::string_view>& parts,
           PathParameters& parameters) {
    parameters.clear();
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (i >= parts.size()) return false;
        const Segment& segment = segments[i];
        if (segment.rest) {
            std::string rest;
            for (std::size_t k = i; k < parts.size(); ++k) rest += (k > i ? "/" : "") + std::string(parts[k]);
            parameters[segment.literal] = rest;
            return true;
        }
        if (!segment.parameter) {
            if (segment.literal != parts[i]) return false;
            continue;
        }
        const auto decoded = http::percent_decode(parts[i]);
        // A colon starts an operation ("customers:search"), never part of an id.
        if (!decoded || decoded->empty() || decoded->find(':') != std::string::npos) return false;
        parameters[segment.literal] = *decoded;
    }
    return parts.size() == segments.size();
}

// Limits how many refusals of strangers reach the log: without it, anybody could fill the disk.
class StrangerLimit {
 public:
    // True when this refusal is to be written; then `suppressed` says how many were not since the last.
    bool take(Time now, std::uint64_t& suppressed) CLOISTER_EXCLUDES(mutex_) {
        constexpr double kPerSecond = 20;
        constexpr double kBurst = 200;
        MutexLock lock(mutex_);
        const double elapsed = std::chrono::duration<double>(now - last_).count();
        tokens_ = std::min(kBurst, tokens_ + std::max(0.0, elapsed) * kPerSecond);
        last_ = now;
        if (tokens_ < 1) {
            ++suppressed_;
            return false;
        }
        tokens_ -= 1;
        suppressed = std::exchange(suppressed_, 0);
        return true;
    }

 private:
    Mutex mutex_;
    Time last_ CLOISTER_GUARDED_BY(mutex_){};
    double tokens_ CLOISTER_GUARDED_BY(mutex_) = 200;
    std::uint64_t suppressed_ CLOISTER_GUARDED_BY(mutex_) = 0;
};

std::string hex_of(std::uint64_t n, int digits) {
    char text[20];
    std::snprintf(text, sizeof text, "%0*llx", digits, static_cast<unsigned long long>(n));
    return text;
}

bool printable(std::string_view text) {
    if (!is_valid_utf8(text)) return false;
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    return true;
}

}  // namespace

struct Api::State {
    State(const Vault& v, Post p)
        : vault(v), post(std::move(p)), instance(load_be<std::uint32_t>(crypto::random_array<4>().data())) {
        for (Route& route : all_routes()) {
            auto segments = compile(route.pattern);
            routes.push_back({std::move(route), std::move(segments)});
        }
    }

    std::string next_request_id() { return hex_of(instance, 8) + hex_of(next_request.fetch_add(1), 8); }

    const Vault& vault;
    Post post;
    std::vector<Compiled> routes;
    const std::uint32_t instance;
    std::atomic<std::uint64_t> next_request{1};
    StrangerLimit strangers;
};

namespace {

// Headers that say who and why, into the call. False with the answer's problem noted.
bool read_headers(const http::Request& request, records::Call& call) {
    call.purpose = request.header("cloister-purpose");
    call.reason = request.header("cloister-reason");
    const auto check = [&](std::string_view header, const std::string& value, std::size_t limit) {
        if (value.size() <= limit && printable(value)) return;
        call.problems.push_back(
            {std::string(header), "at most " + std::to_string(limit) + " bytes of printable UTF-8"});
    };
    check("Cloister-Purpose", call.purpose, kMaxPurpose);
    check("Cloister-Reason", call.reason, kMaxReason);
    const std::string_view key = request.header("idempotency-key");
    check("Idempotency-Key", std::string(key), kMaxIdempotency);
    if (!call.problems.empty()) {
        call.purpose.clear();
        call.reason.clear();
        return false;
    }
    if (!key.empty() && request.method != "GET")
        call.idempotency =
            records::Idempotency{crypto::sha256({as_bytes(call.token), as_bytes("\n"), as_bytes(key)}),
                                 crypto::sha256({as_bytes(request.method), as_bytes("\n"), as_bytes(request.target),
                                                 as_bytes("\n"), as_bytes(request.body)})};
    return true;
}

std::string_view bearer(const http::Request& request) {
    const std::string_view header = request.header("authorization");
    constexpr std::string_view kScheme = "bearer ";
    if (header.size() <= kScheme.size() || to_lower_ascii(header.substr(0, kScheme.size())) != kScheme) return {};
    return trim(header.substr(kScheme.size()));
}

void refuse_stranger(const Vault& vault, StrangerLimit& limit, const Answer& answer, const records::Call& call,
                     policy::Action action, const Error& error) {
    std::uint64_t suppressed = 0;
    if (!limit.take(vault.clock.now(), suppressed))
        return answer.now(problem(429, "rate-limited", "Too many refused requests", "Slow down.", call.request));
    audit::Entry e;
    e.time = vault.clock.now();
    e.actor = "anonymous";
    e.origin = call.origin;
    e.request = call.request;
    e.action = to_string(action);
    e.decision = "deny";
    e.problem = to_string(error.code());
    if (suppressed != 0) e.details = {{"not_written_before", std::to_string(suppressed)}};
    vault.audit.append(e, answer.audited());
    answer.fail(error);
}

// No decision, no data: the gate in front of every handler.
bool gate(const Context& context) {
    const policy::Decision decision = context.vault.rules.policy()->evaluate({.subject = context.call->subject,
                                                                              .action = context.action,
                                                                              .purpose = context.call->purpose,
                                                                              .reason = context.call->reason,
                                                                              .fields = {},
                                                                              .fields_named = false});
    context.call->policy_version = decision.policy_version;
    if (decision.permit) return true;
    context.call->denial = decision.denial;
    context.call->explanation = decision.explanation;
    audit::Entry e = context.entry();
    e.decision = "deny";
    e.problem = to_string(decision.denial);
    if (const auto id = context.path.find("id"); id != context.path.end())
        if (const auto customer = CustomerId::parse(id->second)) e.customers = {*customer};
    if (decision.denial == policy::Denial::reason_unfit) e.reason.clear();
    if (decision.denial == policy::Denial::purpose_unknown) e.purpose.clear();
    context.vault.audit.append(e, context.answer.audited());
    context.answer.fail(Error(ErrorCode::forbidden, decision.explanation));
    return false;
}

void run(const Handle& handle, Context context) {
    const records::CallPtr call = context.call;
    try {
        handle(std::move(context));
    } catch (const std::exception& e) {
        // The responder answers 500 when its last owner lets go; the place goes to the log, never a value.
        const bool bug = dynamic_cast<const Bug*>(&e) != nullptr;
        log::error("request failed",
                   {{"request", call->request}, {"at", bug ? std::string_view(e.what()) : "exception"}});
    }
}

}  // namespace

Api::Api(const Vault& vault, Post post) : state_(std::make_unique<State>(vault, std::move(post))) {}
Api::~Api() = default;

void Api::operator()(http::Request request, http::Responder responder) const {
    State& state = *state_;
    auto call = std::make_shared<records::Call>();
    call->request = state.next_request_id();
    call->origin = request.peer;

    const std::vector<std::string_view> parts =
        split(std::string_view(request.path).substr(request.path.empty() ? 0 : 1), '/');
    const Compiled* found = nullptr;
    std::string allowed;
    PathParameters parameters;
    for (const Compiled& candidate : state.routes) {
        if (!match(candidate.segments, parts, parameters)) continue;
        if (candidate.route.method == request.method || (request.method == "HEAD" && candidate.route.method == "GET")) {
            found = &candidate;
            break;
        }
        allowed += (allowed.empty() ? "" : ", ") + candidate.route.method;
    }
    if (found == nullptr) {
        http::Response response =
            allowed.empty()
                ? problem(404, "not-found", "Not found", "There is no such route.", call->request)
                : problem(405, "method-not-allowed", "Method not allowed", "Allowed: " + allowed, call->request);
        if (!allowed.empty()) response.headers.emplace_back("Allow", allowed);
        return responder.send(std::move(response));
    }

    const policy::Action action = found->route.action;
    const Answer answer(std::move(responder), call);
    auto principal = state.vault.tokens.authenticate(bearer(request));
    if (!principal) return refuse_stranger(state.vault, state.strangers, answer, *call, action, principal.error());
    call->subject = principal->subject;
    call->token = principal->token.to_string();
    const bool headers_good = read_headers(request, *call);
    auto query = http::parse_query(request.query);
    if (!query) call->problems.push_back({"query", query.error().detail()});

    Context context{
        state.vault,           action,
        std::move(request),    query ? std::move(*query) : std::vector<std::pair<std::string, std::string>>{},
        std::move(parameters), call,
        std::move(*principal), answer};
    if (!headers_good || !call->problems.empty()) return context.audit_and_fail(context.invalid());
    if (!gate(context)) return;
    const std::string& vault_name = context.path["v"];
    if (vault_name != state.vault.name && vault_name != state.vault.id.to_string())
        return context.audit_and_fail(Error(ErrorCode::not_found, "no such vault"));

    if (found->route.runs == Runs::at_once) return run(found->route.handle, std::move(context));
    auto shared = std::make_shared<Context>(std::move(context));
    const bool queued = state.post([shared, &handle = found->route.handle] { run(handle, std::move(*shared)); });
    if (!queued) shared->audit_and_fail(Error(ErrorCode::unavailable, "the server is busy: try again"));
}

}  // namespace cloister::api
