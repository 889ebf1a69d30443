# `cmake --install build`: the command, the libraries, the public headers, and a package for find_package(deed). A program links
# deed::deed. The tests install into build/stage and build examples/ against that, as a user's program would be.
include(CMakePackageConfigHelpers)
include(DeedPublicHeaders)

set(DEED_LIBRARY_ROOMS core net memory llm tools agent plugins)
list(TRANSFORM DEED_LIBRARY_ROOMS PREPEND deed_ OUTPUT_VARIABLE DEED_LIBRARIES)

add_library(deed_all INTERFACE)
add_library(deed::deed ALIAS deed_all)
target_link_libraries(deed_all INTERFACE ${DEED_LIBRARIES} Threads::Threads)
set_target_properties(deed_all PROPERTIES EXPORT_NAME deed)
# A program must see Asio's classes as the libraries were compiled with them.
target_compile_definitions(deed_all INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY
                           BOOST_ASIO_DISABLE_BOOST_REGEX)
set_target_properties(deed_gmime PROPERTIES EXPORT_NAME gmime)
set_target_properties(deed_cmark PROPERTIES EXPORT_NAME cmark)
set_target_properties(deed_seccomp PROPERTIES EXPORT_NAME seccomp)

set(DEED_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/deed")
install(TARGETS deed_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS ${DEED_LIBRARIES} deed_all deed_gmime deed_cmark deed_seccomp EXPORT deedTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
# What a plugin is built with stands apart: it needs nothing that the libraries need.
set_target_properties(deed_plugin PROPERTIES EXPORT_NAME plugin)
install(TARGETS deed_plugin EXPORT deedPluginTargets)
install(EXPORT deedPluginTargets NAMESPACE deed:: DESTINATION "${DEED_PACKAGE_DIR}")
install(FILES "${CMAKE_SOURCE_DIR}/plugins/python/deed_plugin.py" DESTINATION "${CMAKE_INSTALL_DATADIR}/deed")
# The file finds the prefix from where it lies, so that the tree may be moved.
file(RELATIVE_PATH DEED_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" DEED_PC_PREFIX "${DEED_PC_PREFIX}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/deed-plugin.pc.in" "${CMAKE_BINARY_DIR}/deed-plugin.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/deed-plugin.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(EXPORT deedTargets NAMESPACE deed:: DESTINATION "${DEED_PACKAGE_DIR}")
# One instance a user: deed@ann. systemd finds it where the prefix is /usr or /usr/local; else link it into /etc/systemd/system.
configure_file("${CMAKE_CURRENT_LIST_DIR}/systemd/deed@.service.in" "${CMAKE_BINARY_DIR}/deed@.service" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/deed@.service" DESTINATION lib/systemd/system)
foreach(header ${DEED_PUBLIC_HEADERS})
  cmake_path(GET header PARENT_PATH folder)
  install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/deed/${folder}")
endforeach()

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/deedConfig.cmake.in" "${CMAKE_BINARY_DIR}/deedConfig.cmake"
                              INSTALL_DESTINATION "${DEED_PACKAGE_DIR}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/deedConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/deedConfig.cmake" "${CMAKE_BINARY_DIR}/deedConfigVersion.cmake"
        DESTINATION "${DEED_PACKAGE_DIR}")

if(DEED_TESTS)
  if(NOT DEED_SANITIZE)  # it asks whether they compile; one build's answer is enough
    deed_check_public_headers()
  endif()
  include(DeedExamples)
  include(DeedPartners)
endif()
