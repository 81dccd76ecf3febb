//! No core dumps: the memory of a run holds tokens and what servers answered.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Keeps what the process has in memory out of files: a crash leaves no core dump, and no other process of the same user may
/// look into it. Where the system refuses, it is as the service's unit says.
pub fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).unwrap_or_default();
    // A limit doesn't hold for a program that cores are piped to.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).unwrap_or_default();
}
