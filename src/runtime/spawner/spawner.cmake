# The launcher (a small static program), the library that the Python zygote loads, and their embedding in the runtime
# room: `cloudlet` stays one file. None of these is built with sanitizers: they run as somebody else's first code.
set(spawner_folder ${CMAKE_CURRENT_LIST_DIR})
set(spawner_sources packet.cc home.cc mounts.cc landlock.cc confine.cc remove_tree.cc init.cc cgroup.cc standby.cc
    spawner.cc)
list(TRANSFORM spawner_sources PREPEND ${spawner_folder}/)

add_executable(cloudlet-launcher ${spawner_sources} ${spawner_folder}/launcher_main.cc)
add_library(cloudlet-zygote SHARED ${spawner_sources} ${spawner_folder}/python_entry.cc)
foreach(target cloudlet-launcher cloudlet-zygote)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE -Os -g0 -fvisibility=hidden -ffunction-sections -fdata-sections -fno-sanitize=all)
  target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,-s -fno-sanitize=all)
endforeach()
set_source_files_properties(${spawner_folder}/python_entry.cc PROPERTIES COMPILE_OPTIONS -fvisibility=default)
target_link_options(cloudlet-launcher PRIVATE -static)

set(embedded_folder ${CMAKE_BINARY_DIR}/embedded)
set_target_properties(cloudlet-launcher PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${embedded_folder})
set_target_properties(cloudlet-zygote PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${embedded_folder})
set(launcher_file ${embedded_folder}/cloudlet-launcher)
set(zygote_file ${embedded_folder}/libcloudlet-zygote.so)
set(python_folder ${CMAKE_SOURCE_DIR}/runtimes/python)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/runtime/programs.cc PROPERTIES
  OBJECT_DEPENDS "${launcher_file};${zygote_file};${python_folder}/zygote.py;${python_folder}/bootstrap.py"
  COMPILE_DEFINITIONS "LAUNCHER_FILE=\"${launcher_file}\";ZYGOTE_FILE=\"${zygote_file}\";PYTHON_FOLDER=\"${python_folder}\"")
add_dependencies(cloudlet_runtime cloudlet-launcher cloudlet-zygote)

# What the room's tests run inside the sandbox.
add_executable(sample-function ${spawner_folder}/../testing/sample_function.cc ${CMAKE_SOURCE_DIR}/sdk/cpp/src/lambda.cc
               ${CMAKE_SOURCE_DIR}/sdk/cpp/src/frames.cc ${CMAKE_SOURCE_DIR}/sdk/cpp/src/http.cc)
target_include_directories(sample-function PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/sdk/cpp ${CMAKE_SOURCE_DIR}/sdk/cpp/src)
target_compile_options(sample-function PRIVATE -fno-sanitize=all -O1 -g0)
target_link_options(sample-function PRIVATE -static -fno-sanitize=all -Wl,-s)
if(TARGET runtime_test)
  target_compile_definitions(runtime_test PRIVATE SAMPLE_FUNCTION="$<TARGET_FILE:sample-function>")
  add_dependencies(runtime_test sample-function)
endif()
