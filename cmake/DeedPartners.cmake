# tests/partners: the command against servers of others. They are installed by tests/partners/run.sh, which also runs these tests;
# scripts/test.sh leaves them out (label partners). Debian's python3 has aiosmtpd.
add_executable(deed_read_mails "${CMAKE_SOURCE_DIR}/tests/partners/read_mails.cpp")
target_link_libraries(deed_read_mails PRIVATE deed::tools)
deed_compile_options(deed_read_mails)

file(GLOB partner_tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/partners/test_*.py")
foreach(test ${partner_tests})
  cmake_path(GET test STEM name)
  string(REGEX REPLACE "^test_" "" name "${name}")
  add_test(NAME partners.${name} COMMAND /usr/bin/python3 -B -m unittest --verbose ${test}
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}/tests/partners")
  set_tests_properties(partners.${name} PROPERTIES LABELS partners TIMEOUT 1500
                       ENVIRONMENT "DEED_COMMAND=$<TARGET_FILE:deed_command>;DEED_READ_MAILS=$<TARGET_FILE:deed_read_mails>")
endforeach()
