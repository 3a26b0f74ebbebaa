# Debian 12's packages; the README says why each one.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS system json url)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(RocksDB REQUIRED)
find_package(pugixml REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CURL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# Asio, Beast and JSON are compiled once (base/boost_impl.cc), not in every file.
add_library(boost_parts INTERFACE)
target_compile_definitions(boost_parts INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                           BOOST_ASIO_NO_DEPRECATED)
# The same flag everywhere (RE2's package brings it to some): precompiled headers insist.
target_compile_options(boost_parts INTERFACE -pthread)
target_link_libraries(boost_parts INTERFACE Boost::system Boost::json Boost::url OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

# MQTT for the command line and the simulators.
pkg_check_modules(MOSQUITTO REQUIRED IMPORTED_TARGET libmosquitto)
