#include <spec/json_access.hpp>
#include <spec/seccomp_profile.hpp>
#include <spec/seccomp_tables.hpp>
#include <spec/strict_number.hpp>

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace slipway::linux_backend {

namespace {

using nlohmann::json;

// Name spaces in the flags of clone: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. NEWTIME is no clone
// flag.
constexpr uint64_t kCloneNamespaces = 0x7E020000;
constexpr uint64_t kAfAlg = 38;
constexpr uint64_t kAfVsock = 40;
constexpr size_t kMaxProfileBytes = size_t{1} << 20;

#if defined(__x86_64__)
constexpr std::array<std::string_view, 3> kArchitectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
constexpr std::array<std::string_view, 1> kDockerArchNames = {"amd64"};
#elif defined(__aarch64__)
constexpr std::array<std::string_view, 2> kArchitectures = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
constexpr std::array<std::string_view, 1> kDockerArchNames = {"arm64"};
#else
#error "the default seccomp profile does not know this architecture"
#endif

json argument(unsigned index, uint64_t value, const char* op, uint64_t value_two = 0) {
    return {{"index", index}, {"value", value}, {"valueTwo", value_two}, {"op", op}};
}

json rule(json names, const char* action, json args = json::array()) {
    json made = {{"names", std::move(names)}, {"action", action}};
    if (!args.empty()) made["args"] = std::move(args);
    return made;
}

json allow_if(const char* name, json arg) {
    return rule({name}, "SCMP_ACT_ALLOW", json::array({std::move(arg)}));
}

void add_clone(json& rules) {
    rules.push_back(allow_if("clone", argument(0, kCloneNamespaces, "SCMP_CMP_MASKED_EQ", 0)));
    // The flags of clone3 lie in memory, where a filter cannot see them. "Not implemented" makes libc use clone.
    json clone3 = rule({"clone3"}, "SCMP_ACT_ERRNO");
    clone3["errnoRet"] = ENOSYS;
    rules.push_back(std::move(clone3));
}

void add_socket(json& rules) {
    // All families but AF_ALG (CVE-2026-31431) and AF_VSOCK, which reaches the hypervisor from any network name space.
    rules.push_back(allow_if("socket", argument(0, kAfAlg, "SCMP_CMP_LT")));
    rules.push_back(allow_if("socket", argument(0, kAfAlg + 1, "SCMP_CMP_EQ")));
    rules.push_back(allow_if("socket", argument(0, kAfVsock, "SCMP_CMP_GT")));
}

void add_personality(json& rules) {
    // Linux, UNAME26 for Linux32, their 32-bit variants, and the query.
    for (const uint64_t persona :
         {uint64_t{0}, uint64_t{8}, uint64_t{0x20000}, uint64_t{0x20008}, uint64_t{0xffffffff}}) {
        rules.push_back(allow_if("personality", argument(0, persona, "SCMP_CMP_EQ")));
    }
}

// ---- Docker's schema -------------------------------------------------------------------------------------------

bool has_capability(CapabilitySet set, const std::string& name) {
    return (set & capability_bit(name)) != 0;
}

bool names_this_arch(const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return std::find(kDockerArchNames.begin(), kDockerArchNames.end(), name) != kDockerArchNames.end();
    });
}

// "4.8" against the running kernel.
bool kernel_at_least(const std::string& wanted) {
    utsname name{};
    if (::uname(&name) != 0) return false;
    unsigned have_major = 0, have_minor = 0, want_major = 0, want_minor = 0;
    if (std::sscanf(name.release, "%u.%u", &have_major, &have_minor) != 2) return false;
    if (std::sscanf(wanted.c_str(), "%u.%u", &want_major, &want_minor) < 1) return false;
    return have_major != want_major ? have_major > want_major : have_minor >= want_minor;
}

bool applies(const json& entry, CapabilitySet capabilities) {
    const json& includes = member_of(entry, "includes");
    const json& excludes = member_of(entry, "excludes");
    const auto included_arches = read_texts(includes, "arches");
    if (!included_arches.empty() && !names_this_arch(included_arches)) return false;
    if (names_this_arch(read_texts(excludes, "arches"))) return false;
    for (const std::string& name : read_texts(includes, "caps")) {
        if (!has_capability(capabilities, name)) return false;
    }
    for (const std::string& name : read_texts(excludes, "caps")) {
        if (has_capability(capabilities, name)) return false;
    }
    const std::string from = read_text(includes, "minKernel");
    const std::string below = read_text(excludes, "minKernel");
    if (!from.empty() && !kernel_at_least(from)) return false;
    return below.empty() || !kernel_at_least(below);
}

Error undecodable(const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "decoding seccomp profile failed: " + why)
        .with_operation("parse seccomp profile")
        .with_resource("seccomp");
}

Result<json> resolve_entry(const json& entry) {
    json names = json::array();
    if (const std::string name = read_text(entry, "name"); !name.empty()) names.push_back(name);
    for (const std::string& name : read_texts(entry, "names")) names.push_back(name);
    if (names.empty()) return undecodable("an entry of 'syscalls' names no system call");

    json made = rule(std::move(names), "");
    made["action"] = member_of(entry, "action");
    if (member_of(entry, "args").is_array() && !entry["args"].empty()) made["args"] = entry["args"];
    if (member_of(entry, "errnoRet").is_number()) made["errnoRet"] = entry["errnoRet"];
    return made;
}

Result<json> resolve_architectures(const json& profile) {
    const auto plain = read_texts(profile, "architectures");
    const json& map = member_of(profile, "archMap");
    if (!plain.empty() && map.is_array() && !map.empty()) {
        return Error(ErrorCode::kInvalidArgument,
                     "both 'architectures' and 'archMap' are specified in the seccomp profile, use either "
                     "'architectures' or 'archMap'");
    }
    json found = json::array();
    for (const std::string& name : plain) found.push_back(name);
    if (map.is_array()) {
        for (const json& row : map) {
            if (read_text(row, "architecture") != kArchitectures.front()) continue;
            found.push_back(kArchitectures.front());
            for (const std::string& name : read_texts(row, "subArchitectures")) found.push_back(name);
        }
    }
    return found;
}

}  // namespace

json default_seccomp_profile(CapabilitySet capabilities) {
    json allowed = json::array();
    for (const std::string_view call : always_allowed_calls()) allowed.push_back(call);
    for (const CapabilityCalls& row : capability_calls()) {
        if ((capabilities & capability_bit(row.capability)) == 0) continue;
        for (const std::string_view call : row.calls) allowed.push_back(call);
    }

    json rules = json::array({rule(std::move(allowed), "SCMP_ACT_ALLOW")});
    if (!has_capability(capabilities, "CAP_SYS_ADMIN")) add_clone(rules);
    add_socket(rules);
    add_personality(rules);
    return {{"defaultAction", "SCMP_ACT_ERRNO"},
            {"defaultErrnoRet", EPERM},
            {"architectures", kArchitectures},
            {"syscalls", std::move(rules)}};
}

Result<json> parse_seccomp_profile(const std::string& text, CapabilitySet capabilities) {
    if (text.size() > kMaxProfileBytes) return undecodable("it is larger than 1 MiB");
    const json profile = json::parse(text, nullptr, false);
    if (!profile.is_object()) return undecodable("it is not a JSON object");
    if (!member_of(profile, "defaultAction").is_string()) return undecodable("'defaultAction' is missing");

    Result<json> architectures = resolve_architectures(profile);
    if (!architectures) return std::move(architectures).error();
    json resolved = {{"defaultAction", profile["defaultAction"]}, {"syscalls", json::array()}};
    if (!architectures->empty()) resolved["architectures"] = std::move(*architectures);
    if (member_of(profile, "defaultErrnoRet").is_number()) resolved["defaultErrnoRet"] = profile["defaultErrnoRet"];
    if (const json& flags = member_of(profile, "flags"); flags.is_array()) resolved["flags"] = flags;

    const json& entries = member_of(profile, "syscalls");
    if (!entries.is_array()) return resolved;
    for (const json& entry : entries) {
        if (!applies(entry, capabilities)) continue;
        Result<json> made = resolve_entry(entry);
        if (!made) return std::move(made).error();
        resolved["syscalls"].push_back(std::move(*made));
    }
    return resolved;
}

}  // namespace slipway::linux_backend
