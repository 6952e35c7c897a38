// Opening a journal on given file operations. Journal::open uses the system's; tests use failing ones.
#pragma once

#include <memory>

#include "store/journal.h"
#include "store/journal/files.h"

namespace cloister::store {

// `files` must outlive the journal.
Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options, Files& files);

}  // namespace cloister::store
