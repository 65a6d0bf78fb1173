// The adapter between the C tables and core::Backend, over the template plugin and over one that lies.
#include <gmock/gmock.h>

#include <cstring>

#include "plugin_host_support.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const ContainerDesc kDesc{std::string(64, 'a'), "web", "/run/x", "/var/x"};

class PluginAdapterTest : public PluginDirectoryTest {
protected:
    std::shared_ptr<Backend> backend(const std::string& name) {
        if (name == "example") {
            add_good();
        } else {
            add_hostile(name);
        }
        LoadedPlugins loaded = load(nullptr);
        EXPECT_EQ(loaded.backends.size(), 1U) << (loaded.problems.empty() ? "" : loaded.problems[0].reason);
        return loaded.backends.empty() ? nullptr : loaded.backends[0];
    }

    std::unique_ptr<BackendContainer> open(Backend& backend) {
        auto container = backend.open_container(kDesc);
        EXPECT_TRUE(container);
        return container ? std::move(*container) : nullptr;
    }

    static void expect_broken_contract(const Error& error, const std::string& call, const std::string& what) {
        EXPECT_EQ(error.code(), ErrorCode::kInternal);
        EXPECT_THAT(error.message(), HasSubstr("backend 'liar': " + call));
        EXPECT_THAT(error.message(), HasSubstr(what));
    }
};

TEST_F(PluginAdapterTest, ReportsWhatTheBackendIs) {
    const auto example = backend("example");

    const BackendInfo& info = example->info();
    EXPECT_EQ(info.name, "example");
    EXPECT_EQ(info.version, "0.1.0");
    EXPECT_EQ(info.platform, "linux");
    EXPECT_EQ(info.abi_major, 1U);
    EXPECT_TRUE(info.parks);
    EXPECT_TRUE(info.network_first);
    EXPECT_FALSE(info.accepts_start_hostconfig);
    EXPECT_THAT(info.extensions, ElementsAre("slw.create/1", "slw.mount/1", "slw.network/1"));
}

TEST_F(PluginAdapterTest, TakesAContainerThroughItsLife) {
    const auto example = backend("example");
    const auto container = open(*example);

    ASSERT_TRUE(container->root_create({}, {}));
    ASSERT_TRUE(container->root_mount({}, {}, true));
    const auto mount = container->mount({}, {0, std::nullopt, "/data", "", 0, 0});
    ASSERT_TRUE(mount);
    ASSERT_TRUE(container->sandbox_create({}, {{"Mode", "private"}}));
    const auto endpoint = container->endpoint_attach({}, {{"Network", {{"Id", "n"}}}, {"Ports", json::array()}});
    ASSERT_TRUE(endpoint);
    EXPECT_EQ((*endpoint)["IPPrefixLen"], 24);
    const auto spec = container->build_spec({}, {{"Path", "/bin/sh"}, {"Args", {"-c", "true"}}});
    ASSERT_TRUE(spec);
    ASSERT_TRUE(container->create({}, {*spec, LogTarget{"/x/log", 0, 1}}));
    ASSERT_TRUE(container->start({}));
    EXPECT_EQ(container->status()->state, ProcessState::kRunning);
    ASSERT_TRUE(container->signal(9));
    EXPECT_EQ(container->status()->exit_code, 137);
    EXPECT_TRUE(container->destroy({}));
    EXPECT_TRUE(container->unmount({}, *mount));
    EXPECT_TRUE(container->endpoint_detach({}, "n"));
    EXPECT_TRUE(container->sandbox_destroy({}));
    EXPECT_TRUE(container->root_unmount({}));
    EXPECT_TRUE(container->root_remove({}));

    queue_->close();
    const auto event = queue_->pop();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, BackendEvent::Kind::kExit);
    EXPECT_EQ(event->container_id, kDesc.id);
    EXPECT_EQ(event->exit_code, 137);
}

TEST_F(PluginAdapterTest, PassesErrorsWithCodeAndResource) {
    const auto example = backend("example");
    const auto container = open(*example);

    const Status mounted = container->root_mount({}, {"abc"}, false);

    ASSERT_FALSE(mounted);
    EXPECT_EQ(mounted.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(mounted.error().message(), "no layer abc");
    EXPECT_EQ(mounted.error().resource(), "abc");
}

TEST_F(PluginAdapterTest, PassesDeadlineAndCancellation) {
    const auto example = backend("example");
    const auto container = open(*example);
    CancelToken cancelled;
    cancelled.cancel();

    const auto late = container->create({1, nullptr}, {"{}", std::nullopt});
    const auto given_up = container->create({0, &cancelled}, {"{}", std::nullopt});

    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::kDeadlineExceeded);
    ASSERT_FALSE(given_up);
    EXPECT_EQ(given_up.error().code(), ErrorCode::kCancelled);
}

TEST_F(PluginAdapterTest, StreamsLayersAndListsThem) {
    const auto example = backend("example");
    int blocks = 3;
    const ByteSource tar = [&](void* buffer, uint64_t) -> int64_t {
        std::memset(buffer, 0, 512);
        std::memcpy(static_cast<char*>(buffer) + 257, "ustar", 5);
        return blocks-- > 0 ? 512 : 0;
    };

    const auto info = example->layer_import({}, "abc", {"parent"}, tar);

    ASSERT_TRUE(info);
    EXPECT_EQ(info->size_bytes, 1536U);
    EXPECT_EQ(example->layer_stat("abc")->size_bytes, 1536U);
    EXPECT_THAT(*example->layer_list({}), ElementsAre("abc"));
    EXPECT_TRUE(example->layer_remove({}, "abc"));
    EXPECT_EQ(example->layer_stat("abc").error().code(), ErrorCode::kNotFound);
}

TEST_F(PluginAdapterTest, VerifyGivesTheAdaptedConfiguration) {
    const auto example = backend("example");

    const auto verified = example->verify({}, nullptr, {{"Memory", 7}}, false);

    ASSERT_TRUE(verified) << verified.error().message();
    EXPECT_EQ(verified->host_config["Memory"], 7);
    EXPECT_TRUE(verified->warnings.empty());
}

TEST_F(PluginAdapterTest, AnswersForMissingExtensionsInASentence) {
    const auto example = backend("example");
    const auto container = open(*example);

    const Error errors[] = {container->attach({}, {}).error(),  container->resize(1, 1).error(),
                            container->adopt({}).error(),       container->root_diff({}).error(),
                            example->list_holdings({}).error(), example->remove_holding({}, "x").error()};

    for (const Error& error : errors) {
        EXPECT_EQ(error.code(), ErrorCode::kUnimplemented);
        EXPECT_THAT(error.message(), StartsWith("backend 'example' does not support "));
    }
}

TEST_F(PluginAdapterTest, RefusesTextThatWouldBeCutByTheBoundary) {
    const auto example = backend("example");
    const auto container = open(*example);

    const auto mounted = container->mount({}, {0, std::nullopt, std::string("/data\0/etc", 10), "", 0, 0});

    ASSERT_FALSE(mounted);
    EXPECT_EQ(mounted.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(mounted.error().message(), "the mount target has a NUL character inside");
}

TEST_F(PluginAdapterTest, KeepsThePluginAliveForItsContainers) {
    auto example = backend("example");
    const auto container = open(*example);

    example.reset();

    EXPECT_EQ(container->status()->state, ProcessState::kNone);
}

TEST_F(PluginAdapterTest, OneHandlePerContainerThenAgainAfterClose) {
    const auto example = backend("example");
    auto first = open(*example);

    EXPECT_EQ(example->open_container(kDesc).error().code(), ErrorCode::kConflict);
    first.reset();
    EXPECT_TRUE(example->open_container(kDesc));
}

TEST_F(PluginAdapterTest, GivesTheBackendItsConfiguration) {
    add_good();
    PluginHostOptions options;
    options.directories = {directory_};
    options.data_root = "/data";
    options.exec_root = "/exec";
    options.common_config = {{"instance", "0badcafe"}, {"bridge", "b0"}};
    options.backend_config = {{"example", {{"bridge", "b1"}}}};
    options.log = [this](LogLevel, std::string_view line) { log_.emplace_back(line); };

    ASSERT_EQ(load_plugins(options, queue_).backends.size(), 1U);

    // The template logs what it was given.
    EXPECT_THAT(log_, Contains("example: configuration: {\"bridge\":\"b1\",\"data_root\":\"/data/backends/example\","
                               "\"exec_root\":\"/exec/backends/example\",\"instance\":\"0badcafe\"}"));
}

TEST_F(PluginAdapterTest, AnswersThatBreakTheContractAreInternalErrorsNamingBackendAndCall) {
    const auto liar = backend("liar");
    const auto container = open(*liar);

    expect_broken_contract(liar->verify({}, nullptr, json::object(), false).error(), "slw.create/1 verify", "not JSON");
    expect_broken_contract(liar->layer_list({}).error(), "slw.mount/1 layer_list", "object instead of an array");
    expect_broken_contract(liar->network_create({}, json::object()).error(), "slw.network/1 network_create",
                           "threw an exception");
    expect_broken_contract(liar->list_holdings({}).error(), "slw.reconcile/1 list", "unknown state 'confused'");
    expect_broken_contract(liar->open_container({"none", "", "", ""}).error(), "slw.create/1 container_open",
                           "without a handle");
    expect_broken_contract(container->build_spec({}, json::object()).error(), "slw.create/1 build_spec", "empty");
    expect_broken_contract(container->create({}, {"{}", std::nullopt}).error(), "slw.create/1 create", "pid -7");
    expect_broken_contract(container->status().error(), "slw.create/1 status", "unknown state 99");
    expect_broken_contract(container->mount({}, {0, std::nullopt, "/x", "", 0, 0}).error(), "slw.mount/1 mount",
                           "mount id 0");
    expect_broken_contract(container->sandbox_create({}, json::object()).error(), "slw.network/1 sandbox_create",
                           "more than 16 MiB");
}

TEST_F(PluginAdapterTest, MakesTextOfErrorsSafeForJson) {
    const auto liar = backend("liar");

    const auto info = liar->layer_stat("abc");

    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code(), ErrorCode::kInternal);  // a status nobody knows
    EXPECT_NO_THROW(EXPECT_THAT(json(info.error().message()).dump(), Not(testing::IsEmpty())));
}

}  // namespace
}  // namespace slipway::core
