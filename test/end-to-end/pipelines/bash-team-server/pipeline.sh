#!/bin/bash
# As they were written for Subversion: curl -d without a type, slashes at the end, numbers, a word without quotes.

URL=https://deploy.mendix.com/api/1/apps/$APP_ID
AUTH=(-H "Mendix-UserName:$MENDIX_USERNAME" -H "Mendix-APIKey:$MENDIX_API_KEY")

check() { # what was done, the answer
  error=$(echo "$2" | jq -r '.errorCode? // empty' 2> /dev/null)
  if [ -n "$error" ]; then
    echo "$1: $error, $(echo "$2" | jq -r .errorMessage)"
    exit 1
  fi
}

revisions=$(curl -s "${AUTH[@]}" "$URL/branches/trunk/revisions/")
check "revisions" "$revisions"
revision=$(echo "$revisions" | jq '.[0].Number')
echo "revision: $revision"

answer=$(curl -s -X POST "${AUTH[@]}" "$URL/packages/" \
  -d "{\"Branch\": trunk, \"Revision\": $revision, \"Version\": \"$VERSION\", \"Description\": \"CI\"}")
check "build" "$answer"
package=$(echo "$answer" | jq -r .PackageId)

while true; do
  status=$(curl -s "${AUTH[@]}" "$URL/packages/$package/" | jq -r .Status)
  echo "build: $status"
  [ "$status" == "Succeeded" ] && break
  [ "$status" == "Failed" ] && exit 2
  sleep ${POLL_SECONDS:-30}
done

answer=$(curl -s -X POST "${AUTH[@]}" -H "Content-Type: application/json" "$URL/environments/$ENVIRONMENT/stop/")
check "stop" "$answer"
answer=$(curl -s -X POST "${AUTH[@]}" -d "{\"PackageId\":\"$package\"}" "$URL/environments/$ENVIRONMENT/transport/")
check "transport" "$answer"
answer=$(curl -s -X POST "${AUTH[@]}" -d '{"AutoSyncDb":true}' "$URL/environments/$ENVIRONMENT/start/")
check "start" "$answer"
job=$(echo "$answer" | jq -r .JobId)

while true; do
  answer=$(curl -s "${AUTH[@]}" "$URL/environments/$ENVIRONMENT/start/$job/")
  check "start" "$answer"
  status=$(echo "$answer" | jq -r .Status)
  echo "start: $status"
  [ "$status" == "Started" ] && break
  sleep ${POLL_SECONDS:-30}
done
