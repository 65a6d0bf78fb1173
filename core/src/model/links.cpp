#include "model/links.hpp"

#include <algorithm>
#include <cstdlib>

namespace slipway::core {

namespace {

struct Port {
    int number = 0;
    std::string proto;
};

std::string upper(std::string text) {
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

// TCP first, then by number.
std::vector<Port> exposed_ports(const ContainerRecord& target) {
    std::vector<Port> ports;
    const auto exposed = target.config.find("ExposedPorts");
    if (exposed == target.config.end() || !exposed->is_object()) return ports;
    for (const auto& [key, value] : exposed->items()) {
        const size_t slash = key.find('/');
        const std::string proto = slash == std::string::npos ? "tcp" : key.substr(slash + 1);
        const size_t dash = key.find('-');
        const int first = std::atoi(key.c_str());
        const int last = dash == std::string::npos ? first : std::atoi(key.c_str() + dash + 1);
        for (int number = first; number > 0 && number <= last && number <= 65535; ++number) {
            ports.push_back({number, proto});
        }
    }
    const auto before = [](const Port& a, const Port& b) {
        if (a.proto != b.proto) return a.proto == "tcp" || (b.proto != "tcp" && a.proto < b.proto);
        return a.number < b.number;
    };
    std::sort(ports.begin(), ports.end(), before);
    return ports;
}

// How far from `at` the numbers go up one by one.
size_t end_of_run(const std::vector<Port>& ports, size_t at) {
    size_t end = at;
    while (end + 1 < ports.size() && ports[end + 1].number == ports[end].number + 1 &&
           ports[end + 1].proto == ports[at].proto) {
        ++end;
    }
    return end;
}

class Variables {
public:
    Variables(std::string alias, std::string address) : alias_(std::move(alias)), address_(std::move(address)) {}

    void add(const std::string& key, const std::string& value) { list_.push_back(alias_ + key + "=" + value); }
    std::string url(const Port& port) const {
        return port.proto + "://" + address_ + ":" + std::to_string(port.number);
    }
    static std::string key_of(const Port& port) {
        return "_PORT_" + std::to_string(port.number) + "_" + upper(port.proto);
    }
    void add_run(const Port& first, const Port& last) {
        const std::string key = key_of(first);
        add(key + "_START", url(first));
        add(key + "_PORT_START", std::to_string(first.number));
        add(key + "_END", url(last));
        add(key + "_PORT_END", std::to_string(last.number));
    }
    void add_port(const Port& port) {
        const std::string key = key_of(port);
        add(key, url(port));
        add(key + "_ADDR", address_);
        add(key + "_PORT", std::to_string(port.number));
        add(key + "_PROTO", port.proto);
    }
    std::vector<std::string> take() { return std::move(list_); }

private:
    const std::string alias_, address_;
    std::vector<std::string> list_;
};

}  // namespace

std::string bridge_address(const ContainerRecord& record) {
    for (const EndpointRecord& endpoint : record.endpoints) {
        if (endpoint.network_name == "bridge" && endpoint.result.is_object()) {
            return endpoint.result.value("IPAddress", "");
        }
    }
    return "";
}

std::vector<std::string> link_variables(const ContainerRecord& target, const std::string& name,
                                        const std::string& alias) {
    std::string prefix = upper(alias);
    std::replace(prefix.begin(), prefix.end(), '-', '_');
    Variables variables(prefix, bridge_address(target));
    const std::vector<Port> ports = exposed_ports(target);
    const auto lowest =
        std::min_element(ports.begin(), ports.end(), [](const Port& a, const Port& b) { return a.number < b.number; });
    if (lowest != ports.end()) variables.add("_PORT", variables.url(*lowest));
    for (size_t at = 0; at < ports.size(); ++at) {
        const size_t end = end_of_run(ports, at);
        // Two in a row are not worth a range to Docker.
        if (end <= at + 1) continue;
        variables.add_run(ports[at], ports[end]);
        at = end;
    }
    for (const Port& port : ports) variables.add_port(port);
    variables.add("_NAME", "/" + name + "/" + alias);
    const auto environment = target.config.find("Env");
    if (environment == target.config.end() || !environment->is_array()) return variables.take();
    for (const auto& entry : *environment) {
        const auto& text = entry.get_ref<const std::string&>();
        const size_t equals = text.find('=');
        const std::string key = text.substr(0, equals);
        if (equals == std::string::npos || key == "HOME" || key == "PATH") continue;
        variables.add("_ENV_" + key, text.substr(equals + 1));
    }
    return variables.take();
}

std::string link_names(const ContainerRecord& target, const std::string& alias) {
    std::string names = alias + " " + target.config.value("Hostname", "");
    if (alias != target.name) names += " " + target.name;
    return names;
}

}  // namespace slipway::core
