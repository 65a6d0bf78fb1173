// slw.mount/1: layers, roots and mounts as far as no container has to run.
#include <cstdio>
#include <cstring>

#include "kit.hpp"

namespace conformance {
namespace {

const std::string kLayer(64, 'b');

// A tar stream of one small file.
std::string small_tar(const std::string& name = "hello") {
    char header[512] = {};
    std::snprintf(header, 100, "%s", name.c_str());
    std::memcpy(header + 100, "0000644", 8);
    std::memcpy(header + 108, "0000000", 8);
    std::memcpy(header + 116, "0000000", 8);
    std::memcpy(header + 124, "00000000005", 12);
    std::memcpy(header + 136, "00000000000", 12);
    std::memset(header + 148, ' ', 8);
    header[156] = '0';
    std::memcpy(header + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(header + 148, 8, "%06o", sum);
    std::string tar(header, sizeof(header));
    tar += "slip\n" + std::string(512 - 5, '\0');
    return tar + std::string(1024, '\0');
}

class Mount : public BackendCase {
protected:
    slw_status import(const std::string& id, const std::string& tar, ErrorBuffer& err, slw_call call = no_limits(),
                      bool break_off = false, const std::vector<const char*>& parents = {}) {
        size_t at = 0;
        reads_ = 0;
        const slipway::FunctionSource source([&](void* buffer, uint64_t capacity) -> int64_t {
            ++reads_;
            if (break_off && at >= tar.size()) return -1;
            const size_t size = std::min<size_t>(tar.size() - at, static_cast<size_t>(capacity));
            std::memcpy(buffer, tar.data() + at, size);
            at += size;
            return static_cast<int64_t>(size);
        });
        info_ = {};
        info_.struct_size = sizeof(info_);
        return mount_->layer_import(backend_, &call, id.c_str(), parents.data(), parents.size(), source.get(), &info_,
                                    err.get());
    }

    slw_status stat(const std::string& id, ErrorBuffer& err) {
        slw_layer_info info{};
        info.struct_size = sizeof(info);
        return mount_->layer_stat(backend_, id.c_str(), &info, err.get());
    }

    json layers() {
        slipway::StringSink out;
        const slw_call call = no_limits();
        ErrorBuffer err;
        EXPECT_TRUE(succeeded(mount_->layer_list(backend_, &call, out.get(), err.get()), err));
        return json::parse(out.take(), nullptr, false);
    }

    void expect_no_layer() {
        ErrorBuffer err;
        EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, stat(kLayer, err), err));
        EXPECT_EQ(layers(), json::array());
    }

    slw_status mount(slw_container* c, const char* source, const char* target, uint32_t flags, uint64_t& id,
                     ErrorBuffer& err) {
        slw_mount_request request{};
        request.struct_size = sizeof(request);
        request.flags = flags;
        request.source = source;
        request.target = target;
        const slw_call call = no_limits();
        return mount_->mount(c, &call, &request, &id, err.get());
    }

    slw_layer_info info_{};
    int reads_ = 0;
};

}  // namespace

TEST_F(Mount, LayersAppearWholeAndAreListed) {
    ErrorBuffer err;

    ASSERT_TRUE(succeeded(import(kLayer, small_tar(), err), err));

    EXPECT_TRUE(succeeded(stat(kLayer, err), err));
    EXPECT_EQ(layers(), json::array({kLayer}));
}

TEST_F(Mount, AnImportOfALayerThatExistsReadsNothing) {
    ErrorBuffer err;
    ASSERT_TRUE(succeeded(import(kLayer, small_tar(), err), err));

    EXPECT_TRUE(succeeded(import(kLayer, small_tar(), err), err));

    EXPECT_EQ(reads_, 0);
}

TEST_F(Mount, WhatIsNotATarStreamLeavesNoLayer) {
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, import(kLayer, std::string(4096, 'x'), err), err));

    expect_no_layer();
}

TEST_F(Mount, AStreamThatBreaksOffLeavesNoLayer) {
    ErrorBuffer err;

    const slw_status status = import(kLayer, small_tar().substr(0, 700), err, no_limits(), true);

    EXPECT_NE(status, SLW_OK);
    EXPECT_TRUE(failed_with(status, status, err));
    expect_no_layer();
}

TEST_F(Mount, AnImportThatIsCancelledLeavesNoLayer) {
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_CANCELLED, import(kLayer, small_tar(), err, cancelled_call()), err));

    expect_no_layer();
}

TEST_F(Mount, AnImportPastItsDeadlineLeavesNoLayer) {
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_DEADLINE_EXCEEDED, import(kLayer, small_tar(), err, late_call()), err));

    expect_no_layer();
}

TEST_F(Mount, RemovingALayerIsIdempotent) {
    ErrorBuffer err;
    ASSERT_TRUE(succeeded(import(kLayer, small_tar(), err), err));
    const slw_call call = no_limits();

    EXPECT_TRUE(succeeded(mount_->layer_remove(backend_, &call, kLayer.c_str(), err.get()), err));
    EXPECT_TRUE(succeeded(mount_->layer_remove(backend_, &call, kLayer.c_str(), err.get()), err));

    expect_no_layer();
}

TEST_F(Mount, RootsAreMadeAndRemovedIdempotently) {
    slw_container* c = open_container();
    const slw_root_request request{sizeof(slw_root_request), 0, nullptr, 0};
    const slw_call call = no_limits();
    ErrorBuffer err;

    EXPECT_TRUE(succeeded(mount_->root_create(c, &call, &request, err.get()), err));
    EXPECT_TRUE(succeeded(mount_->root_create(c, &call, &request, err.get()), err));
    EXPECT_TRUE(succeeded(mount_->root_unmount(c, &call, err.get()), err)) << "not mounted is success";
    EXPECT_TRUE(succeeded(mount_->root_remove(c, &call, err.get()), err));
    EXPECT_TRUE(succeeded(mount_->root_remove(c, &call, err.get()), err));
}

TEST_F(Mount, ARootNamesTheLayerThatIsMissing) {
    slw_container* c = open_container();
    const char* const ids[] = {kLayer.c_str()};
    const slw_root_request request{sizeof(slw_root_request), 0, ids, 1};
    const slw_call call = no_limits();
    ErrorBuffer err;

    const slw_status status = mount_->root_mount(c, &call, &request, err.get());

    EXPECT_TRUE(failed_with(SLW_ERR_NOT_FOUND, status, err));
    EXPECT_EQ(std::string(err.err.resource), kLayer);
}

TEST_F(Mount, WhatAContainerChangedIsALayer) {
    if (!SLW_HAS(mount_, slw_mount_ops, root_export) || mount_->root_export == nullptr) {
        GTEST_SKIP() << "the backend exports no layers";
    }
    const std::string exported(64, 'e');
    const char* const ids[] = {kLayer.c_str()};
    const slw_root_request request{sizeof(slw_root_request), 0, ids, 1};
    const slw_call call = no_limits();
    ErrorBuffer err;
    ASSERT_TRUE(succeeded(import(kLayer, small_tar(), err), err));
    slw_container* c = open_container();
    ASSERT_TRUE(succeeded(mount_->root_create(c, &call, &request, err.get()), err));

    slipway::StringSink tar, again;
    EXPECT_TRUE(succeeded(mount_->root_export(c, &call, tar.get(), err.get()), err));
    const std::string layer = tar.take();
    EXPECT_TRUE(succeeded(import(exported, layer, err, no_limits(), false, {kLayer.c_str()}), err));
    EXPECT_TRUE(succeeded(mount_->root_export(c, &call, again.get(), err.get()), err));
    EXPECT_EQ(again.take(), layer) << "nothing has run in between";

    slipway::FunctionSink full([](const void*, uint64_t) { return false; });
    EXPECT_TRUE(failed_with(SLW_ERR_CANCELLED, mount_->root_export(c, &call, full.get(), err.get()), err));
    EXPECT_TRUE(succeeded(mount_->root_remove(c, &call, err.get()), err));
    EXPECT_TRUE(succeeded(mount_->layer_remove(backend_, &call, exported.c_str(), err.get()), err));
}

TEST_F(Mount, RootsRefuseUnknownFlags) {
    slw_container* c = open_container();
    const slw_root_request request{sizeof(slw_root_request), UINT32_C(1) << 31, nullptr, 0};
    const slw_call call = no_limits();
    ErrorBuffer err;

    EXPECT_TRUE(failed_with(SLW_ERR_INVALID_ARGUMENT, mount_->root_mount(c, &call, &request, err.get()), err));
}

TEST_F(Mount, RefusesRequestsThatMakeNoSenseAndWritesNoId) {
    slw_container* c = open_container();
    const std::string missing = directory_ + "/does/not/exist";
    const struct {
        const char* source;
        const char* target;
        uint32_t flags;
        slw_status status;
    } cases[] = {
        {nullptr, "/data", UINT32_C(1) << 31, SLW_ERR_INVALID_ARGUMENT},
        {nullptr, "data", 0, SLW_ERR_INVALID_ARGUMENT},
        {nullptr, "", 0, SLW_ERR_INVALID_ARGUMENT},
        {nullptr, "/data/../etc", 0, SLW_ERR_INVALID_ARGUMENT},
        {"relative", "/data", 0, SLW_ERR_INVALID_ARGUMENT},
        {missing.c_str(), "/data", 0, SLW_ERR_NOT_FOUND},
    };
    for (const auto& refused : cases) {
        uint64_t id = 77;
        ErrorBuffer err;

        const slw_status status = mount(c, refused.source, refused.target, refused.flags, id, err);

        EXPECT_TRUE(failed_with(refused.status, status, err)) << refused.target;
        EXPECT_EQ(id, 77U) << "an output was written by a call that failed";
    }
}

TEST_F(Mount, ATargetIsTakenUntilItIsUnmounted) {
    slw_container* c = open_container();
    const slw_call call = no_limits();
    uint64_t first = 0;
    uint64_t second = 0;
    ErrorBuffer err;
    ASSERT_TRUE(succeeded(mount(c, directory_.c_str(), "/data", 0, first, err), err));
    EXPECT_GE(first, 1U);

    ErrorBuffer taken;
    EXPECT_TRUE(failed_with(SLW_ERR_CONFLICT, mount(c, directory_.c_str(), "/data", 0, second, taken), taken));

    EXPECT_TRUE(succeeded(mount_->unmount(c, &call, first, err.get()), err));
    EXPECT_TRUE(succeeded(mount_->unmount(c, &call, first, err.get()), err)) << "gone already is success";
    ASSERT_TRUE(succeeded(mount(c, directory_.c_str(), "/data", 0, second, err), err));
    EXPECT_TRUE(succeeded(mount_->unmount(c, &call, second, err.get()), err));
}

TEST_F(Mount, UnmountingAnIdThatNeverWasIsSuccess) {
    slw_container* c = open_container();
    const slw_call call = no_limits();
    ErrorBuffer err;

    EXPECT_TRUE(succeeded(mount_->unmount(c, &call, 4711, err.get()), err));
}

}  // namespace conformance
