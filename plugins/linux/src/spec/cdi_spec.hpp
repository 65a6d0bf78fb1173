// plugins/linux/src/spec/cdi_spec.hpp - one specification of the Container Device Interface: what its devices need in a
// container. Pure.
#pragma once

#include <slipway/cpp/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace slipway::linux_backend {

struct CdiDeviceNode {
    std::string path;                             // inside, absolute
    std::string host_path;                        // absolute
    std::string access;                           // of "rwm"
    std::optional<uint32_t> file_mode, uid, gid;  // else the host's
};

struct CdiMount {
    std::string host_path, container_path;  // absolute
    std::vector<std::string> options;       // of a bind mount; never a propagation that reaches the host
};

// What is added to a container. Edits of several devices add up.
struct CdiEdits {
    std::vector<std::string> env;  // "NAME=value"
    std::vector<CdiDeviceNode> nodes;
    std::vector<CdiMount> mounts;
    std::vector<uint32_t> groups;

    void add(const CdiEdits& more);
    bool empty() const { return env.empty() && nodes.empty() && mounts.empty() && groups.empty(); }
};

struct CdiSpec {
    std::string kind;                         // "vendor.example/class"
    CdiEdits edits;                           // for every device of it
    std::map<std::string, CdiEdits> devices;  // by name
};

// "vendor.example/class=name".
struct CdiName {
    std::string kind, device;
    std::string text() const { return kind + "=" + device; }
};

// Nothing when `text` is not a fully qualified device name, such as a path.
std::optional<CdiName> parse_cdi_name(const std::string& text);

// Reads the JSON document of `file` (named in errors). As strict as the CDI's own reader: an unknown key or version is
// an error, so that nothing a vendor wants is left out silently.
//   kInvalidArgument  not a usable specification
//   kUnimplemented    it needs something this engine does not do: hooks run programs of the host beside every start,
//                     which no device may ask for here; network devices; Intel RDT
Result<CdiSpec> parse_cdi_spec(const std::string& text, const std::string& file);

}  // namespace slipway::linux_backend
