#include <spec/capabilities.hpp>
#include <spec/quote.hpp>

#include <array>
#include <cctype>

namespace slipway::linux_backend {

namespace {

// In the order of linux/capability.h.
constexpr std::array<std::string_view, 41> kNames = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

struct NamedSet {
    CapabilitySet bits = 0;
    bool all = false;
};

std::string normalized(const std::string& name) {
    std::string upper;
    for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (upper != "ALL" && !upper.starts_with("CAP_")) upper.insert(0, "CAP_");
    return upper;
}

Result<NamedSet> read_names(const std::vector<std::string>& names, CapabilitySet known) {
    NamedSet set;
    for (const std::string& given : names) {
        const std::string name = normalized(given);
        if (name == "ALL") {
            set.all = true;
            continue;
        }
        const CapabilitySet bit = capability_bit(name);
        if (bit == 0) return Error(ErrorCode::kInvalidArgument, "unknown capability: " + quote(name));
        if ((known & bit) == 0) {
            return Error(
                ErrorCode::kInvalidArgument,
                "capability not supported by your kernel or not available in the current environment: " + quote(name));
        }
        set.bits |= bit;
    }
    return set;
}

}  // namespace

const CapabilitySet kDefaultCapabilities = 0xa80425fb;

CapabilitySet capability_bit(std::string_view name) {
    for (size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return CapabilitySet{1} << i;
    }
    return 0;
}

std::vector<std::string> capability_names(CapabilitySet set) {
    std::vector<std::string> names;
    for (size_t i = 0; i < kNames.size(); ++i) {
        if ((set >> i & 1) != 0) names.emplace_back(kNames[i]);
    }
    return names;
}

Result<CapabilitySet> resolve_capabilities(const std::vector<std::string>& add, const std::vector<std::string>& drop,
                                           bool privileged, CapabilitySet available, CapabilitySet known) {
    known &= (CapabilitySet{1} << kNames.size()) - 1;
    available &= known;
    Result<NamedSet> added = read_names(add, known);
    if (!added) return std::move(added).error().context("invalid CapAdd");
    Result<NamedSet> dropped = read_names(drop, known);
    if (!dropped) return std::move(dropped).error().context("invalid CapDrop");

    if (privileged) return available;
    if (added->all) return available & ~dropped->bits;
    if (dropped->all) return available & added->bits;
    // What is added wins over what is dropped, as in Docker.
    return available & ((kDefaultCapabilities & ~dropped->bits) | added->bits);
}

Result<CapabilitySet> missing_capabilities(const std::vector<std::string>& add, const std::vector<std::string>& drop,
                                           bool privileged, CapabilitySet available, CapabilitySet known) {
    Result<CapabilitySet> wanted = resolve_capabilities(add, drop, privileged, known, known);
    if (!wanted) return wanted;
    return *wanted & ~available;
}

}  // namespace slipway::linux_backend
