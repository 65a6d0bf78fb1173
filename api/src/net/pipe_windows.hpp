// api/src/net/pipe_windows.hpp - a named pipe as a listening socket of Poco's, whose connections are its streams.
#pragma once

#include <slipway/cpp/error.hpp>

#include <Poco/Net/SocketImpl.h>

#include <string>

namespace slipway::api {

// Who may connect, as SDDL: administrators, SYSTEM, and the members of `group`. A name without a domain is a local
// group of this machine; where `required`, a group that it knows otherwise will do. Users are none.
//   kNotFound  `required`, and the machine has no such group
Result<std::wstring> pipe_access(const std::string& group, bool required);

// `path` is \\.\pipe\NAME, in UTF-8. The object is for Poco::Net::ServerSocket, which owns it.
//   kConflict  another process serves that pipe
//   kSystem    refused by the operating system
Result<Poco::Net::SocketImpl*> listen_on_pipe(const std::string& path, const std::wstring& access);

}  // namespace slipway::api
