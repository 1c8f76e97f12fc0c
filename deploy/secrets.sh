#!/bin/sh
# Makes the four secrets of compose.yaml where there are none; run once, from deploy/. Keep a copy elsewhere: they are in no backup.
set -eu
umask 077
place=${1:-secrets}
mkdir -p "$place"
random() { head -c 48 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }
make() { [ -s "$place/$1" ] || printf '%s' "$2" >"$place/$1"; }
make secret_key "$(random)"
make field_encryption_keys "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
make database_password "$(random)"
make database_url "postgres://dispatch:$(cat "$place/database_password")@database:5432/dispatch"
# The containers' user reads them; nobody else on this machine enters the directory.
chmod 644 "$place"/*
echo "The secrets are in $place. Keep a copy in another place."
