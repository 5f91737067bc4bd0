#!/bin/sh
# Bundles the demo page into the folder given. Without Node.js the server shows a plain page instead.
set -eu
out=$1
cd "$(dirname "$0")"
if ! command -v npm >/dev/null 2>&1; then
  echo "The demo page is left out: npm is not on the PATH (install Node.js 20 or newer to have it)."
  exit 0
fi
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules
fi
mkdir -p "$out"
npm run --silent build -- --outfile="$out/app.js" --log-level=warning
cp index.html style.css "$out/"
