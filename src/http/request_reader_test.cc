#include "http/request_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "http/response_writer.h"

namespace cloister::http {
namespace {

using Outcome = RequestReader::Outcome;
constexpr RequestLimits kLimits{.header_bytes = 1024, .body_bytes = 64};

int status_for(std::string_view bytes) {
    RequestReader reader(kLimits);
    const Outcome outcome = reader.next(bytes);
    return outcome == Outcome::refused ? reader.refusal() : outcome == Outcome::complete ? 200 : 0;
}

struct Case {
    const char* name;
    std::string bytes;
    int want;  // 200: complete, 0: more is needed
};
using Reads = ::testing::TestWithParam<Case>;
TEST_P(Reads, judges) { EXPECT_EQ(status_for(GetParam().bytes), GetParam().want); }

const std::string kHost = "Host: a\r\n";
INSTANTIATE_TEST_SUITE_P(
    Requests, Reads,
    ::testing::Values(
        Case{"accepts_a_plain_request", "GET / HTTP/1.1\r\n" + kHost + "\r\n", 200},
        Case{"accepts_http_1_0_without_host", "GET / HTTP/1.0\r\n\r\n", 200},
        Case{"accepts_an_empty_line_before", "\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", 200},
        Case{"accepts_absolute_form", "GET http://a/b?c HTTP/1.1\r\n" + kHost + "\r\n", 200},
        Case{"accepts_options_asterisk", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 200},
        Case{"accepts_a_chunked_body",
             "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200},
        Case{"waits_for_the_rest", "GET / HTTP/1.1\r\nHost", 0},
        Case{"waits_for_the_body", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\n\r\nab", 0},
        Case{"refuses_unknown_methods", "BREW / HTTP/1.1\r\n" + kHost + "\r\n", 501},
        Case{"refuses_lower_case_methods", "get / HTTP/1.1\r\n" + kHost + "\r\n", 501},
        Case{"refuses_connect", "CONNECT a:1 HTTP/1.1\r\n" + kHost + "\r\n", 501},
        Case{"refuses_broken_methods", "G{T / HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Case{"refuses_http_2_0", "GET / HTTP/2.0\r\n" + kHost + "\r\n", 505},
        Case{"refuses_http_1_2", "GET / HTTP/1.2\r\n" + kHost + "\r\n", 505},
        Case{"refuses_broken_versions", "GET / HTPT/1.1\r\n" + kHost + "\r\n", 400},
        Case{"refuses_http_0_9", "GET /\r\n\r\n", 400}, Case{"refuses_a_missing_host", "GET / HTTP/1.1\r\n\r\n", 400},
        Case{"refuses_two_hosts", "GET / HTTP/1.1\r\n" + kHost + kHost + "\r\n", 400},
        Case{"refuses_a_host_with_credentials", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        Case{"refuses_length_beside_coding",
             "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Case{"refuses_coding_beside_length",
             "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        Case{"refuses_two_lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
             400},
        Case{"refuses_a_list_of_lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3, 3\r\n\r\nabc", 400},
        Case{"refuses_signed_lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +3\r\n\r\nabc", 400},
        Case{"refuses_lengths_beyond_64_bits",
             "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 18446744073709551617\r\n\r\n", 400},
        Case{"refuses_other_codings", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        Case{"refuses_repeated_coding",
             "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Case{"refuses_coding_in_http_1_0", "POST / HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n", 400},
        Case{"refuses_folded_lines", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n\r\n", 400},
        Case{"refuses_bare_line_feeds", "GET / HTTP/1.1\nHost: a\n\n", 400},
        Case{"refuses_a_bare_carriage_return", "GET / HTTP/1.1\r\n" + kHost + "X: a\rb\r\n\r\n", 400},
        Case{"refuses_nul_in_a_value", "GET / HTTP/1.1\r\n" + kHost + "X: a" + std::string(1, '\0') + "b\r\n\r\n", 400},
        Case{"refuses_nul_in_the_target", "GET /" + std::string(1, '\0') + " HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Case{"refuses_blanks_before_the_colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        Case{"refuses_a_fragment", "GET /a#b HTTP/1.1\r\n" + kHost + "\r\n", 400},
        Case{"refuses_other_expectations", "POST / HTTP/1.1\r\n" + kHost + "Expect: tea\r\nContent-Length: 1\r\n\r\n",
             417},
        Case{"refuses_long_targets", "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 414},
        Case{"refuses_long_unfinished_targets", "GET /" + std::string(2000, 'a'), 414},
        Case{"refuses_large_headers", "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(2000, 'a') + "\r\n\r\n", 431},
        Case{"refuses_large_unfinished_headers", "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(2000, 'a'), 431},
        Case{"refuses_large_bodies_by_their_length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 65\r\n\r\n", 413},
        Case{"refuses_large_chunked_bodies",
             "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n20\r\n" + std::string(32, 'a') +
                 "\r\n21\r\n",
             413},
        Case{"refuses_broken_chunks", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        Case{"refuses_endless_chunk_lines",
             "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'a'), 431}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(RequestReader, splits_path_and_query_and_lowers_header_names) {
    RequestReader reader(kLimits);
    std::string_view bytes =
        "PUT http://x/a%20b?c=d?e HTTP/1.1\r\nHost: x\r\nX-Y:  z \r\nContent-Length: 2\r\n\r\nhiGET";
    ASSERT_EQ(reader.next(bytes), Outcome::complete);
    const Request request = reader.take();
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.path, "/a%20b");
    EXPECT_EQ(request.query, "c=d?e");
    EXPECT_EQ(request.header("x-y"), "z");
    EXPECT_EQ(request.body, "hi");
    reader.keep(bytes);
    EXPECT_TRUE(reader.has_kept());
}

// How the bytes are cut into pieces must not matter.
RC_GTEST_PROP(RequestReaderProperty, any_split_gives_the_same_requests, (std::vector<std::uint8_t> cuts)) {
    const std::string bytes =
        "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n"
        "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyzGET /3 HTTP/1.1\r\nHost: a\r\n\r\n";
    RequestReader reader(kLimits);
    std::string seen;
    std::string_view rest = bytes;
    std::size_t next_cut = 0;
    while (!rest.empty()) {
        const std::size_t size = next_cut < cuts.size() ? cuts[next_cut++] % 40 + 1u : rest.size();
        std::string_view piece = rest.substr(0, size);
        rest.remove_prefix(piece.size());
        while (true) {
            const Outcome outcome = reader.next(piece);
            RC_ASSERT(outcome != Outcome::refused);
            if (outcome == Outcome::need_more) break;
            const Request request = reader.take();
            seen += request.path + request.body;
        }
    }
    RC_ASSERT(seen == "/1abcde/2xyz/3");
}

TEST(ResponseWriter, formats_what_the_client_needs_and_nothing_about_the_server) {
    ResponseWriter writer;
    std::string text;
    writer.append(text, {.status = 200, .headers = {{"ETag", "\"1\""}, {"connection", "x"}}, .body = "{}"},
                  {.tls = true});
    EXPECT_NE(text.find("Content-Length: 2\r\n"), text.npos);
    EXPECT_NE(text.find("Cache-Control: no-store\r\n"), text.npos);
    EXPECT_NE(text.find("X-Content-Type-Options: nosniff\r\n"), text.npos);
    EXPECT_NE(text.find("Strict-Transport-Security: "), text.npos);
    EXPECT_NE(text.find("ETag: \"1\"\r\n"), text.npos);
    EXPECT_NE(text.find("\r\nDate: "), text.npos);
    EXPECT_EQ(text.find("Server"), text.npos);
    EXPECT_EQ(text.find("onnection: "), text.npos);
    EXPECT_TRUE(text.ends_with("\r\n\r\n{}"));
}

TEST(ResponseWriter, leaves_the_body_out_of_head_and_204_answers) {
    ResponseWriter writer;
    std::string head;
    writer.append(head, {.body = "body"}, {.is_head = true});
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    EXPECT_NE(head.find("Content-Length: 4"), head.npos);
    std::string none;
    writer.append(none, {.status = 204, .headers = {{"Cache-Control", "max-age=1"}}, .body = "body"}, {});
    EXPECT_TRUE(none.ends_with("\r\n\r\n"));
    EXPECT_EQ(none.find("Content-Length"), none.npos);
    EXPECT_EQ(none.find("no-store"), none.npos);
}

TEST(ResponseWriter, knows_responses_that_would_break_the_framing) {
    EXPECT_FALSE(is_well_formed({.headers = {{"X", "a\r\nSet-Cookie: b"}}}));
    EXPECT_FALSE(is_well_formed({.headers = {{"X", std::string("a\0", 2)}}}));
    EXPECT_FALSE(is_well_formed({.headers = {{"X: y", "a"}}}));
    EXPECT_FALSE(is_well_formed({.content_type = "text/plain\n"}));
    EXPECT_FALSE(is_well_formed({.status = 100}));
    EXPECT_TRUE(is_well_formed({.headers = {{"X", "a b\tc"}}}));
}

TEST(PercentDecode, follows_rfc_3986) {
    EXPECT_EQ(percent_decode("a%20b%2fC+").value(), "a b/C+");
    EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
    EXPECT_EQ(percent_decode("%E6%AC%A7").value(), "\xE6\xAC\xA7");
    for (const char* broken : {"%", "%2", "a%2", "%zz", "%00", "%ff", "%c0%af"})
        EXPECT_EQ(percent_decode(broken).error().code(), ErrorCode::invalid_argument) << broken;
}

TEST(ParseQuery, keeps_order_and_repeats) {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(parse_query("").value(), Pairs{});
    EXPECT_EQ(parse_query("a=1&b=x+y&a=%26").value(), (Pairs{{"a", "1"}, {"b", "x y"}, {"a", "&"}}));
    EXPECT_EQ(parse_query("a&&b=&=c=d").value(), (Pairs{{"a", ""}, {"b", ""}, {"", "c=d"}}));
    EXPECT_FALSE(parse_query("a=%").has_value());
}

}  // namespace
}  // namespace cloister::http
