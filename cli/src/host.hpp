// cli/src/host.hpp - how daemons are named and reached on this platform.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <string>

namespace slipway::cli {

// Where the daemon is when nobody says anything.
const char* default_host();

// For messages: "unix:///PATH nor tcp://ADDRESS:PORT".
const char* host_forms();

// Whether `host` has a form that connect_locally() knows: a Unix socket, or a named pipe.
bool is_local_host(const std::string& host);

// Connects to such a host. Throws Poco's exceptions.
Poco::Net::StreamSocket connect_locally(const std::string& host);

}  // namespace slipway::cli
