#include "crypto/secret.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace cloister::crypto {
namespace {

template <class T>
concept Comparable = requires(const T& a) { a == a; };
template <class T>
concept Printable = requires(std::ostream& out, const T& a) { out << a; };

// R1: a key is moved, never copied, printed or compared by accident; one kind of key is not another.
static_assert(!std::is_copy_constructible_v<DataKey> && !std::is_copy_assignable_v<DataKey>);
static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<DataKey> && std::is_nothrow_move_constructible_v<SecretBytes>);
static_assert(!Comparable<DataKey> && !Comparable<SecretBytes> && !Printable<DataKey> && !Printable<SecretBytes>);
static_assert(!std::is_convertible_v<DataKey, KeyEncryptionKey> && !std::is_constructible_v<DataKey, MacKey>);
static_assert(!std::is_default_constructible_v<DataKey>);

bool all_zero(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

constexpr std::size_t kSizes[] = {0, 1, 15, 16, 17, 32, 33, 64, 100, 256, 1000, 2048, 4095, 4096};

TEST(SecretMemory, is_wiped_when_it_is_freed) {
    for (const std::size_t size : kSizes) {
        std::byte* const p = internal::secret_allocate(size);
        std::fill_n(p, size, std::byte{0xAA});
        internal::secret_free(p, size);
        // The slot stays mapped. Its first bytes now link it into the list of free slots.
        const std::size_t link = std::min(size, sizeof(void*));
        EXPECT_TRUE(all_zero({p + link, size - link})) << size;
    }
}

TEST(SecretMemory, is_zero_when_it_is_allocated_again) {
    for (const std::size_t size : kSizes) {
        std::byte* const first = internal::secret_allocate(size);
        std::fill_n(first, size, std::byte{0xAA});
        internal::secret_free(first, size);
        std::byte* const again = internal::secret_allocate(size);
        EXPECT_EQ(again, first) << "the test needs the same slot";
        EXPECT_TRUE(all_zero({again, size})) << size;
        internal::secret_free(again, size);
    }
}

TEST(SecretMemory, is_wiped_by_the_destructors_of_its_owners) {
    const std::byte* p = nullptr;
    {
        DataKey key = DataKey::random();
        p = key.reveal().data();
    }
    EXPECT_TRUE(all_zero({p + sizeof(void*), DataKey::kSize - sizeof(void*)}));
    {
        const SecretBytes secret = SecretBytes::copy_of(as_bytes("correct horse battery staple"));
        p = secret.reveal().data();
    }
    EXPECT_TRUE(all_zero({p + sizeof(void*), 28 - sizeof(void*)}));
}

RC_GTEST_PROP(SecretMemoryProperty, slots_in_use_never_overlap, (const std::vector<std::uint16_t>& steps)) {
    std::vector<SecretBytes> held;
    std::vector<std::byte> marks;
    for (const std::uint16_t step : steps) {
        if (step % 3 == 0 && !held.empty()) {
            std::swap(held[step % held.size()], held.back());
            std::swap(marks[step % marks.size()], marks.back());
            held.pop_back();
            marks.pop_back();
        } else {
            held.emplace_back(step % 6000);
            RC_ASSERT(all_zero(held.back().reveal()));
            marks.push_back(static_cast<std::byte>(step >> 3));
            std::fill(held.back().fill().begin(), held.back().fill().end(), marks.back());
        }
        for (std::size_t i = 0; i < held.size(); ++i)
            for (const std::byte b : held[i].reveal()) RC_ASSERT(b == marks[i]);
    }
}

TEST(SecretMemory, can_be_used_by_many_threads) {
    std::vector<std::jthread> threads;
    for (int t = 1; t <= 4; ++t)
        threads.emplace_back([t] {
            std::vector<SecretBytes> held;
            for (std::size_t i = 0; i < 2000; ++i) {
                held.emplace_back(16U << (i % 5));
                std::fill(held.back().fill().begin(), held.back().fill().end(), static_cast<std::byte>(t));
                if (held.size() == 20) {
                    for (const SecretBytes& secret : held)
                        for (const std::byte b : secret.reveal()) ASSERT_EQ(b, static_cast<std::byte>(t));
                    held.clear();
                }
            }
        });
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CLOISTER_TEST_MLOCK_IS_IGNORED  // these sanitizers replace mlock() by nothing
#endif
#endif

// The VmFlags line of the mapping that holds `p`, or nothing where the kernel does not tell.
std::string mapping_flags(const std::byte* p) {
    std::ifstream smaps("/proc/self/smaps");
    std::string line;
    bool inside = false;
    while (std::getline(smaps, line)) {
        std::uintptr_t from = 0;
        std::uintptr_t to = 0;
        char dash = 0;
        std::istringstream head(line);
        if (head >> std::hex >> from >> dash >> to && dash == '-')
            inside = from <= reinterpret_cast<std::uintptr_t>(p) && reinterpret_cast<std::uintptr_t>(p) < to;
        if (inside && line.starts_with("VmFlags:")) return line + " ";
    }
    return {};
}

TEST(SecretMemory, is_locked_and_left_out_of_core_dumps) {
    for (const std::size_t size : {32U, 100'000U}) {
        const SecretBytes secret(size);
        const std::string flags = mapping_flags(secret.reveal().data());
        if (flags.empty()) GTEST_SKIP() << "this kernel does not show the flags of a mapping";
        EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
#ifndef CLOISTER_TEST_MLOCK_IS_IGNORED
        if (secret_memory_locked()) EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
#endif
    }
}

// Runs in a child process of its own: 0 as expected, 1 not, 2 when this system has no lock limit.
[[noreturn]] void use_the_pool_beyond_the_lock_limit() {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);  // root may lock without limit
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0) _exit(2);
    void* const probe = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED || mlock(probe, 4096) == 0) _exit(2);
    SecretBytes secret(100'000);
    std::fill(secret.fill().begin(), secret.fill().end(), std::byte{1});
    _exit(secret_memory_locked() ? 1 : 0);
}

TEST(SecretMemory, still_works_beyond_the_lock_limit_and_says_so) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        use_the_pool_beyond_the_lock_limit(),
        [](int status) { return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2); }, "");
}

TEST(HardenProcess, closes_the_process_to_debuggers_and_core_dumps) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
            rlimit core{};
            const bool hardened = harden_process().has_value() && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                                  getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
            _exit(hardened ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Secret, moving_hands_over_the_buffer) {
    DataKey key = DataKey::random();
    const std::byte* const p = key.reveal().data();
    const DataKey copy = key.clone();
    DataKey moved = std::move(key);
    EXPECT_EQ(moved.reveal().data(), p);
    EXPECT_TRUE(moved.equals(copy));
    DataKey target = DataKey::zeroed();
    target = std::move(moved);
    EXPECT_EQ(target.reveal().data(), p);
    EXPECT_TRUE(target.equals(copy));
}

TEST(Secret, becomes_another_kind_only_when_asked) {
    const DataKey key = DataKey::random();
    const MacKey other = key.as<MacKeyTag>();
    EXPECT_TRUE(constant_time_equal(key.reveal(), other.reveal()));
    EXPECT_NE(key.reveal().data(), other.reveal().data());
}

TEST(SecretBytes, holds_a_copy_of_any_length) {
    for (const std::size_t size : {0U, 1U, 31U, 5000U}) {
        Bytes bytes(size);
        fill_random(bytes);
        const SecretBytes secret = SecretBytes::copy_of(bytes);
        EXPECT_EQ(secret.size(), size);
        EXPECT_TRUE(constant_time_equal(secret.reveal(), bytes));
    }
}

TEST(ConstantTimeEqual, finds_a_difference_in_any_bit_and_in_length) {
    Bytes a(40);
    fill_random(a);
    EXPECT_TRUE(constant_time_equal(a, Bytes(a)));
    for (std::size_t bit = 0; bit < a.size() * 8; ++bit) {
        Bytes b = a;
        b[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(constant_time_equal(a, b));
    }
    EXPECT_FALSE(constant_time_equal(a, ByteView(a).first(39)));
    EXPECT_FALSE(constant_time_equal(a, {}));
    EXPECT_TRUE(constant_time_equal({}, {}));
}

TEST(Wipe, overwrites_all_bytes) {
    Bytes bytes(100, std::byte{1});
    wipe(std::span(bytes).subspan(10, 80));
    EXPECT_TRUE(all_zero(ByteView(bytes).subspan(10, 80)));
    EXPECT_EQ(bytes[9], std::byte{1});
    EXPECT_EQ(bytes[90], std::byte{1});
    wipe({});
}

TEST(Random, fills_every_part_and_never_repeats) {
    Bytes bytes(1'000'003);  // the kernel gives large requests in parts
    fill_random(bytes);
    for (std::size_t i = 0; i + 16 <= bytes.size(); i += 16) EXPECT_FALSE(all_zero(ByteView(bytes).subspan(i, 16)));
    EXPECT_FALSE(all_zero(ByteView(bytes).last(16)));
    EXPECT_NE(random_array<16>(), random_array<16>());
    EXPECT_FALSE(DataKey::random().equals(DataKey::random()));
}

}  // namespace
}  // namespace cloister::crypto
