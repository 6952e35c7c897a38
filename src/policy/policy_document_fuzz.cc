// Whatever the text, parsing ends, and what it accepts can be asked.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister::policy;
    const auto policy = Policy::parse(std::string_view(reinterpret_cast<const char*>(data), size), 1);
    if (!policy) return 0;
    const Field fields[] = {{"basic", "name", 3}, {"contact", "mobile", 3}};
    for (const auto& role : policy.value()->roles()) {
        const Subject subject{"staff:someone", {role}};
        for (const PurposeView& purpose : policy.value()->purposes()) {
            const Facts facts{.subject = subject,
                              .action = Action::customer_read,
                              .purpose = purpose.name,
                              .reason = "ticket 1",
                              .fields = fields};
            if (policy.value()->evaluate(facts).permit && policy.value()->explain(facts).empty()) __builtin_trap();
        }
    }
    return 0;
}
