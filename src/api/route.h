// Routes, and the one path every request takes through them: authenticate, decide, handle, answer once the audit entry
// is durable. A route cannot be made without naming its action.
//
// Threads  A Router is immutable after start; handlers run on the connection's thread (Runs::at_once, must not block)
// or on the
//          worker pool.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"
#include "api/problem.h"
#include "api/vault.h"
#include "http/server.h"
#include "policy/policy.h"
#include "records/records.h"

namespace cloister::api {

// The two things an answer waits for: the body, and the audit entry on disk. Whichever comes last sends it.
//
// Threads  Both sides may come from any thread, each once.
class Answer {
 public:
    Answer(http::Responder responder, records::CallPtr call);

    // The promise of the read use cases, see records/records.h.
    records::Audited audited() const;
    void ready(http::Response response) const;
    void fail(const Error& error) const;
    void fail_now(const Error& error) const;
    // For routes whose entry commits with their write or was appended before: nothing to wait for.
    void now(http::Response response) const;

 private:
    struct State;
    std::shared_ptr<State> state_;
};

// What a handler gets.
struct Context {
    const Vault& vault;
    policy::Action action;
    http::Request request;
    std::vector<std::pair<std::string, std::string>> query;
    std::map<std::string, std::string, std::less<>> path;  // decoded parameters: "id" -> "0190..."
    records::CallPtr call;
    identity::Principal principal;
    Answer answer;

    std::string_view query_value(std::string_view name) const;
    // A path parameter as an id; for a malformed one a problem is noted.
    template <class Id>
    Result<Id> id(std::string_view name) const {
        auto parsed = Id::parse(path.find(name)->second);
        if (!parsed) call->problems.push_back({std::string(name), parsed.error().detail()});
        return parsed;
    }
    // The body as a described type; problems carry paths.
    template <class T>
    Result<T> body() const {
        T value{};
        const auto parsed = parse_body(request.body, call->problems);
        if (!parsed || !read_json(*parsed, "", value, call->problems)) return invalid();
        return value;
    }
    Error invalid() const;
    // Appends an entry for what was done and answers once it is durable. For routes without a use case that audits.
    void audit_and_answer(http::Response response, std::vector<std::pair<std::string, std::string>> details = {}) const;
    // The same for a refusal after the decision (bad input and the like).
    void audit_and_fail(const Error& error) const;
    audit::Entry entry() const;
};

using Handle = std::function<void(Context)>;

enum class Runs { at_once, on_worker };

// How a route is described in the OpenAPI document.
struct Doc {
    std::string summary;
    json::value request = nullptr;   // schema of the body, null: none
    json::value response = nullptr;  // schema of the 2xx body
    int status = 200;
    std::string request_type = "application/json";
    std::string response_type = "application/json";
    std::vector<std::pair<std::string, std::string>> query = {};  // name, description
    bool if_match = false;
};

struct Route {
    Route(std::string method_, std::string pattern_, policy::Action action_, Runs runs_, Doc doc_, Handle handle_)
        : method(std::move(method_)),
          pattern(std::move(pattern_)),
          action(action_),
          runs(runs_),
          doc(std::move(doc_)),
          handle(std::move(handle_)) {}
    std::string method;
    std::string pattern;  // "/v1/vaults/{v}/customers/{id}"
    policy::Action action;
    Runs runs;
    Doc doc;
    Handle handle;
};

// Every route of the API, in the order of the document.
std::vector<Route> all_routes();

// The pool that blocking handlers run on. Post: false when its queue is full.
using Post = std::function<bool(UniqueFunction<void()>)>;

// What `app` hands the HTTP server. `vault` and `post` must outlive it.
class Api {
 public:
    Api(const Vault& vault, Post post);
    ~Api();
    void operator()(http::Request request, http::Responder responder) const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// The OpenAPI 3.1 document of all_routes(), as YAML.
std::string openapi_yaml();

}  // namespace cloister::api
