# GoogleTest from its sources, which Debian's package googletest has.
include(FindPackageHandleStandardArgs)
find_path(GTest_SOURCE_DIR CMakeLists.txt PATHS /usr/src/googletest NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
find_package_handle_standard_args(GTest REQUIRED_VARS GTest_SOURCE_DIR)
if(GTest_FOUND AND NOT TARGET GTest::gtest)
  set(INSTALL_GTEST OFF)
  add_subdirectory(${GTest_SOURCE_DIR} ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
endif()
