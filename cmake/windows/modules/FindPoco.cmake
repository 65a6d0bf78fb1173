# Poco as scripts/windows-deps builds it: static, with zlib left out of it.
find_package(Poco CONFIG REQUIRED COMPONENTS ${Poco_FIND_COMPONENTS})
if(NOT TARGET Poco::zlib)
  find_library(Poco_z_LIBRARY NAMES libz.a REQUIRED)
  add_library(Poco::zlib INTERFACE IMPORTED)
  target_link_libraries(Poco::zlib INTERFACE ${Poco_z_LIBRARY})
  set_property(TARGET Poco::Foundation APPEND PROPERTY INTERFACE_LINK_LIBRARIES Poco::zlib)
endif()
