#include "names/identity.hpp"

#include <slipway/core/image.hpp>

#include <algorithm>

namespace slipway::core {

namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kDefaultFolder = "library/";

Error bad_format(std::string_view detail = {}) {
    std::string message = "invalid reference format";
    if (!detail.empty()) message.append(": ").append(detail);
    return Error(ErrorCode::kInvalidArgument, std::move(message));
}

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_word(char c) {
    return is_lower_or_digit(c) || is_upper(c) || c == '_';
}

// Runs of letters and digits with ".", "_", "__" or dashes between them.
bool is_path_component(std::string_view text) {
    if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
    size_t at = 0;
    while (at < text.size()) {
        if (is_lower_or_digit(text[at])) {
            ++at;
            continue;
        }
        const size_t end =
            std::find_if(text.begin() + static_cast<ptrdiff_t>(at), text.end(), is_lower_or_digit) - text.begin();
        const std::string_view separator = text.substr(at, end - at);
        const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
        if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
        at = end;
    }
    return true;
}

bool is_path(std::string_view text) {
    while (true) {
        const size_t slash = text.find('/');
        if (!is_path_component(text.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_host(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        return text.substr(1, text.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
    }
    while (true) {
        const size_t dot = text.find('.');
        const std::string_view label = text.substr(0, dot);
        const auto valid = [](char c) { return is_lower_or_digit(c) || is_upper(c) || c == '-'; };
        if (label.empty() || label.front() == '-' || label.back() == '-' ||
            !std::all_of(label.begin(), label.end(), valid)) {
            return false;
        }
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_domain(std::string_view text) {
    const size_t bracket = text.rfind(']');
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return is_host(text);
    return is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= 128 && is_word(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// What stands before the first slash is a host when it cannot be a folder of Docker's registry.
std::string_view take_domain(std::string_view& rest) {
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view first = rest.substr(0, slash);
    const bool host = first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
                      std::any_of(first.begin(), first.end(), is_upper);
    if (!host) return {};
    rest.remove_prefix(slash + 1);
    return first;
}

}  // namespace

std::string Reference::familiar_name() const {
    if (domain != kDefaultDomain) return domain + "/" + path;
    const bool official =
        path.starts_with(kDefaultFolder) && path.find('/', kDefaultFolder.size()) == std::string::npos;
    return official ? path.substr(kDefaultFolder.size()) : path;
}

std::string Reference::familiar() const {
    std::string text = familiar_name();
    if (!tag.empty()) text += ":" + tag;
    if (!digest.empty()) text += "@" + digest;
    return text;
}

Result<Reference> parse_reference(std::string_view text) {
    if (text.empty() || text.size() > 1024) return bad_format();
    if (is_full_id(text)) {
        return Error(ErrorCode::kInvalidArgument,
                     "invalid repository name (" + std::string(text) + "), cannot specify 64-byte hexadecimal strings");
    }
    Reference reference;
    std::string_view rest = text;
    if (const size_t at = rest.find('@'); at != std::string_view::npos) {
        const std::string_view digest = rest.substr(at + 1);
        if (!digest.starts_with("sha256:") || !is_full_id(digest.substr(7))) return bad_format();
        reference.digest = std::string(digest);
        rest = rest.substr(0, at);
    }
    reference.domain = std::string(take_domain(rest));
    if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
        reference.tag = std::string(rest.substr(colon + 1));
        rest = rest.substr(0, colon);
        if (!is_tag(reference.tag)) return bad_format();
    }
    if (std::any_of(rest.begin(), rest.end(), is_upper)) {
        return bad_format("repository name (" + std::string(rest) + ") must be lowercase");
    }
    if (!is_path(rest) || (!reference.domain.empty() && !is_domain(reference.domain))) return bad_format();
    if (reference.domain.empty() || reference.domain == "index.docker.io") reference.domain = kDefaultDomain;
    reference.path = std::string(rest);
    if (reference.domain == kDefaultDomain && rest.find('/') == std::string_view::npos) {
        reference.path.insert(0, kDefaultFolder);
    }
    if (reference.domain.size() + 1 + reference.path.size() > 255) {
        return Error(ErrorCode::kInvalidArgument, "repository name must not be more than 255 characters");
    }
    if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
    return reference;
}

}  // namespace slipway::core
