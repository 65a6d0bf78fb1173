#include "start/start_host_config.hpp"

#include "engine/engine_events.hpp"
#include "model/go_text.hpp"
#include "model/host_config.hpp"
#include "model/inherited.hpp"
#include "model/log_config.hpp"
#include "model/mount_options.hpp"
#include "model/mounts.hpp"
#include "volume/volume_store.hpp"

#include <slipway/core/schema.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

namespace slipway::core {
namespace {

using nlohmann::json;

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

void warn(const StartContext& start, const std::string& text) {
    log_line(start.services.options, LogLevel::kWarn, "start " + start.record.name + ": " + text);
}

// start-flow.md 3.2 step 3. What a known key's value means is for the backend.
Status check_security_options(const StartContext& start, const json& options) {
    for (const json& option : options) {
        const auto& text = option.get_ref<const std::string&>();
        if (text == "no-new-privileges") continue;
        size_t at = text.find('=');
        if (at == std::string::npos) {
            at = text.find(':');
            if (at == std::string::npos) return invalid("Invalid --security-opt 1: " + go_quoted(text));
            warn(start, "security options with `:` as a separator are deprecated, use `=` instead");
        }
        static constexpr std::string_view kKeys[] = {"label", "apparmor", "seccomp", "no-new-privileges",
                                                     "systempaths"};
        const std::string_view key = std::string_view(text).substr(0, at);
        if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) {
            return invalid("Invalid --security-opt 2: " + go_quoted(text));
        }
    }
    return ok();
}

// What is wrong with a bind that does not parse, as the old engine says it; `other` when it has no words for it.
Error bind_error(const std::string& bind, Error other) {
    const std::vector<std::string_view> parts = split_words(bind, ':');
    const bool blank = std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); });
    if (parts.size() > 3 || blank) return invalid("Invalid volume specification: '" + bind + "'");
    const std::string target(parts[parts.size() == 1 ? 0 : 1]);
    MountParams ignored;
    if (parts.size() == 3 && !apply_bind_mode(parts[2], ignored))
        return invalid("invalid mode: " + std::string(parts[2]));
    if (target.front() != '/') {
        return invalid("Invalid volume destination path: '" + target + "' mount path must be absolute.");
    }
    if (clean_path(target) == "/") return invalid("Invalid specification: destination can't be '/' in '" + bind + "'");
    return other;
}

// Step 4 as far as the binds of this one body go.
Status check_binds(const json& binds) {
    std::set<std::string> targets;
    for (const json& bind : binds) {
        const auto& text = bind.get_ref<const std::string&>();
        Result<MountSpec> spec = parse_bind(text);
        if (!spec) {
            if (spec.error().code() != ErrorCode::kInvalidArgument) return std::move(spec).error();
            return bind_error(text, std::move(spec).error());
        }
        if (!targets.insert(spec->params.target).second) {
            return invalid("Duplicate mount point '" + spec->params.target + "'").with_resource(spec->params.target);
        }
    }
    return ok();
}

// The container stays with the backend that has its root.
Status check_runtime(const ContainerRecord& record, const json& host_config) {
    const std::string runtime = host_config.value("Runtime", "");
    if (runtime.empty() || runtime == record.backend) return ok();
    return invalid("the runtime of a container cannot be changed at its start: it is '" + record.backend + "', not '" +
                   runtime + "'");
}

}  // namespace

void use_start_host_config(std::vector<Phase>& flow) {
    flow.front() = {"verify", FailureKind::kRequest, verify_candidate, drop_candidate};
    flow.insert(flow.begin() + 1, {"store_host_config", FailureKind::kRequest, commit_candidate, nullptr});
}

Status verify_candidate(StartContext& start, const CallContext& call) {
    ContainerRecord& record = start.record;
    warn(start,
         "DEPRECATED: it came with a host configuration. Supply it when the container is created; API 1.24 and later "
         "refuse it at start");
    Result<json> next = normalise(host_config_schema(), *start.host_config, "HostConfig");
    if (!next) return std::move(next).error();
    if (Status checked = check_security_options(start, next->at("SecurityOpt")); !checked) return checked;
    if (Status checked = check_binds(next->at("Binds")); !checked) return checked;
    if (Status refused = refuse_unimplemented(record.config, *next); !refused) return refused;
    if (Status checked = check_runtime(record, *next); !checked) return checked;
    // Nor may it give a network to a container that was made without.
    if (record.config.value("NetworkDisabled", false)) (*next)["NetworkMode"] = "none";
    if (Status checked = check_host_config(*next); !checked) return checked;
    Result<VerifyResult> verified = start.backend.verify(call, record.config, *next, false);
    if (!verified) return std::move(verified).error();
    for (const std::string& warning : verified->warnings) warn(start, warning);

    record.inherited = inherited_options(record, verified->host_config);
    Result<LogPolicy> policy = log_policy(verified->host_config);
    if (!policy) return std::move(policy).error();
    record.log_path = policy->enabled ? log_path_of(record) : "";
    const std::string old_mode = record.host_config.value("NetworkMode", "");
    record.host_config = std::move(verified->host_config);
    if (Status adapted = start.services.adapt_to_host_config(record); !adapted) {
        (void)drop_candidate(start, call);
        return adapted;
    }
    // As text: "", "default" and "bridge" differ.
    if (record.host_config.value("NetworkMode", "") != old_mode) record.endpoints.clear();
    return ok();
}

Status drop_candidate(StartContext& start, const CallContext&) {
    start.services.settle_volumes(*start.container.record());
    return ok();
}

Status commit_candidate(StartContext& start, const CallContext&) {
    Batch batch;
    batch.put(start.record);
    for (const VolumeRecord& volume : start.services.volumes.hidden(start.record.id)) {
        batch.put(volume);
        batch.append(volume_event(volume.name, "create", {}));
    }
    auto committed = start.services.store.commit(std::move(batch), Durability::kFull);
    if (!committed) return std::move(committed).error();
    start.container.publish(start.record);
    start.services.settle_volumes(start.record);
    return start.services.fill_volumes(start.container);
}

}  // namespace slipway::core
