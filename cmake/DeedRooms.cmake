# A room is a folder and one static library. Its sources are globbed, so a file that exists is a file that is built.
# Headers are spelled "deed/ROOM/FILE.hpp" everywhere: build/include/deed/ROOM is a link to the folder.
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/include/deed")

function(deed_room name)
  cmake_parse_arguments(ROOM "" "" "LINK;PRIVATE" ${ARGN})
  set(folder "${CMAKE_SOURCE_DIR}/${name}")
  file(CREATE_LINK "${folder}" "${CMAKE_BINARY_DIR}/include/deed/${name}" SYMBOLIC)
  file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.cpp" "${folder}/*/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/cli/main\\.cpp$")
  if(NOT DEED_LLAMA)
    list(FILTER sources EXCLUDE REGEX "/llm/local/llama_[^/]*\\.cpp$")
  endif()
  add_library(deed_${name} STATIC ${sources})
  add_library(deed::${name} ALIAS deed_${name})
  target_include_directories(deed_${name} PUBLIC "$<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>"
                             "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_compile_features(deed_${name} PUBLIC cxx_std_20)
  target_link_libraries(deed_${name} PUBLIC ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE})
  deed_compile_options(deed_${name})
  deed_compile_in_batches(deed_${name} 16)
  set_target_properties(deed_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()
