// tests/unit/windows/layers/layer_support.hpp - layers as tar streams, and folders to unpack them into.
#pragma once

#include <documents/base64.hpp>
#include <documents/bytes.hpp>
#include <documents/utf8_text.hpp>
#include <layers/layer_pack.hpp>
#include <layers/layer_unpack.hpp>
#include <layers/transport_writer.hpp>
#include <simulator/layer_tar.hpp>
#include <simulator/transport_check.hpp>
#include <sys/file_tree.hpp>
#include <sys/privileges.hpp>

#include <slipway/cpp/text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

namespace slipway::windows_backend {

using simulated_hcs::descriptor;
using simulated_hcs::tar_of;
using simulated_hcs::TestMember;

// A stream over text that is there all at once.
class TarText {
public:
    explicit TarText(std::string text)
        : text_(std::move(text)),
          source_([this](void* buffer, uint64_t capacity) -> int64_t {
              const size_t size = std::min<size_t>(text_.size() - at_, static_cast<size_t>(capacity));
              std::memcpy(buffer, text_.data() + at_, size);
              at_ += size;
              return static_cast<int64_t>(size);
          }),
          stream_(*source_.get(), [] { return Status(ok()); }) {}

    TarStream& stream() { return stream_; }

private:
    const std::string text_;
    size_t at_ = 0;
    FunctionSource source_;
    TarStream stream_;
};

class LayerFolders : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(privileges_) << privileges_.error().message();
        root_ = std::filesystem::temp_directory_path() / ("slwt-layer-" + std::to_string(std::random_device()()));
        std::filesystem::create_directories(root_);
    }
    void TearDown() override { EXPECT_TRUE(remove_tree(root_)); }

    // Unpacks into root_/name.
    Result<UnpackedLayer> unpack(const std::vector<TestMember>& members, const std::string& name = "transport") {
        TarText tar(tar_of(members));
        EXPECT_TRUE(make_directory(root_ / name));
        TransportWriter writer(root_ / name, {root_ / "parent"});
        return unpack_layer(tar.stream(), writer);
    }
    std::string pack(const std::string& name = "transport") {
        StringSink sink;
        const Status packed = pack_layer(root_ / name, sink.get(), [] { return Status(ok()); });
        EXPECT_TRUE(packed) << packed.error().message();
        return sink.take();
    }
    std::string bytes(const std::string& path) const {
        std::ifstream file(root_ / path, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return file ? text.str() : "(none)";
    }
    void write(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path, std::ios::binary) << text;
    }
    bool exists(const std::string& path) const { return *kind_of(root_ / path) != FileKind::kNone; }

    const Result<BackupPrivileges> privileges_ = BackupPrivileges::take();
    std::filesystem::path root_;
};

}  // namespace slipway::windows_backend
