// Published ports, shared name spaces, and what a daemon finds after a crash.
#include "backend_test.hpp"

#include <documents/guid.hpp>
#include <raw/codes.hpp>
#include <raw/utf16.hpp>

#include <filesystem>

namespace slipway::windows_backend {
namespace {

using WindowsNetworks = WindowsBackend;

RunOptions publishing(const json& port) {
    RunOptions options{does({"sleep:60000"})};
    options.ports = json::array({port});
    return options;
}

TEST_F(WindowsNetworks, APortOfTheHostIsGivenOnceAndRangesMoveOn) {
    slw_container* first = open(test_id('1'));
    slw_container* second = open(test_id('2'));
    slw_container* third = open(test_id('3'));
    const json fixed = {{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostPort", 8080}};
    json range = fixed;
    range["HostPortEnd"] = 8090;
    ASSERT_TRUE(join_network(first, test_id('1'), publishing(fixed)));

    const Outcome taken = join_network(second, test_id('2'), publishing(fixed));
    const Outcome moved = join_network(third, test_id('3'), publishing(range));

    EXPECT_EQ(taken.status, SLW_ERR_CONFLICT);
    EXPECT_THAT(taken.message(), testing::HasSubstr("port is already allocated"));
    EXPECT_STREQ(taken.error.resource, "8080");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved.document()["Ports"][0]["HostPort"], 8081);
    EXPECT_THAT(moved.document()["IPAddress"].get<std::string>(), testing::StartsWith("172.30.0."));
    EXPECT_EQ(moved.document()["Gateway"], "172.30.0.1");
    for (slw_container* c : {first, second, third}) EXPECT_TRUE(give_back(c));
}

TEST_F(WindowsNetworks, AContainerSharesTheNameSpaceOfOneThatRuns) {
    slw_container* owner = open(test_id('1'));
    slw_container* guest = open(test_id('2'));
    const auto* ops = table<slw_network_ops>(SLW_EXT_NETWORK);
    const slw_call limits = call();
    const std::string join = json{{"Mode", "container"}, {"Container", test_id('1')}}.dump();
    StringSink out;
    EXPECT_EQ(ops->sandbox_create(guest, &limits, text_of(join), out.get(), nullptr), SLW_ERR_CONFLICT);
    ASSERT_TRUE(run(owner, test_id('1'), {does({"sleep:60000"})}));
    ASSERT_EQ(ops->sandbox_create(guest, &limits, text_of(join), out.get(), nullptr), SLW_OK);
    ASSERT_TRUE(mount_root(guest));
    ASSERT_TRUE(create(guest, test_id('2'), {does({"sleep:60000"})}));

    const json mine = simulated::document_of(test_id('2'))["Container"]["Networking"];
    const json theirs = simulated::document_of(test_id('1'))["Container"]["Networking"];

    EXPECT_EQ(mine["Namespace"], theirs["Namespace"]);
    EXPECT_EQ(mine["NetworkSharedContainerName"], test_id('1'));
    EXPECT_TRUE(give_back(guest));
    EXPECT_TRUE(give_back(owner));
}

TEST_F(WindowsNetworks, ANetworkDeletedBehindUsIsNamed) {
    slw_container* c = open(test_id('1'));
    ASSERT_TRUE(join_network(c, test_id('1'), {does({})}));
    EXPECT_TRUE(give_back(c));
    simulated::delete_network_behind(guid_of_id(test_id('d')).text());
    RunOptions options{does({})};
    // Made anew by the engine's next network_create; an endpoint alone says what is missing.
    const auto* ops = table<slw_network_ops>(SLW_EXT_NETWORK);
    const slw_call limits = call();
    StringSink out;
    const std::string sandbox = R"({"Mode":"private"})";
    ASSERT_EQ(ops->sandbox_create(c, &limits, text_of(sandbox), out.get(), nullptr), SLW_OK);
    const std::string endpoint = json{
        {"Network", {{"Id", test_id('d')}, {"Name", "nat"}, {"Driver", "nat"}}},
        {"EndpointId", test_id('e')}}.dump();
    slw_error err{};
    err.struct_size = sizeof(err);

    EXPECT_EQ(ops->endpoint_attach(c, &limits, text_of(endpoint), out.get(), &err), SLW_ERR_NOT_FOUND);

    EXPECT_THAT(std::string(err.message), testing::HasSubstr("no such network (0x803B0001)"));
    EXPECT_STRNE(err.hint, "");
    EXPECT_TRUE(give_back(c));
}

// What a daemon that was killed leaves: made by raw calls under the names the backend gives.
TEST_F(WindowsNetworks, LeftoversOfADaemonAreFoundByTheirNamesAndRemoved) {
    ASSERT_TRUE(create_network());
    const auto api = simulated::connect();
    const std::string id = test_id('7');
    const Guid name_space = guid_of_id(id, "name space"), endpoint = guid_of_id("left over");
    raw::Handle network = nullptr, made_endpoint = nullptr, made_space = nullptr;
    char16_t* error = nullptr;
    ASSERT_EQ(api->HcnOpenNetwork(guid_of_id(test_id('d')), &network, &error), raw::kOk);
    const std::u16string document = to_utf16(json{
        {"Name", "slipway-c0ffee00-" + id + "-dddddddddddd"},
        {"HostComputeNetwork", guid_of_id(test_id('d')).text()},
        {"SchemaVersion",
         {{"Major", 2}, {"Minor", 0}}}}.dump());
    ASSERT_EQ(api->HcnCreateEndpoint(network, endpoint, document.c_str(), &made_endpoint, &error), raw::kOk);
    ASSERT_EQ(api->HcnCreateNamespace(name_space, u"{\"Type\":\"Host\",\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}",
                                      &made_space, &error),
              raw::kOk);
    api->HcnCloseEndpoint(made_endpoint);
    api->HcnCloseNamespace(made_space);
    api->HcnCloseNetwork(network);

    const Outcome found = reconcile_list();
    EXPECT_EQ(found.document(), (json::array({{{"Id", id}, {"State", "debris"}, {"Pid", 0}}})));
    EXPECT_TRUE(reconcile_remove(id));
    EXPECT_TRUE(reconcile_remove(id)) << "twice is success";

    EXPECT_EQ(reconcile_list().document(), json::array());
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

TEST_F(WindowsNetworks, ASystemThatRunsUnderOurNameIsDebrisAndEnded) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"sleep:60000"})}));
    EXPECT_EQ(reconcile_list().document()[0]["Id"], id);

    // As a second daemon of the same instance would, while the first still holds it.
    const auto* ops = table<slw_reconcile_ops>(SLW_EXT_RECONCILE);
    slw_process_status status{};
    status.struct_size = sizeof(status);
    const slw_call limits = call();
    EXPECT_EQ(ops->adopt(c, &limits, &status, nullptr), SLW_ERR_NOT_FOUND);

    EXPECT_TRUE(give_back(c));
    EXPECT_EQ(reconcile_list().document(), json::array());
}

}  // namespace
}  // namespace slipway::windows_backend
