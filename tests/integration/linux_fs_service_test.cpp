// slw.mount/1 as the host calls it: through the table, with a backend and a container of its own.
#include "linux_fs_support.hpp"

#include <container.hpp>
#include <tables.hpp>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <cstring>

namespace slipway::linux_backend {
namespace {

using namespace testing;  // NOLINT: the fixture's helpers
using nlohmann::json;

const void* SLW_CALL no_service(void*, const char*) {
    return nullptr;
}
uint64_t SLW_CALL fixed_clock(void*) {
    return 1000;
}

class LinuxFsService : public ::testing::Test {
protected:
    LinuxFsService() {
        host_.struct_size = sizeof(host_);
        host_.get_service = no_service;
        host_.monotonic_ns = fixed_clock;
        BackendConfig config;
        config.data_root = dir_ / "data";
        config.exec_root = dir_ / "run";
        config.instance = "00000000";
        backend_ = std::make_unique<slw_backend>(&host_, config);
        container_ =
            std::make_unique<slw_container>(*backend_, std::string(64, '1'), "box", dir_ / "state", dir_ / "container");
        error_.struct_size = sizeof(error_);
    }
    void SetUp() override { ASSERT_EQ(::geteuid(), 0U) << "these tests need root"; }

    slw_status import(const std::string& id, const std::string& tar) {
        StringSource source(tar);
        slw_layer_info info{};
        info.struct_size = sizeof(info);
        return kMountOps.layer_import(backend_.get(), nullptr, id.c_str(), nullptr, 0, source.get(), &info, &error_);
    }
    slw_status mount_root(const std::vector<std::string>& ids, uint32_t flags = 0) {
        std::vector<const char*> names;
        for (const std::string& id : ids) names.push_back(id.c_str());
        const slw_root_request request{sizeof(slw_root_request), flags, names.data(), names.size()};
        const slw_status created = kMountOps.root_create(container_.get(), nullptr, &request, &error_);
        return created != SLW_OK ? created : kMountOps.root_mount(container_.get(), nullptr, &request, &error_);
    }
    template <class Call>
    json read_json(Call call) {
        StringSink sink;
        EXPECT_EQ(call(sink.get()), SLW_OK) << error_.message;
        return json::parse(sink.take());
    }

    TempDir dir_;
    slw_host host_{};
    slw_error error_{};
    std::unique_ptr<slw_backend> backend_;
    std::unique_ptr<slw_container> container_;
};

TEST_F(LinuxFsService, LayerToRootToChangesAndBack) {
    const std::string id = layer_id('a');
    ASSERT_EQ(import(id, TarBuilder().dir("etc").file("etc/motd", "hello").finish()), SLW_OK) << error_.message;
    EXPECT_EQ(
        read_json([this](slw_sink* sink) { return kMountOps.layer_list(backend_.get(), nullptr, sink, &error_); }),
        json::array({id}));

    ASSERT_EQ(mount_root({id}, SLW_ROOT_READ_ONLY), SLW_OK) << error_.message;
    ASSERT_TRUE(container_->root.has_value());
    EXPECT_TRUE(container_->root->read_only);
    EXPECT_EQ(read_at(container_->root->tree.get(), "etc/motd"), "hello");
    EXPECT_EQ(mount_root({id}), SLW_ERR_CONFLICT);
    // Still writable here: the mount points are made before it becomes read-only.
    ASSERT_EQ(write_at(container_->root->tree.get(), "etc/new\xff", "123"), 0);

    uint64_t bytes = 0;
    ASSERT_EQ(kMountOps.root_size(container_.get(), nullptr, &bytes, &error_), SLW_OK);
    EXPECT_EQ(bytes, 3U);
    EXPECT_EQ(
        read_json([this](slw_sink* sink) { return kMountOps.root_diff(container_.get(), nullptr, sink, &error_); }),
        json::parse(R"([{"Path":"/etc","Kind":0},{"Path":"/etc/new\ufffd","Kind":1}])"));

    ASSERT_EQ(kMountOps.root_unmount(container_.get(), nullptr, &error_), SLW_OK);
    ASSERT_EQ(kMountOps.root_unmount(container_.get(), nullptr, &error_), SLW_OK) << "not mounted is success";
    ASSERT_EQ(kMountOps.root_remove(container_.get(), nullptr, &error_), SLW_OK) << error_.message;
    ASSERT_EQ(kMountOps.layer_remove(backend_.get(), nullptr, id.c_str(), &error_), SLW_OK);
    EXPECT_FALSE(host_mounts_mention(dir_.path()));
}

TEST_F(LinuxFsService, ErrorsCarryCodeAndResource) {
    EXPECT_EQ(import(layer_id('a'), TarBuilder().file("../../etc/x").finish()), SLW_ERR_INVALID_ARGUMENT);
    EXPECT_STREQ(error_.resource, "../../etc/x");
    EXPECT_EQ(mount_root({layer_id('f')}), SLW_ERR_NOT_FOUND);
    EXPECT_EQ(error_.resource, layer_id('f'));
    EXPECT_FALSE(container_->root.has_value());
    EXPECT_EQ(mount_root({"short"}), SLW_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(mount_root({}, 1U << 9), SLW_ERR_INVALID_ARGUMENT);
}

TEST_F(LinuxFsService, DeadlineEndsAnImportAndNothingStays) {
    slw_call late{};
    late.struct_size = sizeof(late);
    late.deadline_ns = 999;  // the clock says 1000
    StringSource source(TarBuilder().file("f").finish());
    slw_layer_info info{};
    info.struct_size = sizeof(info);
    EXPECT_EQ(
        kMountOps.layer_import(backend_.get(), &late, layer_id('a').c_str(), nullptr, 0, source.get(), &info, &error_),
        SLW_ERR_DEADLINE_EXCEEDED);
    EXPECT_EQ(kMountOps.layer_stat(backend_.get(), layer_id('a').c_str(), &info, &error_), SLW_ERR_NOT_FOUND);
}

TEST_F(LinuxFsService, MountsAreKeptForCreateUntilUnmounted) {
    ASSERT_EQ(::mkdir((dir_ / "src").c_str(), 0755), 0);
    const std::string source = dir_ / "src";
    slw_mount_request request{};
    request.struct_size = sizeof(request);
    request.source = source.c_str();
    request.target = "/data/";
    uint64_t id = 0;
    ASSERT_EQ(kMountOps.mount(container_.get(), nullptr, &request, &id, &error_), SLW_OK) << error_.message;
    EXPECT_GE(id, 1U);
    ASSERT_EQ(container_->mounts.size(), 1U);
    EXPECT_EQ(container_->mounts[0].target, "/data");
    uint64_t untouched = 77;
    EXPECT_EQ(kMountOps.mount(container_.get(), nullptr, &request, &untouched, &error_), SLW_ERR_CONFLICT);
    EXPECT_STREQ(error_.message, "Duplicate mount point '/data'");
    EXPECT_EQ(untouched, 77U);
    EXPECT_EQ(kMountOps.unmount(container_.get(), nullptr, id, &error_), SLW_OK);
    EXPECT_EQ(kMountOps.unmount(container_.get(), nullptr, id, &error_), SLW_OK);
    EXPECT_TRUE(container_->mounts.empty());
}

}  // namespace
}  // namespace slipway::linux_backend
