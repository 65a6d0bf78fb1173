// plugins/windows/src/layers/layer_writer.hpp - where the members of a layer go: files in place for a base layer, the
// transport format for one on top of others.
#pragma once

#include <layers/backup_stream.hpp>
#include <layers/layer_path.hpp>
#include <layers/member_facts.hpp>

namespace slipway::windows_backend {

// Calls come in the order of the stream. The directory of each path was added before, and no path leads through a link.
// Errors say what is wrong with the member; who calls adds its name.
class LayerWriter {
public:
    virtual ~LayerWriter() = default;

    // A file or directory, with all but its bytes. `replaces`: there was one of this path that is no directory.
    virtual Status add(const LayerPath& path, const MemberFacts& facts, bool replaces) = 0;
    // A stream of what was added last, and as many bytes as its header says.
    virtual Status begin_stream(const StreamHeader& header) = 0;
    virtual Status write(const char* data, size_t size) = 0;
    // A further name for a file. `added`: the file is of this layer; else it has to be in one below.
    virtual Status add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) = 0;
    // Something of the layers below is not in this one.
    virtual Status remove(const LayerPath& path) = 0;
    // After the last member.
    virtual Status finish() = 0;
};

// The streams of `facts` in the order in which Windows writes them; `write` gets headers and contents.
Status write_fact_streams(const MemberFacts& facts,
                          const std::function<Status(const StreamHeader&, const std::string&)>& write);

}  // namespace slipway::windows_backend
