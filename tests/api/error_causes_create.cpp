// Causes for which create refuses.
#include "error_causes.hpp"

namespace slipway::testing {

std::vector<Cause> create_causes() {
    const auto refused = [](const std::string& name, const json& body, const std::string& message,
                            const std::string& resource = "") {
        return Cause{.name = name,
                     .body = body,
                     .status = 400,
                     .code = "invalid_argument",
                     .resource = resource,
                     .message = message};
    };
    return {
        {.name = "ImageMissing",
         .body = {{"Image", "nobody/nothing:1"}},
         .status = 404,
         .code = "not_found",
         .message = "No such image: nobody/nothing:1"},
        refused("TooLittleMemory", host({{"Memory", 1024}}), "Minimum memory limit allowed is 6MB"),
        refused("UnknownRuntime", host({{"Runtime", "nosuch"}}), "unknown or invalid runtime name: nosuch"),
        refused("UnknownCapability", host({{"CapAdd", {"CAP_FLY"}}}), "invalid CapAdd: unknown capability"),
        refused("UnavailableProcessor", host({{"CpusetCpus", "4000"}}),
                "Requested CPUs are not available - requested 4000, available: "),
        refused("UnknownUlimit", host({{"Ulimits", {{{"Name", "luck"}, {"Soft", 1}, {"Hard", 1}}}}}),
                "invalid ulimit type: luck", "luck"),
        refused("UlimitSoftAboveHard", host({{"Ulimits", {{{"Name", "nofile"}, {"Soft", 9}, {"Hard", 1}}}}}),
                "ulimit soft limit must be less than or equal to hard limit: 9 > 1", "nofile"),
        refused("SysctlOfTheHost", host({{"Sysctls", {{"kernel.panic", "1"}}}}),
                "is not in a separate kernel namespace", "kernel.panic"),
        refused("UnknownSecurityOption", host({{"SecurityOpt", {"magic=on"}}}), "invalid --security-opt 2"),
        refused("BadExtraHost", host({{"ExtraHosts", {"db"}}}), "bad format for add-host"),
        refused("UnknownLogOption", host({{"LogConfig", {{"Type", "json-file"}, {"Config", {{"colour", "red"}}}}}}),
                "unknown log opt 'colour' for json-file log driver"),
        refused("BadRestartPolicy", host({{"RestartPolicy", {{"Name", "sometimes"}}}}), "invalid restart policy"),
        refused("BadBind", bind("/a:/b:c:d"), "invalid volume specification: '/a:/b:c:d'"),
        refused("DuplicateMountPoint", host({{"Binds", {"/a:/x", "/b:/x"}}}), "Duplicate mount point", "/x"),
        refused("BadTmpfsSize", host({{"Tmpfs", {{"/x", "size=much"}}}}), "size"),
        refused("BadPort", host({{"PortBindings", {{"80/tcp", {{{"HostPort", "eighty"}}}}}}}), "nvalid"),
        refused("IoMaximum", host({{"IOMaximumBandwidth", 5}}),
                "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps"),
        refused("BadIpcMode", host({{"IpcMode", "mine"}}), "invalid IPC mode: mine"),
        refused("BadUtsMode", host({{"UTSMode", "mine"}}), "invalid UTS mode: mine"),
    };
}

}  // namespace slipway::testing
