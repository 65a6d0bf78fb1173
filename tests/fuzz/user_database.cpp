// Config.User, passwd and group of an image, in one input separated by bytes of zero.
#include <spec/user_lookup.hpp>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace slipway::linux_backend;
    const std::string all(reinterpret_cast<const char*>(data), size);
    const size_t first = all.find('\0');
    const size_t second = first == std::string::npos ? first : all.find('\0', first + 1);
    if (second == std::string::npos) return 0;
    const std::string user = all.substr(0, first);
    UserDatabase database;
    database.passwd = all.substr(first + 1, second - first - 1);
    database.group = all.substr(second + 1);
    const auto identity = resolve_user(user, {user}, database);
    if (!identity) return 0;
    // The primary group binds: it is always among the groups (CVE-2022-36109).
    if (identity->groups.empty() || identity->groups.front() != identity->gid) __builtin_trap();
    // Nobody becomes root by a number that is none: only "0", "root" or a database that says so.
    if (identity->uid == 0 && !user.empty() && user.find_first_not_of("123456789") == std::string::npos)
        __builtin_trap();
    return 0;
}
