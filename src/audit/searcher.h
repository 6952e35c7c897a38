// Search over one log: the index where it reaches, the journal itself behind it. What is found is always checked
// against the entry, so an index that lags or a colliding hash changes no answer.
//
// Threads  Any.
#pragma once

#include <optional>

#include "audit/log.h"
#include "audit/search_index.h"

namespace cloister::audit {

// Searches entries below `query.before`, newest first. `index` may be null: then the journal is scanned.
Result<Page> search_journal(const store::Journal& journal, const SearchIndex* index, const Query& query);

// The one entry at this place. not_found beyond the end.
Result<Entry> read_entry(const store::Journal& journal, std::uint64_t position);

}  // namespace cloister::audit
