# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` lays down: the library, the public headers, the command line, and the package that makes
# `find_package(heirloom)` give heirloom::heirloom.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/heirloom)

install(TARGETS heirloom EXPORT heirloom_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT heirloom_targets NAMESPACE heirloom:: FILE heirloomTargets.cmake DESTINATION ${package_dir})
install(DIRECTORY include/heirloom DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET heirloom_cli)
  install(TARGETS heirloom_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(cmake/heirloomConfig.cmake.in heirloomConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0, a new minor version may change the API.
write_basic_package_version_file(heirloomConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/heirloomConfig.cmake ${PROJECT_BINARY_DIR}/heirloomConfigVersion.cmake
        DESTINATION ${package_dir})
