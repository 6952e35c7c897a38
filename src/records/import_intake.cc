#include "records/import_intake.h"

#include <algorithm>

#include "base/text.h"
#include "records/import_writer.h"

namespace cloister::records {

Result<std::unique_ptr<Intake>> Intake::make(Records& records, std::shared_ptr<const Schema> schema,
                                             const ImportJob& job, std::function<Result<void>()> settle) {
    std::unique_ptr<Intake> intake(new Intake(records, std::move(schema), job.options, std::move(settle)));
    const auto gone = [](const std::string& path) {
        return Error(ErrorCode::invalid_argument, path + " is not a field of the schema any more");
    };
    const ColumnMap& columns = job.progress.columns;
    intake->columns_ = columns.size();
    bool link_found = job.options.link_column.empty();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& [column, path] = columns[i];
        intake->by_name_.emplace(column, i);
        if (!job.options.link_column.empty() && column == job.options.link_column) {
            intake->link_cell_ = i;
            link_found = true;
        }
        if (path.empty()) continue;
        const Schema::Place place = intake->schema_->place(path);
        if (place.field == nullptr) return gone(path);
        auto group = std::find_if(intake->groups_.begin(), intake->groups_.end(),
                                  [&](const Group& g) { return g.collection == place.collection; });
        if (group == intake->groups_.end()) group = intake->groups_.insert(group, {place.collection, {}});
        group->slots.push_back({i, place.field});
    }
    if (!job.options.collection.empty()) {
        intake->link_ = intake->schema_->place(job.options.link_field);
        if (intake->link_.field == nullptr) return gone(job.options.link_field);
        if (!link_found) {  // JSON Lines, where the name did not come yet
            intake->link_cell_ = intake->columns_++;
            intake->by_name_.emplace(job.options.link_column, intake->link_cell_);
        }
    }
    if (job.options.duplicates != DuplicatePolicy::keep)
        for (const std::string& path : job.options.duplicate_keys) {
            intake->duplicate_keys_.push_back(intake->schema_->place(path));
            if (intake->duplicate_keys_.back().field == nullptr) return gone(path);
        }
    return intake;
}

IntakeBatch Intake::take() {
    if (!duplicate_keys_.empty()) {
        handed_out_.push_back(std::move(known_));
        // With this one, at most this many are on their way (ImportWriter); older ones are found in the store.
        if (handed_out_.size() > ImportWriter::kInFlight + 1) handed_out_.erase(handed_out_.begin());
    }
    known_.clear();
    linked_.clear();
    return std::exchange(batch_, {});
}

Result<void> Intake::add(const ImportRow& row, ImportProgress& progress) {
    ++progress.rows;
    std::string_view problem = row.problem;
    if (problem.empty()) problem = arrange(row);
    if (!problem.empty()) {
        ++progress.rejected;
        reject(progress, row.line, "", std::string(problem));
        return {};
    }
    for (const std::string_view cell : cells_) batch_.bytes += cell.size();
    InputCustomer customer;
    customer.schema = schema_;
    if (!build(customer, progress, row.line)) return {};
    if (!options_.collection.empty()) return add_linked(std::move(customer), progress, row.line);
    return add_customer(std::move(customer), progress, row.line);
}

// Puts the cells into the order of the columns.
std::string_view Intake::arrange(const ImportRow& row) {
    if (options_.format == "csv") {
        if (row.cells.size() < columns_) return "the row has fewer cells than the header";
        const bool more = std::any_of(row.cells.begin() + static_cast<std::ptrdiff_t>(columns_), row.cells.end(),
                                      [](std::string_view cell) { return !trim(cell).empty(); });
        if (more) return "the row has more cells than the header";
        cells_.assign(row.cells.begin(), row.cells.begin() + static_cast<std::ptrdiff_t>(columns_));
        return {};
    }
    cells_.assign(columns_, {});
    for (std::size_t i = 0; i < row.names.size(); ++i)
        if (const auto found = by_name_.find(std::string(row.names[i])); found != by_name_.end())
            cells_[found->second] = row.cells[i];
    return {};
}

// One record a collection, in canonical form. Reports every bad field of the row.
bool Intake::build(InputCustomer& customer, ImportProgress& progress, std::uint64_t line) {
    customer.records.reserve(groups_.size());
    for (const Group& group : groups_) {
        InputRecord record;
        record.collection = group.collection;
        record.fields.reserve(group.slots.size());
        for (const Slot& slot : group.slots)
            if (!is_absent(cells_[slot.cell])) record.fields.push_back({slot.field, std::string(cells_[slot.cell])});
        if (!record.fields.empty()) customer.records.push_back(std::move(record));
    }
    std::vector<FieldProblem> problems;
    if (customer.records.empty()) problems.push_back({"", "no mapped column holds anything"});
    Records::check(customer, true, problems);
    if (problems.empty()) return true;
    ++progress.rejected;
    std::sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    std::string_view last = "\n";
    for (const FieldProblem& problem : problems) {
        if (problem.path != last) reject(progress, line, problem.path, problem.reason);
        last = problem.path;
    }
    return false;
}

void Intake::reject(const ImportProgress& progress, std::uint64_t line, std::string field, std::string reason) {
    if (progress.rejected + progress.duplicates > kMaxRejectsKept) return;
    batch_.rejects.push_back({progress.rows, line, std::move(field), std::move(reason)});
}

void Intake::report_duplicate(ImportProgress& progress, std::uint64_t line, const Key& key, std::string reason) {
    ++progress.duplicates;
    reject(progress, line, key.place.collection->name + "." + key.place.field->name, std::move(reason));
}

Result<void> Intake::add_customer(InputCustomer customer, ImportProgress& progress, std::uint64_t line) {
    std::vector<Key> keys;
    if (!duplicate_keys_.empty()) {
        keys = keys_of(customer);
        CLOISTER_ASSIGN_OR_RETURN(const bool done, settle_duplicate(customer, keys, progress, line));
        if (done) return {};
    }
    ++progress.created;
    batch_.records += customer.records.size();
    batch_.customers.push_back(std::move(customer));
    remember(keys, progress.rows, batch_.customers.size() - 1);
    return {};
}

// Rows of one customer that follow each other, or are in one batch, become one customer with many records.
Result<void> Intake::add_linked(InputCustomer customer, ImportProgress& progress, std::uint64_t line) {
    std::size_t index = 0;
    CLOISTER_ASSIGN_OR_RETURN(std::string problem, find_linked(index));
    if (!problem.empty()) {
        ++progress.rejected;
        reject(progress, line, options_.link_column, std::move(problem));
        return {};
    }
    for (InputRecord& record : customer.records) {
        batch_.customers[index].records.push_back(std::move(record));
        ++batch_.records;
        ++progress.created;
    }
    return {};
}

// The customer of this row in the batch; or why there is none.
Result<std::string> Intake::find_linked(std::size_t& index) {
    const std::string_view cell = cells_[link_cell_];
    if (is_absent(cell)) return std::string("required: it names the customer");
    if (const auto found = linked_.find(std::string(cell)); found != linked_.end()) {
        index = found->second.index;
        return found->second.problem;
    }
    Linked linked;
    const auto canonical = link_.field->type->canonical(cell);
    if (!canonical) {
        linked.problem = canonical.error().detail();
    } else {
        CLOISTER_ASSIGN_OR_RETURN(const auto ids, records_.match(link_, *canonical, 2));
        if (ids.empty()) linked.problem = "no customer with this " + link_.field->name;
        if (ids.size() > 1) linked.problem = "several customers with this " + link_.field->name;
        if (ids.size() == 1) {
            const auto there = std::find_if(batch_.customers.begin(), batch_.customers.end(),
                                            [&](const InputCustomer& c) { return *c.customer == ids.front(); });
            linked.index = static_cast<std::size_t>(there - batch_.customers.begin());
            if (there == batch_.customers.end()) {
                batch_.customers.emplace_back();
                batch_.customers.back().customer = ids.front();
                batch_.customers.back().schema = schema_;
            }
        }
    }
    index = linked.index;
    return linked_.emplace(std::string(cell), std::move(linked)).first->second.problem;
}

std::vector<Intake::Key> Intake::keys_of(const InputCustomer& customer) const {
    std::vector<Key> keys;
    for (const Schema::Place& place : duplicate_keys_)
        for (const InputRecord& record : customer.records) {
            if (record.collection != place.collection) continue;
            for (const InputField& field : record.fields) {
                if (field.field != place.field || !field.text) continue;
                keys.push_back({place, *field.text,
                                std::to_string(place.collection->number) + "." + std::to_string(place.field->number) +
                                    ":" + place.field->type->normalise(*field.text)});
            }
        }
    return keys;
}

void Intake::remember(const std::vector<Key>& keys, std::uint64_t row, std::size_t index) {
    for (const Key& key : keys) known_.try_emplace(key.text, Known{row, index});
}

// True when the row was a duplicate and has been dealt with.
Result<bool> Intake::settle_duplicate(InputCustomer& customer, const std::vector<Key>& keys, ImportProgress& progress,
                                      std::uint64_t line) {
    const bool merge = options_.duplicates == DuplicatePolicy::merge;
    for (const Key& key : keys) {
        const auto found = known_.find(key.text);
        if (found == known_.end()) continue;
        const Known known = found->second;
        if (!merge) {
            report_duplicate(progress, line, key, "duplicate of row " + std::to_string(known.row));
        } else if (const auto stored = batch_.customers[known.customer].customer; stored) {
            CLOISTER_RETURN_IF_ERROR(merge_stored(*stored, std::move(customer), keys, key, progress, line));
        } else {
            merge_into(known.customer, std::move(customer));
            remember(keys, progress.rows, known.customer);
            ++progress.merged;
        }
        return true;
    }
    for (const Keys& earlier : handed_out_)
        for (const Key& key : keys) {
            const auto found = earlier.find(key.text);
            if (found == earlier.end()) continue;
            if (!merge) {
                report_duplicate(progress, line, key, "duplicate of row " + std::to_string(found->second.row));
                return true;
            }
            CLOISTER_RETURN_IF_ERROR(settle_());  // then it is found below; clears handed_out_
            return settle_duplicate(customer, keys, progress, line);
        }
    for (const Key& key : keys) {
        CLOISTER_ASSIGN_OR_RETURN(const auto ids, records_.match(key.place, key.canonical, 1));
        if (ids.empty()) continue;
        if (merge) {
            CLOISTER_RETURN_IF_ERROR(merge_stored(ids.front(), std::move(customer), keys, key, progress, line));
        } else {
            report_duplicate(progress, line, key, "duplicate of an existing customer");
        }
        return true;
    }
    return false;
}

// Field by field; what the earlier row says wins. Records of collections of many are added.
void Intake::merge_into(std::size_t index, InputCustomer customer) {
    InputCustomer& target = batch_.customers[index];
    for (InputRecord& record : customer.records) {
        const auto same = std::find_if(target.records.begin(), target.records.end(), [&](const InputRecord& r) {
            return r.collection == record.collection && !record.collection->many;
        });
        if (same == target.records.end()) {
            target.records.push_back(std::move(record));
            ++batch_.records;
            continue;
        }
        for (InputField& field : record.fields) {
            const bool there = std::any_of(same->fields.begin(), same->fields.end(),
                                           [&](const InputField& f) { return f.field == field.field; });
            if (!there) same->fields.push_back(std::move(field));
        }
    }
}

// An import never changes or completes a stored record: it adds records of collections of many, when all else agrees.
Result<void> Intake::merge_stored(CustomerId stored, InputCustomer customer, const std::vector<Key>& keys,
                                  const Key& by, ImportProgress& progress, std::uint64_t line) {
    CLOISTER_ASSIGN_OR_RETURN(const bool same, agrees(stored, customer));
    if (!same) {
        report_duplicate(progress, line, by, "duplicate of an existing customer; merge adds records only");
        return {};
    }
    ++progress.merged;
    std::erase_if(customer.records, [](const InputRecord& record) { return !record.collection->many; });
    if (customer.records.empty()) return {};
    const auto there = std::find_if(batch_.customers.begin(), batch_.customers.end(),
                                    [&](const InputCustomer& c) { return c.customer == stored; });
    const auto index = static_cast<std::size_t>(there - batch_.customers.begin());
    batch_.records += customer.records.size();
    if (there == batch_.customers.end()) {
        customer.customer = stored;
        batch_.customers.push_back(std::move(customer));
    } else {
        std::move(customer.records.begin(), customer.records.end(), std::back_inserter(there->records));
    }
    remember(keys, progress.rows, index);
    return {};
}

// Does every field of the row's single records have the value that is stored?
Result<bool> Intake::agrees(CustomerId stored, const InputCustomer& customer) {
    const Records::Core& core = records_.core();
    const auto opened = core.keys.find(stored);
    if (!opened && opened.error().code() == ErrorCode::not_found) return false;  // erased meanwhile
    if (!opened) return opened.error();
    for (const InputRecord& record : customer.records) {
        if (record.collection->many) continue;
        std::optional<RecordRow> row;
        CLOISTER_RETURN_IF_ERROR(core.data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(row, find_record(snapshot, stored, record.collection->number, RecordId()));
            return {};
        }));
        const crypto::DataKey* key = (*opened)->find(record.collection->number);
        if (!row || key == nullptr) return false;
        CLOISTER_ASSIGN_OR_RETURN(const SealedRecord sealed, SealedRecord::parse(row->sealed));
        crypto::Aead aead(*key);
        CLOISTER_ASSIGN_OR_RETURN(const auto fields, sealed.open_all(aead, core.address(stored, *row)));
        for (const InputField& field : record.fields) {
            const bool same = std::any_of(fields.begin(), fields.end(), [&](const PlainField& f) {
                return f.number == field.field->number && f.text.reveal() == *field.text;
            });
            if (!same) return false;
        }
    }
    return true;
}

}  // namespace cloister::records
