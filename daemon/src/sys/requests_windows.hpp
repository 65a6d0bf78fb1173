// daemon/src/sys/requests_windows.hpp - how the parts of Windows that ask something of the daemon hand it over.
#pragma once

#include "sys/process.hpp"

namespace slipway::daemon {

// wait_for_request() will return it. Any thread.
void post_request(Request request);

}  // namespace slipway::daemon
