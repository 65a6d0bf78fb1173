// cli/src/commands.hpp - the subcommands, grouped by what they are about. Each `add_*` declares its commands on `app`;
// the callbacks run after parsing, use `client`, and leave an exit code in `exit_code` where it is not plain success.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

namespace slipway::cli {

class Client;

struct Context {
    std::function<const Client&()> client;  // made on first use, so that --help needs no daemon
    int exit_code = 0;
};

void add_run_commands(CLI::App& app, Context& context);  // run, create, start, attach
void add_exec_command(CLI::App& app, Context& context);  // exec
void add_container_commands(CLI::App& app,
                            Context& context);  // stop, kill, restart, rm, wait, rename, ps, logs, inspect, trace
void add_copy_command(CLI::App& app, Context& context);      // cp
void add_observe_commands(CLI::App& app, Context& context);  // stats, top
void add_image_commands(CLI::App& app, Context& context);    // images, load, import, tag, rmi
void add_volume_commands(CLI::App& app, Context& context);   // volume ls, create, inspect, rm, prune
void add_system_commands(CLI::App& app, Context& context);   // events, info, backends, version

}  // namespace slipway::cli
