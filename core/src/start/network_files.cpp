#include "start/network_files.hpp"

#include <sstream>

namespace slipway::core {

namespace {

constexpr const char* kStandardHosts =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\n"
    "ff00::\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

struct ResolvLines {
    std::vector<std::string> servers, search, options;
};

// The last `search` line counts, as for the resolver; `domain` is its one-word form.
ResolvLines parse_resolv_conf(const std::string& text) {
    ResolvLines lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);) {
        std::istringstream words(line.substr(0, line.find_first_of("#;")));
        std::string key;
        words >> key;
        std::vector<std::string> values;
        for (std::string word; words >> word;) values.push_back(word);
        if (values.empty()) continue;
        if (key == "nameserver") lines.servers.push_back(values.front());
        if (key == "search" || key == "domain") lines.search = values;
        if (key == "options") lines.options.insert(lines.options.end(), values.begin(), values.end());
    }
    return lines;
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

}  // namespace

std::string render_hosts(const HostsInput& input) {
    std::string text = input.host_file.empty() ? kStandardHosts : input.host_file;
    if (!text.ends_with('\n')) text += '\n';
    for (const std::string& entry : input.extra_hosts) {
        const size_t split = entry.find_first_of(":=");
        if (split == std::string::npos) continue;
        std::string address = entry.substr(split + 1);
        if (address == "host-gateway") address = input.gateway;
        if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
            address = address.substr(1, address.size() - 2);
        }
        if (!address.empty()) text += address + "\t" + entry.substr(0, split) + "\n";
    }
    for (const HostsLine& line : input.links) {
        if (!line.address.empty()) text += line.address + "\t" + line.names + "\n";
    }
    for (const std::string& address : input.addresses) {
        std::string names = input.hostname;
        if (!input.domainname.empty()) names = input.hostname + "." + input.domainname + " " + input.hostname;
        if (!names.empty()) text += address + "\t" + names + "\n";
    }
    return text;
}

std::string render_resolv_conf(const ResolvInput& input) {
    ResolvLines lines = parse_resolv_conf(input.host_file);
    if (!input.servers.empty()) {
        lines.servers = input.servers;
    } else if (!input.keep_loopback) {
        std::erase_if(lines.servers, is_loopback);
        if (lines.servers.empty()) lines.servers = {"8.8.8.8", "8.8.4.4"};
    }
    if (!input.search.empty()) lines.search = input.search;
    if (lines.search == std::vector<std::string>{"."}) lines.search.clear();  // Docker's way to ask for none
    if (!input.options.empty()) lines.options = input.options;
    std::string text;
    for (const std::string& server : lines.servers) text += "nameserver " + server + "\n";
    if (!lines.search.empty()) text += "search " + join(lines.search) + "\n";
    if (!lines.options.empty()) text += "options " + join(lines.options) + "\n";
    return text;
}

}  // namespace slipway::core
