#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;

void print_event(const std::string& line) {
    const json event = json::parse(line, nullptr, false);
    if (!event.is_object()) return;
    const int64_t ns = event.value("timeNano", int64_t{0});
    using namespace std::chrono;
    const sys_time<nanoseconds> at{nanoseconds(ns)};
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss time(at - day);
    char when[96];
    std::snprintf(when, sizeof(when), "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ", int(date.year()), unsigned(date.month()),
                  unsigned(date.day()), int(time.hours().count()), int(time.minutes().count()),
                  int(time.seconds().count()), int(time.subseconds().count()));
    const json actor = event.value("Actor", json::object());
    std::cout << when << ' ' << event.value("Type", std::string()) << ' ' << event.value("Action", std::string()) << ' '
              << printable(actor.value("ID", std::string()));
    std::string attributes;
    const json details = actor.value("Attributes", json::object());
    for (const auto& [key, value] : details.items()) {
        attributes += (attributes.empty() ? "" : ", ") + printable(key) + "=" + printable(value.get<std::string>());
    }
    std::cout << " (" << attributes << ")" << std::endl;
}

void add_events(CLI::App& app, Context& context) {
    struct Options {
        std::string since, until;
        std::vector<std::string> filters;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("events", "Show what happens as it happens");
    command->add_option("--since", options->since, "RFC 3339 time, Unix seconds, or seq:NUMBER");
    command->add_option("--until", options->until, "RFC 3339 time or Unix seconds");
    command->add_option("-f,--filter", options->filters, "KEY=VALUE")->allow_extra_args(false);
    command->callback([options, &context] {
        Query query;
        if (!options->since.empty()) query["since"] = options->since;
        if (!options->until.empty()) query["until"] = options->until;
        json filter = json::object();
        for (const std::string& entry : options->filters) {
            const size_t equals = entry.find('=');
            if (equals == std::string::npos)
                throw CommandError("a filter is KEY=VALUE, not '" + printable(entry) + "'");
            filter[entry.substr(0, equals)].push_back(entry.substr(equals + 1));
        }
        if (!filter.empty()) query["filters"] = filter.dump();
        std::string pending;
        context.client().stream("/events", query, [&](const char* data, size_t size, bool) {
            pending.append(data, size);
            for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
                print_event(pending.substr(0, end));
                pending.erase(0, end + 1);
            }
        });
    });
}

void print_info(const json& info) {
    const auto text = [&](const char* key) { return printable(info.value(key, std::string())); };
    const auto number = [&](const char* key) { return std::to_string(info.value(key, int64_t{0})); };
    std::cout << "Server version:  " << text("ServerVersion") << "\nContainers:      " << number("Containers") << " ("
              << number("ContainersRunning") << " running, " << number("ContainersPaused") << " paused, "
              << number("ContainersStopped") << " stopped)\nImages:          " << number("Images")
              << "\nData root:       " << text("DockerRootDir") << "\nDefault backend: " << text("DefaultRuntime")
              << "\nCgroup version:  " << text("CgroupVersion") << "\nKernel:          " << text("KernelVersion")
              << "\nSystem:          " << text("OperatingSystem") << ", " << text("Architecture")
              << "\nProcessors:      " << number("NCPU")
              << "\nMemory:          " << human_size(info.value("MemTotal", uint64_t{0}))
              << "\nName:            " << text("Name") << "\nID:              " << text("ID") << '\n';
    const json warnings = info.value("Warnings", json::array());
    if (!warnings.is_array()) return;
    for (const json& warning : warnings) std::cout << "warning: " << printable(warning.get<std::string>()) << '\n';
}

}  // namespace

void add_system_commands(CLI::App& app, Context& context) {
    add_events(app, context);

    app.add_subcommand("info", "What the daemon is and holds")->callback([&context] {
        print_info(context.client().get_json("/info"));
    });

    app.add_subcommand("backends", "The backends, and those that could not be loaded")->callback([&context] {
        const json answer = context.client().get_json("/slipway/backends");
        std::vector<std::vector<std::string>> rows = {{"NAME", "VERSION", "ABI", "PLATFORM", "STATE", "FILE"}};
        for (const json& backend : answer.value("Backends", json::array())) {
            rows.push_back({printable(backend.value("Name", std::string())),
                            printable(backend.value("Version", std::string())), backend.value("ABI", std::string()),
                            backend.value("Platform", std::string()),
                            backend.value("Default", false) ? "default" : "ready",
                            printable(backend.value("Path", std::string()))});
        }
        print_table(std::cout, rows);
        for (const json& problem : answer.value("Problems", json::array())) {
            std::cout << "not loaded: " << printable(problem.value("Path", std::string())) << ": "
                      << printable(problem.value("Reason", std::string())) << '\n';
        }
    });

    app.add_subcommand("version", "Versions of client and daemon")->callback([&context] {
        std::cout << "Client:  " << SLIPWAY_VERSION << '\n' << std::flush;
        const json version = context.client().get_json("/version");
        std::cout << "Server:  " << printable(version.value("Version", std::string()))
                  << "\nAPI:     " << version.value("MinAPIVersion", std::string()) << " to "
                  << version.value("ApiVersion", std::string()) << "\nSystem:  " << version.value("Os", std::string())
                  << "/" << version.value("Arch", std::string()) << ", kernel "
                  << printable(version.value("KernelVersion", std::string())) << '\n';
    });
}

}  // namespace slipway::cli
