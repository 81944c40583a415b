# Sourced by the builds beside it: root folders from files of this machine, and archives of them that `docker load`, `kind load image-archive`, containerd
# and podman take.

# An empty root as in Debian: /lib is /usr/lib.
make_root() { # ROOT
    local folder
    rm -rf "$1"
    mkdir -p "$1"/{tmp,run,proc,dev,sys,etc,usr/share}
    for folder in lib lib64 bin sbin; do
        mkdir -p "$1/usr/$folder"
        ln -s "usr/$folder" "$1/$folder"
    done
    chmod 1777 "$1/tmp"
    printf 'hosts: files dns\n' >"$1/etc/nsswitch.conf"
}

# One account beside root, for those that ask who they are.
name_user() { # ROOT NAME USER GROUP
    printf 'root:x:0:0:root:/:/sbin/nologin\n%s:x:%s:%s:%s:/tmp:/sbin/nologin\n' "$2" "$3" "$4" "$2" >"$1/etc/passwd"
    printf 'root:x:0:\n%s:x:%s:\n' "$2" "$4" >"$1/etc/group"
}

# Programs, with the libraries that they are linked with.
copy_programs() { # ROOT PROGRAM...
    local root=$1 program file target
    shift
    for program; do
        program=$(command -v "$program")
        while IFS= read -r file; do
            target=$file
            [[ $target == /lib* || $target == /bin/* || $target == /sbin/* ]] && target=/usr$target
            mkdir -p "$root$(dirname "$target")"
            [[ -e $root$target ]] || cp -L "$file" "$root$target"
        done < <(printf '%s\n' "$program"; ldd "$program" | grep -o '/[^ ]*' || true)
    done
}

# The same files make the same archive: order, owner and time are fixed. Not to the year 1970, which programs take for no time at all: PHP keeps no compiled code of such a file.
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@946684800 -C "$1" -cf "$2" "${@:3}"; }

# CONFIG is the inside of the image's "config", in JSON.
make_archive() { # ROOT OUT NAME CONFIG
    local work arch layer
    work=$(mktemp -d)
    pack "$1" "$work/layer.tar" .
    layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
    case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
    printf '{"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$arch" "$4" "$layer" >"$work/config.json"
    printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]\n' "$3" >"$work/manifest.json"
    pack "$work" "$2.new" config.json layer.tar manifest.json
    mv "$2.new" "$2"
    rm -rf "$work"
    printf '%s: %s, %s, layer sha256:%s\n' "$2" "$3" "$(du -h "$2" | cut -f1)" "$layer"
}
