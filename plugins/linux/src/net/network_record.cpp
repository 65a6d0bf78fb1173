#include <net/network_record.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr size_t kMaximumBytes = size_t{8} << 20;  // tens of thousands of ports

std::string path_in(const std::string& state_dir) {
    return state_dir + "/network.json";
}

const char* mode_name(SandboxSpec::Mode mode) {
    switch (mode) {
        case SandboxSpec::Mode::kPrivate:
            return "private";
        case SandboxSpec::Mode::kHost:
            return "host";
        case SandboxSpec::Mode::kContainer:
            return "container";
    }
    return "private";
}

Result<Endpoint> endpoint_from(const json& entry) {
    Endpoint endpoint;
    endpoint.network_document = entry.at("Network");
    endpoint.network_id = endpoint.network_document.at("Id").get<std::string>();
    endpoint.endpoint_id = entry.at("EndpointId").get<std::string>();
    endpoint.mac = entry.at("MacAddress").get<std::string>();
    endpoint.host_link = entry.at("HostLink").get<std::string>();
    endpoint.host_index = entry.at("HostIndex").get<int>();
    endpoint.guest_link = entry.at("GuestLink").get<std::string>();
    Result<Ipv4> address = Ipv4::parse(entry.at("IPAddress").get<std::string>());
    if (!address) return std::move(address).error();
    endpoint.address = *address;
    Result<std::vector<PortBinding>> ports = decode_bound_ports(entry.at("Ports"));
    if (!ports) return std::move(ports).error();
    endpoint.ports = std::move(*ports);
    return endpoint;
}

Result<NetworkRecord> record_from(const json& document) {
    if (document.at("Version").get<int>() != kVersion) {
        return Error(ErrorCode::kDataLoss, "version " + document.at("Version").dump() + " is not known");
    }
    NetworkRecord record;
    Result<SandboxSpec> sandbox = decode_sandbox(document.at("Sandbox"));
    if (!sandbox) return std::move(sandbox).error();
    record.sandbox = std::move(*sandbox);
    for (const json& entry : document.at("Endpoints")) {
        Result<Endpoint> endpoint = endpoint_from(entry);
        if (!endpoint) return std::move(endpoint).error();
        record.endpoints.push_back(std::move(*endpoint));
    }
    return record;
}

Status write_all(int fd, const std::string& text, const std::string& path) {
    for (size_t done = 0; done < text.size();) {
        const ssize_t size = write(fd, text.data() + done, text.size() - done);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Error::from_errno(errno, "write '" + path + "'");
        done += static_cast<size_t>(size);
    }
    return ok();
}

}  // namespace

std::string encode_record(const SandboxSpec& sandbox, const std::vector<Endpoint>& endpoints) {
    json list = json::array();
    for (const Endpoint& endpoint : endpoints) {
        list.push_back({{"Network", endpoint.network_document},
                        {"EndpointId", endpoint.endpoint_id},
                        {"IPAddress", endpoint.address.to_string()},
                        {"MacAddress", endpoint.mac},
                        {"HostLink", endpoint.host_link},
                        {"HostIndex", endpoint.host_index},
                        {"GuestLink", endpoint.guest_link},
                        {"Ports", encode_ports(endpoint.ports)}});
    }
    const json document = {{"Version", kVersion},
                           {"Sandbox", {{"Mode", mode_name(sandbox.mode)}, {"Container", sandbox.owner}}},
                           {"Endpoints", std::move(list)}};
    // Names come from users; a byte that is no UTF-8 must not make the record impossible.
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<NetworkRecord> decode_record(const std::string& text) {
    try {
        Result<NetworkRecord> record = record_from(json::parse(text));
        if (!record) return std::move(record).error().with_code(ErrorCode::kDataLoss).context("network record");
        return record;
    } catch (const json::exception& e) {
        return Error(ErrorCode::kDataLoss, std::string("network record: ") + e.what());
    }
}

Status write_record(const std::string& state_dir, const std::string& text) {
    const std::string path = path_in(state_dir), temporary = path + ".new";
    {
        const UniqueFd file{open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
        if (!file) return Error::from_errno(errno, "open '" + temporary + "'");
        if (Status written = write_all(file.get(), text, temporary); !written) {
            (void)unlink(temporary.c_str());
            return written;
        }
    }
    if (rename(temporary.c_str(), path.c_str()) != 0) {
        const int err = errno;
        (void)unlink(temporary.c_str());
        return Error::from_errno(err, "rename '" + temporary + "'");
    }
    return ok();
}

Result<std::optional<NetworkRecord>> read_record(const std::string& state_dir) {
    const std::string path = path_in(state_dir);
    const UniqueFd file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file) {
        const int err = errno;
        if (err == ENOENT) return std::optional<NetworkRecord>();
        return Error::from_errno(err, "open '" + path + "'");
    }
    std::string text;
    char buffer[16384];
    for (;;) {
        const ssize_t size = read(file.get(), buffer, sizeof buffer);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Error::from_errno(errno, "read '" + path + "'");
        if (size == 0) break;
        text.append(buffer, static_cast<size_t>(size));
        if (text.size() > kMaximumBytes) return Error(ErrorCode::kDataLoss, "'" + path + "' is too large");
    }
    Result<NetworkRecord> record = decode_record(text);
    if (!record) return std::move(record).error().with_resource(path);
    return std::optional<NetworkRecord>(std::move(*record));
}

Status remove_record(const std::string& state_dir) {
    const std::string path = path_in(state_dir);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(errno, "remove '" + path + "'");
    return ok();
}

}  // namespace slipway::linux_backend
