// Baseline of the durable write: bare SQLite, one row and three index rows a write, group commit with synchronous=FULL.
// Threads submit one write at a time and wait for it; one writer commits everything that waits.
//
//   sqlite_write --file FILE --threads N --seconds S --row-bytes B --rows-before N
//
// The tables are filled with --rows-before rows first (not measured), so that the B-trees are as deep as those beside.
// Prints {"writes":N,"seconds":S,"p99_us":N}.
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "arguments.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

void must(int code, sqlite3* db, const char* what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    std::fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
    std::exit(3);
}

class Table {
 public:
    Table(const std::string& file, std::size_t row_bytes) : row_(row_bytes, 'x') {
        must(sqlite3_open(file.c_str(), &db_), db_, "open");
        run("PRAGMA journal_mode=WAL");
        run("PRAGMA synchronous=FULL");
        run("PRAGMA cache_size=-16384");
        run("CREATE TABLE IF NOT EXISTS rows (customer BLOB, record BLOB, content BLOB, PRIMARY KEY (customer, "
            "record)) "
            "WITHOUT ROWID");
        run("CREATE TABLE IF NOT EXISTS entries (slot INTEGER, value INTEGER, customer BLOB, record BLOB, "
            "PRIMARY KEY (slot, value, customer, record)) WITHOUT ROWID");
        prepare(row_insert_, "INSERT INTO rows VALUES (?, ?, ?)");
        prepare(entry_insert_, "INSERT INTO entries VALUES (?, ?, ?, ?)");
    }
    ~Table() {
        sqlite3_finalize(row_insert_);
        sqlite3_finalize(entry_insert_);
        sqlite3_close(db_);
    }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    void run(const char* sql) { must(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), db_, sql); }
    void insert() {
        const std::uint64_t customer[2] = {random_(), random_()};
        const std::uint64_t record[2] = {random_(), random_()};
        bind_id(row_insert_, 1, customer);
        bind_id(row_insert_, 2, record);
        sqlite3_bind_blob(row_insert_, 3, row_.data(), static_cast<int>(row_.size()), SQLITE_STATIC);
        step(row_insert_);
        for (int slot = 0; slot < 3; ++slot) {
            sqlite3_bind_int(entry_insert_, 1, slot);
            sqlite3_bind_int64(entry_insert_, 2, static_cast<sqlite3_int64>(random_()));
            bind_id(entry_insert_, 3, customer);
            bind_id(entry_insert_, 4, record);
            step(entry_insert_);
        }
    }

 private:
    void prepare(sqlite3_stmt*& statement, const char* sql) {
        must(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr), db_, sql);
    }
    static void bind_id(sqlite3_stmt* statement, int at, const std::uint64_t (&id)[2]) {
        sqlite3_bind_blob(statement, at, id, sizeof id, SQLITE_TRANSIENT);
    }
    void step(sqlite3_stmt* statement) {
        must(sqlite3_step(statement), db_, "insert");
        sqlite3_reset(statement);
    }

    sqlite3* db_ = nullptr;
    sqlite3_stmt* row_insert_ = nullptr;
    sqlite3_stmt* entry_insert_ = nullptr;
    std::string row_;
    std::mt19937_64 random_{std::random_device{}()};  // another sequence in every run on the same file
};

// The waiting writes are a number: what each one inserts is the writer's business.
class Queue {
 public:
    // Waits until one more write is durable.
    void write() {
        std::unique_lock lock(mutex_);
        const std::uint64_t mine = ++asked_;
        asking_.notify_one();
        done_changed_.wait(lock, [&] { return done_ >= mine; });
    }
    void run(Table& table) {
        std::unique_lock lock(mutex_);
        for (;;) {
            asking_.wait(lock, [&] { return stopping_ || asked_ > done_; });
            if (asked_ == done_) return;
            const std::uint64_t until = asked_;
            const std::uint64_t from = done_;
            lock.unlock();
            table.run("BEGIN IMMEDIATE");
            for (std::uint64_t i = from; i < until; ++i) table.insert();
            table.run("COMMIT");
            lock.lock();
            done_ = until;
            done_changed_.notify_all();
        }
    }
    void stop() {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        asking_.notify_one();
    }

 private:
    std::mutex mutex_;
    std::condition_variable asking_;
    std::condition_variable done_changed_;
    std::uint64_t asked_ = 0;
    std::uint64_t done_ = 0;
    bool stopping_ = false;
};

void fill(Table& table, std::uint64_t rows) {
    constexpr std::uint64_t kGroup = 10'000;
    for (std::uint64_t done = 0; done < rows; done += kGroup) {
        table.run("BEGIN");
        for (std::uint64_t i = done; i < std::min(rows, done + kGroup); ++i) table.insert();
        table.run("COMMIT");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const cloister::bench::Arguments arguments(argc, argv);
    Table table(arguments.text("--file"), arguments.number("--row-bytes"));
    fill(table, arguments.number("--rows-before"));
    Queue queue;
    std::thread writer([&] { queue.run(table); });
    const auto begin = SteadyClock::now();
    const auto end = begin + std::chrono::seconds(arguments.number("--seconds"));
    std::vector<std::vector<std::int64_t>> waits(arguments.number("--threads"));
    std::vector<std::thread> submitters;
    for (std::vector<std::int64_t>& mine : waits)
        submitters.emplace_back([&queue, &mine, end] {
            for (auto now = SteadyClock::now(); now < end;) {
                queue.write();
                const auto then = std::exchange(now, SteadyClock::now());
                mine.push_back(std::chrono::duration_cast<std::chrono::microseconds>(now - then).count());
            }
        });
    for (std::thread& submitter : submitters) submitter.join();
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - begin).count();
    queue.stop();
    writer.join();
    std::vector<std::int64_t> all;
    for (const auto& mine : waits) all.insert(all.end(), mine.begin(), mine.end());
    std::sort(all.begin(), all.end());
    std::printf("{\"writes\":%zu,\"seconds\":%.3f,\"p99_us\":%lld}\n", all.size(), seconds,
                all.empty() ? 0LL : static_cast<long long>(all[all.size() * 99 / 100]));
    return 0;
}
