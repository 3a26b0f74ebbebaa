# The generated face of each service: gen_NAME (structs, tables, errors, client; include "gen/NAME/api.h") from
# models/MODEL.json and its overlay, and serve_NAME (dispatch) for the service's room and services/host. Made in the build
# folder when the model, the overlay or the generator changed.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

function(generated name model)
  set(models ${CMAKE_SOURCE_DIR}/models)
  set(out ${CMAKE_BINARY_DIR}/gen/${name})
  file(GLOB generator CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/codegen/*.py)
  set(files types.h errors.h operations.h client.h api.h api.cc tables.cc dispatch.h dispatch.cc)
  list(TRANSFORM files PREPEND ${out}/)
  add_custom_command(
    OUTPUT ${files}
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/codegen/generate.py ${models}/${model}.json ${name} ${out}
    DEPENDS ${generator} ${models}/${model}.json ${models}/${model}.overlay.json
    COMMENT "Generating gen/${name}")
  add_library(gen_${name} STATIC ${out}/api.cc ${out}/tables.cc ${out}/api.h ${out}/dispatch.h)
  target_include_directories(gen_${name} PUBLIC ${CMAKE_BINARY_DIR})
  target_link_libraries(gen_${name} PUBLIC cloudlet_wire)
  room_headers(gen_${name})
  add_library(serve_${name} STATIC ${out}/dispatch.cc)
  target_link_libraries(serve_${name} PUBLIC gen_${name})
  room_headers(serve_${name})
endfunction()

generated(sns sns)
generated(s3 s3)
generated(iot iot)
generated(iotdata iot-data)
generated(lambda lambda)
generated(logs logs)
generated(iam iam)
generated(sts sts)
generated(cloudformation cloudformation)
set(all_generated gen_sns gen_s3 gen_iot gen_iotdata gen_lambda gen_logs gen_iam gen_sts gen_cloudformation)
