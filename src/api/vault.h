// What the routes need of one vault: references to its fully wired parts, which `app` owns.
#pragma once

#include <string>

#include "audit/log.h"
#include "base/clock.h"
#include "base/ids.h"
#include "identity/tokens.h"
#include "keys/keyring.h"
#include "records/imports.h"
#include "records/records.h"
#include "records/rulebook.h"
#include "store/database.h"

namespace cloister::api {

class Rotation;

struct Vault {
    VaultId id;
    std::string name;  // in URLs, besides the id
    store::Database& data;
    keys::Keyring& keys;
    audit::AuditLog& audit;
    identity::Tokens& tokens;
    records::Rulebook& rules;
    records::Records& records;
    records::Imports& imports;
    const Clock& clock;
    Rotation& rotation;
};

}  // namespace cloister::api
