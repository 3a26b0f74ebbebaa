# Compiler, linker, cache and warnings: the same for every target.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Werror=return-type -Werror=switch -Wno-missing-field-initializers
                    -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-Wl,--gc-sections -Wl,--compress-debug-sections=zlib)
  add_compile_options(-ffunction-sections -fdata-sections)
endif()
if(CLOUDLET_SANITIZE)
  add_compile_options(-fsanitize=${CLOUDLET_SANITIZE} -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${CLOUDLET_SANITIZE})
endif()
add_compile_definitions(CLOUDLET_VERSION="${PROJECT_VERSION}")
if(CLOUDLET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
