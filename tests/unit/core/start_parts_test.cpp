// The pure parts of a start: texts, codes and files.

#include "start/failure.hpp"
#include "start/network_files.hpp"
#include "start/undo_stack.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace slipway::test {
namespace {

using namespace slipway::core;

TEST(Failure, ExitCodesFollowTheCodeNotTheText) {  // SF-47
    const Error denied(ErrorCode::kExecDenied, "no such file or directory: permission denied");
    EXPECT_EQ(failure_exit_code(FailureKind::kLaunch, denied, 3), 126);
    EXPECT_EQ(failure_exit_code(FailureKind::kLaunch, Error(ErrorCode::kExecNotFound, "x"), 0), 127);
    EXPECT_EQ(failure_exit_code(FailureKind::kLaunch, Error(ErrorCode::kMountType, "x"), 0), 127);
    EXPECT_EQ(failure_exit_code(FailureKind::kLaunch, Error(ErrorCode::kSystem, "permission denied"), 3), 128);
    EXPECT_EQ(failure_exit_code(FailureKind::kNetwork, denied, 0), 128);
    EXPECT_EQ(failure_exit_code(FailureKind::kOther, denied, 3), 3);
    EXPECT_EQ(failure_exit_code(FailureKind::kRequest, denied, 0), 0);
}

TEST(Failure, NetworkErrorsSaySoAndKeepAMissingNetwork) {
    const Error missing = client_error(FailureKind::kNetwork, Error(ErrorCode::kNotFound, "network x not found"));
    EXPECT_EQ(missing.code(), ErrorCode::kNotFound);
    EXPECT_EQ(missing.message(), "failed to set up container networking: network x not found");
    const Error port = client_error(FailureKind::kNetwork, Error(ErrorCode::kConflict, "port is already allocated"));
    EXPECT_EQ(port.code(), ErrorCode::kSystem);
}

TEST(Failure, ADeadlineStaysADeadline) {
    for (const FailureKind kind : {FailureKind::kNetwork, FailureKind::kLaunch, FailureKind::kOther}) {
        EXPECT_EQ(client_error(kind, Error(ErrorCode::kDeadlineExceeded, "late")).code(), ErrorCode::kDeadlineExceeded);
    }
}

TEST(Failure, FieldsCarryTheFactsOfTheError) {
    const auto fields = error_fields("mount_root", Error::from_errno(ENOSPC, "write '/x'")
                                                       .with_operation("write")
                                                       .with_resource("/x")
                                                       .with_hint("free some space"));
    EXPECT_EQ(fields.at("phase"), "mount_root");
    EXPECT_EQ(fields.at("code"), "resource_exhausted");
    EXPECT_EQ(fields.at("os").at("domain"), "errno");
    EXPECT_EQ(fields.at("os").at("code"), ENOSPC);
    EXPECT_EQ(fields.at("operation"), "write");
    EXPECT_EQ(fields.at("resource"), "/x");
    EXPECT_EQ(fields.at("hint"), "free some space");
    EXPECT_TRUE(error_fields("create", Error(ErrorCode::kInternal, "x")).at("os").is_null());
}

TEST(NetworkFiles, HostsNameTheContainerByEachAddress) {
    HostsInput input;
    input.hostname = "web";
    input.domainname = "example.org";
    input.addresses = {"10.0.0.2", "fd00::2"};
    input.extra_hosts = {"db:10.0.0.7", "six:fd00::7", "bracketed=[fd00::8]", "gw:host-gateway"};

    const std::string text = render_hosts(input);

    EXPECT_NE(text.find("10.0.0.2\tweb.example.org web\nfd00::2\tweb.example.org web\n"), std::string::npos) << text;
    EXPECT_NE(text.find("10.0.0.7\tdb\nfd00::7\tsix\nfd00::8\tbracketed\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("gw"), std::string::npos) << "no gateway is known";
}

TEST(NetworkFiles, HostModeBeginsWithTheMachinesOwnHosts) {
    HostsInput input;
    input.host_file = "127.0.0.1 localhost\n10.1.1.1 printer";
    input.extra_hosts = {"db:10.0.0.7"};

    EXPECT_EQ(render_hosts(input), "127.0.0.1 localhost\n10.1.1.1 printer\n10.0.0.7\tdb\n");
}

TEST(NetworkFiles, ResolversOnLoopbackAreOfNoUseInsideAContainer) {
    ResolvInput input;
    input.host_file = "# mine\nnameserver 127.0.0.53\nnameserver 10.0.0.1 # lan\nsearch a.org b.org\noptions ndots:2\n";
    EXPECT_EQ(render_resolv_conf(input), "nameserver 10.0.0.1\nsearch a.org b.org\noptions ndots:2\n");
    input.keep_loopback = true;
    EXPECT_EQ(render_resolv_conf(input),
              "nameserver 127.0.0.53\nnameserver 10.0.0.1\nsearch a.org b.org\noptions ndots:2\n");
}

TEST(NetworkFiles, EachResolverListIsReplacedByItself) {
    ResolvInput input;
    input.host_file = "nameserver 10.0.0.1\nsearch a.org\noptions ndots:2\n";
    input.search = {"."};
    EXPECT_EQ(render_resolv_conf(input), "nameserver 10.0.0.1\noptions ndots:2\n");
    input.servers = {"127.0.0.1"};
    EXPECT_EQ(render_resolv_conf(input), "nameserver 127.0.0.1\noptions ndots:2\n");
}

TEST(NetworkFiles, WithoutAnyResolverThePublicOnesAreUsed) {
    EXPECT_EQ(render_resolv_conf({}), "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
}

TEST(UndoStack, RunsNewestFirstUnlessKept) {
    std::string order;
    {
        UndoStack undo;
        undo.push([&] { order += "1"; });
        undo.push([&] { order += "2"; });
    }
    EXPECT_EQ(order, "21");
    {
        UndoStack undo;
        undo.push([&] { order += "3"; });
        undo.keep();
    }
    EXPECT_EQ(order, "21");
}

}  // namespace
}  // namespace slipway::test
