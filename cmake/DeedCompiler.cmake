# How our own code is compiled: C++20, every warning, ccache where it is installed.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# -g1: line numbers for backtraces; full debug information of Asio makes objects ten times larger.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
find_program(DEED_CCACHE ccache)
if(DEED_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DEED_CCACHE}")
endif()
if(DEED_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # clang 14 makes no object of a coroutine with this check ("Cannot represent a difference across sections").
    add_compile_options(-fno-sanitize=function)
  endif()
endif()

# Applied to our targets only: a dependency's warnings are its own affair.
function(deed_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                         -Wno-missing-field-initializers -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    # False alarms of g++ 12 when it optimises: coroutine frames of Asio, std::variant, std::string::operator+ (GCC bugs 109224,
    # 105562, 105329). The sanitizers and clang look for the real ones.
    target_compile_options(${target} PRIVATE -Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-restrict
                           -Wno-stringop-overflow -Wno-array-bounds)
  endif()
  target_compile_definitions(${target} PRIVATE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY
                             BOOST_ASIO_DISABLE_BOOST_REGEX)
endfunction()

option(DEED_UNITY "Compile the sources of rooms and tests in batches; OFF for quick rebuilds of single files" ON)

# Most of a clean build's time goes into Asio, JSON and gMock, once a source: a batch of sources pays it once. Names in unnamed
# namespaces have to differ within a target, then. The batches of a target are of about equal size, at most `size` sources, so
# that at the end no core is left alone with a large one.
function(deed_compile_in_batches target size)
  if(NOT DEED_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  math(EXPR batches "(${count} + ${size} - 1) / ${size}")
  math(EXPR size "(${count} + ${batches} - 1) / ${batches}")
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What g++ says of a file that is included, and is no fault of one that is compiled: a local name may be that of a constant
    # two files before, and a type of an unnamed namespace may be in a coroutine's frame.
    target_compile_options(${target} PRIVATE -Wno-shadow -Wshadow=local -Wno-subobject-linkage)
  endif()
endfunction()
