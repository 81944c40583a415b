#!/usr/bin/env bash
# The one command of this repository; ./clonehub.sh help says what it can do.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Debian gives ordinary users no sbin, and mariadbd, nginx and php-fpm live there.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Every package with a program or a folder that shows it is installed.
readonly PACKAGES=(
    "postgresql:/usr/lib/postgresql/*/bin/postgres"
    "redis-server:redis-server"
    "mariadb-server:mariadbd"
    "nginx-light:nginx"
    "php-cli:php"
    "php-fpm:/usr/sbin/php-fpm*"
    "php-mysql:/usr/lib/php/*/mysqli.so"
    "php-xml:/usr/lib/php/*/simplexml.so"
    "php-mbstring:/usr/lib/php/*/mbstring.so"
    "php-gd:/usr/lib/php/*/gd.so"
    "php-curl:/usr/lib/php/*/curl.so"
    "php-zip:/usr/lib/php/*/zip.so"
    "php-intl:/usr/lib/php/*/intl.so"
    "curl:curl"
    "git:git"
    "ca-certificates:/etc/ssl/certs/ca-certificates.crt"
)

if [[ -t 1 ]]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi
say() { printf '%s%s%s\n' "$bold" "$*" "$plain"; }
fail() {
    printf '%s%s%s\n' "$red" "$1" "$plain" >&2
    exit "${2:-1}"
}

help() {
    cat <<'TEXT'
./clonehub.sh COMMAND

  up [--nodes N]     run CloneHub with private PostgreSQL, Redis and MariaDB until Ctrl-C;
                     with --nodes, N of it as a cluster behind one front door
  demo [--restore] [--kube] [--once]
                     the same, with a WordPress site that is cloned before your eyes; --restore brings
                     what is worked in the clone to the site, and undoes it; --once removes the clone and ends; --kube clones into the cluster that
                     KUBECONFIG names, or a single node of our own (CLONEHUB_KUBE, ../shared/kube)
  test [fast|all|infra|kube] [--retry]
                     run the tests; fast leaves out those that need servers or
                     Terraform, infra runs those of infra/ alone; with --retry, up to
                     three tests that failed beside the others run once more, alone; what tests make lies in
                     memory where there is plenty, or in the folder that CLONEHUB_TEST_STATE names
  test kube          run the tests that need a Kubernetes cluster: the one that KUBECONFIG
                     names, or a single node of our own (CLONEHUB_KUBE, ../shared/kube); with
                     --long also CloneHub in the cluster and a storm over it, half an hour more
  chaos [--backend local] [--seed N] [--minutes M] [--nodes N] [--jobs N]
                     break things at random for a while and check that nothing is lost, doubled or left;
                     clones are lines in a ledger, or with --backend local real ones
  chaos kube [--clones N] [--seed N] [--real]
                     build a hundred clones in a single node of our own while CloneHub, kubelet, API server and
                     etcd are killed at random, and check that nothing is left a minute after the last one's
                     time; their pods do without WordPress, unless --real
  chaos --bite [FAULT]...
                     break CloneHub on purpose in one way after the other and see that each is noticed
  chaos --handover [ROUNDS]
                     lose one node after the other and measure how long its jobs stand still
  chaos --calm [NODES]
                     many nodes form a cluster, serve and end in order, with nothing broken
  chaos restore [ROUNDS]
                     kill CloneHub, the site's PHP or its database at 30 points of a restore and of its
                     undoing, in each of 5 rounds or so many as you say, and check each time that the
                     site is wholly old or wholly new and the job says which; then change places under
                     load, on a real site
  chaos --from FOLDER
                     exchange three nodes of an older build (the folder of its CloneHub.Chaos.dll)
                     for this one's, one at a time, and back, and check the same
  lint               check the form of PHP and C# without changing anything
  bench              measure, see benchmarks/; bench kube takes its cluster as test kube does
  bench engine [--rivals]
                     measure the engine alone, with steps that do nothing, beside what the machine can do at most;
                     with --rivals also beside Hangfire, BullMQ, Restate and Celery, which are installed for it
  format             bring all code into the house's form
  key TENANT         make an API key
  verify CERTIFICATE KEYS
                     say whether a clone's certificate is genuine, from files alone
  down               stop what a killed run left behind
  help               this text

Missing Debian packages are installed where that is allowed (root, or sudo without a
password). Settings of your own, such as CloneHub__Redis__ConnectionString, are used
when they are in the environment.
TEXT
}

is_there() {
    case $1 in
        /*) compgen -G "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# ENTRIES...: packages that are needed beside those that always are.
missing_packages() {
    local entry
    for entry in "${PACKAGES[@]}" "$@"; do
        is_there "${entry#*:}" || printf '%s\n' "${entry%%:*}"
    done
}

# Installs packages without starting the services they bring and without making PostgreSQL's "main" cluster.
install_packages() {
    local as_root=() dropin=/etc/postgresql-common/createcluster.d/clonehub.conf policy=/usr/sbin/policy-rc.d
    if ((EUID != 0)); then as_root=(sudo -n); fi
    say "Installing: $*"
    "${as_root[@]}" sh -c '
        # dash runs the EXIT trap on exit only, not when a signal ends it.
        trap "exit 130" INT; trap "exit 143" TERM; trap "exit 129" HUP
        set -e
        policy=$1; dropin=$2; shift 2
        made_policy=
        trap '\''rm -f "$dropin"; [ -z "$made_policy" ] || rm -f "$policy"'\'' EXIT
        # Somebody else may have a policy of their own; one that a killed run left behind is ours.
        if [ ! -e "$policy" ] || grep -q "^# made by clonehub.sh" "$policy"; then
            made_policy=1
            printf "#!/bin/sh\n# made by clonehub.sh\nexit 101\n" >"$policy"
            chmod 755 "$policy"
        fi
        mkdir -p "$(dirname "$dropin")"
        printf "create_main_cluster = false\n" >"$dropin"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -q </dev/null
        apt-get install -q -y --no-install-recommends "$@" </dev/null
    ' sh "$policy" "$dropin" "$@"
}

# [ENTRIES...] as of missing_packages.
need_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || fail "These programs are missing and this is not a Debian system: ${missing[*]}"
    if ((EUID == 0)) || sudo -n true 2>/dev/null; then
        install_packages "${missing[@]}" || fail "The packages could not be installed; apt-get said why above."
    else
        fail "Some packages are missing and need an administrator:
  sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
}

need_dotnet() {
    if ! command -v dotnet >/dev/null && [[ -x $HOME/.dotnet/dotnet ]]; then PATH=$HOME/.dotnet:$PATH; fi
    command -v dotnet >/dev/null || fail "The .NET 10 SDK is missing. Get it from https://dotnet.microsoft.com/download or as package dotnet-sdk-10.0."
    local sdks
    # Not in a pipe: grep -q would end it early, and pipefail takes the broken pipe for a missing SDK.
    sdks=$(dotnet --list-sdks)
    grep -q '^10\.' <<<"$sdks" || fail "The .NET 10 SDK is missing; installed are: ${sdks//$'\n'/ }"
}

build() {
    local log
    log=$(mktemp)
    if ! dotnet build "$@" -c Release -v q -nologo >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "The build failed."
    fi
    rm -f "$log"
}

run_dev() {
    need_packages
    need_dotnet
    say "Building."
    build src/CloneHub.Host
    build src/CloneHub.Dev
    exec dotnet artifacts/bin/CloneHub.Dev/release/CloneHub.Dev.dll "$@"
}

# Runs the tests and says, as its last line, how many of them there were according to the result files.
# KIND [--retry]: with --retry up to three tests that failed beside all others run once more, alone.
run_tests() {
    local filter='Needs!=kube&Takes!=long' results=artifacts/test-results what=CloneHub.sln status=0 expected=1
    case $1 in
        fast) filter='Needs!=servers&Needs!=infra&Needs!=kube' ;;
        infra) what=tests/CloneHub.Infra.Tests ;;
        all) need_packages chromium:chromium strace:strace ;;
    esac
    need_dotnet
    rm -rf "$results" "$results-alone"
    say "Building."
    build "$what"
    place_test_state
    say "Testing."
    # Two projects at a time, each with servers of its own, in the order of CloneHub.sln: the longest first, so that both end together.
    test_with "$what" "$results" --filter "$filter" || status=$?
    if [[ $1 == all ]]; then expected=$(compgen -G 'tests/*/*.Tests.csproj' | grep -cv 'CloneHub.Kube.Tests'); fi
    count_tests "$results" "$expected" && return "$status"
    [[ ${2:-} == --retry ]] && ((status == 1)) && pass_alone "$what" "$results" "$expected"
}

# What tests keep is gone with them, so it lies in memory where there is plenty: on ext4 without a journal a file takes up to twenty times
# as long to make while others were deleted within the last minutes, and tests make and delete whole sites. A folder of one's own: CLONEHUB_TEST_STATE.
place_test_state() {
    local memory=/dev/shm gigabyte=$((1 << 20)) free room limit
    [[ -z ${CLONEHUB_TEST_STATE:-} && -w $memory ]] || return 0
    free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
    room=$(df --output=avail -k "$memory" | tail -n 1)
    limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null) || limit=max
    [[ $limit == max ]] || ((limit / 1024 >= 14 * gigabyte)) || return 0
    ((${free:-0} >= 14 * gigabyte && room >= 10 * gigabyte)) || return 0
    CLONEHUB_TEST_STATE=$(mktemp -d "$memory/clonehub-tests-XXXXXX")
    export CLONEHUB_TEST_STATE
    chmod 755 "$CLONEHUB_TEST_STATE"
    trap remove_test_state EXIT
}

# The leash of the tests' servers ends them a moment after the tests, and takes their files away. Whatever is left then is no matter of the result.
remove_test_state() {
    local tries
    for tries in {1..60}; do
        [[ -n $(find "$CLONEHUB_TEST_STATE" -mindepth 1 -maxdepth 1 -name 'run*' -print -quit) ]] || break
        sleep 0.1
    done
    rm -rf "$CLONEHUB_TEST_STATE" || true
}

# PROJECT FOLDER ARGUMENTS... The caller may set "within" to a command that bounds the time, and "silence" to how long one test may take.
test_with() {
    local what=$1 results=$2
    shift 2
    "${within[@]}" dotnet test "$what" -c Release --no-build --nologo -m:2 --results-directory "$results" \
        --blame-hang-timeout "${silence:-8m}" --blame-hang-dump-type none "$@" </dev/null
}

# PROJECT FOLDER EXPECTED: two cores now and then starve one of sixteen hundred tests of real processes. Such a test is
# named, so that it is mended, and does not hide that all others passed. What is broken fails again.
pass_alone() {
    local names filter passed failed files first
    names=$(failed_tests "$2")
    read_counters "$2"
    first=$passed
    ((files >= $3 && failed > 0 && failed <= 3)) && [[ -n $names ]] || return 1
    filter=$(sed 's/^/FullyQualifiedName=/' <<<"$names" | paste -sd '|')
    say "Once more, alone:" $names
    test_with "$1" "$2-alone" --filter "$filter" || true
    local missed=$failed
    read_counters "$2-alone"
    if ((passed < missed || failed > 0)); then
        printf '%d passed, %d failed\n' "$first" "$missed"
        return 1
    fi
    say "Failed beside the others and passed alone, to be mended:" $names
    printf '%d passed, 0 failed\n' "$((first + missed))"
}

# FOLDER: the full names of the tests that failed, a theory's without its arguments.
failed_tests() {
    sed -n 's/.*<UnitTestResult .* testName="\([^"(]*\).* outcome="Failed".*/\1/p' "$1"/*.trx | sort -u
}

# The tests that need a cluster. They bring up what they need, take it down again, and end in time whatever happens.
# [--retry]: as with all tests. [--long]: also those that wait for a clone's time to be over.
run_kube_tests() {
    local results=artifacts/kube-test-results what=tests/CloneHub.Kube.Tests status=0 within=(timeout --kill-after=60 25m) silence=12m filter=(--filter 'Takes!=long')
    need_packages
    need_dotnet
    rm -rf "$results" "$results-alone"
    say "Building."
    build src/CloneHub.Host
    build "$what"
    say "Testing in a cluster."
    if [[ ${1:-} == --long ]]; then filter=() within=(timeout --kill-after=60 60m); fi
    test_with "$what" "$results" "${filter[@]}" || status=$?
    count_tests "$results" 1 && return "$status"
    [[ ${1:-} == --retry ]] && ((status == 1)) && pass_alone "$what" "$results" 1
}

# [--clones N] [--seed N] [--real]: the storm of test kube --long, longer; tells how it goes.
run_kube_chaos() {
    local clones=100 seed=$RANDOM stub=1 status=0 progress follower
    local results=artifacts/kube-chaos-results what=tests/CloneHub.Kube.Tests within=(timeout --kill-after=60 90m) silence=80m
    while (($#)); do
        case $1 in
            --clones | --seed)
                [[ ${2:-} =~ ^[0-9]+$ ]] || fail "$1 needs a number." 64
                if [[ $1 == --clones ]]; then clones=$2; else seed=$2; fi
                shift 2
                ;;
            --real) stub= && shift ;;
            *) fail "Unknown option: $1" 64 ;;
        esac
    done
    ((clones >= 1 && clones <= 100)) || fail "--clones takes 1 to 100." 64
    need_packages
    need_dotnet
    rm -rf "$results"
    say "Building."
    build src/CloneHub.Host
    build "$what"
    say "Storm over $clones clones, seed $seed."
    progress=$(mktemp)
    tail -n +1 -f "$progress" &
    follower=$!
    CI=true CLONEHUB_CLONES=$clones CLONEHUB_SEED=$seed CLONEHUB_STUB=$stub CLONEHUB_PROGRESS=$progress \
        test_with "$what" "$results" --filter 'FullyQualifiedName~ChaosTests' || status=$?
    kill "$follower"
    rm -f "$progress"
    count_tests "$results" 1 && ((status == 0)) && return
    say "Again: ./clonehub.sh chaos kube --clones $clones --seed $seed$([[ -n $stub ]] || printf ' --real')"
    return 1
}

# [ROUNDS]: kills whoever takes part in a restore, at every point as often as is said; then what else a site goes through that gets its clone's content, once.
run_restore_chaos() {
    local results=artifacts/restore-results what=tests/CloneHub.Provisioning.Tests status=0
    [[ $1 =~ ^[1-9][0-9]*$ ]] || fail "How often? ./clonehub.sh chaos restore ROUNDS" 64
    need_packages strace:strace
    need_dotnet
    rm -rf "$results"
    say "Building."
    build src/CloneHub.Host
    build tests/CloneHub.Chaos
    build "$what"
    say "Killing."
    dotnet artifacts/bin/CloneHub.Chaos/release/CloneHub.Chaos.dll --restore "$1" || status=$?
    say "Changing places."
    silence=60m test_with "$what" "$results" --filter 'FullyQualifiedName~WordPress.Restore&Takes=long' --logger 'console;verbosity=detailed' --logger 'trx;LogFileName=restore.trx' || status=$?
    count_tests "$results" 1 && return "$status"
}

# FOLDER EXPECTED: a project that died before it wrote its result file must not pass unseen.
count_tests() {
    local passed failed files
    read_counters "$1"
    ((files >= $2)) || printf 'Only %d of %d test projects left results.\n' "$files" "$2" >&2
    printf '%d passed, %d failed\n' "$passed" "$failed"
    ((passed > 0 && failed == 0 && files >= $2))
}

# FOLDER: sets passed, failed and files by what the result files say.
read_counters() {
    local file counters number
    passed=0 failed=0 files=0
    for file in "$1"/*.trx; do
        [[ -e $file ]] || continue
        files=$((files + 1))
        counters=$(grep -o '<Counters [^>]*>' "$file" || true)
        number=$(sed -n 's/.* passed="\([0-9]*\)".*/\1/p' <<<"$counters")
        passed=$((passed + ${number:-0}))
        for number in $(grep -oE '(failed|error|timeout|aborted)="[0-9]+"' <<<"$counters" | grep -oE '[0-9]+'); do
            failed=$((failed + number))
        done
    done
}

# What CloneHub is measured beside: installed for nothing else, in the versions of their lock files.
need_rivals() {
    local rival modules=/usr/lib/python3/dist-packages
    need_packages nodejs:node npm:npm python3-celery:$modules/celery python3-redis:$modules/redis python3-fastapi:$modules/fastapi \
        python3-uvicorn:$modules/uvicorn python3-uvloop:$modules/uvloop python3-httptools:$modules/httptools
    say "Installing the rivals."
    build benchmarks/rivals/hangfire
    for rival in bullmq restate; do (cd "benchmarks/rivals/$rival" && npm ci --silent); done
}

# Finds what needs no test to be seen: PHP that does not parse, C# that is not laid out by the house's rules.
lint() {
    local file said status=0
    need_packages
    need_dotnet
    while IFS= read -r -d '' file; do
        said=$(php -l "$file" 2>&1) || {
            printf '%s\n' "$said" >&2
            status=1
        }
    done < <(find wordpress -name '*.php' -print0)
    dotnet format CloneHub.sln --verify-no-changes || status=1
    ((status == 0)) || fail "Put right what is named above; ./clonehub.sh format lays out C#."
}

command=${1:-help}
shift || true
case $command in
    up) run_dev up "$@" ;;
    demo) run_dev demo "$@" ;;
    down)
        need_dotnet
        build src/CloneHub.Dev
        exec dotnet artifacts/bin/CloneHub.Dev/release/CloneHub.Dev.dll down "$@"
        ;;
    test)
        case ${1:-all} in
            fast | all | infra) run_tests "${1:-all}" "${2:-}" ;;
            kube) run_kube_tests "${2:-}" ;;
            *) fail "Unknown kind of test: $1. There are fast, all, infra and kube." 64 ;;
        esac
        ;;
    bench)
        if [[ " $* " == *" engine "* ]]; then need_packages wrk:wrk strace:strace; else need_packages; fi
        need_dotnet
        build src/CloneHub.Host
        build benchmarks/CloneHub.Benchmarks
        if [[ " $* " == *" --rivals "* ]]; then need_rivals; fi
        exec dotnet artifacts/bin/CloneHub.Benchmarks/release/CloneHub.Benchmarks.dll "$@"
        ;;
    chaos)
        if [[ ${1:-} == kube ]]; then
            shift
            run_kube_chaos "$@"
            exit
        fi
        if [[ ${1:-} == restore ]]; then
            run_restore_chaos "${2:-5}"
            exit
        fi
        need_packages
        need_dotnet
        say "Building."
        build src/CloneHub.Host
        build tests/CloneHub.Chaos
        exec dotnet artifacts/bin/CloneHub.Chaos/release/CloneHub.Chaos.dll "$@"
        ;;
    lint) lint ;;
    format)
        need_dotnet
        exec dotnet format CloneHub.sln "$@"
        ;;
    key)
        [[ -n ${1:-} ]] || fail "Which tenant? ./clonehub.sh key TENANT" 64
        need_dotnet
        build src/CloneHub.Host
        exec dotnet artifacts/bin/CloneHub.Host/release/CloneHub.Host.dll new-api-key --tenant "$1"
        ;;
    verify)
        need_dotnet
        build src/CloneHub.Host
        host=$PWD/artifacts/bin/CloneHub.Host/release/CloneHub.Host.dll
        # Names of files are the caller's, seen from the caller's folder.
        cd "$OLDPWD" && exec dotnet "$host" verify "$@"
        ;;
    help | -h | --help) help ;;
    *)
        help >&2
        fail "Unknown command: $command" 64
        ;;
esac
