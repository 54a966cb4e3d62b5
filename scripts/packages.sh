# Debian packages by what needs them; sourced by the install-*-deps scripts.
# An entry may name the command that makes the package unnecessary: "npm:npm" is satisfied by any npm on PATH.

BUILD_PACKAGES="g++ cmake ninja-build pkg-config ccache libssl-dev libsqlite3-dev libre2-dev libyaml-cpp-dev
  libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev libhowardhinnant-date-dev libsodium-dev libcurl4-openssl-dev
  zlib1g-dev tzdata ca-certificates"
PACKAGE_PACKAGES="dpkg-dev:dpkg-shlibdeps file:file"
TEST_PACKAGES="$PACKAGE_PACKAGES libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev libsimdjson-dev node-llhttp
  clang-19 libclang-rt-19-dev python3:python3 nodejs:node npm:npm strace curl:curl openssl:openssl chromium:chromium
  zsh:zsh fish:fish"
BENCH_PACKAGES="libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev wrk nginx-light nodejs:node npm:npm python3:python3"
COVERAGE_PACKAGES="gcovr:gcovr"
FORMAT_PACKAGES="clang-format:clang-format"

installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing ENTRY...: the packages that are neither installed nor replaced by their command.
missing() {
  local entry package command
  for entry in "$@"; do
    package=${entry%%:*}
    command=${entry#*:}
    installed "$package" && continue
    [ "$command" != "$entry" ] && command -v "$command" >/dev/null 2>&1 && continue
    echo "$package"
  done
}

# A daemon that a package brings is not started (policy-rc.d, Debian's own way) nor enabled.
without_services() {
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e $policy ]; then
    ours=1
    printf '#!/bin/sh\nexit 101\n' | $SUDO tee $policy >/dev/null
    $SUDO chmod 755 $policy
  fi
  local status=0
  "$@" || status=$?
  [ -z "$ours" ] || $SUDO rm -f $policy
  return $status
}

# install_packages ENTRY...: asks apt for what is missing; needs neither root nor network where nothing is.
install_packages() {
  local wanted
  wanted=$(missing "$@")
  [ -n "$wanted" ] || return 0
  SUDO=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "these Debian packages are missing and need root or sudo:" $wanted >&2
      return 1
    }
    SUDO=sudo
  fi
  echo "installing:" $wanted >&2
  $SUDO apt-get update -q >&2
  without_services $SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $wanted >&2 || return 1
  case " "$(echo $wanted)" " in
    *" nginx-light "*) command -v systemctl >/dev/null && $SUDO systemctl disable nginx >/dev/null 2>&1 ;;
  esac
  return 0
}
