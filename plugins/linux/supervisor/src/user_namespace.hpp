// user_namespace.hpp - containers whose users are others outside. user_namespace.cpp tells how their first process
// comes to be.
#pragma once

#include "child.hpp"
#include "supervisor.hpp"

namespace slipway::supervisor {

// What clone_child() is to other containers: makes the first process, which never returns, stores its pidfd in
// `s.pidfd` and returns its pid; -1 with the failure filled in.
long clone_mapped(Supervisor& s, ChildContext& child, Failure& failure);

// The `--user` mode. One byte over `sock` says to begin; with a descriptor it is the user name space to enter. Else a
// new one is made, reported by one byte (0 or errno), and a second byte says that its maps are written. As its root a
// network name space is made and reported in the same way; both can be opened through /proc until `sock` ends, which
// ends the process. Returns the exit code.
int run_user_namespace(int sock);

}  // namespace slipway::supervisor
