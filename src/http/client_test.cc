#include "http/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "http/server.h"

namespace cloister::http {
namespace {

TEST(HttpsUrl, takes_a_host_and_a_port) {
    EXPECT_EQ(parse_https_url("https://vault.example").value().port, 443);
    const auto url = parse_https_url("HTTPS://vault.example:8443/").value();
    EXPECT_EQ(url.host, "vault.example");
    EXPECT_EQ(url.port, 8443);
    const auto v6 = parse_https_url("https://[::1]:8443").value();
    EXPECT_EQ(v6.host, "::1");
    EXPECT_EQ(v6.port, 8443);
}

TEST(HttpsUrl, refuses_everything_else) {
    for (const char* bad : {"", "http://a", "https://", "https://:1", "https://a:", "https://a:0", "https://a:65536",
                            "https://a:8x", "https://a/b", "https://u@a", "https://a?b", "https://[::1", "https://[a]",
                            "https://[::1]8443", "https://a b", "https://a\r\nb", "https://::1"})
        EXPECT_FALSE(parse_https_url(bad)) << bad;
}

TEST(ParseAnswer, takes_a_whole_answer_only) {
    const auto good = parse_answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\nhi").value();
    EXPECT_EQ(good.status, 200);
    EXPECT_EQ(good.body, "hi");
    EXPECT_EQ(parse_answer("HTTP/1.1 204 No Content\r\n\r\n").value().status, 204);
    for (const char* bad :
         {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nhi", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhi", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 100 Go\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
          "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"})
        EXPECT_FALSE(parse_answer(bad)) << bad;
}

// A server whose certificate names `names`, in a directory that goes away.
class HttpsGet : public ::testing::Test {
 protected:
    void serve(const std::vector<std::string>& names) {
        std::string name = (std::filesystem::temp_directory_path() / "cloister-client-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        const auto certificate = directory_ / "certificate.pem";
        ASSERT_TRUE(make_self_signed(names, 2, certificate, directory_ / "key.pem"));
        ServerOptions options{.address = "127.0.0.1", .port = 0, .threads = 1};
        options.tls = {.certificate_file = certificate, .key_file = directory_ / "key.pem"};
        auto started = Server::start(options, [](Request request, Responder responder) {
            Response response;
            response.body = std::string(request.header("authorization")) + " asks for " + request.target;
            if (request.path == "/large") response.body.assign(100'000, 'x');
            responder.send(std::move(response));
        });
        ASSERT_TRUE(started) << started.error().detail();
        server_ = std::move(*started);
        url = {"127.0.0.1", server_->port()};
        client.ca_file = certificate;
    }
    void TearDown() override {
        if (server_) server_->drain(std::chrono::milliseconds(0));
        server_.reset();
        std::filesystem::remove_all(directory_);
    }

    HttpsUrl url;
    ClientOptions client;

 private:
    std::filesystem::path directory_;
    std::unique_ptr<Server> server_;
};

TEST_F(HttpsGet, asks_a_server_that_proves_its_name) {
    serve({"localhost", "127.0.0.1"});
    const auto answer = get(url, "/a?b=c", "secret", client);
    ASSERT_TRUE(answer) << answer.error().detail();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "Bearer secret asks for /a?b=c");
    url.host = "localhost";
    EXPECT_TRUE(get(url, "/", "", client));
}

TEST_F(HttpsGet, refuses_a_certificate_for_another_name) {
    serve({"vault.example", "127.0.0.9"});
    for (const char* host : {"127.0.0.1", "localhost"}) {
        url.host = host;
        const auto answer = get(url, "/", "secret", client);
        ASSERT_FALSE(answer);
        EXPECT_NE(answer.error().detail().find("certificate does not hold"), std::string::npos)
            << answer.error().detail();
    }
}

TEST_F(HttpsGet, refuses_a_certificate_that_nobody_vouches_for) {
    serve({"127.0.0.1"});
    client.ca_file.clear();  // the system's
    EXPECT_FALSE(get(url, "/", "secret", client));
    client.ca_file = "/no/such/file";
    EXPECT_EQ(get(url, "/", "secret", client).error().code(), ErrorCode::invalid_argument);
}

TEST_F(HttpsGet, stops_reading_at_the_limit) {
    serve({"127.0.0.1"});
    client.limit_bytes = 10'000;
    EXPECT_EQ(get(url, "/large", "", client).error().code(), ErrorCode::too_large);
    client.limit_bytes = 200'000;
    EXPECT_EQ(get(url, "/large", "", client).value().body.size(), 100'000u);
}

TEST_F(HttpsGet, fails_in_time_when_nobody_answers) {
    serve({"127.0.0.1"});
    client.timeout = std::chrono::milliseconds(0);
    EXPECT_EQ(get(url, "/", "", client).error().code(), ErrorCode::unavailable);
    client.timeout = std::chrono::seconds(30);
    EXPECT_EQ(get(url, "/a b", "", client).error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(get(url, "/", "a\r\nX: y", client).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace cloister::http
