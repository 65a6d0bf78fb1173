#include "host_facts.hpp"

#include <Poco/UnicodeConverter.h>

#include <windows.h>

#include <array>

namespace slipway::daemon {
namespace {

std::string narrow(const std::wstring& text) {
    std::string out;
    Poco::UnicodeConverter::toUTF8(text, out);
    return out;
}

std::string registry_text(const wchar_t* name) {
    std::array<wchar_t, 256> text{};
    auto size = static_cast<DWORD>(sizeof(text));
    const LSTATUS status = ::RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", name,
                                          RRF_RT_REG_SZ, nullptr, text.data(), &size);
    return status == ERROR_SUCCESS ? narrow(text.data()) : std::string();
}

// GetVersionEx tells programs without a manifest what they want to hear; this function does not.
void read_version(api::Facts& facts) {
    using RtlGetVersion = LONG(WINAPI*)(OSVERSIONINFOEXW*);
    const HMODULE ntdll = ::GetModuleHandleW(L"ntdll.dll");
    const auto get_version =
        reinterpret_cast<RtlGetVersion>(reinterpret_cast<void*>(::GetProcAddress(ntdll, "RtlGetVersion")));
    OSVERSIONINFOEXW version{};
    version.dwOSVersionInfoSize = sizeof(version);
    if (get_version == nullptr || get_version(&version) != 0) return;
    facts.os_version = std::to_string(version.dwMajorVersion) + "." + std::to_string(version.dwMinorVersion) + "." +
                       std::to_string(version.dwBuildNumber);
    const std::string product = registry_text(L"ProductName");
    facts.operating_system = product.empty() ? "Windows" : product;
    // As dockerd writes it: "10.0 20348 (20348.1.amd64fre.fe_release.210507-1500)".
    facts.kernel_version = std::to_string(version.dwMajorVersion) + "." + std::to_string(version.dwMinorVersion) + " " +
                           std::to_string(version.dwBuildNumber);
    const std::string lab = registry_text(L"BuildLabEx");
    if (!lab.empty()) facts.kernel_version += " (" + lab + ")";
}

}  // namespace

api::Facts read_host_facts() {
    api::Facts facts;
    facts.version = SLIPWAY_VERSION;
    facts.os = "windows";
    facts.cgroup_driver.clear();
    facts.cgroup_version.clear();
    read_version(facts);
    SYSTEM_INFO system{};
    ::GetNativeSystemInfo(&system);
    facts.cpu_count = static_cast<int64_t>(system.dwNumberOfProcessors);
    const bool is_arm = system.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_ARM64;
    facts.arch = is_arm ? "arm64" : "amd64";
    facts.machine = is_arm ? "aarch64" : "x86_64";
    MEMORYSTATUSEX memory{};
    memory.dwLength = sizeof(memory);
    if (::GlobalMemoryStatusEx(&memory)) facts.memory_bytes = static_cast<int64_t>(memory.ullTotalPhys);
    std::array<wchar_t, 256> name{};
    auto size = static_cast<DWORD>(name.size());
    if (::GetComputerNameExW(ComputerNameDnsHostname, name.data(), &size)) facts.host_name = narrow(name.data());
    facts.memory_limit = facts.cpu_shares = true;
    return facts;
}

}  // namespace slipway::daemon
