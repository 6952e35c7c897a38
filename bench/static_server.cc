// Baseline of the protected read: the same network layer answering the same bytes from memory.
//
//   static_server --certificate FILE --key FILE --threads N --body FILE [--header "Name: value"]...
#include <fstream>
#include <sstream>

#include "serve.h"

int main(int argc, char** argv) {
    const cloister::bench::Arguments arguments(argc, argv);
    std::ostringstream body;
    body << std::ifstream(arguments.text("--body"), std::ios::binary).rdbuf();
    cloister::http::Response answer;
    answer.body = body.str();
    for (const std::string& header : arguments.all("--header")) {
        const std::size_t colon = header.find(": ");
        if (colon == std::string::npos) return 2;
        answer.headers.emplace_back(header.substr(0, colon), header.substr(colon + 2));
    }
    return cloister::bench::serve(
        arguments, [&answer](cloister::http::Request, cloister::http::Responder responder) { responder.send(answer); });
}
