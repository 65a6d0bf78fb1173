// plugins/windows/src/layers/member_facts.hpp - what Windows knows about a file beyond its name and bytes, and how a
// tar stream carries it: in PAX records, as the layers of all engines on Windows have them.
//
//   mtime, atime, ctime                times, as in any PAX stream. The last two are read and not written: they are
//   when
//                                      the host has last read and copied the file, an export among others
//   LIBARCHIVE.creationtime            when it was made; as mtime when there is none
//   MSWINDOWS.fileattr                 FILE_ATTRIBUTE_*, decimal
//   MSWINDOWS.rawsd                    its security descriptor, base64
//   MSWINDOWS.sd                       the same as SDDL, in old layers
//   MSWINDOWS.mountpoint               there: a symbolic link is a mount point
//   MSWINDOWS.xattr.<name>             an extended attribute, base64
#pragma once

#include <layers/extended_attributes.hpp>
#include <layers/file_time.hpp>
#include <layers/reparse_point.hpp>
#include <layers/tar_stream.hpp>

#include <optional>

namespace slipway::windows_backend {

struct MemberFacts {
    BasicInfo basic;
    std::string security;  // a whole self-relative descriptor; empty: that of the directory it is in
    ExtendedAttributes attributes;
    std::optional<ReparsePoint> reparse;

    bool is_directory() const { return (basic.attributes & kAttributeDirectory) != 0; }
};

// Of a file, directory or symbolic link. kInvalidArgument names the record that is malformed; kUnimplemented for SDDL
// where the system cannot read it.
Result<MemberFacts> facts_of(const TarMember& member);

// The member without its name and size.
TarMember member_of(const MemberFacts& facts);

}  // namespace slipway::windows_backend
