# The Debian package (`make package`): what `cmake --install` installs, and what packaging/debian/stage.cmake adds.
set(DOORWARD_MAINTAINER "Doorward maintainers <maintainers@doorward.example>" CACHE STRING
    "who answers for the package, as Debian writes it")

set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES TRUE)
set(CPACK_PACKAGE_NAME doorward)
set(CPACK_PACKAGE_CONTACT ${DOORWARD_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/packaging/debian/stage.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# adduser makes the user of the service; policies name time zones, servers are reached by TLS.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bubblewrap")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "policy gateway for the Model Context Protocol (MCP)
Doorward stands between AI agents and the servers whose tools they call. It
decides every call by rules: allow, deny, hide, limit or ask a person, by tool,
argument, risk and identity. Every decision goes into a log that shows when
somebody changed it.
.
`doorward init` puts the servers of this computer's clients behind it, and
`doorward uninit` puts every file back. A system service for a shared gateway
is installed and not enabled.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "")
foreach(name conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/${name})
endforeach()
include(CPack)
