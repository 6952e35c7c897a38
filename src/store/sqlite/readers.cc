#include "store/sqlite/readers.h"

#include <algorithm>
#include <atomic>

#include "store/sqlite/connection.h"

namespace cloister::store::sqlite {

// A connection and the snapshot that is open on it.
class Reader final : public Snapshot {
 public:
    explicit Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

    Result<void> query(std::string_view sql, Params params, RowCallback on_row) override {
        return connection_->query(sql, params, on_row);
    }

    Result<void> run(FunctionRef<Result<void>(Snapshot&)> work) {
        if (connection_->in_transaction()) return work(*this);
        CLOISTER_RETURN_IF_ERROR(connection_->execute("BEGIN"));
        const EndSnapshot end(*connection_);
        return work(*this);
    }

    // Called by the thread that ends or by the database that closes, which may happen at the same moment.
    void close() CLOISTER_EXCLUDES(closing_) {
        const MutexLock lock(closing_);
        connection_.reset();
        closed_ = true;
    }
    bool is_closed() const { return closed_; }

 private:
    struct EndSnapshot {
        explicit EndSnapshot(Connection& c) : connection(c) {}
        ~EndSnapshot() {
            // A read transaction has nothing to lose; when COMMIT fails (it does not in practice), ROLLBACK ends it.
            if (!connection.execute("COMMIT")) (void)connection.execute("ROLLBACK").has_value();
        }
        EndSnapshot(const EndSnapshot&) = delete;
        EndSnapshot& operator=(const EndSnapshot&) = delete;
        Connection& connection;
    };

    Mutex closing_;
    std::unique_ptr<Connection> connection_;
    std::atomic<bool> closed_ = false;
};

namespace {

struct ThreadReader {
    std::uint64_t database_id;
    std::shared_ptr<Reader> reader;
};

// The calling thread's readers, one per database it has read from.
struct ThreadReaders {
    ~ThreadReaders() {
        for (ThreadReader& each : list) each.reader->close();
    }
    void forget_closed() {
        std::erase_if(list, [](const ThreadReader& each) { return each.reader->is_closed(); });
    }
    std::vector<ThreadReader> list;
};

ThreadReaders& of_this_thread() {
    thread_local ThreadReaders readers;
    return readers;
}

std::uint64_t next_database_id() {
    static std::atomic<std::uint64_t> next = 0;
    return ++next;
}

}  // namespace

Readers::Readers(SqliteOptions options) : options_(std::move(options)), database_id_(next_database_id()) {}

Readers::~Readers() {
    const MutexLock lock(mutex_);
    for (const std::weak_ptr<Reader>& each : all_)
        if (const std::shared_ptr<Reader> reader = each.lock()) reader->close();
}

Result<void> Readers::read(FunctionRef<Result<void>(Snapshot&)> work) {
    CLOISTER_ASSIGN_OR_RETURN(Reader* const reader, mine());
    return reader->run(work);
}

Result<Reader*> Readers::mine() {
    ThreadReaders& here = of_this_thread();
    for (const ThreadReader& each : here.list)
        if (each.database_id == database_id_) return each.reader.get();
    here.forget_closed();
    CLOISTER_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                              Connection::open(options_, Connection::Access::read_only));
    const auto reader = std::make_shared<Reader>(std::move(connection));
    {
        const MutexLock lock(mutex_);
        std::erase_if(all_, [](const std::weak_ptr<Reader>& each) { return each.expired(); });
        all_.push_back(reader);
    }
    here.list.push_back({database_id_, reader});
    return reader.get();
}

}  // namespace cloister::store::sqlite
