#include "crypto/test_vectors.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace cloister::crypto::testing_support {

boost::json::value load_vectors(std::string_view name) {
    const std::string path = std::string(CLOISTER_SOURCE_DIR "/tests/vectors/crypto/") + std::string(name);
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("no vectors: " + path);
    return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

Bytes bytes_at(const boost::json::object& object, std::string_view name) {
    return hex_decode(text_at(object, name)).value();
}

std::string_view text_at(const boost::json::object& object, std::string_view name) {
    const auto& text = object.at(name).as_string();
    return {text.data(), text.size()};
}

std::size_t number_at(const boost::json::object& object, std::string_view name) {
    return object.at(name).to_number<std::size_t>();
}

std::vector<WycheproofCase> wycheproof_cases(const boost::json::value& file) {
    std::vector<WycheproofCase> cases;
    for (const auto& group : file.at("testGroups").as_array())
        for (const auto& test : group.at("tests").as_array()) {
            const std::string_view result = text_at(test.as_object(), "result");
            if (result != "valid" && result != "invalid") throw std::runtime_error("neither valid nor invalid");
            cases.push_back(
                {&group.as_object(), &test.as_object(), result == "valid", number_at(test.as_object(), "tcId")});
        }
    if (cases.size() != number_at(file.as_object(), "numberOfTests")) throw std::runtime_error("vectors are missing");
    return cases;
}

}  // namespace cloister::crypto::testing_support
