#include <sys/netns_sysctl.hpp>
#include <sys/unique_fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {

namespace {

Error failure(int err, const std::string& operation, const std::string& name) {
    Error error = Error::from_errno(err, operation + " setting '" + name + "'");
    if (err == ENOENT) return std::move(error).with_code(ErrorCode::kNotFound);
    return error;
}

}  // namespace

Result<std::string> read_net_sysctl(const std::string& name) {
    const UniqueFd file{open(("/proc/sys/net/" + name).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return failure(errno, "open", name);
    char buffer[128];
    const ssize_t size = read(file.get(), buffer, sizeof buffer);
    if (size < 0) return failure(errno, "read", name);
    std::string text(buffer, static_cast<size_t>(size));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

Status write_net_sysctl(const std::string& name, const std::string& value) {
    const UniqueFd file{open(("/proc/sys/net/" + name).c_str(), O_WRONLY | O_CLOEXEC)};
    if (!file) return failure(errno, "open", name);
    if (write(file.get(), value.data(), value.size()) < 0) return failure(errno, "write", name);
    return ok();
}

Status write_optional_net_sysctl(const std::string& name, const std::string& value) {
    Status written = write_net_sysctl(name, value);
    if (!written && written.error().code() == ErrorCode::kNotFound) return ok();
    return written;
}

}  // namespace slipway::linux_backend
