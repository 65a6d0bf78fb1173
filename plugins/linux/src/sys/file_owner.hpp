// plugins/linux/src/sys/file_owner.hpp - whose files a thread makes.
#pragma once

#include <slipway/cpp/error.hpp>

#include <sys/types.h>

namespace slipway::linux_backend {

// What the calling thread makes from now on belongs to `uid` and `gid`; its capabilities stay as they are. Not to be
// undone: for a thread that ends afterwards.
Status make_files_as(uid_t uid, gid_t gid);

}  // namespace slipway::linux_backend
