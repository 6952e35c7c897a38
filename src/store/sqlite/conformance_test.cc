#include "store/conformance/suite.h"

namespace cloister::store {
namespace {

Engine sqlite_engine(std::string name, bool durable) {
    return {.name = std::move(name),
            .open = [durable](const std::filesystem::path& directory, std::size_t queue_limit) {
                return open_sqlite(
                    {.file = directory / "test.db", .create = true, .durable = durable, .queue_limit = queue_limit});
            }};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, Conformance,
                         testing::Values(sqlite_engine("durable", true), sqlite_engine("rebuildable", false)),
                         engine_name);

}  // namespace
}  // namespace cloister::store
