// Links between containers on the default bridge.

#include "model/links.hpp"
#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace slipway::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Links : public EngineFixture {
protected:
    std::string create_with(const nlohmann::json& config, const std::string& name) {
        CreateContainer request;
        request.name = name;
        request.config = config;
        request.config["Cmd"] = {"sleep"};
        auto created = engine->create_container(request);
        EXPECT_TRUE(created) << created.error().message();
        return created ? created->id : "";
    }
    std::string hosts_of(const std::string& id) const {
        std::ifstream file(record(id)->hosts_path);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::string start_error(const std::string& id) {
        auto started = engine->start_container(id);
        return started ? "" : started.error().message();
    }
};

ContainerRecord exposing(const nlohmann::json& ports) {
    ContainerRecord target;
    target.name = "db";
    target.config = {{"Hostname", "host1"}, {"ExposedPorts", ports}, {"Env", {"A=1", "PATH=/x", "EMPTY=", "GONE"}}};
    target.endpoints = {{"bridge", "n", "e", nullptr, {{"IPAddress", "10.0.0.2"}}}};
    return target;
}

TEST(LinkVariables, AreDockers) {
    const nlohmann::json none = nlohmann::json::object();
    EXPECT_THAT(
        link_variables(exposing({{"5432/tcp", none}}), "web", "my-db"),
        ElementsAre("MY_DB_PORT=tcp://10.0.0.2:5432", "MY_DB_PORT_5432_TCP=tcp://10.0.0.2:5432",
                    "MY_DB_PORT_5432_TCP_ADDR=10.0.0.2", "MY_DB_PORT_5432_TCP_PORT=5432",
                    "MY_DB_PORT_5432_TCP_PROTO=tcp", "MY_DB_NAME=/web/my-db", "MY_DB_ENV_A=1", "MY_DB_ENV_EMPTY="));
}

TEST(LinkVariables, ThreePortsInARowAreARangeToo) {
    const nlohmann::json none = nlohmann::json::object();
    const auto variables =
        link_variables(exposing({{"80/tcp", none}, {"81/tcp", none}, {"82/tcp", none}, {"53/udp", none}}), "w", "d");
    EXPECT_THAT(variables, Contains("D_PORT=udp://10.0.0.2:53"));
    EXPECT_THAT(variables, Contains("D_PORT_80_TCP_START=tcp://10.0.0.2:80"));
    EXPECT_THAT(variables, Contains("D_PORT_80_TCP_PORT_END=82"));
    EXPECT_THAT(variables, Contains("D_PORT_53_UDP_PROTO=udp"));
    EXPECT_THAT(link_variables(exposing({{"80/tcp", none}, {"81/tcp", none}}), "w", "d"),
                Not(Contains(HasSubstr("_START"))));
}

TEST_F(Links, GiveVariablesAndNames) {
    const std::string db =
        create_with({{"ExposedPorts", {{"80/tcp", nlohmann::json::object()}}}, {"Env", {"WHO=db"}}}, "db");
    ASSERT_TRUE(engine->start_container(db));
    const std::string web = create_started({"sleep"}, {{"Links", {"db:sql"}}}, "web");

    const std::string address = bridge_address(*record(db));
    EXPECT_THAT(sim->container(web).environment, Contains("SQL_PORT_80_TCP_ADDR=" + address));
    EXPECT_THAT(sim->container(web).environment, Contains("SQL_NAME=/web/sql"));
    EXPECT_THAT(sim->container(web).environment, Contains("SQL_ENV_WHO=db"));
    EXPECT_THAT(hosts_of(web),
                HasSubstr(address + "\tsql " + record(db)->config["Hostname"].get<std::string>() + " db\n"));
    EXPECT_EQ(record(web)->host_config["Links"], nlohmann::json({"/db:/web/sql"}));
}

TEST_F(Links, HostsFollowANewAddress) {
    const std::string db = create_started({"sleep"}, {}, "db");
    const std::string web = create_started({"sleep"}, {{"Links", {"db"}}}, "web");
    const std::string before = bridge_address(*record(db));

    ASSERT_TRUE(engine->restart_container(db, {}, std::chrono::seconds(5)));

    const std::string after = bridge_address(*record(db));
    ASSERT_NE(before, after);
    EXPECT_THAT(hosts_of(web), HasSubstr(after + "\tdb"));
    EXPECT_THAT(hosts_of(web), Not(HasSubstr(before + "\tdb")));
}

TEST_F(SF, Sf36_LinkToAStoppedContainerIsRefused) {
    const std::string db = create({"sleep"}, {}, "db");
    const std::string web = create({"sleep"}, {{"Links", {"db:sql"}}}, "web");
    const RecordPtr before = record(db);

    auto started = engine->start_container(web);

    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), ErrorCode::kSystem);
    EXPECT_EQ(started.error().message(), "Cannot link to a non running container: /db AS /web/sql");
    EXPECT_EQ(record(db), before);  // the very same record
    EXPECT_EQ(record(web)->state, RunState::kCreated);
    ASSERT_TRUE(engine->start_container(db));
    EXPECT_TRUE(engine->start_container(web));
}

TEST_F(Links, RefusalsAtCreate) {
    create({"sleep"}, {{"NetworkMode", "host"}}, "hosted");
    create({"sleep"}, {}, "db");
    const auto refusal = [&](const nlohmann::json& host_config) {
        auto created = try_create({"sleep"}, host_config, "web");
        return created ? std::string("(none)") : created.error().message();
    };
    EXPECT_EQ(refusal({{"Links", {"nobody"}}}), "could not get container for nobody: No such container: nobody");
    EXPECT_EQ(refusal({{"Links", {""}}}), "empty string specified for links");
    EXPECT_EQ(refusal({{"Links", {"a:b:c"}}}), "bad format for links: a:b:c");
    EXPECT_THAT(refusal({{"Links", {"hosted:h"}}}), HasSubstr("host type networking can't be used with links"));
    EXPECT_THAT(refusal({{"Links", {"db"}}, {"NetworkMode", "host"}}), HasSubstr("host type networking"));
    EXPECT_THAT(refusal({{"Links", {"web:me"}}}), HasSubstr("cannot link to itself"));
    EXPECT_THAT(refusal({{"Links", {"db:x", "hosted:x"}}}), HasSubstr("host type"));
}

TEST_F(Links, ATargetWithoutTheBridgeIsRefusedAtTheStart) {
    create_started({"sleep"}, {{"NetworkMode", "none"}}, "alone");
    const std::string web = create({"sleep"}, {{"Links", {"alone"}}}, "web");
    EXPECT_EQ(start_error(web), "Cannot link to /alone, as it does not belong to the default network");
}

TEST_F(Links, ASharedNetworkStandsForItsOwner) {
    const std::string db = create_started({"sleep"}, {}, "db");
    create_started({"sleep"}, {{"NetworkMode", "container:db"}}, "side");
    const std::string web = create({"sleep"}, {{"Links", {"side:s"}}}, "web");
    ASSERT_EQ(record(web)->links.size(), 1u);
    EXPECT_EQ(record(web)->links[0].target_id, db);
}

TEST_F(Links, ARenamedTargetIsFollowedAndARemovedOneEndsTheLink) {
    const std::string db = create_started({"sleep"}, {}, "db");
    const std::string web = create({"sleep"}, {{"Links", {"db:sql"}}}, "web");
    ASSERT_TRUE(engine->rename_container(db, "store"));
    ASSERT_TRUE(engine->rename_container(web, "front"));
    EXPECT_EQ(record(web)->host_config["Links"], nlohmann::json({"/store:/front/sql"}));

    RemoveOptions force;
    force.force = true;
    ASSERT_TRUE(engine->remove_container(db, force));
    EXPECT_EQ(record(web)->host_config["Links"], nlohmann::json::array());
    EXPECT_EQ(start_error(web), "");
    EXPECT_THAT(log_lines(), Contains(HasSubstr("the target of link sql is gone")));
}

TEST_F(Links, CanBeRemovedByThemselves) {
    const std::string db = create_started({"sleep"}, {}, "db");
    const std::string web = create({"sleep"}, {{"Links", {"db:sql", "db:other"}}}, "web");
    RemoveOptions link;
    link.link = true;
    EXPECT_EQ(engine->remove_container("/web/nothing", link).error().code(), ErrorCode::kNotFound);
    EXPECT_THAT(engine->remove_container("web", link).error().message(),
                HasSubstr("Conflict, cannot remove the default link name"));
    ASSERT_TRUE(engine->remove_container("/web/sql", link));
    EXPECT_EQ(record(web)->host_config["Links"], nlohmann::json({"/db:/web/other"}));
    EXPECT_TRUE(engine->find_container(db));

    reopen();
    EXPECT_EQ(record(web)->host_config["Links"], nlohmann::json({"/db:/web/other"}));
    ASSERT_TRUE(engine->remove_container("/web/other", link));
    EXPECT_EQ(record(web)->host_config["Links"], nlohmann::json::array());
}

}  // namespace
}  // namespace slipway::test
