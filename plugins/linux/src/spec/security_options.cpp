#include <spec/quote.hpp>
#include <spec/security_options.hpp>

#include <optional>

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

Status apply(const std::string& option, const std::string& key, const std::string& value, SecurityOptions& options) {
    if (key == "label") return ok();
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
        if (value.empty() || value == "unconfined") return ok();
        return Error(ErrorCode::kUnimplemented, "the linux backend does not offer AppArmor profiles: " + quote(option));
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
    for (const std::string& option : options) {
        if (option == "no-new-privileges") {
            parsed.no_new_privileges = true;
            continue;
        }
        if (option == "disable") continue;  // the oldest spelling of label=disable
        size_t at = option.find('=');
        if (at == std::string::npos) at = option.find(':');
        if (at == std::string::npos) return bad_option(1, option);
        Status applied = apply(option, option.substr(0, at), option.substr(at + 1), parsed);
        if (!applied) return std::move(applied).error();
    }
    return parsed;
}

}  // namespace slipway::linux_backend
