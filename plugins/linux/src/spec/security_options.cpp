#include <spec/quote.hpp>
#include <spec/security_options.hpp>

#include <iterator>
#include <optional>
#include <string_view>

namespace slipway::linux_backend {

namespace {

std::optional<bool> parse_bool(const std::string& text) {
    for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == yes) return true;
    }
    for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == no) return false;
    }
    return std::nullopt;
}

Error bad_option(int which, const std::string& option) {
    return Error(ErrorCode::kInvalidArgument, "invalid --security-opt " + std::to_string(which) + ": " + quote(option));
}

// user:role:type:level
struct SelinuxContext {
    std::string parts[4] = {"system_u", "system_r", "container_t", "s0"};
    bool given = false, disabled = false;

    // False when `value` is not a part of one.
    bool set(const std::string& value) {
        if (value == "disable") {
            disabled = true;
            return true;
        }
        static constexpr const char* kKeys[] = {"user:", "role:", "type:", "level:"};
        for (size_t i = 0; i < std::size(kKeys); ++i) {
            if (!value.starts_with(kKeys[i])) continue;
            parts[i] = value.substr(std::string_view(kKeys[i]).size());
            given = true;
            return !parts[i].empty();
        }
        return false;
    }
    std::string text() const {
        if (!given || disabled) return {};
        return parts[0] + ":" + parts[1] + ":" + parts[2] + ":" + parts[3];
    }
};

Status apply(const std::string& option, const std::string& key, const std::string& value, SecurityOptions& options,
             SelinuxContext& context) {
    if (key == "label") return context.set(value) ? ok() : Status(bad_option(2, option));
    if (key == "seccomp") {
        options.seccomp = value;
        return ok();
    }
    if (key == "no-new-privileges") {
        const std::optional<bool> on = parse_bool(value);
        if (!on) return bad_option(2, option);
        options.no_new_privileges = *on;
        return ok();
    }
    if (key == "apparmor") {
        options.apparmor = value == "unconfined" ? "" : value;
        return ok();
    }
    if (key == "systempaths" && value == "unconfined") {
        options.unconfined_paths = true;
        return ok();
    }
    return bad_option(2, option);
}

}  // namespace

Result<SecurityOptions> parse_security_options(const std::vector<std::string>& options) {
    SecurityOptions parsed;
    SelinuxContext context;
    for (const std::string& option : options) {
        if (option == "no-new-privileges") {
            parsed.no_new_privileges = true;
            continue;
        }
        if (option == "disable") {  // the oldest spelling of label=disable
            context.disabled = true;
            continue;
        }
        size_t at = option.find('=');
        if (at == std::string::npos) at = option.find(':');
        if (at == std::string::npos) return bad_option(1, option);
        Status applied = apply(option, option.substr(0, at), option.substr(at + 1), parsed, context);
        if (!applied) return std::move(applied).error();
    }
    parsed.selinux = context.text();
    return parsed;
}

Status check_security_modules(const SecurityOptions& options, const KernelFacts& kernel) {
    if (!options.apparmor.empty() && !kernel.apparmor) {
        return Error(ErrorCode::kInvalidArgument,
                     "AppArmor is not enabled on this host, cannot run under the profile " + quote(options.apparmor));
    }
    if (!options.selinux.empty() && !kernel.selinux) {
        return Error(ErrorCode::kInvalidArgument,
                     "SELinux is not enabled on this host, cannot run under the label " + quote(options.selinux));
    }
    return ok();
}

}  // namespace slipway::linux_backend
