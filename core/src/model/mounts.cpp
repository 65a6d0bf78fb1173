#include "model/mounts.hpp"

#include "model/mount_options.hpp"
#include "model/mount_paths.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

namespace slipway::core {

namespace {

using nlohmann::json;

Error invalid(std::string message) {
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

Status apply_bind_options(const json& options, MountParams& params) {
    if (options.is_null()) return ok();
    const auto& propagation = options.at("Propagation").get_ref<const std::string&>();
    if (!propagation.empty() && !is_propagation(propagation)) {
        return invalid_mount("bind", "invalid propagation mode: " + propagation);
    }
    params.propagation = propagation;
    const bool non_recursive = options.at("NonRecursive") == true;
    if (non_recursive) params.flags |= SLW_MOUNT_NO_RECURSIVE;
    if (options.at("CreateMountpoint") == true) params.flags |= SLW_MOUNT_CREATE_SOURCE;
    const bool force = options.at("ReadOnlyForceRecursive") == true;
    const bool top_only = options.at("ReadOnlyNonRecursive") == true;
    if (force && (top_only || non_recursive)) {
        return invalid_mount("bind", "ReadOnlyForceRecursive conflicts with NonRecursive and ReadOnlyNonRecursive");
    }
    if ((force || top_only) && (params.flags & SLW_MOUNT_READ_ONLY) == 0) {
        return invalid_mount("bind", "mount must be set \"read-only\" for its recursion to be chosen");
    }
    if (top_only || non_recursive) params.flags &= ~SLW_MOUNT_RECURSIVE_READ_ONLY;
    return ok();
}

Result<MountSpec> structured_bind(const json& mount, PathStyle style) {
    const auto& source = mount.at("Source").get_ref<const std::string&>();
    if (!mount.at("TmpfsOptions").is_null()) return invalid_mount("bind", "field TmpfsOptions must not be specified");
    if (!mount.at("VolumeOptions").is_null()) return invalid_mount("bind", "field VolumeOptions must not be specified");
    if (source.empty()) return invalid_mount("bind", "field Source must not be empty");
    if (Status checked = check_path(source); !checked) return invalid_mount("bind", checked.error().message());
    if (!is_host_path(source, style)) {
        return invalid_mount("bind", "invalid mount path: '" + source + "' mount path must be absolute");
    }
    MountSpec spec{"bind", {}, "", true};
    spec.params.source = source;
    if (mount.at("ReadOnly") == true) spec.params.flags |= SLW_MOUNT_READ_ONLY | SLW_MOUNT_RECURSIVE_READ_ONLY;
    if (Status applied = apply_bind_options(mount.at("BindOptions"), spec.params); !applied) {
        return std::move(applied).error();
    }
    return spec;
}

// TmpfsOptions.Options: [["noexec"], ["mode", "700"]].
Result<std::string> joined_options(const json& options) {
    std::string text;
    if (!options.is_array()) return invalid_mount("tmpfs", "Options must be a list of lists of strings");
    for (const json& option : options) {
        const bool valid = option.is_array() && !option.empty() && option.size() <= 2 &&
                           std::all_of(option.begin(), option.end(), [](const json& word) { return word.is_string(); });
        if (!valid) return invalid_mount("tmpfs", "Options must be a list of lists of one or two strings");
        text += text.empty() ? "" : ",";
        text += option[0].get_ref<const std::string&>();
        if (option.size() == 2) text += "=" + option[1].get_ref<const std::string&>();
    }
    return text;
}

Result<MountSpec> structured_tmpfs(const json& mount) {
    if (mount.at("Source") != "") return invalid_mount("tmpfs", "field Source must not be specified");
    if (!mount.at("BindOptions").is_null()) return invalid_mount("tmpfs", "field BindOptions must not be specified");
    MountSpec spec{"tmpfs", {}, "", true};
    const json& options = mount.at("TmpfsOptions");
    std::string words;
    if (!options.is_null()) {
        Result<std::string> joined = joined_options(options.at("Options"));
        if (!joined) return std::move(joined).error();
        words = std::move(*joined);
    }
    if (Status applied = apply_tmpfs_options(words, spec.params); !applied) {
        return std::move(applied).error().context("invalid mount config for type \"tmpfs\"");
    }
    if (mount.at("ReadOnly") == true) spec.params.flags |= SLW_MOUNT_READ_ONLY;
    if (options.is_null()) return spec;
    const int64_t size = options.at("SizeBytes").get<int64_t>();
    const int64_t mode = options.at("Mode").get<int64_t>();
    if (size < 0) return invalid_mount("tmpfs", "SizeBytes cannot be negative");
    if (mode < 0 || mode > 07777) return invalid_mount("tmpfs", "Mode is out of range");
    if (size > 0) spec.params.limit_bytes = static_cast<uint64_t>(size);
    if (mode > 0) spec.params.mode = static_cast<uint32_t>(mode);
    return spec;
}

// VolumeOptions.DriverConfig: {"Name": "local", "Options": {...}}.
Status apply_volume_options(const json& options, MountSpec& spec) {
    if (options.is_null()) return ok();
    spec.copy_up = options.at("NoCopy") == false;
    options.at("Labels").get_to(spec.labels);
    spec.subpath = options.at("Subpath").get<std::string>();
    if (const json& driver = options.at("DriverConfig"); driver.is_object()) {
        driver.at("Options").get_to(spec.options);
        spec.driver = driver.at("Name").get<std::string>();
    }
    if (spec.subpath.empty()) return ok();
    if (spec.subpath.find('\0') != std::string::npos) return invalid_mount("volume", "Subpath holds a NUL character");
    bool leaves = spec.subpath.front() == '/';
    for (const std::string_view part : split_words(spec.subpath, '/')) leaves = leaves || part == "..";
    if (leaves) return invalid_mount("volume", "subpath must be a relative path within the volume");
    spec.copy_up = false;
    return ok();
}

Result<MountSpec> structured_volume(const json& mount) {
    if (!mount.at("BindOptions").is_null()) return invalid_mount("volume", "field BindOptions must not be specified");
    if (!mount.at("TmpfsOptions").is_null()) return invalid_mount("volume", "field TmpfsOptions must not be specified");
    MountSpec spec{"volume", {}, "z", true};
    spec.volume = mount.at("Source").get<std::string>();
    spec.anonymous = spec.volume.empty();
    spec.copy_up = true;
    if (Status applied = apply_volume_options(mount.at("VolumeOptions"), spec); !applied) {
        return std::move(applied).error();
    }
    if (spec.anonymous && !spec.subpath.empty()) {
        return invalid_mount("volume", "must not set Subpath when using anonymous volumes");
    }
    if (mount.at("ReadOnly") == true) spec.params.flags |= SLW_MOUNT_READ_ONLY;
    return spec;
}

Result<MountSpec> structured_pipe(const json& mount) {
    const auto& source = mount.at("Source").get_ref<const std::string&>();
    for (const char* field : {"BindOptions", "VolumeOptions", "TmpfsOptions"}) {
        if (!mount.at(field).is_null()) {
            return invalid_mount("npipe", "field " + std::string(field) + " must not be specified");
        }
    }
    for (const char* field : {"Source", "Target"}) {
        const auto& path = mount.at(field).get_ref<const std::string&>();
        if (!is_pipe(path, PathStyle::kWindows)) {
            return invalid_mount("npipe", "field " + std::string(field) + " is no named pipe: '" + path + "'");
        }
    }
    if (mount.at("ReadOnly") == true) return invalid_mount("npipe", "a named pipe is never read-only");
    MountSpec spec{"npipe", {}, "", true};
    spec.params.source = source;
    return spec;
}

Result<MountSpec> structured(std::string_view type, const json& mount, PathStyle style) {
    if (type == "volume") return structured_volume(mount);
    if (type == "npipe") return structured_pipe(mount);
    return type == "bind" ? structured_bind(mount, style) : structured_tmpfs(mount);
}

// "ro" and "rw" are all that Windows has.
Status check_mode(std::string_view mode, PathStyle style) {
    if (style == PathStyle::kLinux || mode.empty() || mode == "ro" || mode == "rw") return ok();
    return invalid("invalid mode: " + std::string(mode));
}

// "name:/dst[:mode]" and "/dst". `mode` is known to be one of a bind.
Result<MountSpec> volume_of_bind(const BindParts& parts) {
    MountSpec spec{"volume", {}, parts.mode.empty() ? "z" : std::string(parts.mode), true};
    if (Status applied = apply_bind_mode(parts.mode, spec.params); !applied) return std::move(applied).error();
    if (!spec.params.propagation.empty()) return invalid("invalid mode: " + std::string(parts.mode));
    // A volume has nothing mounted below it.
    spec.params.flags &= SLW_MOUNT_READ_ONLY;
    spec.volume = parts.source;
    spec.anonymous = parts.source.empty();
    const std::vector<std::string_view> words = split_words(parts.mode);
    spec.copy_up = std::find(words.begin(), words.end(), "nocopy") == words.end();
    return spec;
}

Result<MountSpec> parse_structured(const json& mount, PathStyle style) {
    const auto& type = mount.at("Type").get_ref<const std::string&>();
    const auto& target = mount.at("Target").get_ref<const std::string&>();
    if (type == "image" || type == "cluster") {
        return Error(ErrorCode::kUnimplemented,
                     "only mounts of type bind, volume, tmpfs and npipe are implemented yet (HostConfig.Mounts)");
    }
    const bool windows = style == PathStyle::kWindows;
    const bool known = type == "bind" || type == "volume" || type == (windows ? "npipe" : "tmpfs");
    if (!known) return invalid_mount(type, "mount type unknown");
    if (Status checked = check_target(type, target, style); !checked) return std::move(checked).error();
    Result<MountSpec> spec = structured(type, mount, style);
    if (spec) spec->params.target = clean_target(target, style);
    return spec;
}

Status add(std::vector<MountSpec>& mounts, std::set<std::string>& places, Result<MountSpec> spec, PathStyle style) {
    if (!spec) return std::move(spec).error();
    if (!places.insert(place_of(spec->params.target, style)).second) {
        return invalid("Duplicate mount point: " + spec->params.target).with_resource(spec->params.target);
    }
    mounts.push_back(std::move(*spec));
    return ok();
}

size_t depth_of(const MountSpec& mount) {
    const std::string& target = mount.params.target;
    return static_cast<size_t>(
        std::count_if(target.begin(), target.end(), [](char c) { return c == '/' || c == '\\'; }));
}

}  // namespace

Result<MountSpec> parse_bind(std::string_view text, PathStyle style) {
    Result<BindParts> parts = split_bind(text, style);
    if (!parts) return std::move(parts).error();
    MountSpec spec{"bind", {}, std::string(parts->mode), true};
    if (Status checked = check_mode(parts->mode, style); !checked) return std::move(checked).error();
    if (Status applied = apply_bind_mode(parts->mode, spec.params); !applied) return std::move(applied).error();

    const bool is_volume = !is_host_path(parts->source, style);
    const std::string prefix = invalid_spec(text).message();
    if (Status checked = check_target(is_volume ? "volume" : "bind", parts->target, style); !checked) {
        return std::move(checked).error().context(prefix);
    }
    const std::string target = clean_target(parts->target, style);
    if (is_volume) {
        Result<MountSpec> volume = volume_of_bind(*parts);
        if (volume) volume->params.target = target;
        return volume;
    }
    if (Status checked = check_path(parts->source); !checked) return std::move(checked).error().context(prefix);
    spec.params.target = target;
    if (is_pipe(parts->source, style) || is_pipe(target, style)) {
        if (!is_pipe(parts->source, style) || !is_pipe(target, style)) return invalid_spec(text);
        if (!spec.read_write()) return invalid("invalid mode: " + std::string(parts->mode));
        spec.type = "npipe";
        spec.params.source = parts->source;
        return spec;
    }
    // On Windows a source is left as it was written: what its spelling means is for the system.
    spec.params.source = style == PathStyle::kLinux ? clean_path(parts->source) : std::string(parts->source);
    spec.params.flags |= SLW_MOUNT_CREATE_SOURCE;
    return spec;
}

Result<MountSpec> parse_tmpfs(std::string_view target, std::string_view options) {
    if (Status checked = check_target("tmpfs", target, PathStyle::kLinux); !checked) return std::move(checked).error();
    MountSpec spec{"tmpfs", {}, std::string(options), false};
    spec.params.target = clean_path(target);
    if (Status applied = apply_tmpfs_options(options, spec.params); !applied) return std::move(applied).error();
    return spec;
}

Result<std::vector<MountSpec>> wanted_mounts(const json& host_config, PathStyle style) {
    std::vector<MountSpec> mounts;
    std::set<std::string> places;
    for (const json& bind : host_config.at("Binds")) {
        const auto& text = bind.get_ref<const std::string&>();
        if (Status added = add(mounts, places, parse_bind(text, style), style); !added) return std::move(added).error();
    }
    for (const json& mount : host_config.at("Mounts")) {
        if (Status added = add(mounts, places, parse_structured(mount, style), style); !added) {
            return std::move(added).error();
        }
    }
    for (const auto& [target, options] : host_config.at("Tmpfs").items()) {
        if (style == PathStyle::kWindows) return invalid("invalid option: Windows does not support Tmpfs");
        Result<MountSpec> spec = parse_tmpfs(target, options.get_ref<const std::string&>());
        if (Status added = add(mounts, places, std::move(spec), style); !added) return std::move(added).error();
    }
    sort_by_depth(mounts);
    return mounts;
}

Result<MountSpec> parse_config_volume(std::string_view target, PathStyle style) {
    std::string path(target);
    if (!is_host_path(path, style)) path.insert(0, 1, '/');
    if (Status checked = check_target("volume", path, style); !checked) return std::move(checked).error();
    MountSpec spec{"volume", {}, "", true};
    spec.params.target = clean_target(path, style);
    spec.anonymous = true;
    spec.copy_up = true;
    return spec;
}

void sort_by_depth(std::vector<MountSpec>& mounts) {
    std::stable_sort(mounts.begin(), mounts.end(),
                     [](const MountSpec& a, const MountSpec& b) { return depth_of(a) < depth_of(b); });
}

Status check_sources(const std::vector<MountSpec>& mounts) {
    for (const MountSpec& mount : mounts) {
        if (mount.type != "bind" || (mount.params.flags & SLW_MOUNT_CREATE_SOURCE) != 0) continue;
        std::error_code unknown;  // a source that cannot be looked at is reported by the mount itself
        if (std::filesystem::exists(*mount.params.source, unknown) || unknown) continue;
        return invalid_mount("bind", "bind source path does not exist: " + *mount.params.source)
            .with_resource(*mount.params.source);
    }
    return ok();
}

json to_mount_points(const std::vector<MountSpec>& mounts) {
    json list = json::array();
    for (const MountSpec& mount : mounts) {
        if (!mount.listed) continue;
        const bool bind = mount.type == "bind";
        const std::string propagation =
            mount.params.propagation.empty() && bind ? "rprivate" : mount.params.propagation;
        json point = {{"Type", mount.type},
                      {"Source", mount.params.source.value_or("")},
                      {"Destination", mount.params.target},
                      {"Mode", mount.mode},
                      {"RW", mount.read_write()},
                      {"Propagation", propagation}};
        if (mount.type == "volume") {
            point["Name"] = mount.volume;
            point["Driver"] = "local";
        }
        list.push_back(std::move(point));
    }
    return list;
}

}  // namespace slipway::core
