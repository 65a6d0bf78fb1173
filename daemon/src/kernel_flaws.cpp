#include "kernel_flaws.hpp"

#include <array>
#include <charconv>

namespace slipway::daemon {
namespace {

using KernelNumber = std::array<unsigned, 3>;

// The leading "5.10.209", where missing parts are 0; nothing when the text begins with no "<number>.<number>".
std::optional<KernelNumber> parse_number(std::string_view text) {
    KernelNumber number{};
    size_t parts = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (parts < number.size()) {
        const auto [next, failure] = std::from_chars(at, end, number[parts]);
        if (failure != std::errc()) break;
        ++parts;
        at = next;
        if (at == end || *at != '.') break;
        ++at;
    }
    if (parts < 2) return std::nullopt;
    return number;
}

std::optional<KernelNumber> upstream_number(std::string_view release, std::string_view version) {
    constexpr std::string_view kDebian = "Debian ";
    if (const size_t at = version.find(kDebian); at != std::string_view::npos) {
        if (const auto number = parse_number(version.substr(at + kDebian.size()))) return number;
    }
    return parse_number(release);
}

// Begun with 5.8; ended by these releases, and before 5.17. The series between them got no more releases.
bool has_dirty_pipe(const KernelNumber& number) {
    const auto [series, minor_number, patch] = number;
    if (series != 5 || minor_number < 8 || minor_number > 16) return false;
    if (minor_number == 10) return patch < 102;
    if (minor_number == 15) return patch < 25;
    if (minor_number == 16) return patch < 11;
    return true;
}

}  // namespace

std::optional<std::string> page_cache_warning(std::string_view release, std::string_view version) {
    const std::optional<KernelNumber> number = upstream_number(release, version);
    if (!number || !has_dirty_pipe(*number)) return std::nullopt;
    return "kernel " + std::string(release) +
           " may have CVE-2022-0847, by which containers write to the layers of their images; ask your distribution "
           "whether it is fixed";
}

}  // namespace slipway::daemon
