#include <sys/spawn.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::linux_backend {
namespace {

constexpr int kControl = 3;

struct SpawnSettings {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    SpawnSettings() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
};

}  // namespace

Result<pid_t> spawn_with_control(const std::string& program, const std::string& argument, int control) {
    SpawnSettings settings;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&settings.attributes, &none);
    posix_spawnattr_setsigdefault(&settings.attributes, &all);
    posix_spawnattr_setflags(&settings.attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | static_cast<short>(POSIX_SPAWN_SETSID));
    // The control socket first: opening /dev/null as 0..2 never touches it, even where those are closed here.
    posix_spawn_file_actions_adddup2(&settings.actions, control, kControl);
    posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&settings.actions, 0, 1);
    posix_spawn_file_actions_adddup2(&settings.actions, 0, 2);

    std::string name = "slipway-supervisor";
    std::string word = argument;
    char* arguments[] = {name.data(), word.data(), nullptr};
    char* environment[] = {nullptr};
    pid_t pid = 0;
    const int err = posix_spawn(&pid, program.c_str(), &settings.actions, &settings.attributes, arguments, environment);
    if (err != 0)
        return Error::from_errno(err, "spawn '" + program + "'").with_operation("spawn").with_resource(program);
    return pid;
}

}  // namespace slipway::linux_backend
