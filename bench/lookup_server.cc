// Baseline of the search: the same network layer and the same engine, looking up the plain value in a plain table with
// an ordinary index. No decision, no audit, no encryption.
//
//   lookup_server --certificate FILE --key FILE --threads N --database FILE --column NAME...
//
// The table is `customers`, the searched column `mobile`; the answer has the named columns. Requests are those of
// customers:search.
#include <boost/json.hpp>

#include "serve.h"
#include "store/database.h"

namespace {

using namespace cloister;
namespace json = boost::json;

std::string wanted_phone(const std::string& body) {
    const json::value request = json::parse(body);
    return std::string(request.at("where").at(0).at("value").as_string());
}

http::Response look_up(store::Database& table, const std::string& sql, const std::vector<std::string>& columns,
                       const std::string& body) {
    json::array customers;
    const std::string phone = wanted_phone(body);
    const auto read = table.read([&](store::Snapshot& snapshot) -> Result<void> {
        return snapshot.query(sql, {std::string_view(phone)}, [&](const store::Row& row) {
            json::object customer;
            for (std::size_t i = 0; i < columns.size(); ++i) customer[columns[i]] = row.text(static_cast<int>(i));
            customers.push_back(std::move(customer));
            return true;
        });
    });
    http::Response response;
    response.status = read ? 200 : 500;
    response.body = json::serialize(json::object{{"customers", std::move(customers)}});
    return response;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Arguments arguments(argc, argv);
    const std::vector<std::string> columns = arguments.all("--column");
    std::string names;
    for (const std::string& column : columns) names += (names.empty() ? "" : ", ") + column;
    const std::string sql = "SELECT " + names + " FROM customers WHERE mobile = $1 LIMIT 20";
    store::SqliteOptions options;
    options.file = arguments.text("--database");
    const auto table = store::open_sqlite(options);
    if (!table) {
        std::fprintf(stderr, "%s\n", table.error().detail().c_str());
        return 3;
    }
    return bench::serve(arguments, [&](http::Request request, http::Responder responder) {
        responder.send(look_up(**table, sql, columns, request.body));
    });
}
