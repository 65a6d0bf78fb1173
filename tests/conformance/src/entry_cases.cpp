// The exported symbol, the manifest beside the library, and the backend's beginning and end.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>

#include "kit.hpp"

namespace conformance {
namespace {

const slw_plugin* entry() {
    std::string why;
    return load_entry(why);
}

json manifest() {
    std::ifstream file(std::filesystem::path(settings.plugin).replace_extension(".json"));
    return json::parse(file, nullptr, false);
}

}  // namespace

TEST(Entry, IsExportedAndWhole) {
    std::string why;
    const slw_plugin* e = load_entry(why);

    ASSERT_NE(e, nullptr) << why;
    EXPECT_TRUE(SLW_HAS(e, slw_plugin, get_extension));
    EXPECT_EQ(e->abi_major, SLW_ABI_MAJOR);
    EXPECT_EQ(e->reserved, 0U);
    EXPECT_TRUE(e->init != nullptr && e->deinit != nullptr && e->get_extension != nullptr);
    ASSERT_NE(e->name, nullptr);
    ASSERT_NE(e->version, nullptr);
    EXPECT_TRUE(std::regex_match(e->name, std::regex("[a-z][a-z0-9-]{0,31}"))) << e->name;
}

TEST(Entry, AgreesWithTheManifestBesideTheLibrary) {
    ASSERT_NE(entry(), nullptr);
    const json document = manifest();

    ASSERT_TRUE(document.is_object()) << "no JSON object beside " << settings.plugin;
    EXPECT_EQ(document.value("slipway_plugin", 0), 1);
    EXPECT_EQ(document.value("name", ""), entry()->name);
    EXPECT_EQ(document.value("abi_major", 0U), entry()->abi_major);
    EXPECT_EQ(document.value("abi_minor", 99U), entry()->abi_minor);
    EXPECT_EQ(document.value("version", ""), entry()->version);
    EXPECT_THAT(document.value("platform", ""), testing::AnyOf("linux", "windows"));
}

TEST(Entry, InitToleratesAHostWithoutServices) {
    ASSERT_NE(entry(), nullptr);
    FakeHost host(json::object());
    ErrorBuffer err;
    slw_backend* backend = nullptr;

    const slw_status status = entry()->init(host.bare(), &backend, err.get());

    // Either is fine, as long as it says so.
    if (status == SLW_OK) {
        ASSERT_NE(backend, nullptr);
        entry()->deinit(backend);
    } else {
        EXPECT_TRUE(failed_with(status, status, err));
        EXPECT_EQ(backend, nullptr) << "an output was written by a call that failed";
    }
}

using Backend = BackendCase;

TEST_F(Backend, BeginsAgainAfterItsEnd) {
    entry()->deinit(backend_);
    backend_ = nullptr;
    ErrorBuffer err;

    EXPECT_TRUE(succeeded(entry()->init(host_->get(), &backend_, err.get()), err));
}

TEST_F(Backend, HasTablesThatHoldTheirFunctions) {
    EXPECT_GE(create_->struct_size, offsetof(slw_create_ops, destroy) + sizeof(create_->destroy));
    EXPECT_GE(mount_->struct_size, offsetof(slw_mount_ops, root_size) + sizeof(mount_->root_size));
    EXPECT_GE(network_->struct_size, offsetof(slw_network_ops, endpoint_detach) + sizeof(network_->endpoint_detach));
    constexpr uint32_t kKnown = SLW_CREATE_ACCEPTS_START_HOSTCONFIG | SLW_CREATE_PARKS | SLW_CREATE_NETWORK_FIRST |
                                SLW_CREATE_USER_NAMESPACES | SLW_CREATE_LOG_ATTRIBUTES;
    EXPECT_EQ(create_->flags & ~kKnown, 0U);
}

TEST_F(Backend, AnswersForUnknownExtensionsWithNull) {
    EXPECT_EQ(entry()->get_extension(backend_, "slw.coffee/1"), nullptr);
    EXPECT_EQ(entry()->get_extension(backend_, "slw.create/2"), nullptr);
    EXPECT_EQ(entry()->get_extension(backend_, "slw.create"), nullptr);
    EXPECT_EQ(entry()->get_extension(backend_, ""), nullptr);
    EXPECT_EQ(entry()->get_extension(backend_, nullptr), nullptr);
}

TEST_F(Backend, GivesTheSameTableEachTime) {
    EXPECT_EQ(entry()->get_extension(backend_, SLW_EXT_CREATE), create_);
    // The id is compared by content, not by address.
    EXPECT_EQ(entry()->get_extension(backend_, std::string(SLW_EXT_MOUNT).c_str()), mount_);
}

}  // namespace conformance
