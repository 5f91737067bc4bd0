#!/bin/sh
# Bundles the demo page's script with its client, by default to where the build takes it from. The bundle is in git, so
# that a build needs no Node.js and is the same with and without it; DemoBundleTest says when it is out of date.
set -eu
cd "$(dirname "$0")"
out=${1:-../resources/web/app.js}
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules
fi
npm run --silent build -- --outfile="$out" --log-level=warning
for license in node_modules/@supabase/*/LICENSE* node_modules/iceberg-js/LICENSE node_modules/tslib/LICENSE.txt; do
  folder=$(dirname "$license")
  printf '%s %s\n\n' "${folder#node_modules/}" "$(node -p "require('./$folder/package.json').version")"
  cat "$license"
  printf '\n\n'
done >"$out.licenses.txt"
