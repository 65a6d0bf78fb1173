// Commands that show what containers are doing.
#include "client.hpp"
#include "commands.hpp"
#include "format.hpp"

#include <cstdio>
#include <future>
#include <iostream>

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string percent(double part, double whole) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2f%%", whole > 0 ? part / whole * 100.0 : 0.0);
    return text;
}

uint64_t count_at(const json& document, const char* pointer) {
    const json value = document.value(json::json_pointer(pointer), json());
    return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

// Without the page cache that goes when memory is needed; v1 calls it otherwise than v2.
uint64_t used_memory(const json& stats) {
    const uint64_t usage = count_at(stats, "/memory_stats/usage");
    uint64_t cache = count_at(stats, "/memory_stats/stats/total_inactive_file");
    if (cache == 0) cache = count_at(stats, "/memory_stats/stats/inactive_file");
    return cache < usage ? usage - cache : usage;
}

std::string cpu_share(const json& stats) {
    const auto since = [&](const std::string& path) {
        return static_cast<double>(count_at(stats, ("/cpu_stats" + path).c_str())) -
               static_cast<double>(count_at(stats, ("/precpu_stats" + path).c_str()));
    };
    const auto cpus = static_cast<double>(count_at(stats, "/cpu_stats/online_cpus"));
    return percent(since("/cpu_usage/total_usage") * cpus, since("/system_cpu_usage"));
}

std::vector<std::string> stats_row(const json& stats) {
    uint64_t received = 0, sent = 0, read = 0, written = 0;
    for (const json& network : stats.value("networks", json::object())) {
        received += network.value("rx_bytes", uint64_t{0});
        sent += network.value("tx_bytes", uint64_t{0});
    }
    const json entries = stats.value(json::json_pointer("/blkio_stats/io_service_bytes_recursive"), json());
    for (const json& entry : entries.is_array() ? entries : json::array()) {
        const std::string op = entry.value("op", "");
        if (op == "Read" || op == "read") read += entry.value("value", uint64_t{0});
        if (op == "Write" || op == "write") written += entry.value("value", uint64_t{0});
    }
    const uint64_t used = used_memory(stats), limit = count_at(stats, "/memory_stats/limit");
    std::string name = stats.value("name", "");
    if (name.starts_with('/')) name.erase(0, 1);
    return {short_id(stats.value("id", "")),
            printable(name),
            cpu_share(stats),
            human_size(used) + " / " + human_size(limit),
            percent(static_cast<double>(used), static_cast<double>(limit)),
            human_size(received) + " / " + human_size(sent),
            human_size(read) + " / " + human_size(written),
            std::to_string(count_at(stats, "/pids_stats/current"))};
}

std::vector<std::string> running_containers(const Client& client) {
    std::vector<std::string> ids;
    for (const json& container : client.get_json("/containers/json")) ids.push_back(container.value("Id", ""));
    return ids;
}

void print_stats(Context& context, std::vector<std::string> names) {
    const Client& client = context.client();
    if (names.empty()) names = running_containers(client);
    // Each answer takes the second between its two samples, so they are asked for together.
    std::vector<std::future<json>> answers;
    for (const std::string& name : names) {
        answers.push_back(std::async(std::launch::async, [&client, name] {
            return client.get_json(container_path(name, "/stats"), {{"stream", "false"}});
        }));
    }
    std::vector<std::vector<std::string>> rows = {
        {"CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"}};
    for (std::future<json>& answer : answers) {
        try {
            rows.push_back(stats_row(answer.get()));
        } catch (const CommandError& e) {
            std::cerr << "slipway: " << printable(e.what()) << '\n';
            context.exit_code = 1;
        }
    }
    print_table(std::cout, rows);
}

void print_processes(const Client& client, const std::vector<std::string>& words) {
    Query query;
    std::string arguments;
    for (size_t i = 1; i < words.size(); ++i) arguments += (i > 1 ? " " : "") + words[i];
    if (!arguments.empty()) query["ps_args"] = arguments;
    const json list = client.get_json(container_path(words[0], "/top"), query);
    std::vector<std::vector<std::string>> rows = {list.at("Titles").get<std::vector<std::string>>()};
    for (const json& process : list.at("Processes")) {
        std::vector<std::string> row;
        for (const json& field : process) row.push_back(printable(field.get<std::string>()));
        rows.push_back(std::move(row));
    }
    print_table(std::cout, rows);
}

}  // namespace

void add_observe_commands(CLI::App& app, Context& context) {
    auto stats_names = std::make_shared<std::vector<std::string>>();
    CLI::App* stats = app.add_subcommand("stats", "What containers use now: processors, memory, network, disks");
    stats->add_option("containers", *stats_names, "Names or ids; all that run when none is given");
    stats->callback([stats_names, &context] { print_stats(context, *stats_names); });

    CLI::App* top = app.add_subcommand("top", "The processes of a container: slipway top NAME [ARGUMENTS OF PS]");
    // All words are taken as they are: what looks like an option belongs to ps.
    top->prefix_command();
    top->callback([top, &context] {
        const std::vector<std::string> words = top->remaining();
        if (words.empty()) throw CommandError("top needs the name or id of a container");
        print_processes(context.client(), words);
    });
}

}  // namespace slipway::cli
