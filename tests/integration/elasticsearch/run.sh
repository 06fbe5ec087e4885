#!/usr/bin/env bash
# A real Elasticsearch for tests, from the distribution that Elastic publishes for integration tests. Its x-pack is left out, so
# that it can what the Apache-licensed builds can (7.10 on AWS). Same form as ../opensearch/run.sh.
#   ./run.sh PORT DATADIR [key=value ...]   run in the foreground (this pid becomes the JVM's)
#   ./run.sh prepare                        only fetch and lay out; needs the network once
# Environment: OS_HEAP=1g  ES_JAVA_HOME=/jdk/17/to/23
#              OS_HOME=where the layout is kept (default: .cache/elasticsearch of the repository)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=7.17.28
work=${OS_HOME:-$here/../../../.cache/elasticsearch}
mkdir -p "$work"
work=$(cd "$work" && pwd)
home=$work/elasticsearch-$version

die() { echo "run.sh: $*" >&2; exit 1; }

# Any JDK here that still has the security manager.
find_java() {
  local d v
  for d in ${ES_JAVA_HOME:-} ${JAVA_HOME:-} /usr/lib/jvm/* /opt/*; do
    [ -x "$d/bin/java" ] && [ -r "$d/release" ] || continue
    v=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$d/release")
    [ "${v:-0}" -ge 17 ] && [ "$v" -le 23 ] && { echo "$d/bin/java"; return; }
  done
  die "no JDK 17 to 23 found; set ES_JAVA_HOME"
}

prepare() {
  (
    flock 9
    [ -e "$home/.ready" ] && exit 0
    rm -rf "$home"
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack \
      "-Dartifact=org.elasticsearch.distribution.integ-test-zip:elasticsearch:$version:zip" \
      "-DoutputDirectory=$work" "-Dmdep.unpack.excludes=**/modules/x-pack-*/**" > "$work/mvn.log" 2>&1 9>&- ||
      die "maven failed, see $work/mvn.log"
    rm -rf "$home"/modules/x-pack-*
    chmod -R a+rX "$home"
    touch "$home/.ready"
  ) 9> "$work/.lock"
}

java=$(find_java)
[ "${1:-}" = prepare ] && { prepare; exit; }
[ $# -ge 2 ] || die "usage: run.sh PORT DATADIR [key=value ...]"
port=$1
mkdir -p "$2"
data=$(cd "$2" && pwd)
shift 2
prepare
(: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null && die "port $port is taken"
mkdir -p "$data"/{config,data,logs,tmp}
cp "$home/config/log4j2.properties" "$data/config/"
cat > "$data/config/elasticsearch.yml" <<Y
cluster.name: integration
path.data: $data/data
path.logs: $data/logs
network.host: 127.0.0.1
http.port: $port
transport.port: 0
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
Y
settings=()
for kv in "$@"; do settings+=("-E$kv"); done
as=()
if [ "$(id -u)" = 0 ]; then # as in ../opensearch/run.sh
  as=(unshare -U --map-user=1000 --map-group=1000)
  "${as[@]}" true || die "no user namespaces here: run this as a user other than root"
fi
cd "$home"
export LIBFFI_TMPDIR=$data/tmp
exec "${as[@]}" "$java" "-Xms${OS_HEAP:-1g}" "-Xmx${OS_HEAP:-1g}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -Djava.io.tmpdir="$data/tmp" -XX:ErrorFile="$data/logs/hs_err.log" -Djava.security.manager=allow \
  -Djava.locale.providers=SPI,COMPAT -Dfile.encoding=UTF-8 -Djna.nosys=true -Dio.netty.noUnsafe=true \
  -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true -Dlog4j2.formatMsgNoLookups=true \
  --add-opens=java.base/java.io=ALL-UNNAMED -Des.path.home="$home" -Des.path.conf="$data/config" \
  -Des.distribution.flavor=default -Des.distribution.type=zip -Des.bundled_jdk=false \
  -cp "$home/lib/*" org.elasticsearch.bootstrap.Elasticsearch "${settings[@]}"
