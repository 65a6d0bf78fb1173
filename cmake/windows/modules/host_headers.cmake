# slipway_host_headers(NAME RESULT): headers that need no library and suit every platform are taken from /usr/include/NAME.
# RESULT is a folder that holds a link to it and nothing else: the rest of /usr/include is the C library of this machine.
function(slipway_host_headers name result)
  set(folder ${CMAKE_BINARY_DIR}/host-headers/${name})
  if(EXISTS /usr/include/${name})
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK /usr/include/${name} ${folder}/${name} SYMBOLIC)
    set(${result} ${folder} PARENT_SCOPE)
  endif()
endfunction()
