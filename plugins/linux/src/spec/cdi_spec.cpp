#include <spec/cdi_spec.hpp>
#include <spec/json_access.hpp>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <string_view>

namespace slipway::linux_backend {
namespace {

using nlohmann::json;
using Keys = std::initializer_list<std::string_view>;

constexpr std::string_view kVersions[] = {"0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"};

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_alphanumeric(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool is_word(const std::string& text, std::string_view inner, bool starts_with_letter) {
    if (text.empty() || text.size() > 255 || !is_alphanumeric(text.back())) return false;
    if (starts_with_letter ? !is_letter(text.front()) : !is_alphanumeric(text.front())) return false;
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_alphanumeric(c) || inner.find(c) != std::string_view::npos; });
}

bool is_kind(const std::string& kind) {
    const size_t slash = kind.find('/');
    return slash != std::string::npos && is_word(kind.substr(0, slash), "_-.", true) &&
           is_word(kind.substr(slash + 1), "_-", true);
}

bool is_device_name(const std::string& name) {
    return is_word(name, "_-.:", false);
}

bool is_absolute(const std::string& path) {
    return path.starts_with('/') && path.find('\0') == std::string::npos && path.size() < 4096;
}

// Checks and reads one file; what went wrong is kept, and the first mistake counts.
class Reader {
public:
    explicit Reader(const std::string& file) : file_(file) {}

    void wrong(const std::string& why) {
        if (problem_.empty()) problem_ = why;
    }
    void not_offered(const std::string& what) {
        if (missing_.empty()) missing_ = what;
    }
    Status result() const {
        if (!problem_.empty()) {
            return Error(ErrorCode::kInvalidArgument, "CDI specification '" + file_ + "': " + problem_)
                .with_resource(file_);
        }
        if (!missing_.empty()) {
            return Error(ErrorCode::kUnimplemented, "CDI specification '" + file_ + "': " + missing_)
                .with_resource(file_);
        }
        return ok();
    }

    void check_keys(const json& object, const char* where, Keys known) {
        if (!object.is_object()) return wrong(std::string(where) + " is not an object");
        for (const auto& [key, value] : object.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                wrong(std::string(where) + " has the unknown key '" + key + "'");
            }
        }
    }
    std::string text(const json& object, const char* key, bool required = false) {
        const json& value = member_of(object, key);
        if (value.is_null() && !required) return {};
        if (!value.is_string() || (required && value.get_ref<const std::string&>().empty())) {
            wrong(std::string("'") + key + "' is missing or not a text");
            return {};
        }
        return value.get<std::string>();
    }
    std::optional<uint32_t> number(const json& object, const char* key) {
        const json& value = member_of(object, key);
        if (value.is_null()) return std::nullopt;
        const int64_t found = find_int(object, key).value_or(-1);
        if (found < 0 || found > UINT32_MAX) {
            wrong(std::string("'") + key + "' is not a number of 32 bits");
            return std::nullopt;
        }
        return static_cast<uint32_t>(found);
    }
    const json& list(const json& object, const char* key) {
        static const json kNone = json::array();
        const json& value = member_of(object, key);
        if (value.is_null()) return kNone;
        if (!value.is_array()) wrong(std::string("'") + key + "' is not a list");
        return value.is_array() ? value : kNone;
    }

private:
    const std::string& file_;
    std::string problem_, missing_;
};

CdiDeviceNode read_node(const json& entry, Reader& in) {
    in.check_keys(entry, "a device node",
                  {"path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid"});
    CdiDeviceNode node;
    node.path = in.text(entry, "path", true);
    node.host_path = in.text(entry, "hostPath");
    node.access = in.text(entry, "permissions");
    if (node.host_path.empty()) node.host_path = node.path;
    if (node.access.empty()) node.access = "rwm";
    const std::string type = in.text(entry, "type");
    // The numbers a file gives may be those of before a reboot; what the host has under the path counts.
    (void)in.number(entry, "major");
    (void)in.number(entry, "minor");
    node.file_mode = in.number(entry, "fileMode");
    node.uid = in.number(entry, "uid");
    node.gid = in.number(entry, "gid");
    if (!is_absolute(node.path) || !is_absolute(node.host_path)) in.wrong("a device node's path is not absolute");
    if (node.access.find_first_not_of("rwm") != std::string::npos) in.wrong("permissions '" + node.access + "'");
    if (!type.empty() && type != "b" && type != "c" && type != "u") {
        in.not_offered("device nodes of type '" + type + "' are not offered");
    }
    return node;
}

// A propagation that reaches the host is no vendor's to ask for.
bool is_bind_option(const std::string& option) {
    static constexpr std::string_view kKnown[] = {"ro",     "rw",     "nosuid",  "suid",     "nodev",     "dev",
                                                  "noexec", "exec",   "bind",    "rbind",    "private",   "rprivate",
                                                  "slave",  "rslave", "noatime", "relatime", "nodiratime"};
    return std::find(std::begin(kKnown), std::end(kKnown), option) != std::end(kKnown);
}

CdiMount read_mount(const json& entry, Reader& in) {
    in.check_keys(entry, "a mount", {"hostPath", "containerPath", "options", "type"});
    CdiMount mount;
    mount.host_path = in.text(entry, "hostPath", true);
    mount.container_path = in.text(entry, "containerPath", true);
    if (!is_absolute(mount.host_path) || !is_absolute(mount.container_path)) in.wrong("a mount's path is not absolute");
    if (mount.container_path == "/" || mount.container_path.starts_with("/proc")) {
        in.wrong("a mount at '" + mount.container_path + "'");
    }
    const std::string type = in.text(entry, "type");
    if (!type.empty() && type != "bind") in.not_offered("mounts of type '" + type + "' are not offered");
    for (const json& option : in.list(entry, "options")) {
        if (!option.is_string() || !is_bind_option(option.get_ref<const std::string&>())) {
            in.not_offered("the mount option " + option.dump() + " is not offered");
            continue;
        }
        mount.options.push_back(option.get<std::string>());
    }
    return mount;
}

CdiEdits read_edits(const json& edits, Reader& in) {
    CdiEdits out;
    if (edits.is_null()) return out;
    in.check_keys(edits, "containerEdits",
                  {"env", "deviceNodes", "netDevices", "hooks", "mounts", "intelRdt", "additionalGids"});
    for (const json& variable : in.list(edits, "env")) {
        if (!variable.is_string() || variable.get_ref<const std::string&>().find('=') == std::string::npos ||
            variable.get_ref<const std::string&>().starts_with('=')) {
            in.wrong("env: not of the form NAME=value: " + variable.dump());
            continue;
        }
        out.env.push_back(variable.get<std::string>());
    }
    for (const json& node : in.list(edits, "deviceNodes")) out.nodes.push_back(read_node(node, in));
    for (const json& mount : in.list(edits, "mounts")) out.mounts.push_back(read_mount(mount, in));
    for (const json& group : in.list(edits, "additionalGids")) {
        const auto id = in.number(json{{"additionalGids", group}}, "additionalGids");
        if (id && *id != 0) out.groups.push_back(*id);  // 0 is ignored, as the specification says
    }
    if (!in.list(edits, "hooks").empty()) {
        in.not_offered(
            "it has hooks, programs to run on the host at every start, which Slipway does not do; leave them out, for "
            "example with 'nvidia-ctk cdi generate --disable-hook=all'");
    }
    if (!in.list(edits, "netDevices").empty()) in.not_offered("network devices are not offered");
    if (!member_of(edits, "intelRdt").is_null()) in.not_offered("Intel RDT is not offered");
    return out;
}

void read_devices(const json& document, CdiSpec& spec, Reader& in) {
    const json& devices = in.list(document, "devices");
    if (devices.empty()) in.wrong("it has no devices");
    for (const json& device : devices) {
        in.check_keys(device, "a device", {"name", "annotations", "containerEdits"});
        const std::string name = in.text(device, "name", true);
        if (!is_device_name(name)) in.wrong("invalid device name '" + name + "'");
        CdiEdits edits = read_edits(member_of(device, "containerEdits"), in);
        if (member_of(device, "containerEdits").empty()) in.wrong("device '" + name + "' has no edits");
        if (!spec.devices.emplace(name, std::move(edits)).second) in.wrong("device '" + name + "' occurs twice");
    }
}

template <class Item>
void append(std::vector<Item>& to, const std::vector<Item>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void CdiEdits::add(const CdiEdits& more) {
    append(env, more.env);
    append(nodes, more.nodes);
    append(mounts, more.mounts);
    append(groups, more.groups);
}

std::optional<CdiName> parse_cdi_name(const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) return std::nullopt;
    CdiName name{text.substr(0, equals), text.substr(equals + 1)};
    if (!is_kind(name.kind) || !is_device_name(name.device)) return std::nullopt;
    return name;
}

Result<CdiSpec> parse_cdi_spec(const std::string& text, const std::string& file) {
    Reader in(file);
    CdiSpec spec;
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object()) {
        in.wrong("not a JSON object");
        return Error(in.result().error());
    }
    in.check_keys(document, "it", {"cdiVersion", "kind", "annotations", "devices", "containerEdits"});
    const std::string version = in.text(document, "cdiVersion", true);
    if (std::find(std::begin(kVersions), std::end(kVersions), version) == std::end(kVersions)) {
        in.wrong("unknown cdiVersion '" + version + "'");
    }
    spec.kind = in.text(document, "kind", true);
    if (!is_kind(spec.kind)) in.wrong("invalid kind '" + spec.kind + "'");
    spec.edits = read_edits(member_of(document, "containerEdits"), in);
    read_devices(document, spec, in);
    if (Status read = in.result(); !read) return std::move(read).error();
    return spec;
}

}  // namespace slipway::linux_backend
