#!/usr/bin/env bash
# Deletes every package but the newest ones.
set -euo pipefail

URL=https://deploy.mendix.com/api/1/apps/$APP_ID/packages
AUTH=(--header "Mendix-Username: $MENDIX_USERNAME" --header "Mendix-ApiKey: $MENDIX_API_KEY")

for package in $(curl --silent --fail "${AUTH[@]}" "$URL" | jq -r ".[${KEEP:-5}:][].PackageId"); do
  curl --silent --show-error --fail-with-body --request DELETE --header "Content-Type: application/json" \
    "${AUTH[@]}" "$URL/$package"
  echo " $package deleted"
done
