// plugins/linux/src/process/launch_plan.hpp - from an OCI runtime-spec document and what was prepared to a launch plan.
#pragma once

#include <cgroup/cgroup_manager.hpp>
#include <container.hpp>
#include <process/cgroup_view.hpp>
#include <process/plan_writer.hpp>
#include <slipway/cpp/error.hpp>
#include <spec/seccomp_cache.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace slipway::linux_backend {

// What create() has gathered. Borrowed for the call, descriptors until the plan was sent.
struct LaunchInputs {
    std::string id;
    const nlohmann::json& spec;
    const PreparedRoot& root;
    const std::vector<PreparedMount>& mounts;
    const Sandbox* sandbox = nullptr;  // none: a new, empty network name space if the document wants one
    const CgroupEntry& cgroup;
    const IdMap* id_map = nullptr;  // of a container with a user name space
    int user_namespace = -1;
    std::vector<CgroupViewPart> hierarchies;  // v1 view
    std::shared_ptr<const SeccompFilter> seccomp;
    uint32_t plan_flags = 0;  // kPlanTty, kPlanOpenStdin, kPlanStdinOnce, kPlanPivotRoot
    uint32_t tty_rows = 24, tty_columns = 80;
    int base_namespace = -1;
    int init_program = -1;  // slipway-supervisor, when the document wants a reaper
    int state_directory = -1;
    int listener = -1;
    int log_directory = -1;  // -1: no log
    std::string log_name;
    std::string log_attributes;  // a JSON object, or empty
    uint64_t log_max_bytes = 0;
    uint32_t log_max_files = 1;
    int oom_counter = -1, oom_event = -1;
};

// Fills `writer`. Opens name spaces and bind sources that the document names by path; changes nothing.
//   kInvalidArgument  the document is not usable; the message names the key
//   kUnimplemented    it asks for something the supervisor does not do
Status write_launch_plan(const LaunchInputs& in, PlanWriter& writer);

// The document's `process`: command, environment, user, capabilities, limits.
Status write_process(const nlohmann::json& spec, PlanWriter& writer);

// The filter the process runs under, with the flags it is installed with.
void write_seccomp(const SeccompFilter& filter, PlanWriter& writer);

// The document's mounts, devices and links, then the prepared mounts, parents first (launch_ops.cpp).
Result<std::vector<supervisor::PlanOp>> plan_ops(const LaunchInputs& in, PlanWriter& writer);

// The host's ids of the plan's user, who owns its standard streams.
void write_host_user(const IdMap& map, PlanWriter& writer);

// "CAP_CHOWN", ... to a bit mask; names this build does not know are left out.
uint64_t capability_mask(const std::vector<std::string>& names);

}  // namespace slipway::linux_backend
