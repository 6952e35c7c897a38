// For tests: a layer over SQLite's file operations that counts everything that changes a file and makes chosen ones
// fail.
//
// Threads  Any; the plan is shared by all databases of the process.
#pragma once

namespace cloister::store::sqlite {

struct FaultPlan {
    int first = 0;      // the number of the operation that fails; counting starts at 1 when the plan is set
    int count = 1;      // how many fail from there on
    int code = 0;       // the SQLite result they give
    bool torn = false;  // a failing write still writes its first half
};

// Puts the layer under every database opened from now on.
void install_fault_vfs();
// Starts counting anew.
void set_faults(const FaultPlan& plan);
// Operations since set_faults.
int operations();

}  // namespace cloister::store::sqlite
