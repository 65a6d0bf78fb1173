// tests/api/http_json.hpp - replies of DaemonUnderTest::http taken apart.
#pragma once

#include "client.hpp"

#include <nlohmann/json.hpp>

#include <ctime>

namespace slipway::testing {

// Status and body of what curl was told to print as "<body>\n<status>".
struct ApiReply {
    int status = 0;
    std::string body;
    nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

inline ApiReply taken_apart(const RunResult& result) {
    const size_t at = result.out.rfind('\n');
    if (at == std::string::npos) return {};
    return {std::atoi(result.out.c_str() + at + 1), result.out.substr(0, at)};
}

// A daemon for each test, spoken to in HTTP by hand.
class HttpClient : public DockerClient {
protected:
    ApiReply request(const std::string& method, const std::string& path, const std::string& body = "",
                     const std::vector<std::string>& curl_arguments = {}) const {
        return taken_apart(daemon->http(method, path, body, curl_arguments));
    }
    // What has happened to a container so far: "create", "start", ...
    std::vector<std::string> actions_of(const std::string& container) const {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        char until[48];
        std::snprintf(until, sizeof(until), "%lld.%09ld", static_cast<long long>(now.tv_sec), now.tv_nsec);
        std::istringstream lines(request("GET", std::string("/events?since=0&until=") + until).body);
        std::vector<std::string> actions;
        for (std::string line; std::getline(lines, line);) {
            const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
            if (!event.is_object() || !event.contains("Actor")) continue;
            if (event["Actor"]["Attributes"].value("name", "") == container)
                actions.push_back(event.value("Action", ""));
        }
        return actions;
    }
    // The inspect document, as the newest API version shows it.
    nlohmann::json document(const std::string& container) const {
        return request("GET", "/containers/" + container + "/json").json();
    }
    // Makes a container of the default image; `host_config` and `more` go into the body. Its id, or "" with a failure.
    std::string create(const std::string& name, const std::vector<std::string>& command,
                       const nlohmann::json& host_config = nlohmann::json::object(),
                       const nlohmann::json& more = nlohmann::json::object()) const {
        nlohmann::json body = {{"Image", "box"}, {"Cmd", command}, {"HostConfig", host_config}};
        body.update(more);
        const ApiReply reply = request("POST", "/containers/create?name=" + name, body.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        const nlohmann::json answer = reply.json();
        return answer.is_object() ? answer.value("Id", "") : "";
    }
};

}  // namespace slipway::testing
