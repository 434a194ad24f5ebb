#!/usr/bin/env bash
# Newest revision from the App Repository API (a personal access token), the rest with an API key.
set -euo pipefail

REPOSITORY_API=https://repository.api.mendix.com/v1/repositories/$PROJECT_ID
DEPLOY_API=https://deploy.mendix.com/api/1/apps/$APP_ID

request() { # curl's arguments; prints the body, also of an error
  local body
  body=$(curl --silent --show-error --fail-with-body "$@") || { local code=$?; echo "$body" >&2; exit $code; }
  echo "$body"
}

api() { # method, path, body
  request --request "$1" "$DEPLOY_API/$2" \
    --header "Mendix-Username: $MENDIX_USERNAME" \
    --header "Mendix-ApiKey: $MENDIX_API_KEY" \
    --header "Content-Type: application/json" \
    ${3:+--data "$3"}
}

revision=$(request --header "Authorization: MxToken $MENDIX_PAT" "$REPOSITORY_API/branches/main" | jq -r .latestCommit.id)
echo "Building $revision"

body=$(jq -n --arg revision "$revision" --arg version "$VERSION" \
  '{Branch: "main", Revision: $revision, Version: $version, Description: "Built by the pipeline"}')
package=$(api POST packages "$body" | jq -r .PackageId)

poll() { # path, wanted status
  local status deadline=$((SECONDS + 600))
  while [ $SECONDS -lt $deadline ]; do
    status=$(api GET "$1" | jq -r .Status)
    echo "${1%%/*}: $status"
    case "$status" in
      "$2") return 0 ;;
      Failed) echo "The build failed" >&2; return 1 ;;
    esac
    sleep "${POLL_SECONDS:-15}"
  done
  echo "It takes too long" >&2
  return 1
}

poll "packages/$package" Succeeded

api POST "environments/$ENVIRONMENT/stop" > /dev/null
api POST "environments/$ENVIRONMENT/transport" "{\"PackageId\": \"$package\"}" > /dev/null
job=$(api POST "environments/$ENVIRONMENT/start" '{"AutoSyncDb": true}' | jq -r .JobId)
poll "environments/$ENVIRONMENT/start/$job" Started
