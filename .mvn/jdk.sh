# Finds a JDK of at least the given feature version and exports JAVA_HOME; sourced by ./mvnw and ./walcast.
# Looks at JAVA_HOME, then at java on the PATH, then where the usual installers put JDKs.

jdk_feature_version() { # DIR -> prints the feature version, nothing when DIR is not a JDK
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

require_jdk() { # FEATURE
  wanted=$1
  on_path=$(command -v java 2>/dev/null || true)
  [ -z "$on_path" ] || on_path=$(cd "$(dirname "$(readlink -f "$on_path" 2>/dev/null || echo "$on_path")")/.." && pwd)
  for jdk in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* \
    "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    [ -n "$jdk" ] || continue
    version=$(jdk_feature_version "$jdk")
    if [ -n "$version" ] && [ "$version" -ge "$wanted" ]; then
      JAVA_HOME=$jdk
      export JAVA_HOME
      return 0
    fi
  done
  echo "Walcast needs a JDK $wanted or newer and found none (looked at JAVA_HOME, the PATH and the usual folders)." >&2
  echo "Install one, or set JAVA_HOME to it." >&2
  return 1
}
