#include "sys/process.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace slipway::daemon {
namespace {

sigset_t handled_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, number);
    return signals;
}

}  // namespace

std::vector<std::string> command_line(int argc, char** argv) {
    return {argv, argv + argc};
}

std::filesystem::path own_program() {
    std::error_code failure;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", failure);
    return failure ? std::filesystem::path("/usr/bin/slipwayd") : path;
}

void catch_requests() {
    // Every thread inherits it, and only sigwait() sees them.
    const sigset_t signals = handled_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    // Files meant for containers (hosts, resolv.conf) must stay readable there; what is private lies below directories
    // that are 0700 or 0710.
    ::umask(0022);
}

Request wait_for_request() {
    const sigset_t signals = handled_signals();
    int number = SIGTERM;
    ::sigwait(&signals, &number);
    if (number == SIGHUP) return {Request::Kind::kReload, "SIGHUP"};
    return {Request::Kind::kStop, number == SIGTERM ? "SIGTERM" : "SIGINT"};
}

void leave_on_next_stop(const Logger& logger) {
    std::thread([&logger]() {
        while (wait_for_request().kind != Request::Kind::kStop) continue;
        logger.warn("second signal, leaving at once");
        ::_exit(1);
    }).detach();
}

}  // namespace slipway::daemon
