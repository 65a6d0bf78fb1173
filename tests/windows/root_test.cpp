// The writable layer: who waits for whom, what is left of it, and what is mapped into it.
#include "backend_test.hpp"

#include <raw/codes.hpp>
#include <raw/utf16.hpp>

#include <filesystem>
#include <fstream>
#include <thread>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class WindowsRoots : public WindowsBackend {
protected:
    json config() const override { return {{"timeouts_ms", {{"undo", 4000}, {"storage", 500}}}}; }

    fs::path data_of(const std::string& id) const { return fs::path(directory_) / ("data-" + id.substr(0, 8)); }

    Outcome map_directory(slw_container* c, const std::string& source) {
        Outcome mapped;
        mapped.error.struct_size = sizeof(mapped.error);
        slw_mount_request request{};
        request.struct_size = sizeof(request);
        request.source = source.c_str();
        request.target = "C:\\data";
        request.propagation = "";
        uint64_t mount_id = 0;
        const slw_call limits = call();
        mapped.status = table<slw_mount_ops>(SLW_EXT_MOUNT)->mount(c, &limits, &request, &mount_id, &mapped.error);
        return mapped;
    }
};

TEST_F(WindowsRoots, AMountThatHangsKeepsOthersOutForAsLongAsTheyWait) {
    slw_container* hanging = open(test_id('1'));
    slw_container* other = open(test_id('2'));
    simulated::inject(json::array(
        {{{"function", "HcsAttachLayerStorageFilter"}, {"nth", 1}, {"do", "hang"}, {"hresult", "0x80004005"}}}));
    EXPECT_EQ(mount_root(hanging).status, SLW_ERR_DEADLINE_EXCEEDED);

    const Outcome waited = mount_root(other);

    EXPECT_EQ(waited.status, SLW_ERR_DEADLINE_EXCEEDED);
    EXPECT_THAT(waited.message(), testing::HasSubstr("waiting for other disks to be mounted"));
    EXPECT_EQ(simulated::calls()["HcsAttachLayerStorageFilter"], 1) << "filters go one at a time";
    simulated::release_hangs();
    Outcome mounted = mount_root(other);
    EXPECT_TRUE(mounted) << mounted.message();
    EXPECT_TRUE(give_back(other));
    EXPECT_TRUE(give_back(hanging));
}

TEST_F(WindowsRoots, WhatAnEarlierRemovalLeftGoesWithTheNext) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"exit:0"})}));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
    ASSERT_TRUE(leave(c));
    // A crash between the renaming and the end of the removal.
    fs::rename(data_of(id) / "scratch", data_of(id) / "scratch-removing");

    EXPECT_TRUE(remove_root(c));

    EXPECT_FALSE(fs::exists(data_of(id) / "scratch-removing"));
}

TEST_F(WindowsRoots, WhatWindowsDoesNotDestroyIsRemovedAsFiles) {
    const std::string id = test_id('1');
    slw_container* c = open(id);
    ASSERT_TRUE(run(c, id, {does({"exit:0"})}));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
    ASSERT_TRUE(leave(c));
    simulated::inject(
        json::array({{{"function", "HcsDestroyLayer"}, {"nth", 1}, {"do", "fail"}, {"hresult", "0x80070005"}}}));

    const Outcome removed = remove_root(c);

    EXPECT_TRUE(removed) << removed.message();
    EXPECT_FALSE(fs::exists(data_of(id) / "scratch"));
    EXPECT_FALSE(fs::exists(data_of(id) / "scratch-removing"));
}

TEST_F(WindowsRoots, ADirectoryBehindALinkIsNotMapped) {
    slw_container* c = open(test_id('1'));
    fs::create_directories(fs::path(directory_) / "real" / "sub");
    std::error_code refused;
    fs::create_directory_symlink(fs::path(directory_) / "real", fs::path(directory_) / "link", refused);
    if (refused) GTEST_SKIP() << "no links here: " << refused.message();

    EXPECT_TRUE(map_directory(c, directory_ + "/real/sub"));
    const Outcome mapped = map_directory(c, directory_ + "/link/sub");

    EXPECT_EQ(mapped.status, SLW_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(mapped.message(), testing::HasSubstr("has a symbolic link in it"));
    EXPECT_TRUE(give_back(c));
}

// A machine's entries are known to the process that made them; when that dies, the removal of the container is the last
// who can take them back.
TEST_F(WindowsRoots, EntriesOfADeadDaemonsMachineGoWithTheContainer) {
    const std::string id = test_id('1'), layer(64, '7');
    ASSERT_TRUE(import_machine_layer(layer));
    slw_container* c = open(id);
    RunOptions options{does({"exit:0"})};
    options.host_config["Isolation"] = "hyperv";
    options.layers = {layer};
    ASSERT_TRUE(run(c, id, options));
    EXPECT_EQ(host_->wait(SLW_EVENT_EXIT, id).exit_code, 0);
    ASSERT_TRUE(leave(c));
    ASSERT_THAT(simulated::leaks(), testing::IsEmpty());
    {
        const auto api = simulated::connect();
        for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
            const std::string name = entry.path().filename().string();
            if (name != "blank-base.vhdx" && name != "SystemTemplateBase.vhdx") continue;
            if (entry.path().string().find(layer) == std::string::npos) continue;
            const std::u16string machine = to_utf16(id + "@vm"), disk = to_utf16(entry.path().string());
            EXPECT_EQ(api->HcsGrantVmAccess(machine.c_str(), disk.c_str()), raw::kOk);
        }
    }
    ASSERT_EQ(simulated::leaks().size(), 2U);

    EXPECT_TRUE(remove_root(c));

    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
}

}  // namespace
}  // namespace slipway::windows_backend
