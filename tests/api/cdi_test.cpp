// Devices of the Container Device Interface, from specification to container.
#include "http_json.hpp"

#include <filesystem>

namespace slipway::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kDevice = "vendor.example/thing=one";

class Cdi : public HttpClient {
protected:
    DaemonUnderTest::Options options() const override {
        char pattern[] = "/tmp/slwt-cdi-XXXXXX";
        directory_ = ::mkdtemp(pattern);
        DaemonUnderTest::Options options;
        options.arguments = {"--cdi-spec-dir", directory_, "--userns-pool", "300000:65536"};
        return options;
    }
    void SetUp() override {
        HttpClient::SetUp();
        fs::create_directory(directory_ + "/lib");
        write_file(directory_ + "/lib/driver.so", "the driver");
        // Of a major number for local use, hence without a driver, and not among the devices that all containers have.
        ASSERT_EQ(run({"mknod", node(), "c", "60", "7"}).exit_code, 0);
    }
    std::string node() const { return directory_ + "/node"; }
    void TearDown() override {
        daemon.reset();
        if (!directory_.empty()) fs::remove_all(directory_);
    }
    void specify(json edits) const {
        const json document = {{"cdiVersion", "0.6.0"},
                               {"kind", "vendor.example/thing"},
                               {"devices", {{{"name", "one"}, {"containerEdits", std::move(edits)}}}}};
        write_file(directory_ + "/thing.json", document.dump());
    }
    json everything() const {
        return {
            {"env", {"THING=1"}},
            {"deviceNodes", {{{"path", "/dev/thing"}, {"hostPath", node()}, {"permissions", "r"}, {"fileMode", 292}}}},
            {"mounts",
             {{{"hostPath", directory_ + "/lib"}, {"containerPath", "/opt/thing"}, {"options", {"ro", "nosuid"}}}}},
            {"additionalGids", {44}}};
    }
    static json request_of(const std::string& device) {
        return {{"DeviceRequests", {{{"Driver", "cdi"}, {"Count", 0}, {"DeviceIDs", {device}}}}}};
    }
    std::string output(const std::string& name, const std::string& script, json host_config) const {
        create(name, {"sh", "-c", script}, host_config);
        const RunResult result = docker({"start", "-a", name});
        return result.out + result.err;
    }

    mutable std::string directory_;
};

constexpr const char* kLook =
    "echo $THING; stat -c '%t,%T %a %u' /dev/thing; (: < /dev/thing) 2>&1 | sed 's/.*: //'; "
    "(: > /dev/thing) 2>&1 | sed 's/.*: //'; cat /opt/thing/driver.so; echo; "
    "touch /opt/thing/x 2>/dev/null || echo read only mount; id -G";
constexpr const char* kSeen =
    "1\n3c,7 444 0\nNo such device or address\nOperation not permitted\nthe driver\nread only mount\n0 44\n";

TEST_F(Cdi, ADeviceBringsAllItNeeds) {
    specify(everything());

    EXPECT_EQ(output("asked", kLook, request_of(kDevice)), kSeen);
    EXPECT_EQ(output("listed", kLook, {{"Devices", {{{"PathOnHost", kDevice}}}}}), kSeen);
    json mapped = request_of(kDevice);
    mapped["UsernsMode"] = "private";
    ASSERT_EQ(run({"chmod", "755", directory_}).exit_code, 0);
    EXPECT_EQ(output("mapped", kLook, mapped), kSeen);
}

TEST_F(Cdi, ADeviceThatIsNotThereIsNamed) {
    const std::string text = output("asked", "true", request_of(kDevice));

    EXPECT_THAT(text, HasSubstr(std::string("CDI device injection failed: unresolvable CDI devices ") + kDevice));
    // Specifications are read at each start.
    specify(everything());
    EXPECT_EQ(docker({"start", "-a", "asked"}).exit_code, 0);
}

TEST_F(Cdi, S85_HooksAreRefusedAndNotRun) {
    specify(
        {{"hooks",
          {{{"hookName", "createRuntime"}, {"path", "/usr/bin/touch"}, {"args", {"touch", directory_ + "/ran"}}}}}});

    const std::string text = output("asked", "true", request_of(kDevice));

    EXPECT_THAT(text, HasSubstr("thing.json': it has hooks"));
    EXPECT_FALSE(fs::exists(directory_ + "/ran"));
    EXPECT_EQ(request("POST", "/containers/asked/start").status, 501);
}

TEST_F(Cdi, S86_LinksInTheContainerDoNotRedirectMounts) {
    const std::string victim = directory_ + "/victim";
    fs::create_directory(victim);
    specify(everything());
    // The writable layer of the container has links where the mount and its parent are to be.
    const std::string id = create("links", {"sh", "-c", "cat /opt/thing/driver.so; ls /srv"}, request_of(kDevice));
    const fs::path upper = fs::path(daemon->data_root()) / "backends/linux/containers" / id / "upper";
    fs::create_directory(upper / "opt");
    fs::create_symlink(victim, upper / "opt/thing");

    const RunResult result = docker({"start", "-a", "links"});

    EXPECT_TRUE(fs::is_empty(victim)) << "nothing of the host is touched";
    EXPECT_THAT(result.out + result.err, ::testing::AnyOf(HasSubstr("the driver"), HasSubstr("mount")));
}

TEST_F(Cdi, S88_AReplacedDeviceIsTakenAnewAtTheNextStart) {
    specify({{"deviceNodes", {{{"path", "/dev/thing"}, {"hostPath", node()}}}}});
    EXPECT_EQ(output("again", "stat -c %t,%T /dev/thing", request_of(kDevice)), "3c,7\n");

    ASSERT_EQ(run({"rm", node()}).exit_code, 0);
    ASSERT_EQ(run({"mknod", node(), "c", "1", "7"}).exit_code, 0);

    EXPECT_EQ(docker({"start", "-a", "again"}).out, "1,7\n");
}

TEST_F(Cdi, NothingOfAnImageSelectsDevices) {
    specify(everything());
    const std::string annotation = std::string("cdi.k8s.io/x=") + kDevice;
    docker_ok({"import", "-c", "LABEL " + annotation, "-c",
               std::string("ENV NVIDIA_VISIBLE_DEVICES=all CDI=") + kDevice, default_image_tar(), "wishful"});

    EXPECT_EQ(docker_ok({"run", "--rm", "wishful", "sh", "-c", "echo -$THING-; ls /dev/thing 2>/dev/null; true"}),
              "--");
}

TEST_F(Cdi, OtherDriversGetDockersText) {
    const std::string text =
        output("gpu", "true", {{"DeviceRequests", {{{"Count", -1}, {"Capabilities", {{"gpu"}}}}}}});

    EXPECT_THAT(text, HasSubstr("could not select device driver \"\" with capabilities: [[gpu]]"));
    EXPECT_EQ(request("POST", "/containers/gpu/start").status, 500) << "the request to start was not wrong";
    EXPECT_EQ(request("GET", "/info").json()["CDISpecDirs"], json::array({directory_}));
}

}  // namespace
}  // namespace slipway::testing
