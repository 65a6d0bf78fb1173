// plugins/linux/src/observe/ps_arguments.hpp - what a client asks for in the words of ps(1). Nothing is ever handed to
// a program: an argument that is not known here is refused by name (S-57).
#pragma once

#include <observe/ps_columns.hpp>
#include <slipway/cpp/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace slipway::linux_backend {

struct PsField {
    const PsColumn* column = nullptr;
    std::string title;
};

// Understood: "-e", "-A", "-f", "-F", "-l", "-j", "-w" alone or together; the same for BSD's "a", "x", "u", "l", "j"
// and "w"; "-o LIST", "-oLIST", "o LIST", "--format LIST" and "--format=LIST", where LIST is "a,b:WIDTH,c=TITLE" and
// the title reaches to the end of the argument. Several lists add up and take the place of the other formats. Empty
// text is
// "-ef". Which processes are listed does not depend on it: always those of the container.
//   kInvalidArgument  naming the argument or the column
Result<std::vector<PsField>> parse_ps_arguments(std::string_view arguments);

}  // namespace slipway::linux_backend
