#include <image/digest.hpp>
#include <image/image_store.hpp>

#include "support/layer_backend.hpp"
#include "support/tar_builder.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace slipway::core {
namespace {

using nlohmann::json;
using test::Compression;
using test::source_of;
using test::TarBuilder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string layer_tar(const std::string& word) {
    return TarBuilder().file("etc/" + word, word).build();
}

// An image as an archive describes it.
struct Sample {
    std::vector<std::string> tars;
    std::string config;
    std::string id;

    explicit Sample(std::vector<std::string> layers, json extra = json::object()) : tars(std::move(layers)) {
        json diff_ids = json::array();
        for (const std::string& tar : tars) diff_ids.push_back("sha256:" + sha256_hex(tar));
        json document = {{"os", "linux"},
                         {"architecture", "amd64"},
                         {"created", "2024-01-02T03:04:05Z"},
                         {"config", {{"Cmd", {"sh"}}, {"Labels", {{"tier", "front"}}}}},
                         {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}};
        document.update(extra);
        config = document.dump();
        id = "sha256:" + sha256_hex(config);
    }

    std::vector<std::string> diff_ids() const { return json::parse(config)["rootfs"]["diff_ids"]; }

    // As `docker save` before version 25 writes it; layers compressed on request.
    TarBuilder docker_archive(const json& tags, Compression layers = Compression::kNone) const {
        TarBuilder tar;
        json names = json::array();
        for (size_t i = 0; i < tars.size(); ++i) {
            const std::string name = std::to_string(i) + "/layer.tar";
            tar.file(name, layers == Compression::kNone ? tars[i] : test::compress(tars[i], layers));
            names.push_back(name);
        }
        const std::string config_name = id.substr(7) + ".json";
        tar.file(config_name, config);
        tar.file("manifest.json",
                 json::array({{{"Config", config_name}, {"RepoTags", tags}, {"Layers", names}}}).dump());
        return tar;
    }

    TarBuilder oci_archive(const json& annotations, Compression layers = Compression::kGzip) const {
        TarBuilder tar;
        const auto blob = [&](const std::string& content) {
            const std::string hex = sha256_hex(content);
            tar.file("blobs/sha256/" + hex, content);
            return json({{"digest", "sha256:" + hex}, {"size", content.size()}});
        };
        json manifest = {{"schemaVersion", 2}, {"config", blob(config)}, {"layers", json::array()}};
        for (const std::string& each : tars) manifest["layers"].push_back(blob(test::compress(each, layers)));
        json descriptor = blob(manifest.dump());
        descriptor["annotations"] = annotations;
        tar.file("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
        tar.file("index.json", json({{"schemaVersion", 2}, {"manifests", {descriptor}}}).dump());
        return tar;
    }
};

// An archive with several images of one layer each, and the names each of them has.
TarBuilder archive_of(const std::vector<const Sample*>& samples, const std::vector<std::vector<std::string>>& tags) {
    TarBuilder tar;
    json manifest = json::array();
    for (size_t i = 0; i < samples.size(); ++i) {
        const std::string layer = std::to_string(i) + "/layer.tar";
        const std::string config = samples[i]->id.substr(7) + ".json";
        tar.file(layer, samples[i]->tars.front()).file(config, samples[i]->config);
        manifest.push_back({{"Config", config}, {"RepoTags", tags[i]}, {"Layers", {layer}}});
    }
    tar.file("manifest.json", manifest.dump());
    return tar;
}

class Images : public ::testing::Test {
protected:
    Images() { reopen(); }

    void reopen() {
        images = nullptr;
        store = nullptr;
        auto opened = Store::open({dir / "state.db"});
        ASSERT_TRUE(opened) << opened.error().message();
        store = *opened;
        ImageStoreOptions options;
        options.store = store;
        options.backend = backend;
        options.spool_dir = dir / "tmp";
        options.containers = [this] { return containers; };
        options.max_archive_bytes = 4 << 20;
        std::vector<DamagedRow> damaged;
        auto made = ImageStore::open(std::move(options), damaged, untidy);
        ASSERT_TRUE(made) << made.error().message();
        images = std::move(*made);
        EXPECT_THAT(damaged, IsEmpty());
    }

    Result<std::vector<std::string>> load(const std::string& archive) {
        return images->load(source_of(archive), nullptr);
    }

    void must_load(const Sample& sample, const json& tags) {
        const auto loaded = load(sample.docker_archive(tags).build());
        ASSERT_TRUE(loaded) << loaded.error().message();
    }

    // Asserts that a failed load left nothing.
    void expect_nothing_left() {
        EXPECT_THAT(backend->layers, IsEmpty());
        EXPECT_THAT(*images->list({}), IsEmpty());
        EXPECT_TRUE(std::filesystem::is_empty(dir / "tmp"));
        EXPECT_THAT(store->load_images()->rows, IsEmpty());
        EXPECT_EQ(store->last_sequence(), 0u);
    }

    void add_container(const std::string& image_id, RunState state) {
        auto record = std::make_shared<ContainerRecord>();
        record->id = std::string(64, 'c');
        record->image_id = image_id;
        record->state = state;
        if (const auto image = images->find(image_id)) record->layers = (*image)->layers;
        containers.push_back(record);
    }

    std::vector<std::string> actions() {
        std::vector<std::string> all;
        const auto events = store->read_events(1, 100);
        for (const Event& event : *events) all.push_back(event.action);
        return all;
    }

    test::TempDir dir;
    std::shared_ptr<test::LayerBackend> backend = std::make_shared<test::LayerBackend>();
    std::vector<RecordPtr> containers;
    std::vector<Error> untidy;  // of the last open
    std::shared_ptr<Store> store;
    std::unique_ptr<ImageStore> images;
};

TEST_F(Images, ADockerArchiveBecomesAnImage) {
    const Sample sample({layer_tar("a"), layer_tar("b")});

    const auto loaded = load(sample.docker_archive({"busybox:1", "other/x:2"}).build());

    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_THAT(*loaded, ElementsAre("busybox:1", "other/x:2"));
    const ImagePtr image = *images->find("busybox:1");
    EXPECT_EQ(image->id, sample.id);
    EXPECT_EQ(image->layers, chain_ids(sample.diff_ids()));
    EXPECT_EQ(image->size_bytes, sample.tars[0].size() + sample.tars[1].size());
    EXPECT_EQ(to_rfc3339(image->created), "2024-01-02T03:04:05.000000000Z");
    EXPECT_EQ(backend->layers.at(image->layers[1]).content, sample.tars[1]);
    EXPECT_THAT(backend->layers.at(image->layers[1]).parents, ElementsAre(image->layers[0]));
    EXPECT_THAT(actions(), ElementsAre("load"));
    EXPECT_TRUE(std::filesystem::is_empty(dir / "tmp"));
}

TEST_F(Images, EveryCompressionIsUnderstoodOutsideAndInside) {
    for (const Compression each : {Compression::kGzip, Compression::kZstd, Compression::kXz, Compression::kBzip2}) {
        backend->layers.clear();
        const Sample sample({layer_tar("c" + std::to_string(static_cast<int>(each)))});
        const auto loaded = load(sample.docker_archive({"x:1"}, each).build(each));
        ASSERT_TRUE(loaded) << loaded.error().message();
        EXPECT_EQ(backend->layers.at((*images->find("x:1"))->layers[0]).content, sample.tars[0]);
    }
}

TEST_F(Images, AnOciLayoutBecomesAnImage) {
    const Sample sample({layer_tar("a"), layer_tar("b")});

    const auto loaded = load(sample.oci_archive({{"io.containerd.image.name", "docker.io/library/busybox:1"}}).build());

    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_THAT(*loaded, ElementsAre("busybox:1"));
    EXPECT_EQ((*images->find("busybox:1"))->id, sample.id);
    EXPECT_EQ(backend->layers.size(), 2u);
}

TEST_F(Images, AnImageWithoutANameIsKnownByItsId) {
    const Sample sample({layer_tar("a")});

    EXPECT_THAT(*load(sample.oci_archive({{"org.opencontainers.image.ref.name", "latest"}}).build()),
                ElementsAre(sample.id));
    EXPECT_TRUE(images->find(sample.id));
}

TEST_F(Images, LayersThatAreHereAreNotReadAgain) {
    must_load(Sample({layer_tar("a"), layer_tar("b")}), {"x:1"});
    const int before = backend->imports;

    must_load(Sample({layer_tar("a"), layer_tar("c")}), {"x:2"});

    EXPECT_EQ(backend->imports, before + 1);
}

TEST_F(Images, LoadingAgainKeepsOtherNames) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});
    must_load(sample, {"y:1"});

    EXPECT_THAT((*images->find("y:1"))->tags, ElementsAre("x:1", "y:1"));
}

TEST_F(Images, ANameMovesToTheNewerImage) {
    const Sample old({layer_tar("a")}), fresh({layer_tar("b")});
    must_load(old, {"x:1"});
    must_load(fresh, {"x:1"});

    EXPECT_EQ((*images->find("x:1"))->id, fresh.id);
    EXPECT_THAT((*images->find(old.id))->tags, IsEmpty());
    reopen();
    EXPECT_EQ((*images->find("x:1"))->id, fresh.id);
    EXPECT_THAT((*images->find(old.id))->tags, IsEmpty());
}

TEST_F(Images, NamesSwappedByAnArchiveGoToTheImagesItNames) {
    const Sample one({layer_tar("a")}), two({layer_tar("b")});
    // Whichever id is the greater: each of the two is once the one that has both names and gives one away.
    for (const auto& [holder, taker] : {std::pair{&one, &two}, std::pair{&two, &one}}) {
        must_load(*taker, {"other:1"});
        must_load(*holder, {"app:1", "app:latest"});
        const std::vector<const Sample*> both = {holder, taker};

        ASSERT_TRUE(load(archive_of(both, {{"app:1"}, {"app:latest"}}).build()));

        for (const bool again : {false, true}) {
            if (again) reopen();
            EXPECT_EQ((*images->find("app:latest"))->id, taker->id);
            EXPECT_EQ((*images->find("app:1"))->id, holder->id);
            EXPECT_THAT((*images->find(holder->id))->tags, Not(Contains("app:latest")));
        }
    }
}

TEST_F(Images, ANameThatAnArchiveGivesTwiceIsTheLastImages) {
    const Sample one({layer_tar("a")}), two({layer_tar("b")});
    for (const auto& [first, last] : {std::pair{&one, &two}, std::pair{&two, &one}}) {
        ASSERT_TRUE(load(archive_of({first, last}, {{"app:1"}, {"app:1"}}).build()));

        EXPECT_EQ((*images->find("app:1"))->id, last->id);
        EXPECT_THAT((*images->find(first->id))->tags, IsEmpty());
    }
}

TEST_F(Images, LinksInsideAnArchiveAreFollowed) {
    const std::string tar = layer_tar("a");
    const Sample sample({tar, tar});
    TarBuilder archive;
    archive.file("one/layer.tar", tar).symlink("two/layer.tar", "../one/layer.tar").file("c.json", sample.config);
    archive.file("manifest.json",
                 R"([{"Config": "c.json", "RepoTags": null, "Layers": ["one/layer.tar", "two/layer.tar"]}])");

    EXPECT_TRUE(load(archive.build()));
}

TEST_F(Images, BrokenArchivesAreNamedAndLeaveNothing) {
    const Sample sample({layer_tar("a"), layer_tar("b")});
    const Sample windows({layer_tar("a")}, {{"os", "windows"}});
    const std::string good = sample.docker_archive({"x:1"}).build();
    const auto manifest = [](const char* text) { return TarBuilder().file("manifest.json", text).build(); };
    const std::pair<std::string, const char*> cases[] = {
        {"", "archive: "},
        {"this is no archive", "archive: "},
        {std::string(100'000, '\0'), "neither manifest.json nor index.json"},
        {good.substr(0, 2000), "archive: "},
        {test::compress(good, Compression::kGzip).substr(0, 400), "archive: "},
        {TarBuilder().file("a", "b").build(), "neither manifest.json nor index.json"},
        {TarBuilder().file("../../etc/passwd", "x").build(), "leads out of the archive"},
        {TarBuilder().file("/etc/passwd", "x").build(), "leads out of the archive"},
        {TarBuilder().symlink("a", "../../etc").build(), "leads out of the archive"},
        {TarBuilder().symlink("manifest.json", "manifest.json").build(), "neither manifest.json nor index.json"},
        {manifest("{"), "'manifest.json' is not valid JSON"},
        {manifest("{}"), "manifest.json is not a list of images"},
        {manifest("[]"), "holds no image"},
        {manifest("[5]"), "an entry is not an object"},
        {manifest("[{}]"), "an entry has no Config"},
        {manifest(R"([{"Config": "c.json"}])"), "'c.json' is missing"},
        {manifest(R"([{"Config": "../c.json"}])"), "'../c.json' is missing"},
        {windows.docker_archive({"x:1"}).build(), "cannot load windows image on linux"},
        {sample.docker_archive({"UPPER:1"}).build(), "must be lowercase"},
        {sample.docker_archive({7}).build(), "RepoTags holds something that is not a string"},
        {sample.docker_archive({"x:1"}, Compression::kNone).file("0/layer.tar", layer_tar("z")).build(),
         "has digest sha256:"},
        {sample.docker_archive({"x:1"})
             .file("1/layer.tar", test::compress(sample.tars[1], Compression::kGzip).substr(0, 60))
             .build(),
         "layer "},
        {sample.docker_archive({"x:1"}).file(sample.id.substr(7) + ".json", sample.config + " ").build(),
         "does not match its digest"},
        {TarBuilder().file("manifest.json", std::string(9 << 20, ' ')).build(), "holds more than"},
    };
    for (const auto& [archive, reason] : cases) {
        const auto loaded = load(archive);
        ASSERT_FALSE(loaded) << reason;
        EXPECT_EQ(loaded.error().code(), ErrorCode::kInvalidArgument) << loaded.error().message();
        EXPECT_THAT(loaded.error().message(), HasSubstr(reason));
        expect_nothing_left();
    }
}

TEST_F(Images, BlobsAreHeldToTheirDigests) {
    const Sample sample({layer_tar("a")});
    const std::string layer = sha256_hex(test::compress(sample.tars[0], Compression::kGzip));

    const auto swapped = load(sample.oci_archive(json::object())
                                  .file("blobs/sha256/" + layer, test::compress("other", Compression::kGzip))
                                  .build());

    ASSERT_FALSE(swapped);
    EXPECT_THAT(swapped.error().message(), HasSubstr("does not match its digest"));
    expect_nothing_left();
    const auto other_algorithm = load(TarBuilder()
                                          .file("oci-layout", R"({"imageLayoutVersion": "1.0.0"})")
                                          .file("index.json", R"({"manifests": [{"digest": "md5:abc"}]})")
                                          .build());
    EXPECT_THAT(other_algorithm.error().message(), HasSubstr("is not of the form sha256:"));
}

TEST_F(Images, AnIndexOfPlatformsGivesTheOneForThisMachine) {
    const Sample sample({layer_tar("a")});
    const auto loaded = load(TarBuilder()
                                 .file("oci-layout", R"({"imageLayoutVersion": "1.0.0"})")
                                 .file("index.json", R"({"manifests": [{"digest": "sha256:)" + std::string(64, 'a') +
                                                         R"(", "platform": {"os": "plan9", "architecture": "mips"}}]})")
                                 .build());

    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message(), HasSubstr("holds no image for this machine"));
}

TEST_F(Images, AContentThatOnlyDiffersBehindItsEndMarkIsFound) {
    backend->stop_at_end_mark = true;  // the importer reads less than everything
    const Sample sample({layer_tar("a")});

    const auto loaded = load(sample.docker_archive({"x:1"}).file("0/layer.tar", sample.tars[0] + "tail").build());

    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message(), HasSubstr("has digest"));
    expect_nothing_left();
}

TEST_F(Images, AFailureAtAnyLayerLeavesNothing) {
    const Sample sample({layer_tar("a"), layer_tar("b"), layer_tar("c")});
    for (int nth = 1; nth <= 3; ++nth) {
        backend->imports = 0;
        backend->fail_import_number = nth;

        const auto loaded = load(sample.docker_archive({"x:1"}).build());

        ASSERT_FALSE(loaded);
        EXPECT_EQ(loaded.error().code(), ErrorCode::kResourceExhausted);
        expect_nothing_left();
    }
}

TEST_F(Images, AClientThatGoesAwayLeavesNothing) {
    const std::string archive = Sample({layer_tar("a")}).docker_archive({"x:1"}).build();
    size_t given = 0;

    const auto loaded = images->load(
        [&](void* buffer, uint64_t capacity) -> int64_t {
            if (given >= 1024) return -1;
            const size_t count = std::min<size_t>(capacity, 512);
            archive.copy(static_cast<char*>(buffer), count, given);
            given += count;
            return static_cast<int64_t>(count);
        },
        nullptr);

    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message(), HasSubstr("the incoming stream ended early"));
    expect_nothing_left();
}

TEST_F(Images, OneTarBecomesAnImage) {
    const std::string tar = layer_tar("a");

    const auto id = images->import(source_of(test::compress(tar, Compression::kGzip)), "mine", "", "hello",
                                   {"CMD [\"sh\"]", "ENV A=1"});

    ASSERT_TRUE(id) << id.error().message();
    const ImagePtr image = *images->find("mine");
    EXPECT_EQ(image->id, *id);
    EXPECT_THAT(image->tags, ElementsAre("mine:latest"));
    EXPECT_THAT(image->diff_ids, ElementsAre("sha256:" + sha256_hex(tar)));
    EXPECT_EQ(image->document["config"]["Cmd"], json({"sh"}));
    EXPECT_EQ(image->document["history"][0]["comment"], "hello");
    EXPECT_EQ(backend->layers.at(image->layers[0]).content, tar);
    EXPECT_THAT(actions(), ElementsAre("import"));
}

TEST_F(Images, BadImportsLeaveNothing) {
    EXPECT_FALSE(images->import(source_of("no tar at all, just some text"), "x", "", "", {}));
    EXPECT_FALSE(images->import(source_of(""), "x", "", "", {}));
    EXPECT_FALSE(images->import(source_of(layer_tar("a")), "UPPER", "", "", {}));
    EXPECT_EQ(images->import(source_of(layer_tar("a")), "x", "", "", {"RUN x"}).error().message(),
              "RUN is not a valid change command");
    expect_nothing_left();
}

TEST_F(Images, LookupByNameIdAndPrefix) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});
    const std::string hex = sample.id.substr(7);

    for (const std::string& ref : {std::string("x:1"), std::string("docker.io/library/x:1"), sample.id, hex,
                                   hex.substr(0, 12), "sha256:" + hex.substr(0, 8)}) {
        EXPECT_TRUE(images->find(ref)) << ref;
    }
    EXPECT_EQ(images->find("x").error().message(), "No such image: x:latest");
    EXPECT_EQ(images->find("x").error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(images->find("example.org/y:2").error().message(), "No such image: example.org/y:2");
    EXPECT_EQ(images->find("Bad Ref").error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(Images, TagsComeAndSurvive) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});

    ASSERT_TRUE(images->tag("x:1", "repo/y", "2"));

    EXPECT_FALSE(images->tag("x:1", "BAD", "2"));
    EXPECT_FALSE(images->tag("nope", "y", "2"));
    reopen();
    EXPECT_EQ((*images->find("repo/y:2"))->id, sample.id);
    EXPECT_THAT(actions(), ElementsAre("load", "tag"));
}

TEST_F(Images, RemovingTheLastNameRemovesTheImageAndItsLayers) {
    must_load(Sample({layer_tar("a"), layer_tar("b")}), {"x:1"});
    must_load(Sample({layer_tar("a"), layer_tar("c")}), {"y:1"});

    const auto parts = images->remove("x:1", false);

    ASSERT_TRUE(parts) << parts.error().message();
    ASSERT_EQ(parts->size(), 3u);
    EXPECT_EQ(parts->at(0).untagged, "x:1");
    EXPECT_THAT(parts->at(1).deleted, HasSubstr("sha256:"));
    EXPECT_EQ(backend->layers.size(), 2u) << "the shared layer stays";
    EXPECT_FALSE(images->find("x:1"));
    EXPECT_THAT(actions(), ElementsAre("load", "load", "untag", "delete"));
    reopen();
    EXPECT_EQ(images->list({})->size(), 1u);
}

TEST_F(Images, RemovingOneOfSeveralNamesOnlyUntags) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1", "x:2"});

    const auto parts = images->remove("x:1", false);

    ASSERT_EQ(parts->size(), 1u);
    EXPECT_EQ(parts->at(0).untagged, "x:1");
    EXPECT_THAT((*images->find("x:2"))->tags, ElementsAre("x:2"));
    EXPECT_EQ(backend->layers.size(), 1u);
}

TEST_F(Images, RemovingByIdNeedsForceForSeveralNames) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1", "y:1"});
    const std::string hex = sample.id.substr(7);

    const auto refused = images->remove(hex.substr(0, 12), false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kConflict);
    EXPECT_EQ(refused.error().message(), "conflict: unable to delete " + hex.substr(0, 12) +
                                             " (must be forced) - image is referenced in multiple repositories");

    EXPECT_TRUE(images->remove(hex.substr(0, 12), true));
    EXPECT_THAT(backend->layers, IsEmpty());
}

TEST_F(Images, ImagesInUseAreKept) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});
    add_container(sample.id, RunState::kExited);
    const std::string hex = sample.id.substr(7, 12);

    EXPECT_EQ(images->remove("x:1", false).error().message(),
              "conflict: unable to remove repository reference \"x:1\" (must force) - container cccccccccccc is using "
              "its referenced image " +
                  hex);
    EXPECT_EQ(images->remove(sample.id, false).error().message(),
              "conflict: unable to delete " + hex +
                  " (must be forced) - image is being used by stopped container cccccccccccc");
    containers.clear();
    add_container(sample.id, RunState::kRunning);
    EXPECT_EQ(images->remove(sample.id, true).error().message(),
              "conflict: unable to delete " + hex +
                  " (cannot be forced) - image is being used by running container cccccccccccc");
    EXPECT_EQ(images->containers_using(sample.id), 1);
    EXPECT_EQ(images->remove("x:1", true)->at(0).untagged, "x:1");
    EXPECT_TRUE(images->find(sample.id)) << "it lost its name only";
}

TEST_F(Images, ForcedRemovalKeepsTheLayersOfAStoppedContainer) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});
    add_container(sample.id, RunState::kExited);

    ASSERT_TRUE(images->remove("x:1", true));
    EXPECT_EQ(backend->layers.size(), 1u);

    const std::vector<std::string> layers = containers[0]->layers;
    containers.clear();
    images->release_layers(layers);
    EXPECT_THAT(backend->layers, IsEmpty());
}

TEST_F(Images, APinKeepsLayersUntilItIsGone) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});
    {
        Result<ImagePin> pin = images->find_and_pin("x:1");
        ASSERT_TRUE(pin);
        ASSERT_TRUE(images->remove("x:1", false));
        EXPECT_EQ(backend->layers.size(), 1u);
        EXPECT_EQ(pin->image().id, sample.id);
    }
    EXPECT_EQ(*images->remove_unused_layers(), 1u);
    EXPECT_THAT(backend->layers, IsEmpty());
}

TEST_F(Images, LeftoversOfACrashAreRemovedAtOpen) {
    test::write_file(dir / "tmp" / "left", "x");
    backend->layers["orphan"] = {};

    reopen();

    EXPECT_TRUE(std::filesystem::is_empty(dir / "tmp"));
    EXPECT_EQ(*images->remove_unused_layers(), 1u);
}

TEST_F(Images, WithoutASpoolDirectoryThereAreStillImages) {
    const Sample sample({layer_tar("a")});
    must_load(sample, {"x:1"});
    std::filesystem::remove_all(dir / "tmp");
    std::error_code refused;
    std::filesystem::create_symlink("nowhere", dir / "tmp", refused);
    if (refused) GTEST_SKIP() << "no symbolic links here: " << refused.message();

    reopen();

    ASSERT_EQ(untidy.size(), 1u);
    EXPECT_THAT(untidy[0].message(), HasSubstr((dir / "tmp").string()));
    EXPECT_TRUE(images->find("x:1"));
    EXPECT_FALSE(load(sample.docker_archive({"y:1"}).build())) << "a load says so itself";
}

TEST_F(Images, ListsAreFiltered) {
    const Sample old({layer_tar("a")}, {{"created", "2020-01-01T00:00:00Z"}});
    const Sample fresh({layer_tar("b")}, {{"created", "2022-01-01T00:00:00Z"}, {"config", {{"Cmd", {"x"}}}}});
    must_load(old, {"app:1", "other:1"});
    must_load(fresh, nullptr);
    const auto ids = [&](const Filters& filters) {
        std::vector<std::string> all;
        const auto listed = images->list(filters);
        EXPECT_TRUE(listed);
        for (const ImagePtr& image : *listed) all.push_back(image->id);
        return all;
    };

    EXPECT_THAT(ids({}), ElementsAre(fresh.id, old.id)) << "newest first";
    EXPECT_THAT(ids({{"dangling", {"true"}}}), ElementsAre(fresh.id));
    EXPECT_THAT(ids({{"dangling", {"false"}}}), ElementsAre(old.id));
    EXPECT_THAT(ids({{"label", {"tier=front"}}}), ElementsAre(old.id));
    EXPECT_THAT(ids({{"before", {fresh.id}}}), ElementsAre(old.id));
    EXPECT_THAT(ids({{"since", {"app:1"}}}), ElementsAre(fresh.id));
    EXPECT_THAT(ids({{"until", {"2021-01-01T00:00:00Z"}}}), ElementsAre(old.id));
    EXPECT_THAT(ids({{"until", {"24h"}}}), ElementsAre(fresh.id, old.id));
    EXPECT_THAT(ids({{"until", {"1000000h"}}}), IsEmpty()) << "longer ago than either";
    EXPECT_THAT(ids({{"reference", {"ap*"}}}), ElementsAre(old.id));
    EXPECT_THAT(images->list({{"reference", {"app:1"}}})->at(0)->tags, ElementsAre("app:1"));
    EXPECT_EQ(images->list({{"colour", {"x"}}}).error().message(), "invalid filter 'colour'");
    EXPECT_EQ(images->list({{"dangling", {"maybe"}}}).error().message(), "invalid filter 'dangling=[maybe]'");
}

}  // namespace
}  // namespace slipway::core
