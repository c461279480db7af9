# Libraries from Debian packages (tools/packages.txt says why each is there). Nothing is downloaded.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS json)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(libssh REQUIRED)
find_package(doctest REQUIRED)
find_package(rapidcheck REQUIRED)

# These ship no CMake file.
find_library(EXEUNT_SODIUM_LIBRARY sodium REQUIRED)
add_library(exeunt_sodium INTERFACE)
target_link_libraries(exeunt_sodium INTERFACE ${EXEUNT_SODIUM_LIBRARY})

find_library(EXEUNT_LDAP_LIBRARY ldap REQUIRED)
find_library(EXEUNT_LBER_LIBRARY lber REQUIRED)
add_library(exeunt_ldap INTERFACE)
target_link_libraries(exeunt_ldap INTERFACE ${EXEUNT_LDAP_LIBRARY} ${EXEUNT_LBER_LIBRARY})

find_library(EXEUNT_KRB5_LIBRARY krb5 REQUIRED)
find_library(EXEUNT_KADM5_LIBRARY kadm5clnt_mit REQUIRED)
add_library(exeunt_krb5 INTERFACE)
target_link_libraries(exeunt_krb5 INTERFACE ${EXEUNT_KADM5_LIBRARY} ${EXEUNT_KRB5_LIBRARY})

find_library(EXEUNT_HIREDIS_LIBRARY hiredis REQUIRED)
add_library(exeunt_hiredis INTERFACE)
target_link_libraries(exeunt_hiredis INTERFACE ${EXEUNT_HIREDIS_LIBRARY})
