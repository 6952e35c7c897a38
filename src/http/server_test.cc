#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/mutex.h"
#include "http/testing.h"

namespace cloister::http {
namespace {

using testing::body_of;
using testing::Client;
using testing::has_line;
using testing::status_of;
using namespace std::chrono_literals;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// Collects responders, so that a test answers when and where it wants to.
class Held {
 public:
    void put(Responder responder) {
        MutexLock lock(mutex_);
        held_.push_back(std::move(responder));
        changed_.notify_all();
    }
    std::vector<Responder> wait_for(std::size_t count) {
        MutexLock lock(mutex_);
        while (held_.size() < count) changed_.wait(mutex_);
        return std::move(held_);
    }

 private:
    Mutex mutex_;
    CondVar changed_;
    std::vector<Responder> held_ CLOISTER_GUARDED_BY(mutex_);
};

void echo(Request request, Responder responder) {
    responder.send({.content_type = "text/plain", .body = request.method + " " + request.path + " " + request.body});
}

std::unique_ptr<Server> serve(ServerOptions options = {}, Handler handler = echo) {
    auto server = Server::start(options, std::move(handler));
    EXPECT_TRUE(server.has_value());
    return std::move(server).value();
}

// Lets time pass for the server until it reacts: bytes we sent may not have reached it yet.
void sweep_until_readable(Server& server, Client& client, std::chrono::seconds ahead) {
    for (int tries = 0; tries < 500 && !client.is_readable(); ++tries)
        sweep_as_if(server, std::chrono::steady_clock::now() + ahead);
}

TEST(Server, keeps_the_connection_for_further_requests) {
    const auto server = serve();
    Client client(server->port());
    for (int i = 0; i < 3; ++i) {
        client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        const std::string answer = client.read_answer();
        EXPECT_EQ(body_of(answer), "POST /x hi");
        EXPECT_FALSE(has_line(answer, "Connection: close"));
    }
    EXPECT_EQ(server->counters().requests, 3u);
    EXPECT_EQ(server->counters().connections_total, 1u);
}

TEST(Server, closes_when_the_client_asks_for_it) {
    const auto server = serve();
    Client client(server->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(has_line(client.read_all(), "Connection: close"));
}

TEST(Server, answers_a_client_that_has_finished_sending) {
    Held held;
    const auto server = serve({}, [&held](Request, Responder responder) { held.put(std::move(responder)); });
    Client client(server->port());
    client.send(kGet);
    client.send_end();
    held.wait_for(1)[0].send({.body = "late"});
    EXPECT_EQ(body_of(client.read_all()), "late");
}

TEST(Server, answers_pipelined_requests_in_order_whatever_the_order_of_the_answers) {
    Held held;
    const auto server = serve({}, [&held](Request, Responder responder) { held.put(std::move(responder)); });
    Client client(server->port());
    std::string requests;
    for (int i = 0; i < 8; ++i) requests += kGet;
    client.send(requests);
    std::vector<Responder> responders = held.wait_for(8);
    std::vector<std::thread> threads;
    for (std::size_t i = 8; i-- > 0;)
        threads.emplace_back([&responders, i] { responders[i].send({.body = std::to_string(i)}); });
    for (auto& thread : threads) thread.join();
    for (int i = 0; i < 8; ++i) EXPECT_EQ(body_of(client.read_answer()), std::to_string(i));
}

TEST(Server, reads_no_more_requests_ahead_than_the_limit) {
    Held held;
    std::atomic<int> seen = 0;
    const auto server = serve({.pipeline_limit = 3}, [&](Request, Responder responder) {
        ++seen;
        held.put(std::move(responder));
    });
    Client client(server->port());
    for (int i = 0; i < 10; ++i) client.send(kGet);
    auto first = held.wait_for(3);
    sweep_as_if(*server, std::chrono::steady_clock::now());  // the io threads have finished what they were at
    EXPECT_EQ(seen, 3);
    for (auto& responder : first) responder.send({});
    std::size_t answered = 3;
    while (answered < 10) {
        auto more = held.wait_for(1);
        for (auto& responder : more) responder.send({});
        answered += more.size();
    }
    for (int i = 0; i < 10; ++i) EXPECT_EQ(status_of(client.read_answer()), 200);
}

TEST(Server, answers_many_pipelined_requests_from_the_handler) {
    const auto server =
        serve({}, [](Request, Responder responder) { responder.send({.body = std::string(5000, 'x')}); });
    Client client(server->port());
    std::string requests;
    for (int i = 0; i < 300; ++i) requests += kGet;
    std::thread sender([&] { client.send(requests); });
    for (int i = 0; i < 300; ++i) EXPECT_EQ(body_of(client.read_answer()).size(), 5000u);
    sender.join();
}

TEST(Server, refuses_malformed_requests_with_a_problem_and_closes) {
    const auto server = serve();
    Client client(server->port());
    client.send("GET / HTTP/1.1\r\n\r\n");
    const std::string answer = client.read_all();
    EXPECT_EQ(status_of(answer), 400);
    EXPECT_TRUE(has_line(answer, "Content-Type: application/problem+json"));
    EXPECT_TRUE(has_line(answer, "Connection: close"));
    EXPECT_EQ(body_of(answer), R"({"type":"about:blank","title":"Bad Request","status":400})");
    EXPECT_EQ(server->counters().bad_requests, 1u);
    EXPECT_EQ(server->counters().requests, 0u);
}

TEST(Server, answers_what_came_before_a_malformed_request) {
    const auto server = serve();
    Client client(server->port());
    client.send(kGet + "BREW / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(status_of(client.read_answer()), 200);
    EXPECT_EQ(status_of(client.read_answer()), 501);
    EXPECT_EQ(client.read_all(), "");
}

TEST(Server, bounds_all_bodies_together) {
    const auto server = serve({.bodies_limit_bytes = 1000});
    Client client(server->port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + std::string(2000, 'x'));
    EXPECT_EQ(status_of(client.read_all()), 503);
}

TEST(Server, tells_a_waiting_client_to_continue) {
    const auto server = serve();
    Client client(server->port());
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    EXPECT_EQ(body_of(client.read_answer()), "PUT / hi");
}

TEST(Server, refuses_a_large_body_before_it_is_sent) {
    const auto server = serve({.body_limit_bytes = 1});
    Client client(server->port());
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(status_of(client.read_all()), 413);
}

TEST(Server, answers_head_without_a_body) {
    const auto server = serve();
    Client client(server->port());
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + kGet);
    EXPECT_TRUE(has_line(client.read_answer(true), "Content-Length: 7"));
    EXPECT_EQ(body_of(client.read_answer()), "GET / ");
}

TEST(Server, answers_500_without_details_when_a_handler_fails) {
    const auto server = serve({}, [](Request request, Responder responder) {
        if (request.path == "/throw") throw std::runtime_error("secret");
        if (request.path == "/bug") CLOISTER_ASSERT(request.path.empty());
        if (request.path == "/inject") responder.send({.headers = {{"X", "a\r\nB: c"}}});
    });
    for (const std::string path : {"/throw", "/bug", "/inject", "/forgotten"}) {
        Client client(server->port());
        client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(body_of(client.read_answer()),
                  R"({"type":"about:blank","title":"Internal Server Error","status":500})");
    }
}

TEST(Server, times_out_slow_headers_and_slow_bodies) {
    const auto server = serve();
    Client slow_header(server->port());
    slow_header.send("GET / HTTP/1.1\r\nHos");
    sweep_until_readable(*server, slow_header, 11s);
    EXPECT_EQ(status_of(slow_header.read_all()), 408);
    Client slow_body(server->port());
    slow_body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    sweep_until_readable(*server, slow_body, 61s);
    EXPECT_EQ(status_of(slow_body.read_all()), 408);
}

TEST(Server, closes_idle_connections_without_a_word) {
    const auto server = serve();
    Client client(server->port());
    sweep_until_readable(*server, client, 121s);
    EXPECT_EQ(client.read_all(), "");
}

TEST(Server, closes_on_clients_that_do_not_read) {
    const auto server =
        serve({}, [](Request, Responder responder) { responder.send({.body = std::string(32u << 20, 'x')}); });
    Client client(server->port());
    client.send(kGet);
    while (server->counters().requests == 0) std::this_thread::yield();
    while (server->counters().connections_open > 0) sweep_as_if(*server, std::chrono::steady_clock::now() + 61s);
    EXPECT_LT(client.read_all().size(), 32u << 20);
}

TEST(Server, refuses_connections_beyond_the_limits) {
    for (const ServerOptions& options :
         {ServerOptions{.connections_limit = 1}, ServerOptions{.connections_per_address = 1}}) {
        const auto server = serve(options);
        Client first(server->port());
        first.send(kGet);
        EXPECT_EQ(status_of(first.read_answer()), 200);
        Client second(server->port());
        EXPECT_EQ(second.read_all(), "");
        EXPECT_EQ(server->counters().connections_refused, 1u);
        first.close();
        while (server->counters().connections_open > 0) std::this_thread::yield();
        Client third(server->port());
        third.send(kGet);
        EXPECT_EQ(status_of(third.read_answer()), 200);
    }
}

TEST(Server, survives_clients_that_vanish_before_their_answer) {
    Held held;
    const auto server = serve({}, [&held](Request, Responder responder) { held.put(std::move(responder)); });
    {
        Client client(server->port());
        client.send(kGet + kGet);
        auto responders = held.wait_for(2);
        client.close();
        for (auto& responder : responders) responder.send({.body = std::string(1u << 20, 'x')});
    }
    while (server->counters().connections_open > 0) std::this_thread::yield();
}

TEST(Server, finishes_what_it_received_when_it_drains) {
    Held held;
    auto server = serve({}, [&held](Request, Responder responder) { held.put(std::move(responder)); });
    Client idle(server->port());
    Client busy(server->port());
    busy.send(kGet);
    auto responders = held.wait_for(1);
    std::thread drainer([&] { server->drain(60s); });
    EXPECT_EQ(idle.read_all(), "");  // idle connections end at once
    responders[0].send({.body = "done"});
    const std::string answer = busy.read_all();
    EXPECT_EQ(body_of(answer), "done");
    EXPECT_TRUE(has_line(answer, "Connection: close"));
    busy.close();
    drainer.join();
    EXPECT_EQ(server->counters().connections_open, 0u);
}

TEST(Server, drains_no_longer_than_asked_and_forgets_late_answers) {
    Held held;
    auto server = serve({}, [&held](Request, Responder responder) { held.put(std::move(responder)); });
    Client client(server->port());
    client.send(kGet);
    auto responders = held.wait_for(1);
    server->drain(0ms);
    EXPECT_EQ(client.read_all(), "");
    server.reset();
    responders[0].send({});
}

TEST(Server, says_plainly_why_it_cannot_start) {
    const auto server = serve();
    const auto second = Server::start({.port = server->port()}, echo);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), ErrorCode::unavailable);
    EXPECT_NE(second.error().detail().find("is in use"), std::string::npos);
    EXPECT_EQ(Server::start({.address = "nowhere"}, echo).error().code(), ErrorCode::invalid_argument);
}

class Tls : public ::testing::Test {
 protected:
    Tls() {
        std::string pattern = (std::filesystem::temp_directory_path() / "cloister-http-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
        EXPECT_TRUE(make_self_signed({"localhost", "127.0.0.1", "::1"}, 30, certificate(), key()).has_value());
    }
    ~Tls() override { std::filesystem::remove_all(directory_); }
    std::filesystem::path certificate() const { return directory_ / "cert.pem"; }
    std::filesystem::path key() const { return directory_ / "key.pem"; }
    std::unique_ptr<Server> serve_tls(bool allow_tls12 = false) const {
        return serve({.tls = {.certificate_file = certificate(), .key_file = key(), .allow_tls12 = allow_tls12}});
    }
    std::filesystem::path directory_;
};

TEST_F(Tls, serves_with_a_self_signed_certificate_that_verifies) {
    const auto server = serve_tls();
    Client client(server->port());
    ASSERT_TRUE(client.start_tls(certificate(), TLS1_3_VERSION, "http/1.1"));
    EXPECT_STREQ(SSL_get_version(client.session()), "TLSv1.3");
    client.send(kGet);
    const std::string answer = client.read_answer();
    EXPECT_EQ(body_of(answer), "GET / ");
    EXPECT_NE(answer.find("Strict-Transport-Security"), std::string::npos);
}

TEST_F(Tls, carries_bodies_larger_than_a_record) {
    const auto server = serve_tls();
    Client client(server->port());
    ASSERT_TRUE(client.start_tls(certificate()));
    const std::string body(300'000, 'y');
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body);
    EXPECT_EQ(body_of(client.read_answer()), "POST / " + body);
}

TEST_F(Tls, refuses_tls_1_2_unless_it_is_allowed) {
    const auto strict = serve_tls();
    Client refused(strict->port());
    EXPECT_FALSE(refused.start_tls(certificate(), TLS1_2_VERSION));
    const auto lenient = serve_tls(true);
    Client taken(lenient->port());
    EXPECT_TRUE(taken.start_tls(certificate(), TLS1_2_VERSION));
}

TEST_F(Tls, refuses_clients_that_only_speak_other_protocols) {
    const auto server = serve_tls();
    Client client(server->port());
    EXPECT_FALSE(client.start_tls(certificate(), TLS1_3_VERSION, "h2"));
}

TEST_F(Tls, survives_garbage_instead_of_a_handshake) {
    const auto server = serve_tls();
    Client client(server->port());
    client.send(kGet + std::string(3000, '\xff'));
    client.read_all();
    while (server->counters().tls_failures == 0) std::this_thread::yield();
    Client good(server->port());
    EXPECT_TRUE(good.start_tls(certificate()));
}

TEST_F(Tls, closes_on_a_handshake_that_does_not_come) {
    const auto server = serve_tls();
    Client client(server->port());
    sweep_until_readable(*server, client, 11s);
    EXPECT_EQ(client.read_all(), "");
}

TEST_F(Tls, keeps_the_key_for_its_owner_and_never_overwrites_it) {
    struct stat status{};
    ASSERT_EQ(::stat(key().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
    EXPECT_EQ(make_self_signed({"a"}, 1, certificate(), key()).error().code(), ErrorCode::already_exists);
    EXPECT_EQ(make_self_signed({"a,IP:1.2.3.4"}, 1, certificate(), key()).error().code(), ErrorCode::invalid_argument);
}

TEST_F(Tls, refuses_to_start_without_a_usable_certificate) {
    const auto result = Server::start({.tls = {.certificate_file = key(), .key_file = key()}}, echo);
    EXPECT_EQ(result.error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace cloister::http
