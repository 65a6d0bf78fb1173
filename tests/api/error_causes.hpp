// tests/api/error_causes.hpp - a cause of a failure, what the daemon is to say of it, and the fixture that tries it.
// The causes themselves are in error_causes_<topic>.cpp.
#pragma once

#include "http_json.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netinet/in.h>

#include <elf.h>

#include <filesystem>
#include <functional>

namespace slipway::testing {

using nlohmann::json;
namespace fs = std::filesystem;

class ErrorCause;

// "{root}" in texts stands for the test's own directory.
struct Cause {
    std::string name;
    json body;                                      // of create, besides the image
    std::function<void(ErrorCause&)> before = {};   // before create
    std::function<void(ErrorCause&)> between = {};  // before start
    std::string phase;                              // empty: create itself is refused
    int status = 500;
    int exit_code = 128;
    std::string code = "system";
    std::string operation = {}, resource = {}, hint = {}, message = {};  // each a part of what is said
};
inline void PrintTo(const Cause& cause, std::ostream* out) {
    *out << cause.name;
}

class ErrorCause : public HttpClient, public ::testing::WithParamInterface<Cause> {
public:
    std::string file(const std::string& name, const std::string& content, mode_t mode = 0755) const {
        const std::string path = daemon->root() + "/" + name;
        write_file(path, content);
        ::chmod(path.c_str(), mode);
        return path;
    }
    std::string id() const { return document("c1")["Id"]; }
    std::string container_directory() const { return daemon->data_root() + "/containers/" + id(); }
    const DaemonUnderTest& slipwayd() const { return *daemon; }
    std::string say(std::string text) const {
        for (size_t at = text.find("{root}"); at != std::string::npos; at = text.find("{root}", at)) {
            text.replace(at, 6, daemon->root());
        }
        return text;
    }
    std::string small_disk;  // mounted there by the test, else empty
    int listener = -1;
    std::optional<Background> helper;

protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options wanted;
        if (GetParam().name != "DiskFull") return wanted;
        std::string pattern = "/tmp/slwdisk-XXXXXX";
        wanted.data_root = mkdtemp(pattern.data());
        EXPECT_EQ(::mount("slwtest", wanted.data_root.c_str(), "tmpfs", 0, "size=24m"), 0);
        const_cast<ErrorCause*>(this)->small_disk = wanted.data_root;
        return wanted;
    }
    void TearDown() override {
        if (listener >= 0) ::close(listener);
        helper.reset();
        if (daemon) ::umount2((daemon->root() + "/noexec").c_str(), MNT_DETACH);
        if (!small_disk.empty()) fs::remove(small_disk + "/filler");
        daemon.reset();
        if (small_disk.empty()) return;
        ::umount2(small_disk.c_str(), MNT_DETACH);
        fs::remove(small_disk);
    }
    // curl's -D - puts the head before the body.
    static json error_header(const std::string& text) {
        const std::string mark = "Slipway-Error: ";
        const size_t at = text.find(mark);
        if (at == std::string::npos) return nullptr;
        return json::parse(text.substr(at + mark.size(), text.find('\r', at) - at - mark.size()), nullptr, false);
    }
    void expect_said(const json& facts, const std::string& where) const {
        const Cause& cause = GetParam();
        ASSERT_TRUE(facts.is_object()) << where;
        EXPECT_EQ(facts.value("code", ""), cause.code) << where;
        if (!cause.phase.empty()) {
            EXPECT_EQ(facts.value("phase", ""), cause.phase) << where;
        }
        for (const auto& [key, expected] : {std::pair{"operation", cause.operation},
                                            std::pair{"resource", cause.resource}, std::pair{"hint", cause.hint}}) {
            EXPECT_THAT(facts.value(key, ""), HasSubstr(say(expected))) << where << ": " << key << " of " << facts;
        }
    }
};

inline json host(const json& host_config) {
    return {{"HostConfig", host_config}};
}
inline json bind(const std::string& text) {
    return host({{"Binds", {text}}});
}
inline json command(const std::vector<std::string>& words) {
    return {{"Cmd", words}};
}
inline json bound_command(const std::string& bind_text, const std::string& path) {
    return {{"HostConfig", {{"Binds", {bind_text}}}}, {"Cmd", {path}}};
}

std::vector<Cause> command_causes();
std::vector<Cause> mount_causes();
std::vector<Cause> network_causes();
std::vector<Cause> create_causes();  // refused at create

}  // namespace slipway::testing
