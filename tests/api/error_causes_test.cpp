// What goes wrong, and whether the daemon names it: for each cause the phase, the operation, the object, a hint where
// there is something to do about it, the exit code, and the same facts in the record and in the Slipway-Error header.
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
namespace {

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
void PrintTo(const Cause& cause, std::ostream* out) {
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

TEST_P(ErrorCause, IsNamedWithItsObject) {
    const Cause& cause = GetParam();
    if (cause.before) cause.before(*this);
    json body = {{"Image", "box"}, {"Cmd", {"true"}}};
    body.update(json::parse(say(cause.body.dump())));
    // From a file: what is to be too long for a command is too long for curl's own arguments as well.
    const HttpReply created =
        request("POST", "/containers/create?name=c1", "@" + file("body.json", body.dump()), {"-D", "-"});
    if (cause.phase.empty()) {
        EXPECT_EQ(created.status, cause.status) << created.body;
        EXPECT_THAT(created.body, HasSubstr(say(cause.message)));
        expect_said(error_header(created.body), "header");
        EXPECT_EQ(docker_ok({"ps", "-aq", "--filter", "name=^c1$"}), "");
        return;
    }
    ASSERT_EQ(created.status, 201) << created.body;
    if (cause.between) cause.between(*this);

    const HttpReply started = request("POST", "/containers/c1/start", "", {"-D", "-"});

    EXPECT_EQ(started.status, cause.status) << started.body;
    EXPECT_THAT(started.body, HasSubstr(say(cause.message)));
    expect_said(error_header(started.body), "header");
    const json state = document("c1")["State"];
    EXPECT_EQ(state["ExitCode"], cause.exit_code);
    EXPECT_EQ(state["Status"], "created");
    EXPECT_THAT(started.body, HasSubstr(json(state["Error"].get<std::string>()).dump().substr(1, 40)));
    expect_said(state["Slipway"]["LastStart"]["Error"], "record");
}

json host(const json& host_config) {
    return {{"HostConfig", host_config}};
}
json bind(const std::string& text) {
    return host({{"Binds", {text}}});
}
json command(const std::vector<std::string>& words) {
    return {{"Cmd", words}};
}
json bound_command(const std::string& bind_text, const std::string& path) {
    return {{"HostConfig", {{"Binds", {bind_text}}}}, {"Cmd", {path}}};
}

// --- the command --------------------------------------------------------------------------------------------------

std::string foreign_program() {
    Elf64_Ehdr elf{};
    memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS64;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.e_ident[EI_VERSION] = EV_CURRENT;
    elf.e_type = ET_EXEC;
    elf.e_machine = EM_AARCH64;
    elf.e_version = EV_CURRENT;
    return std::string(reinterpret_cast<const char*>(&elf), sizeof(elf)) + std::string(4096, '\0');
}

std::vector<Cause> command_causes() {
    return {
        {.name = "CommandNotInPath",
         .body = command({"nosuch"}),
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "exec",
         .resource = "nosuch",
         .hint = "PATH",
         .message = "executable file not found in $PATH"},
        {.name = "CommandMissing",
         .body = command({"/no/such"}),
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "stat",
         .resource = "/no/such",
         .hint = "no such file",
         .message = "no such file or directory"},
        {.name = "CommandIsADirectory",
         .body = command({"/etc"}),
         .phase = "create",
         .status = 400,
         .exit_code = 126,
         .code = "exec_denied",
         .operation = "exec",
         .resource = "/etc",
         .hint = "directory",
         .message = "is a directory: permission denied"},
        {.name = "CommandNotExecutable",
         .body = command({"/etc/passwd"}),
         .phase = "create",
         .status = 400,
         .exit_code = 126,
         .code = "exec_denied",
         .operation = "exec",
         .resource = "/etc/passwd",
         .hint = "chmod +x",
         .message = "permission denied"},
        {.name = "CommandNameTooLong",
         .body = command({"/" + std::string(300, 'a')}),
         .phase = "create",
         .operation = "exec",
         .resource = "/aaaa",
         .message = "file name too long"},
        {.name = "InterpreterMissing",
         .body = bound_command("{root}/script:/script", "/script"),
         .before = [](ErrorCause& t) { t.file("script", "#!/no/interpreter -x\necho\n"); },
         .phase = "start",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "exec",
         .resource = "/script",
         .hint = "/no/interpreter",
         .message = "interpreter \\\"/no/interpreter\\\": no such file or directory"},
        {.name = "CrLfShebang",
         .body = bound_command("{root}/script:/script", "/script"),
         .before = [](ErrorCause& t) { t.file("script", "#!/bin/sh\r\necho\r\n"); },
         .phase = "start",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "exec",
         .resource = "/script",
         .hint = "CR LF",
         .message = "no such file or directory"},
        {.name = "LoaderMissing",
         .body = bound_command("/usr/bin/env:/program", "/program"),
         .phase = "start",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "exec",
         .resource = "/program",
         .hint = "dynamic loader",
         .message = "interpreter"},
        {.name = "ForeignArchitecture",
         .body = bound_command("{root}/program:/program", "/program"),
         .before = [](ErrorCause& t) { t.file("program", foreign_program()); },
         .phase = "start",
         .operation = "exec",
         .resource = "/program",
         .hint = "built for aarch64",
         .message = "exec format error"},
        {.name = "NoFormat",
         .body = bound_command("{root}/notes:/notes", "/notes"),
         .before = [](ErrorCause& t) { t.file("notes", "no first line\n"); },
         .phase = "start",
         .operation = "exec",
         .resource = "/notes",
         .hint = "#!",
         .message = "exec format error"},
        {.name = "NoexecMount",
         .body = bound_command("{root}/noexec:/m", "/m/script"),
         .before =
             [](ErrorCause& t) {
                 const std::string where = t.slipwayd().root() + "/noexec";
                 fs::create_directory(where);
                 ASSERT_EQ(::mount("slwtest", where.c_str(), "tmpfs", MS_NOEXEC, "size=1m"), 0);
                 t.file("noexec/script", "#!/bin/sh\n");
             },
         .phase = "create",
         .status = 400,
         .exit_code = 126,
         .code = "exec_denied",
         .operation = "exec",
         .resource = "/m/script",
         .hint = "noexec",
         .message = "permission denied"},
        {.name = "ArgumentsTooLong",
         .body = command({"true", std::string(200'000, 'x')}),
         .phase = "start",
         .operation = "exec",
         .resource = "true",
         .hint = "too long",
         .message = "argument list too long"},
        {.name = "TooManyProcesses",
         .body = {{"User", "nobody"}, {"HostConfig", {{"Ulimits", {{{"Name", "nproc"}, {"Soft", 0}, {"Hard", 0}}}}}}},
         .before =
             [](ErrorCause& t) {
                 t.slipwayd().docker({"run", "-d", "-u", "nobody", "box", "sleep", "60"});
             },
         .phase = "start",
         .operation = "exec",
         .resource = "true",
         .hint = "nproc",
         .message = "resource temporarily unavailable"},
        {.name = "WorkingDirectoryIsAFile",
         .body = {{"WorkingDir", "/etc/passwd"}},
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "mkdir",
         .resource = "/etc/passwd",
         .hint = "is a file",
         .message = "not a directory"},
        {.name = "WorkingDirectoryBelowAFile",
         .body = {{"WorkingDir", "/etc/passwd/sub"}},
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "exec_not_found",
         .operation = "mkdir",
         .resource = "/etc/passwd/sub",
         .hint = "is a file",
         .message = "not a directory"},
        {.name = "UnknownUser",
         .body = {{"User", "ghost"}},
         .phase = "build_spec",
         .operation = "look up user",
         .resource = "ghost",
         .hint = "/etc/passwd",
         .message = "unable to find user ghost"},
        {.name = "UnknownGroup",
         .body = {{"User", "root:ghosts"}},
         .phase = "build_spec",
         .operation = "look up group",
         .resource = "ghosts",
         .hint = "/etc/group",
         .message = "unable to find group ghosts"},
        {.name = "UnknownExtraGroup",
         .body = host({{"GroupAdd", {"ghosts"}}}),
         .phase = "build_spec",
         .operation = "look up group",
         .resource = "ghosts",
         .hint = "/etc/group",
         .message = "unable to find group ghosts"},
        {.name = "UserOutOfRange",
         .body = {{"User", "99999999999"}},
         .phase = "build_spec",
         .operation = "look up user",
         .resource = "99999999999",
         .message = "must be in range"},
    };
}

// --- mounts, devices, kernel settings -----------------------------------------------------------------------------

std::vector<Cause> mount_causes() {
    return {
        {.name = "FileOntoDirectory",
         .body = bind("{root}/file:/etc"),
         .before = [](ErrorCause& t) { t.file("file", "x"); },
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "mount_type",
         .operation = "mount",
         .resource = "/etc",
         .hint = "a directory only on a directory",
         .message = "vice-versa"},
        {.name = "DirectoryOntoFile",
         .body = bind("{root}:/etc/passwd"),
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "mount_type",
         .operation = "mount",
         .resource = "/etc/passwd",
         .hint = "a file can be mounted only on a file",
         .message = "vice-versa"},
        {.name = "TargetBelowAFile",
         .body = bind("{root}:/etc/passwd/sub"),
         .phase = "create",
         .status = 400,
         .exit_code = 127,
         .code = "mount_type",
         .operation = "mount",
         .resource = "/etc/passwd/sub",
         .message = "not a directory"},
        {.name = "SourceVanished",
         .body = host({{"Mounts", {{{"Type", "bind"}, {"Source", "{root}/gone"}, {"Target", "/x"}}}}}),
         .before = [](ErrorCause& t) { fs::create_directory(t.slipwayd().root() + "/gone"); },
         .between = [](ErrorCause& t) { fs::remove(t.slipwayd().root() + "/gone"); },
         .phase = "mount_volumes",
         .operation = "open",
         .resource = "{root}/gone",
         .hint = "exist",
         .message = "bind source path does not exist: {root}/gone"},
        {.name = "SourceBelowAFile",
         .body = bind("{root}/file/sub:/x"),
         .before = [](ErrorCause& t) { t.file("file", "x"); },
         .phase = "mount_volumes",
         .operation = "open",
         .resource = "{root}/file/sub",
         .message = "Not a directory"},
        {.name = "MountInsideProc",
         .body = bind("{root}:/proc/sys"),
         .phase = "mount_volumes",
         .operation = "mount",
         .resource = "/proc/sys",
         .message = "'/proc/sys' is inside /proc"},
        {.name = "LayerMissing",
         .body = json::object(),
         .between =
             [](ErrorCause& t) {
                 for (const auto& layer : fs::directory_iterator(t.slipwayd().data_root() + "/backends/linux/layers")) {
                     fs::rename(layer.path(), t.slipwayd().root() + "/" + layer.path().filename().string());
                 }
             },
         .phase = "mount_root",
         .operation = "open layer",
         .hint = "load the image again",
         .message = "does not exist"},
        {.name = "DeviceMissing",
         .body = host({{"Devices", {{{"PathOnHost", "/dev/slw-none"}, {"PathInContainer", "/dev/x"}}}}}),
         .phase = "build_spec",
         .operation = "stat",
         .resource = "/dev/slw-none",
         .message = "no such file or directory"},
        {.name = "DeviceIsAFile",
         .body = host({{"Devices", {{{"PathOnHost", "/etc/hostname"}}}}}),
         .phase = "build_spec",
         .operation = "stat",
         .resource = "/etc/hostname",
         .message = "not a device node"},
        {.name = "DeviceRule",
         .body = host({{"DeviceCgroupRules", {"x 1:1 rwm"}}}),
         .phase = "build_spec",
         .operation = "parse device rule",
         .resource = "x 1:1 rwm",
         .hint = "c 42:* rwm",
         .message = "invalid device cgroup rule format"},
        {.name = "ThrottledDeviceMissing",
         .body = host({{"BlkioDeviceReadBps", {{{"Path", "/dev/slw-none"}, {"Rate", 1024}}}}}),
         .phase = "build_spec",
         .operation = "stat",
         .resource = "/dev/slw-none",
         .message = "No such file or directory"},
        {.name = "SeccompMalformed",
         .body = host({{"SecurityOpt", {"seccomp={\"defaultAction\":"}}}),
         .phase = "build_spec",
         .operation = "parse seccomp profile",
         .resource = "seccomp",
         .message = "decoding seccomp profile failed"},
        {.name = "SeccompUnknownAction",
         .body = host({{"SecurityOpt", {"seccomp={\"defaultAction\":\"SCMP_ACT_X\"}"}}}),
         .phase = "create",
         .operation = "parse seccomp profile",
         .resource = "SCMP_ACT_X",
         .message = "unknown action"},
        {.name = "SysctlUnknown",
         .body = host({{"Sysctls", {{"net.core.slwnone", "1"}}}}),
         .phase = "create",
         .operation = "write sysctl",
         .resource = "net/core/slwnone",
         .hint = "no such parameter",
         .message = "No such file or directory"},
        {.name = "SysctlBadValue",
         .body = host({{"Sysctls", {{"net.ipv4.ip_forward", "many"}}}}),
         .phase = "create",
         .operation = "write sysctl",
         .resource = "net/ipv4/ip_forward",
         .hint = "does not accept this value",
         .message = "Invalid argument"},
        {.name = "HostsIsADirectory",
         .body = json::object(),
         .between = [](ErrorCause& t) { fs::create_directory(t.container_directory() + "/hosts"); },
         .phase = "prepare_files",
         .operation = "write",
         .resource = "/hosts",
         .message = "Is a directory"},
        {.name = "ContainerDirectoryGone",
         .body = json::object(),
         .between = [](ErrorCause& t) { fs::remove_all(t.container_directory()); },
         .phase = "prepare_files",
         .operation = "write",
         .resource = "/hostname",
         .message = "No such file or directory"},
        {.name = "LogIsADirectory",
         .body = json::object(),
         .between = [](ErrorCause& t) { fs::create_directory(t.container_directory() + "/" + t.id() + "-json.log"); },
         .phase = "create",
         .operation = "open",
         .resource = "-json.log",
         .message = "Is a directory"},
        {.name = "DiskFull",
         .body = json::object(),
         .between =
             [](ErrorCause& t) {
                 const int fd = ::open((t.small_disk + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                 const std::string piece(65536, 'x');
                 while (::write(fd, piece.data(), piece.size()) > 0) {
                 }
                 while (::write(fd, piece.data(), 512) > 0) {
                 }
                 ::close(fd);
             },
         .phase = "prepare_files",
         .code = "resource_exhausted",
         .operation = "write",
         .resource = "/hostname",
         .hint = "full",
         .message = "No space left on device"},
        {.name = "CgroupTaken",
         .body = json::object(),
         .between =
             [](ErrorCause& t) {
                 // A process sits where the container's own group is to be made.
                 const fs::path parent = "/sys/fs/cgroup/pids/" + t.slipwayd().cgroup_parent();
                 fs::path instance;
                 ASSERT_EQ(t.slipwayd().docker({"run", "--rm", "box", "true"}).exit_code, 0);
                 for (const auto& entry : fs::directory_iterator(parent)) {
                     if (entry.is_directory()) instance = entry.path();
                 }
                 fs::create_directory(instance / t.id());
                 t.helper = Background::start({"sleep", "60"}, "/dev/null");
                 write_file((instance / t.id() / "tasks").string(), std::to_string(t.helper->pid()));
             },
         .phase = "create",
         .operation = "rmdir",
         .resource = "/sys/fs/cgroup/pids/",
         .message = "Device or resource busy"},
    };
}

// --- networks -----------------------------------------------------------------------------------------------------

std::vector<Cause> network_causes() {
    const auto publish = [](const std::string& ip, const std::string& port) {
        return host({{"PortBindings", {{"80/tcp", {{{"HostIp", ip}, {"HostPort", port}}}}}}});
    };
    const auto fixed_address = [](const std::string& address) {
        return json{
            {"NetworkingConfig", {{"EndpointsConfig", {{"bridge", {{"IPAMConfig", {{"IPv4Address", address}}}}}}}}}};
    };
    return {
        {.name = "PortTaken",
         .body = publish("127.0.0.1", "47011"),
         .before =
             [](ErrorCause& t) {
                 t.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                 sockaddr_in address{};
                 address.sin_family = AF_INET;
                 address.sin_port = htons(47011);
                 address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                 ASSERT_EQ(::bind(t.listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
                 ASSERT_EQ(::listen(t.listener, 1), 0);
             },
         .phase = "attach_networks",
         .operation = "bind",
         .resource = "127.0.0.1:47011",
         .hint = "has the port",
         .message = "port is already allocated"},
        {.name = "PortAddressNotOurs",
         .body = publish("203.0.113.7", "47012"),
         .phase = "attach_networks",
         .operation = "bind",
         .resource = "203.0.113.7:47012",
         .message = "Cannot assign requested address"},
        {.name = "FixedAddressOutside",
         .body = fixed_address("192.0.2.9"),
         .phase = "attach_networks",
         .operation = "reserve address",
         .resource = "192.0.2.9",
         .message = "192.0.2.9"},
    };
}

class AddressesExhausted : public HttpClient {
protected:
    DaemonUnderTest::Options options() const override {
        DaemonUnderTest::Options wanted;
        wanted.bridge_prefix = 30;
        return wanted;
    }
};

TEST_F(AddressesExhausted, NamesTheSubnet) {
    docker_ok({"run", "-d", "--name", "only", "box", "sleep", "600"});
    create("c1", {"true"});
    const HttpReply reply = request("POST", "/containers/c1/start");
    EXPECT_EQ(reply.status, 500);
    EXPECT_THAT(reply.body, HasSubstr("no available IPv4 addresses in '"));
    const json error = document("c1")["State"]["Slipway"]["LastStart"]["Error"];
    EXPECT_EQ(error["phase"], "attach_networks");
    EXPECT_EQ(error["code"], "resource_exhausted");
    EXPECT_EQ(error["operation"], "allocate address");
    EXPECT_THAT(error["resource"].get<std::string>(), HasSubstr("/30"));
    EXPECT_THAT(error["hint"].get<std::string>(), HasSubstr("larger subnet"));
    EXPECT_EQ(document("c1")["State"]["ExitCode"], 128);
}

// --- refusals of create -------------------------------------------------------------------------------------------

std::vector<Cause> create_causes() {
    const auto refused = [](const std::string& name, const json& body, const std::string& message,
                            const std::string& resource = "") {
        return Cause{.name = name,
                     .body = body,
                     .status = 400,
                     .code = "invalid_argument",
                     .resource = resource,
                     .message = message};
    };
    return {
        {.name = "ImageMissing",
         .body = {{"Image", "nobody/nothing:1"}},
         .status = 404,
         .code = "not_found",
         .message = "No such image: nobody/nothing:1"},
        refused("TooLittleMemory", host({{"Memory", 1024}}), "Minimum memory limit allowed is 6MB"),
        refused("UnknownRuntime", host({{"Runtime", "nosuch"}}), "unknown or invalid runtime name: nosuch"),
        refused("UnknownCapability", host({{"CapAdd", {"CAP_FLY"}}}), "invalid CapAdd: unknown capability"),
        refused("UnavailableProcessor", host({{"CpusetCpus", "4000"}}),
                "Requested CPUs are not available - requested 4000, available: "),
        refused("UnknownUlimit", host({{"Ulimits", {{{"Name", "luck"}, {"Soft", 1}, {"Hard", 1}}}}}),
                "invalid ulimit type: luck", "luck"),
        refused("UlimitSoftAboveHard", host({{"Ulimits", {{{"Name", "nofile"}, {"Soft", 9}, {"Hard", 1}}}}}),
                "ulimit soft limit must be less than or equal to hard limit: 9 > 1", "nofile"),
        refused("SysctlOfTheHost", host({{"Sysctls", {{"kernel.panic", "1"}}}}),
                "is not in a separate kernel namespace", "kernel.panic"),
        refused("UnknownSecurityOption", host({{"SecurityOpt", {"magic=on"}}}), "invalid --security-opt 2"),
        refused("BadExtraHost", host({{"ExtraHosts", {"db"}}}), "bad format for add-host"),
        refused("UnknownLogOption", host({{"LogConfig", {{"Type", "json-file"}, {"Config", {{"colour", "red"}}}}}}),
                "unknown log opt 'colour' for json-file log driver"),
        refused("BadRestartPolicy", host({{"RestartPolicy", {{"Name", "sometimes"}}}}), "invalid restart policy"),
        refused("BadBind", bind("/a:/b:c:d"), "invalid volume specification: '/a:/b:c:d'"),
        refused("DuplicateMountPoint", host({{"Binds", {"/a:/x", "/b:/x"}}}), "Duplicate mount point", "/x"),
        refused("BadTmpfsSize", host({{"Tmpfs", {{"/x", "size=much"}}}}), "size"),
        refused("BadPort", host({{"PortBindings", {{"80/tcp", {{{"HostPort", "eighty"}}}}}}}), "nvalid"),
        refused("IoMaximum", host({{"IOMaximumBandwidth", 5}}),
                "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps"),
        refused("BadIpcMode", host({{"IpcMode", "mine"}}), "invalid IPC mode: mine"),
        refused("BadUtsMode", host({{"UTSMode", "mine"}}), "invalid UTS mode: mine"),
    };
}

std::string name_of(const ::testing::TestParamInfo<Cause>& instance) {
    return instance.param.name;
}
INSTANTIATE_TEST_SUITE_P(Command, ErrorCause, ::testing::ValuesIn(command_causes()), name_of);
INSTANTIATE_TEST_SUITE_P(Mounts, ErrorCause, ::testing::ValuesIn(mount_causes()), name_of);
INSTANTIATE_TEST_SUITE_P(Networks, ErrorCause, ::testing::ValuesIn(network_causes()), name_of);
INSTANTIATE_TEST_SUITE_P(Create, ErrorCause, ::testing::ValuesIn(create_causes()), name_of);

}  // namespace
}  // namespace slipway::testing
