# shellcheck shell=bash disable=SC2034
# Sets up a Debian 12 machine and builds the release preset: what ./noloss and tests/run have in common.
# Sourced, not run. Messages go to stderr; whatever cannot be set up or built ends the caller with status 125,
# which no verdict uses and `git bisect run` takes as "skip this one".

noloss_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
noloss_build=$noloss_root/build/release
noloss_stamp=$noloss_build/.current # as old as the start of the last build that succeeded
noloss_packages=/var/lib/dpkg/status # changes when a package comes or goes

noloss_run_packages=(
  cmake g++ ninja-build pkg-config
  libboost1.81-dev libboost-context1.81-dev libboost-fiber1.81-dev # static libraries included
  libcli11-dev libfmt-dev libspdlog-dev libxxhash-dev libyaml-cpp-dev nlohmann-json3-dev
)
noloss_test_packages=(
  clang-14 clang-format-14 git libbenchmark-dev libgmock-dev libgtest-dev librapidcheck-dev
  python3 python3-jsonschema python3-matplotlib python3-pandas python3-yaml valgrind
)

noloss_say() { printf 'noloss: %s\n' "$@" >&2; }
noloss_fail() {
  noloss_say "$@"
  exit 125
}

# May we ask a question? Only a person at a terminal can answer.
noloss_interactive() { [[ -t 0 && -t 2 && -z ${CI:-} ]]; }

# Prints those of the named packages that are not installed.
noloss_missing() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || printf '%s\n' "$package"
  done
}

# Prints how to become root without being asked for a password by surprise; fails when there is no way.
noloss_sudo() {
  if ((EUID == 0)); then
    return 0
  elif sudo -n apt-get --version &>/dev/null; then
    echo 'sudo -n'
  elif noloss_interactive && command -v sudo >/dev/null; then
    echo sudo
  else
    return 1
  fi
}

# Installs the missing ones of the named packages.
noloss_install() {
  command -v dpkg-query >/dev/null || return 0 # not Debian: the configuration says what it lacks
  local missing
  mapfile -t missing < <(noloss_missing "$@")
  ((${#missing[@]})) || return 0
  local by_hand="apt-get install --no-install-recommends ${missing[*]}" lists=1
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    by_hand="apt-get update && $by_hand" lists=
  fi
  noloss_say "missing packages: ${missing[*]}"
  command -v apt-get >/dev/null ||
    noloss_fail 'there is no apt-get here; on a Debian 12 machine the command is' "  $by_hand"
  local sudo
  sudo=$(noloss_sudo) ||
    noloss_fail 'only root can install them, and sudo -n does not work here; as root run' "  $by_hand"

  local log
  log=$(mktemp)
  [[ -n $lists ]] || noloss_apt "$sudo" "$log" update || true
  noloss_agree "$by_hand" "${missing[@]}"
  noloss_say 'installing'
  if ! noloss_apt "$sudo" "$log" install "${missing[@]}"; then
    # The lists may be older than the archive.
    if ! { noloss_apt "$sudo" "$log" update && noloss_apt "$sudo" "$log" install "${missing[@]}"; }; then
      cat -- "$log" >&2
      rm -f -- "$log"
      noloss_fail 'the packages (as Debian 12 names them) could not be installed; try' "  $by_hand"
    fi
  fi
  rm -f -- "$log"
}

# noloss_apt SUDO LOG update | install PACKAGE...: without questions, output to the log.
noloss_apt() {
  local sudo=$1 log=$2 command=$3
  shift 3
  # shellcheck disable=SC2086 # SUDO is empty or words
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 --no-install-recommends \
    "$command" "$@" </dev/null >"$log" 2>&1
}

# noloss_agree COMMAND PACKAGE...: asks whether to install where someone can answer. All -dev packages of Boost
# 1.74 and 1.81 exclude each other, so apt may have to remove the old ones: it never does so unasked outside CI.
noloss_agree() {
  local by_hand=$1 removed answer
  shift
  removed=$(LC_ALL=C apt-get -s --no-install-recommends install "$@" 2>/dev/null |
    awk '$1 == "Remv" {printf " %s", $2}' || true)
  if [[ -n $removed ]]; then
    noloss_say "apt has to remove for them:$removed" '(of Boost, one version at a time can have its -dev packages)'
  fi
  if noloss_interactive; then
    local choice='[Y/n]'
    [[ -z $removed ]] || choice='[y/N]'
    read -r -p "noloss: install? $choice " answer || answer=n
    [[ ${answer:-${choice:1:1}} == [Yy]* ]] || noloss_fail 'not installed; to do it by hand run, as root,' "  $by_hand"
  elif [[ -n $removed && -z ${CI:-} ]]; then
    noloss_fail 'nothing was removed, since nobody can be asked here; to agree run, as root,' "  $by_hand" 'or set CI=1'
  fi
}

# noloss_configure ON|OFF: with or without the tests, which need more packages. A configuration that suffices stays:
# it has as much, is of this very folder (not of one it was copied from) and knows the packages of today.
noloss_configure() {
  local tests=$1 cache=$noloss_build/CMakeCache.txt fresh=()
  if [[ -f $cache ]]; then
    if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$noloss_root" "$cache"; then
      fresh=(--fresh)
    elif grep -qx 'NOLOSS_TESTS:[A-Z]*=ON' "$cache"; then
      tests=ON
    elif [[ $tests == ON ]]; then
      rm -f -- "$noloss_build/build.ninja"
    fi
    if ((!${#fresh[@]})) && [[ $noloss_build/build.ninja -nt $noloss_packages ]]; then
      return 0
    fi
  fi
  (cd -- "$noloss_root" && cmake --preset release "${fresh[@]}" -DNOLOSS_TESTS="$tests")
}

# noloss_progress LOG: writes a build's output to the log; on a terminal, shows only how far it is.
noloss_progress() {
  local log=$1 line shown=
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    if [[ -t 2 && -z ${CI:-} && ${TERM:-dumb} != dumb && $line =~ ^\[[0-9]+/[0-9]+\] ]]; then
      printf '\r\033[Knoloss: building %s' "${BASH_REMATCH[0]}" >&2
      shown=1
    fi
  done
  [[ -z $shown ]] || printf '\r\033[K' >&2
}

# What the program is made of: the code (a folder is newer when a file came or went), the commit that it names in
# results, and the installed packages.
noloss_current() {
  [[ -x $noloss_build/noloss && -f $noloss_stamp ]] || return 1
  local newer
  newer=$(find "$noloss_root"/{sim,models,harness,cli,CMakeLists.txt,CMakePresets.json,.ci/setup.sh,.git/logs/HEAD} \
    "$noloss_packages" -newer "$noloss_stamp" -print -quit 2>/dev/null || true)
  [[ -z $newer ]]
}

# noloss_make ON|OFF TARGET...: configures and builds in the release preset. Quiet unless it fails.
noloss_make() {
  local tests=$1 log=$noloss_build/noloss-build.log
  shift
  touch -- "$noloss_stamp.next"
  [[ -x $noloss_build/noloss ]] || noloss_say 'building; the first time takes some minutes'
  : >"$log"
  if ! { noloss_configure "$tests" && cmake --build "$noloss_build" --target "$@"; } </dev/null 2>&1 |
    noloss_progress "$log"; then
    grep -v '^\[[0-9]*/[0-9]*\] ' "$log" >&2 || true
    command -v dpkg-query >/dev/null || noloss_say \
      'this is not a Debian machine; the build needs what Debian 12 calls' "  ${noloss_run_packages[*]}"
    noloss_fail "the build failed; all of its output is in $log"
  fi
  mv -f -- "$noloss_stamp.next" "$noloss_stamp"
}

# noloss_alone COMMAND...: runs it while no other of these scripts builds in this checkout.
noloss_alone() {
  mkdir -p -- "$noloss_build"
  if ! command -v flock >/dev/null; then
    "$@"
    return
  fi
  {
    flock -n 9 || {
      noloss_say 'waiting for another build in this checkout'
      flock 9
    }
    "$@"
  } 9>"$noloss_build/.lock"
}
