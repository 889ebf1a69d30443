# Every examples/*.cpp is built against the installed tree and run; if NAME.out lies beside it, the output must be that.
set(stage "${CMAKE_BINARY_DIR}/stage")
set(consumer "${CMAKE_BINARY_DIR}/consumer")

set(consumer_flags "")
if(DEED_SANITIZE)
  set(consumer_flags "-fsanitize=address,undefined")
endif()

add_test(NAME install.stage COMMAND "${CMAKE_COMMAND}" -DBUILD=${CMAKE_BINARY_DIR} -DSTAGE=${stage} "-DHEADERS=${DEED_PUBLIC_HEADERS}"
         -P "${CMAKE_SOURCE_DIR}/tests/install/stage.cmake")
add_test(NAME install.build_consumer
         COMMAND "${CMAKE_CTEST_COMMAND}" --build-and-test "${CMAKE_SOURCE_DIR}/tests/install" "${consumer}"
                 --build-generator "${CMAKE_GENERATOR}" --build-noclean --build-options
                 "-DCMAKE_PREFIX_PATH=${stage}" "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
                 "-DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}" "-DCMAKE_CXX_FLAGS=${consumer_flags}"
                 "-DDEED_EXAMPLES=${CMAKE_SOURCE_DIR}/examples")
add_test(NAME install.run_consumer COMMAND "${consumer}/consumer")
set_tests_properties(install.stage PROPERTIES FIXTURES_SETUP deed_stage TIMEOUT 60 LABELS install)
set_tests_properties(install.build_consumer PROPERTIES FIXTURES_SETUP deed_consumer FIXTURES_REQUIRED deed_stage TIMEOUT 600
                     LABELS install)
set_tests_properties(install.run_consumer PROPERTIES FIXTURES_REQUIRED deed_consumer TIMEOUT 60 LABELS install)

# Plugins, by find_package and by pkg-config, with nothing but what is installed.
add_test(NAME install.build_plugin
         COMMAND "${CMAKE_CTEST_COMMAND}" --build-and-test "${CMAKE_SOURCE_DIR}/tests/install/plugin" "${CMAKE_BINARY_DIR}/installed_plugin"
                 --build-generator "${CMAKE_GENERATOR}" --build-noclean --build-options
                 "-DCMAKE_PREFIX_PATH=${stage}" "-DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
                 "-DDEED_PLUGIN_TEMPLATES=${CMAKE_SOURCE_DIR}/plugins/templates" "-DDEED_STAGE=${stage}")
add_test(NAME install.make_plugin
         COMMAND "${CMAKE_COMMAND}" -DTEMPLATES=${CMAKE_SOURCE_DIR}/plugins/templates -DFOLDER=${CMAKE_BINARY_DIR}/made_plugin
                 -DPKG_CONFIG_FOLDER=${stage}/${CMAKE_INSTALL_LIBDIR}/pkgconfig -P "${CMAKE_SOURCE_DIR}/tests/install/make_plugin.cmake")
set_tests_properties(install.build_plugin install.make_plugin PROPERTIES FIXTURES_REQUIRED deed_stage TIMEOUT 120 LABELS install)

file(GLOB examples CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/examples/*.cpp")
foreach(example ${examples})
  cmake_path(GET example STEM name)
  add_test(NAME example.${name}
           COMMAND "${CMAKE_COMMAND}" -DPROGRAM=${consumer}/${name} -DEXPECTED=${CMAKE_SOURCE_DIR}/examples/${name}.out
                   -DFOLDER=${CMAKE_BINARY_DIR}/example-runs/${name} -P "${CMAKE_SOURCE_DIR}/tests/install/run_example.cmake")
  set_tests_properties(example.${name} PROPERTIES FIXTURES_REQUIRED deed_consumer TIMEOUT 120 LABELS install)
endforeach()
