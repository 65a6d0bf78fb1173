// Copying files of containers: what is locked meanwhile, texts, events, and decompression.

#include "support/engine_fixture.hpp"

#include "image/archive_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>

#include <cstring>
#include <future>

namespace slipway::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

ByteSource source_of(std::string text) {
    auto left = std::make_shared<std::string>(std::move(text));
    return [left](void* buffer, uint64_t capacity) -> int64_t {
        const size_t size = std::min<size_t>(capacity, left->size());
        std::memcpy(buffer, left->data(), size);
        left->erase(0, size);
        return static_cast<int64_t>(size);
    };
}

class Archive : public EngineFixture {
protected:
    Result<std::string> get(const std::string& id, const std::string& path) {
        std::string bytes;
        Status done = engine->archive_get(
            id, path, [](const nlohmann::json&) {},
            [&](const void* data, uint64_t size) {
                bytes.append(static_cast<const char*>(data), size);
                return true;
            });
        if (!done) return std::move(done).error();
        return bytes;
    }
};

// A copy of "/f" out of a container whose client has taken nothing yet, until finish().
class HeldCopy {
public:
    HeldCopy(Engine& engine, const std::string& id) {
        copy_ = std::async(std::launch::async, [this, &engine, id] {
            return engine.archive_get(
                id, "/f", [](const nlohmann::json&) {},
                [this](const void*, uint64_t) {
                    begun_.set_value();
                    go_on_.get_future().wait();
                    return true;
                });
        });
        begun_.get_future().wait();
    }
    ~HeldCopy() {
        if (copy_.valid()) (void)finish();
    }
    HeldCopy(const HeldCopy&) = delete;
    HeldCopy& operator=(const HeldCopy&) = delete;
    Status finish() {
        go_on_.set_value();
        return copy_.get();
    }

private:
    std::promise<void> begun_, go_on_;
    std::future<Status> copy_;
};

TEST_F(Archive, GoesInAndOutWithEvents) {
    for (const bool runs : {true, false}) {
        const std::string id = runs ? create_started({"sleep"}) : create({"sleep"});
        ASSERT_TRUE(engine->archive_put(id, "/f", {}, source_of("plain")));
        EXPECT_EQ(*get(id, "/f"), "plain");
        EXPECT_EQ((*engine->archive_stat(id, "/f"))["size"], 5);
        std::string all;
        ASSERT_TRUE(engine->export_container(id, [&](const void* data, uint64_t size) {
            all.append(static_cast<const char*>(data), size);
            return true;
        }));
        EXPECT_EQ(all, "plain");
        for (const char* action : {"archive-path", "extract-to-dir", "export"}) {
            EXPECT_THAT(events_of(id), Contains(action));
        }
    }
}

TEST_F(Archive, NamesTheFileAndTheContainerAsAsked) {
    create({"sleep"}, {}, "web");
    const auto missing = get("web", "/no");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(missing.error().message(), "Could not find the file /no in container web");
    EXPECT_EQ(engine->archive_stat("web", "/no").error().message(), missing.error().message());
    EXPECT_EQ(engine->archive_stat("nobody", "/no").error().message(), "No such container: nobody");
}

TEST_F(Archive, ARunningContainerCanBeStoppedMeanwhile) {
    const std::string id = create_started({"sleep"});
    ASSERT_TRUE(engine->archive_put(id, "/f", {}, source_of("content")));
    HeldCopy copy(*engine, id);
    ASSERT_TRUE(engine->kill_container(id, "KILL"));
    EXPECT_EQ(wait_exit(id).exit_code, 137);
    EXPECT_TRUE(copy.finish());
}

TEST_F(Archive, AStoppedContainerStaysSoMeanwhile) {
    const std::string id = create({"sleep"});
    ASSERT_TRUE(engine->archive_put(id, "/f", {}, source_of("content")));
    HeldCopy copy(*engine, id);
    auto start = std::async(std::launch::async, [&] { return engine->start_container(id); });
    EXPECT_EQ(start.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    EXPECT_EQ(record(id)->state, RunState::kCreated);
    EXPECT_TRUE(copy.finish());
    EXPECT_TRUE(start.get());
}

TEST(PlainStream, UnpacksWhatItKnowsAndPassesTheRest) {
    for (const int filter :
         {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
        const std::string text(300'000, 'p');
        std::string packed(1 << 20, '\0');
        size_t used = 0;
        ::archive* writer = archive_write_new();
        archive_write_add_filter(writer, filter);
        archive_write_set_format_raw(writer);
        archive_write_set_bytes_in_last_block(writer, 1);
        ASSERT_EQ(archive_write_open_memory(writer, packed.data(), packed.size(), &used), ARCHIVE_OK);
        ::archive_entry* entry = archive_entry_new();
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_write_header(writer, entry);
        archive_write_data(writer, text.data(), text.size());
        archive_entry_free(entry);
        archive_write_close(writer);
        archive_write_free(writer);
        packed.resize(used);

        const auto unpack = [](const std::string& given, std::string& out) {
            const ByteSource source = source_of(given);
            PlainStream stream(source);
            char buffer[4096];
            int64_t got = 0;
            while ((got = stream.read(buffer, sizeof(buffer))) > 0) out.append(buffer, static_cast<size_t>(got));
            return stream.error() ? stream.error()->message() : std::to_string(got);
        };
        std::string whole, part;
        EXPECT_EQ(unpack(packed, whole), "0") << filter;
        EXPECT_EQ(whole, text) << filter;
        if (filter == ARCHIVE_FILTER_NONE) continue;
        EXPECT_THAT(unpack(packed.substr(0, packed.size() / 2), part), HasSubstr("archive:")) << filter;
    }
}

}  // namespace
}  // namespace slipway::test
