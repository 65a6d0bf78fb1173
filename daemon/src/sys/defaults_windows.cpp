#include "sys/defaults.hpp"

#include <array>

#include <windows.h>

namespace slipway::daemon {
namespace {

std::filesystem::path program_data() {
    std::array<wchar_t, MAX_PATH> text{};
    const DWORD length = ::GetEnvironmentVariableW(L"ProgramData", text.data(), static_cast<DWORD>(text.size()));
    if (length == 0 || length >= text.size()) return L"C:\\ProgramData";
    return std::filesystem::path(text.data());
}

}  // namespace

const Defaults& defaults() {
    static const std::filesystem::path kRoot = program_data() / "slipway";
    static const Defaults kDefaults{
        kRoot,     kRoot / "run",           (kRoot / "config" / "daemon.json").string(), "windows", {},
        "slipway", std::chrono::seconds(30)};  // scanners look at what is loaded
    return kDefaults;
}

std::string default_host(const std::filesystem::path&) {
    return "npipe:////./pipe/slipway_engine";
}

const char* host_forms() {
    return "npipe:////./pipe/NAME or tcp://LOOPBACK:PORT";
}

}  // namespace slipway::daemon
