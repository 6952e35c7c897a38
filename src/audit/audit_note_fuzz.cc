// Signed notes, checkpoints and verifier keys come from anybody. What is accepted must be written back the same.
#include "audit/note.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const audit::VerifierKey key =
        audit::parse_verifier_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
            .value();
    if (const auto note = audit::open_note(text, {&key, 1})) CLOISTER_ASSERT(text.starts_with(note->text));
    if (const auto checkpoint = audit::parse_checkpoint(text))
        CLOISTER_ASSERT(audit::format_checkpoint(*checkpoint) == text);
    if (const auto parsed = audit::parse_verifier_key(text))
        CLOISTER_ASSERT(audit::format_verifier_key(*parsed) == text);
    return 0;
}
