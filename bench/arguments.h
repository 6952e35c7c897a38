// Arguments of the benchmark programs: --name value, each name at most once except where all() is asked.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace cloister::bench {

class Arguments {
 public:
    Arguments(int argc, char** argv) {
        for (int i = 1; i + 1 < argc; i += 2) given_.emplace_back(argv[i], argv[i + 1]);
    }
    std::string text(std::string_view name) const {
        for (const auto& [key, value] : given_)
            if (key == name) return value;
        std::fprintf(stderr, "missing %.*s\n", static_cast<int>(name.size()), name.data());
        std::exit(2);
    }
    std::uint64_t number(std::string_view name) const { return std::strtoull(text(name).c_str(), nullptr, 10); }
    std::vector<std::string> all(std::string_view name) const {
        std::vector<std::string> values;
        for (const auto& [key, value] : given_)
            if (key == name) values.push_back(value);
        return values;
    }

 private:
    std::vector<std::pair<std::string, std::string>> given_;
};

}  // namespace cloister::bench
